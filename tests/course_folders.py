"""Folders and archives of many hand-ins, and what is found in them."""

from __future__ import annotations

import os
import tarfile
import zipfile
from pathlib import Path

from grader.handed_in.submission import Submission, stage
from grader.intake import HandIn, arrivals
from grader.rubric import Rubric
from tests.staging import GIVEN

RUBRIC = Rubric.load()
MAIN, CODE_FILE, MODEL = "implementation.py", "rnn_lm.py", "rnn_lm.sav"
MODEL_ZIP = "model.sav.zip"
RAR = b"Rar!\x1a\x07\x00"
MOODLE = (
    f"Zoë O'Brien_12_assignsubmission_file/a4/{MAIN}",
    "Jane Doe_13_assignsubmission_file_/work.zip",
    "Jane Doe_14_assignsubmission_file/hw4.rar",
    "Jane Doe_14_assignsubmission_onlinetext/onlinetext.html",
    "Max_Muster_15_assignsubmission_file_my_work.zip",
    f"Eve_16_assignsubmission_file_{MAIN}",
    f"Eve_16_assignsubmission_file_{MODEL}",
    "Tom_17_assignsubmission_onlinetext/onlinetext.html",
)
CANVAS = (
    f"doejane_12345_67890_{MAIN}",
    f"doejane_12345_67891_{MODEL}",
    f"doejane_12345_67899_{MAIN.replace('.', '-1.')}",
    "roejohn2_LATE_222_333_hw4.zip",
    "roejohn2_LATE_222_334_hw4-2.zip",
    "roejohn2_LATE_222_399_hw4-1.zip",
    "twozips_5_60_first.zip",
    "twozips_5_61_second.zip",
    "text_7_70_text.html",
    "doejane_8_80_hw4.rar",
    "doejane_8_81_hw4.zip",
    "wordy_LATE_9_text.html",
    f"anon_Ab1Cd_90_{MAIN}",
    f"anon_Ab1Cd_91_{MODEL}",
    "LATE_anon_Ef2Gh_92_hw4.zip",
)
"""The names of an export's files, by platform."""


def lay_down(folder: Path, *names: str) -> Path:
    """A folder of files; an archive holds an ``implementation.py``, or is called MODEL_ZIP.

    Later names are newer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            place.mkdir()
            continue
        if name.endswith(".zip"):
            with zipfile.ZipFile(place, "w") as archive:
                archive.writestr(MODEL if MODEL_ZIP in name else MAIN, f"'{name}'\n")
        elif name.endswith(".rar"):
            place.write_bytes(RAR)
        else:
            place.write_text(f"'{name}'\n")
        os.utime(place, (1e9 + number, 1e9 + number))
    return folder


def packed(folder: Path, kind: str) -> Path:
    """The same as an archive beside the folder."""
    file = folder.with_name(f"{folder.name}.{kind}")
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
    else:
        with tarfile.open(file, "w:gz") as tar:
            tar.add(folder, ".")
    return file


def found(path: Path, tmp_path: Path) -> dict[str, HandIn]:
    hand_ins = arrivals(path, tmp_path / "into", RUBRIC.intake)
    by_name = {hand_in.arrival.name: hand_in for hand_in in hand_ins}
    assert len(by_name) == len(hand_ins)
    return by_name


def staged_of(hand_in: HandIn, tmp_path: Path) -> Submission:
    into = tmp_path / f"staged-{hand_in.arrival.name}"
    submission = stage(hand_in.parts, into, RUBRIC.submission, hand_in.arrival.name)
    assert submission.name == hand_in.arrival.name
    return submission


def code_of(hand_in: HandIn, tmp_path: Path) -> str:
    return (staged_of(hand_in, tmp_path).folder / MAIN).read_text()


def files_of(hand_in: HandIn, tmp_path: Path) -> frozenset[str]:
    return staged_of(hand_in, tmp_path).files - GIVEN
