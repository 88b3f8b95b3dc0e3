"""Canvas' export: a row for each student, and the files of one attempt go together."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from grader.archive import NO_ARCHIVE
from grader.errors import SubmissionError
from grader.intake import looks_like_many
from tests.course_folders import (
    CANVAS,
    CODE_FILE,
    MAIN,
    MODEL,
    RAR,
    RUBRIC,
    code_of,
    files_of,
    found,
    lay_down,
    packed,
    staged_of,
)
from tests.staging import GIVEN, write


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
def test_canvas(tmp_path: Path, kind: str) -> None:
    folder = lay_down(tmp_path / "x", *CANVAS)
    hand_ins = found(packed(folder, kind) if kind else folder, tmp_path)
    seen = {
        n: (h.arrival.student, h.arrival.student_id, h.arrival.submission_id, h.arrival.late)
        for n, h in hand_ins.items()
    }
    assert seen == {
        "doejane-12345": ("doejane", "12345", "67891", False),
        "doejane-8": ("doejane", "8", "81", False),
        "roejohn2": ("roejohn2", "222", "334", True),
        "twozips": ("twozips", "5", "60", False),
        "text": ("text", "7", "70", False),
        "wordy": ("wordy", "9", "", True),
        "anon_Ab1Cd": ("anon_Ab1Cd", "anon_Ab1Cd", "90", False),
        "anon_Ef2Gh": ("anon_Ef2Gh", "anon_Ef2Gh", "92", True),
    }
    assert {part.name for part in hand_ins["doejane-12345"].parts} == {MAIN, MODEL}
    assert code_of(hand_ins["doejane-12345"], tmp_path) == f"'{CANVAS[2]}'\n"
    several = staged_of(hand_ins["roejohn2"], tmp_path)
    assert (several.folder / MAIN).read_text() == f"'{CANVAS[4]}'\n"
    said = "hw4-2.zip was taken, the latest archive, and not hw4-1.zip, hw4.zip"
    assert several.notes == (said,)
    assert code_of(hand_ins["twozips"], tmp_path) == f"'{CANVAS[7]}'\n"
    assert code_of(hand_ins["doejane-8"], tmp_path) == f"'{CANVAS[10]}'\n"
    assert hand_ins["text"].problem == f"text_7_70_text.html {NO_ARCHIVE}"
    assert [n for n, h in hand_ins.items() if "more than once" in str(h.arrival.notes)] == [
        "doejane-12345"
    ]
    assert hand_ins["wordy"].problem == "only a text was handed in online, and no file"
    assert files_of(hand_ins["anon_Ab1Cd"], tmp_path) == {MAIN, MODEL}


def test_canvas_files_beside_the_code(tmp_path: Path) -> None:
    names = (f"{MAIN}.txt", "config-1.json", "train.csv", "TEST-1.csv", "shot.png")
    uploads = [f"ann_5_{number}_{name}" for number, name in enumerate(names)]
    folder = lay_down(tmp_path / "x", *uploads, f"bob_6_9_{MAIN}", "eve_7_8_train.csv")
    hand_ins = found(folder, tmp_path)
    assert not hand_ins["ann"].problem
    assert hand_ins["ann"].arrival.notes == ()
    assert files_of(hand_ins["ann"], tmp_path) == {MAIN, "config.json", "train.csv"}
    with pytest.raises(SubmissionError, match=r"eve_7_8_train\.csv is .* ask for impl"):
        files_of(hand_ins["eve"], tmp_path)
    alone = lay_down(tmp_path / "y", f"ann_5_1_{MAIN}.txt", f"bob_6_9_{MAIN}")
    assert files_of(found(alone, tmp_path)["ann"], tmp_path / "again") == {MAIN}


def test_canvas_archives_of_one_attempt_are_opened_together(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", "ann_5_59_shot.png")
    for name, file in (("ann_5_61_model.zip", MODEL), ("ann_5_60_code.zip", MAIN)):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(file, "1\n")
    assert looks_like_many(folder, RUBRIC.intake)
    assert files_of(found(folder, tmp_path)["ann"], tmp_path) == {MAIN, MODEL}


def canvas_archives(folder: Path, **archives: tuple[str, ...] | bytes) -> Path:
    """Ann's archives in an export of Canvas, each with the files it holds, or what is in it."""
    folder.mkdir()
    for number, (name, files) in enumerate(archives.items()):
        file = folder / f"ann_5_{900 + number}_{name.replace('_', '-')}.zip"
        if isinstance(files, bytes):
            file.write_bytes(files)
            continue
        with zipfile.ZipFile(file, "w") as archive:
            for inner in files:
                archive.writestr(inner, f"'{name}'\n")
    return folder


PARTS = {
    "code and model": {"hw4_1": (MAIN, CODE_FILE), "hw4_2": (MODEL,)},
    "model and code": {"part_1": (MODEL,), "part_2": (MAIN, CODE_FILE)},
    "two files of one name": {"hw4": (MAIN, CODE_FILE), "hw4_1": (MODEL,)},
    "one in three": {"hw4_1": (MAIN,), "hw4_2": (CODE_FILE,), "hw4_3": (MODEL,)},
    "a file in both": {"hw4_1": (MAIN, CODE_FILE), "hw4_2": (CODE_FILE, MODEL)},
    "both handed in again": {
        "hw4": ("old.py", MAIN, CODE_FILE), "hw4_1": (MODEL,),
        "hw4_2": (MAIN, CODE_FILE), "hw4_3": (MODEL,),
    },
}  # fmt: skip


@pytest.mark.parametrize("archives", PARTS.values(), ids=PARTS)
def test_canvas_archives_that_the_student_numbered_go_together(
    tmp_path: Path, archives: dict[str, tuple[str, ...]]
) -> None:
    ann = found(canvas_archives(tmp_path / "x", **archives), tmp_path)["ann"]
    assert ann.arrival.submission_id == str(899 + len(archives))
    staged = staged_of(ann, tmp_path)
    assert staged.files - GIVEN == {MAIN, CODE_FILE, MODEL}
    for name in (MAIN, CODE_FILE, MODEL):
        latest = [archive for archive, files in archives.items() if name in files][-1]
        assert (staged.folder / name).read_text() == f"'{latest}'\n"
    differ = "two different files are named rnn_lm.py: that of hw4-2.zip is used, not that of"
    in_both = archives == PARTS["a file in both"]
    assert any(note.startswith(differ) for note in staged.notes) == in_both


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ((MAIN, CODE_FILE, MODEL), (MAIN, CODE_FILE), {MAIN, CODE_FILE}),
        ((MAIN, CODE_FILE, MODEL), (MAIN, CODE_FILE, "rnn.ipynb"), {MAIN, CODE_FILE, "rnn.ipynb"}),
        ((MAIN, "helper.py"), (MAIN, CODE_FILE, MODEL), {MAIN, CODE_FILE, MODEL}),
        (("rnn.ipynb", "helper.py"), ("rnn.ipynb",), {"rnn.ipynb"}),
    ],
)
def test_canvas_archive_that_was_handed_in_again_replaces_the_earlier_one(
    tmp_path: Path, first: tuple[str, ...], second: tuple[str, ...], kept: set[str]
) -> None:
    """As a whole: code that came again without the model is not graded with the old model."""
    folder = canvas_archives(tmp_path / "x", hw4=first, hw4_1=second)
    staged = staged_of(found(folder, tmp_path)["ann"], tmp_path)
    assert staged.files - GIVEN == kept
    assert "hw4-1.zip was taken, the latest archive, and not hw4.zip" in staged.notes


def test_canvas_archive_zipped_twice_replaces_the_earlier_one(tmp_path: Path) -> None:
    folder = canvas_archives(tmp_path / "x", hw4=(MAIN, CODE_FILE, MODEL), inner=(MAIN, CODE_FILE))
    inner = folder / "ann_5_901_inner.zip"
    with zipfile.ZipFile(folder / "ann_5_902_hw4-1.zip", "w") as archive:
        archive.write(inner, "hw4.zip")
    inner.unlink()
    assert files_of(found(folder, tmp_path)["ann"], tmp_path) == {MAIN, CODE_FILE}


@pytest.mark.parametrize("latest", [RAR, b"PK\x03\x04 cut off"])
def test_canvas_archive_that_cannot_be_read_brings_no_earlier_one_back(
    tmp_path: Path, latest: bytes
) -> None:
    folder = canvas_archives(tmp_path / "x", hw4=(MAIN, CODE_FILE, MODEL), hw4_1=latest)
    ann = found(folder, tmp_path)["ann"]
    assert "ask for" in ann.problem
    assert [part.path.name for part in ann.parts] == ["ann_5_901_hw4-1.zip"]


@pytest.mark.parametrize("files", [(MAIN,), (MODEL,)])
def test_canvas_archive_damaged_inside(tmp_path: Path, files: tuple[str, ...]) -> None:
    """It brings back no version that it replaces, and costs no other part."""
    folder = canvas_archives(tmp_path / "x", hw4_1=(MAIN, CODE_FILE), hw4_2=files)
    file = folder / "ann_5_901_hw4-2.zip"
    raw = bytearray(file.read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 16] ^= 1  # the checksum
    file.write_bytes(raw)
    ann = found(folder, tmp_path)["ann"]
    assert not ann.problem
    if MAIN in files:
        with pytest.raises(SubmissionError, match="CRC"):
            files_of(ann, tmp_path)
    else:
        staged = staged_of(ann, tmp_path)
        assert staged.files - GIVEN == {MAIN, CODE_FILE}
        assert any("hw4-2.zip was not opened: " in note for note in staged.notes)


def test_canvas_name_that_ends_in_another_students_id(tmp_path: Path) -> None:
    """Mallory, whose id is 114, calls herself Zz _102."""
    forged, own = "zz_102_114_88010_implementation.py", "doejane_102_501_rnn_lm.sav"
    folder = lay_down(tmp_path / "x", forged, own, "roe_103_502_7_implementation.py")
    hand_ins = {h.arrival.student_id: h for h in found(folder, tmp_path).values()}
    assert set(hand_ins) == {"", "102", "103"}
    assert [part.name for part in hand_ins["102"].parts] == ["rnn_lm.sav"]
    assert "another upload of student 102 has another name" in hand_ins[""].problem
    # A file whose name begins with a number is taken for that.
    assert [part.name for part in hand_ins["103"].parts] == ["7_implementation.py"]
    assert hand_ins["103"].arrival.other_ids == ("502",)


def test_canvas_name_that_is_another_students_with_the_id(tmp_path: Path) -> None:
    """A student 345 who is called as the other one, and _12."""
    forged, own = "doejane_12_345_1001_implementation.py", "doejane_12_900_rnn_lm.py"
    [hand_in] = found(lay_down(tmp_path / "x", forged, own), tmp_path).values()
    assert hand_in.arrival.submission_id == "900"
    assert hand_in.arrival.other_ids == ("345",)
    [note] = hand_in.arrival.notes
    assert note == f"{forged} may also be read as a file of student 345: look whose it is"


def test_two_canvas_names_that_end_in_another_students_id(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", "a_102_114_8_hw.py", "b_102_115_9_hw.py")
    assert [h.arrival.student_id for h in found(folder, tmp_path).values()] == ["", ""]
