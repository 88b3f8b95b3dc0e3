"""Every platform's export gives a row for each student, also a damaged one."""

from __future__ import annotations

import gzip
import os
import zipfile
from pathlib import Path

import pytest

from grader.archive import DATA_BYTES, NO_ARCHIVE
from grader.errors import SubmissionError
from grader.intake import arrivals, looks_like_many
from grader.intake.gradescope import METADATA
from grader.rubric import Rubric
from tests.course_folders import (
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
from tests.staging import CODE, GIVEN, write


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


def test_hand_ins_are_the_same_in_every_run(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", *MOODLE, *CANVAS, f"alice/{MAIN}", "alice.zip")
    first = arrivals(folder, tmp_path / "into", RUBRIC.intake)
    assert arrivals(folder, tmp_path / "into", RUBRIC.intake) == first
    names = [hand_in.arrival.name for hand_in in first]
    assert names == sorted(names)


def test_a_broken_file_of_an_export_costs_its_student(tmp_path: Path) -> None:
    """Also one that is over a limit, or no regular file, or damaged."""
    file = tmp_path / "export.zip"
    link = zipfile.ZipInfo("dave.zip")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"alice/{MAIN}", CODE)
        archive.writestr(f"alice/{MODEL}", bytes(5 << 20))
        archive.writestr(f"bob/{MAIN}", CODE)
        archive.writestr("carol.zip", bytes(5 << 20))
        archive.writestr(link, "/etc/passwd")
        archive.writestr(f"erin/{MAIN}", "x" * 99)
    raw = bytearray(file.read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 16] ^= 1  # the checksum of the last one
    file.write_bytes(raw)
    hand_ins = found(file, tmp_path)
    assert list(hand_ins) == ["alice", "bob", "carol", "dave", "erin"]
    assert "rnn_lm.sav: rnn_lm.sav in the zip expands like a zip bomb" in str(
        hand_ins["alice"].arrival.notes
    )
    assert files_of(hand_ins["alice"], tmp_path) == {MAIN}
    assert not hand_ins["bob"].problem
    assert "bomb" in hand_ins["carol"].problem
    assert "link or device" in hand_ins["dave"].problem
    nothing = "there is nothing that can be read in it; implementation.py: "
    assert hand_ins["erin"].problem.startswith(nothing)
    assert "Bad CRC" in hand_ins["erin"].problem


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_files": 3}, "more than 3 files; unpack it yourself"),
        ({"max_mb": 1}, "more than 1 MB"),
    ],
)
def test_export_over_a_limit(tmp_path: Path, limits: dict[str, int], words: str) -> None:
    folder = lay_down(tmp_path / "x", *MOODLE)
    for number in range(3):
        (folder / f"{number}.sav").write_bytes(os.urandom(500_000))
    with pytest.raises(SubmissionError, match=words):
        arrivals(packed(folder, "zip"), tmp_path / "i", RUBRIC.intake.model_copy(update=limits))


@pytest.mark.parametrize("name", ["../x.zip", "/x.zip", "./../x.zip", "C:\\x.zip", "C:/../x.zip"])
def test_export_with_an_unsafe_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, CODE)
    with pytest.raises(SubmissionError, match="unsafe name"):
        arrivals(file, tmp_path / "a" / "into", RUBRIC.intake)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


@pytest.mark.parametrize("course", ["", "course/"])
@pytest.mark.parametrize(
    "odd", ["dan/a\\..\\b.py", "dan/..\\b.py", "dan/../../../b.py", "dan/../ann/implementation.py"]
)
@pytest.mark.parametrize("is_alone", [False, True])
def test_unsafe_name_in_a_students_folder_is_that_students(
    tmp_path: Path, course: str, odd: str, is_alone: bool
) -> None:
    file = tmp_path / "export.zip"
    students = ("ann", "bob") if is_alone else ("ann", "bob", "dan")
    with zipfile.ZipFile(file, "w") as archive:
        for student in students:
            archive.writestr(f"{course}{student}/{MAIN}", CODE)
        archive.writestr(f"{course}{odd}", "odd = 1\n")
    hand_ins = found(file, tmp_path)
    assert list(hand_ins) == ["ann", "bob", "dan"]
    dan = hand_ins.pop("dan")
    said = dan.problem if is_alone else dan.arrival.notes[0]
    assert "it was not unpacked: it has the unsafe name" in said
    for each in hand_ins.values():
        assert not each.problem
        assert not each.arrival.notes
    unpacked = {path for path in tmp_path.rglob("*") if path.is_file()} - {file}
    assert unpacked == {tmp_path / "into" / course / student / MAIN for student in students}
    assert all(path.read_text() == CODE for path in unpacked)


def test_unsafe_name_in_nobodys_folder_has_a_row(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for student in ("ann", "bob"):
            archive.writestr(f"course/{student}/{MAIN}", CODE)
        archive.writestr("course/../dan.zip", CODE)
    hand_ins = found(file, tmp_path)
    assert list(hand_ins) == ["ann", "bob", "course"]
    assert "unsafe name 'course/../dan.zip'; look where" in hand_ins["course"].problem


def test_export_that_was_cut_off(tmp_path: Path) -> None:
    for kind in ("zip", "tar.gz"):
        file = packed(lay_down(tmp_path / "x", *MOODLE), kind)
        file.write_bytes(file.read_bytes()[:-200])
        with pytest.raises(SubmissionError, match=r"damaged|cannot be unpacked"):
            arrivals(file, tmp_path / f"into-{kind}", RUBRIC.intake)


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    folder = write(tmp_path / "x", f"{name}/{MAIN}", f"{name}x.pdf", f"{name}_1_2_a.zip")
    hand_ins = found(folder, tmp_path)
    assert len(hand_ins) == 3
    for hand_in in hand_ins.values():
        hand_in.arrival.model_dump_json().encode()
        hand_in.problem.encode()


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


def test_tar_of_an_export_that_was_cut_off_in_a_file(tmp_path: Path) -> None:
    """Not taken for one that ends there: the students after it would be lost unseen."""
    folder = lay_down(tmp_path / "x", f"alice/{MAIN}", f"bob/{MAIN}")
    (folder / "alice" / MODEL).write_bytes(os.urandom(90_000))
    whole = gzip.decompress(packed(folder, "tar.gz").read_bytes())
    file = tmp_path / "export.tar"
    file.write_bytes(whole[:50_000])
    with pytest.raises(SubmissionError, match="cut off before its end"):
        arrivals(file, tmp_path / "into", RUBRIC.intake)


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
