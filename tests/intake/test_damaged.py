"""An export that is damaged, too large or named unsafely costs whom it must, and nobody else."""

from __future__ import annotations

import gzip
import os
import zipfile
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.intake import arrivals
from tests.course_folders import (
    MAIN,
    MODEL,
    MOODLE,
    RUBRIC,
    files_of,
    found,
    lay_down,
    packed,
)
from tests.staging import CODE, write


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


def test_tar_of_an_export_that_was_cut_off_in_a_file(tmp_path: Path) -> None:
    """Not taken for one that ends there: the students after it would be lost unseen."""
    folder = lay_down(tmp_path / "x", f"alice/{MAIN}", f"bob/{MAIN}")
    (folder / "alice" / MODEL).write_bytes(os.urandom(90_000))
    whole = gzip.decompress(packed(folder, "tar.gz").read_bytes())
    file = tmp_path / "export.tar"
    file.write_bytes(whole[:50_000])
    with pytest.raises(SubmissionError, match="cut off before its end"):
        arrivals(file, tmp_path / "into", RUBRIC.intake)
