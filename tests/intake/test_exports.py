"""Every platform's export gives a row for each student."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from grader.archive import DATA_BYTES
from grader.errors import SubmissionError
from grader.intake import arrivals
from grader.intake.gradescope import METADATA
from grader.rubric import Rubric
from tests.course_folders import (
    CANVAS,
    MAIN,
    MODEL,
    MOODLE,
    RUBRIC,
    code_of,
    files_of,
    found,
    lay_down,
    packed,
)
from tests.staging import CODE


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
def test_github_classroom(tmp_path: Path, kind: str) -> None:
    names = [
        f"assignment-4-{who}/{part}" for who in ("alice", "bob-b") for part in (MAIN, ".git/x")
    ]
    folder = lay_down(tmp_path / "x", *names)
    hand_ins = found(packed(folder, kind) if kind else folder, tmp_path)
    assert {n: h.arrival.student for n, h in hand_ins.items()} == {
        "assignment-4-alice": "alice",
        "assignment-4-bob-b": "bob-b",
    }
    assert files_of(hand_ins["assignment-4-alice"], tmp_path) == {MAIN}
    cloned = [f"a4-al-ice/{MAIN}", "a4-al-ice/.git/x"]
    alone = lay_down(tmp_path / "y" / "a4-submissions", *cloned)
    if kind:
        lay_down(alone, f"a4-bob/{MAIN}")
        alone = packed(tmp_path / "y", kind)
    assert found(alone, tmp_path / "again")["a4-al-ice"].arrival.student == "al-ice"


@pytest.mark.parametrize("kind", ["", "zip"])
def test_moodle(tmp_path: Path, kind: str) -> None:
    folder = lay_down(tmp_path / "x", *MOODLE)
    hand_ins = found(packed(folder, kind) if kind else folder, tmp_path)
    assert {n: (h.arrival.student, h.arrival.student_id) for n, h in hand_ins.items()} == {
        "Zoë_O_Brien": ("Zoë O'Brien", "12"),
        "Jane_Doe-13": ("Jane Doe", "13"),
        "Jane_Doe-14": ("Jane Doe", "14"),
        "Max_Muster": ("Max_Muster", "15"),
        "Eve": ("Eve", "16"),
        "Tom": ("Tom", "17"),
    }
    assert {n for n, h in hand_ins.items() if h.problem} == {"Tom"}
    assert "only a text" in hand_ins["Tom"].problem
    assert {hand_in.arrival.late for hand_in in hand_ins.values()} == {None}
    assert code_of(hand_ins["Jane_Doe-13"], tmp_path) == f"'{MOODLE[1]}'\n"
    assert code_of(hand_ins["Max_Muster"], tmp_path) == f"'{MOODLE[4]}'\n"
    assert files_of(hand_ins["Zoë_O_Brien"], tmp_path) == {MAIN}
    assert files_of(hand_ins["Eve"], tmp_path) == {MAIN, MODEL}
    with pytest.raises(SubmissionError, match="RAR archive; ask for a zip"):
        code_of(hand_ins["Jane_Doe-14"], tmp_path)


def test_hand_ins_are_the_same_in_every_run(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", *MOODLE, *CANVAS, f"alice/{MAIN}", "alice.zip")
    first = arrivals(folder, tmp_path / "into", RUBRIC.intake)
    assert arrivals(folder, tmp_path / "into", RUBRIC.intake) == first
    names = [hand_in.arrival.name for hand_in in first]
    assert names == sorted(names)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_what_nobody_reads_of_an_export_stays_packed(tmp_path: Path, kind: str) -> None:
    names = (f"alice/{MAIN}", "alice/train.csv", "alice/.git/x.py", "bob/my_train.csv")
    folder = lay_down(tmp_path / "x", *names, "alice/own.csv", "bob/TEST-1.csv")
    for name in ("alice/train.csv", "bob/my_train.csv"):
        (folder / name).write_bytes(os.urandom(DATA_BYTES + 1))
    hand_ins = found(packed(folder, kind), tmp_path)
    assert list(hand_ins) == ["alice", "bob"]
    unpacked = [path.name for path in (tmp_path / "into").rglob("*") if path.is_file()]
    assert set(unpacked) == {MAIN, "own.csv"}
    assert not hand_ins["alice"].arrival.notes
    assert "by its name it is the course's data" in hand_ins["bob"].problem
    assert not hand_ins["bob"].arrival.notes


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize("size", [4, DATA_BYTES])
def test_small_table_of_an_export_is_there_for_the_code(
    tmp_path: Path, kind: str, size: int
) -> None:
    folder = lay_down(tmp_path / "x", f"bob/{MAIN}", f"eve/{MAIN}")
    (folder / "bob" / "train_constants.csv").write_bytes(os.urandom(size))
    hand_ins = found(packed(folder, kind), tmp_path)
    assert files_of(hand_ins["bob"], tmp_path) == {MAIN, "train_constants.csv"}


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize(
    "names",
    [
        ("ann_5_1_hw4.zip", "bob_6_2_train.csv"),
        ("Ann_5_assignsubmission_file_hw4.zip", "bob_6_assignsubmission_file_train.csv"),
        ("Ann_5_assignsubmission_file_/hw4.zip", "bob_6_assignsubmission_file_/test.csv"),
        ("submission_5/hw4.zip", "bob/train.csv", METADATA),
    ],
)
def test_who_handed_in_the_courses_data_alone_has_a_row(
    tmp_path: Path, kind: str, names: tuple[str, ...]
) -> None:
    folder = lay_down(tmp_path / "x", *names)
    (folder / names[1]).write_bytes(os.urandom(DATA_BYTES + 1))
    if METADATA in names:
        (folder / METADATA).write_text("{}")
    hand_ins = found(packed(folder, kind), tmp_path)
    assert len(hand_ins) == 2
    bob = hand_ins["bob"]
    assert "by its name it is the course's data" in bob.problem
    assert "empty" not in bob.problem


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_courses_data_beside_the_code_is_not_said(tmp_path: Path, kind: str) -> None:
    names = (f"ann_5_1_{MAIN}", "ann_5_2_my_train.csv", f"bob_6_3_{MAIN}", "bob_6_4_test.csv")
    folder = lay_down(tmp_path / "x", *names)
    (folder / names[1]).write_bytes(os.urandom(DATA_BYTES + 1))
    for hand_in in found(packed(folder, kind), tmp_path).values():
        assert not hand_in.arrival.notes
        assert files_of(hand_in, tmp_path) == {MAIN}


def test_file_and_folder_of_one_name_in_an_export(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"bob/{MAIN}", CODE)
        archive.writestr("bob", CODE)
    [bob] = arrivals(file, tmp_path / "into", RUBRIC.intake)
    assert not bob.problem
    assert "a file and a folder named bob" in bob.arrival.notes[0]


def test_file_that_is_named_as_the_folder_around_a_course(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for student in ("ann", "bob"):
            archive.writestr(f"course/{student}/{MAIN}", CODE)
        archive.writestr("course", CODE)
    assert list(found(file, tmp_path)) == ["ann", "bob"]


def test_moodle_file_that_names_another_participant(tmp_path: Path) -> None:
    """What follows the first mark is of the student's choice."""
    mine = "Mallory_123_assignsubmission_file_a_999_assignsubmission_file_implementation.py"
    for name in (mine, "Victim_999_assignsubmission_file_rnn_lm.py"):
        (tmp_path / name).write_text("x = 1\n")
    found = {
        h.arrival.student_id: h for h in arrivals(tmp_path, tmp_path / "into", Rubric.load().intake)
    }
    assert set(found) == {"", "999"}
    assert [part.name for part in found["999"].parts] == ["rnn_lm.py"]
    assert "two participants" in found[""].problem
    assert "Mallory" in found[""].arrival.name


IN_CANVAS = "mallory_5_902_x_77_assignsubmission_file_hw.zip"
IN_MOODLE = "Mallory_5_assignsubmission_file_x_77_8_hw.zip"


@pytest.mark.parametrize(
    ("mine", "other"),
    [(IN_CANVAS, "victim_77_901_hw.zip"), (IN_MOODLE, "Victim_77_assignsubmission_file_hw.zip")],
)
def test_file_that_is_named_as_another_platform_names_it(
    tmp_path: Path, mine: str, other: str
) -> None:
    """What a student calls a file makes no other student of its owner."""
    hand_ins = found(lay_down(tmp_path / "x", mine, other), tmp_path)
    students = {h.arrival.student.lower(): h.arrival.student_id for h in hand_ins.values()}
    assert students == {"mallory": "5", "victim": "77"}


@pytest.mark.parametrize("mine", [IN_CANVAS, IN_MOODLE])
@pytest.mark.parametrize(
    "others", [(), ("ann_1_2_hw.zip", "Bob_3_assignsubmission_file_hw.zip"), ("eve.zip",)]
)
def test_nobodys_id_is_guessed(tmp_path: Path, mine: str, others: tuple[str, ...]) -> None:
    hand_ins = found(lay_down(tmp_path / "x", mine, *others), tmp_path)
    [unclear] = [h for h in hand_ins.values() if h.problem]
    assert unclear.arrival.student_id == ""
    assert "look at it by hand" in unclear.problem
    assert "allory" in unclear.arrival.name
    assert len(hand_ins) == 1 + len(others)


@pytest.mark.timeout(20)
def test_one_name_and_id_on_two_platforms(tmp_path: Path) -> None:
    names = ("ann_77_1_hw.zip", f"Ann_77_assignsubmission_file_/{MAIN}", "77/x.py", "ann/x.py")
    hand_ins = found(lay_down(tmp_path / "x", *names), tmp_path)
    assert sorted(h.arrival.student for h in hand_ins.values()) == ["77", "Ann", "ann", "ann"]


def test_folders_as_windows_packs_them(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in (("ann\\", ""), (f"ann\\{MAIN}", CODE), ("bob\\", "")):
            archive.writestr(name, content)
    hand_ins = found(file, tmp_path)
    assert files_of(hand_ins["ann"], tmp_path) == {MAIN}
    assert not hand_ins["ann"].arrival.notes
    assert hand_ins["bob"].problem == "the folder is empty: nothing was handed in"


def test_what_staff_gave_back_is_nobodys_hand_in(tmp_path: Path) -> None:
    names = ("Ann A_1_assignsubmission_file", "Bo B_2_assignsubmission_file")
    feedback = ("Ann A_1_assignfeedback_file/marked.pdf", "Bo B_2_assignfeedback_file_marked.pdf")
    folder = lay_down(tmp_path / "x", *(f"{name}/{MAIN}" for name in names), *feedback)
    assert list(found(folder, tmp_path)) == ["Ann_A", "Bo_B"]
