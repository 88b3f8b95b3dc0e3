"""A zip is the same hand-in as its folder; what is unsafe, damaged or too large is refused."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.handed_in.submission import stage
from tests.staging import CODE, GIVEN, LIMITS, MB, refused, staged, with_limits, zipped


def test_zip(tmp_path: Path) -> None:
    submission = staged(zipped(tmp_path, "implementation.py", "rnn_lm.py"))
    assert submission.name == "handin"
    assert submission.files == {"implementation.py", "rnn_lm.py"}


@pytest.mark.parametrize("slash", ["/", "\\"])
def test_zip_with_a_nested_folder(tmp_path: Path, slash: str) -> None:
    names = (f"assignment4{slash}implementation.py", f"assignment4{slash}lib{slash}steps.py")
    assert staged(zipped(tmp_path, *names)).files == {"implementation.py", "lib/steps.py"}


@pytest.mark.parametrize("content", [b"", b"PK", b"def rnn(): pass", b"\x1f\x8b\x08" + bytes(99)])
def test_file_that_is_no_zip(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "handin.zip"
    file.write_bytes(content)
    assert "neither a folder nor a zip" in refused(file)


@pytest.mark.parametrize(
    "name",
    [
        "../implementation.py",
        "a/../../implementation.py",
        "a/../implementation.py",
        "..\\implementation.py",
        "/tmp/implementation.py",
        "//host/implementation.py",
        "\\implementation.py",
        "C:\\implementation.py",
        "c:/implementation.py",
    ],
    ids=ascii,
)
def test_zip_with_an_unsafe_name(tmp_path: Path, name: str) -> None:
    words = refused(zipped(tmp_path, "implementation.py", name))
    assert "unsafe name" in words
    assert words.isprintable()


@pytest.mark.parametrize("name", ["a/..", "..", "\\", "implementation.py/x.py"])
def test_zip_with_a_name_that_is_none(tmp_path: Path, name: str) -> None:
    refused(zipped(tmp_path, "implementation.py", name))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_zip_with_what_is_no_file(tmp_path: Path, kind: int) -> None:
    member = zipfile.ZipInfo("implementation.py")
    member.external_attr = (kind | 0o777) << 16
    file = tmp_path / "handin.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, "/etc/passwd")
    assert "link or device" in refused(file)


def test_zip_bomb_is_known_by_its_ratio(tmp_path: Path) -> None:
    bomb = zipped(tmp_path, "implementation.py", content=bytes(4 * MB))
    assert "zip bomb" in refused(bomb)


def test_zip_that_is_too_large(tmp_path: Path) -> None:
    archive = zipped(tmp_path, "implementation.py", content=os.urandom(2 * MB))
    assert "too large" in refused(archive, with_limits(max_file_mb=1))
    assert "too large" in refused(archive, with_limits(max_mb=1))
    assert staged(archive, with_limits(max_file_mb=2, max_mb=2)).has("implementation.py")


def test_zip_whose_files_are_too_large_together(tmp_path: Path) -> None:
    archive = zipped(tmp_path, "implementation.py", "a.py", "b.py", content=os.urandom(MB))
    assert "too large" in refused(archive, with_limits(max_mb=2))
    assert len(staged(archive, with_limits(max_mb=3)).files) == 3


def test_zip_with_large_files_that_nobody_looks_at(tmp_path: Path) -> None:
    """Files that no worker sees are not unpacked, so their sizes and names do not matter."""
    shot = "Screenshot 3.12.33\u202fPM.png"
    archive = zipped(tmp_path, "implementation.py", "data.bin", shot, content=os.urandom(MB // 2))
    assert staged(archive, with_limits(max_mb=1)).notes == ()


@pytest.mark.parametrize("name", ["a\nb/steps.py", "a\x1b[2J/steps.py", "x" * 300 + "/steps.py"])
def test_zip_with_an_odd_name(tmp_path: Path, name: str) -> None:
    """One odd file does not cost the rest, and the note can be printed."""
    submission = staged(zipped(tmp_path, "implementation.py", name))
    assert submission.files - GIVEN == {"implementation.py"}
    assert len(submission.notes) == 1
    assert submission.notes[0].isprintable()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_that_unpacks_in_large_blocks(tmp_path: Path, method: int) -> None:
    file = tmp_path / "handin.zip"
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("implementation.py", bytes(4 * MB))
    assert "nothing to grade" in refused(file)


def damaged(tmp_path: Path, change: str, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip whose member has something wrong with it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("implementation.py", CODE * 50)
    raw = bytearray(buffer.getvalue())
    start = 30 + len("implementation.py")
    directory = raw.index(b"PK\x01\x02")
    if change == "data":
        raw[start : directory - 8] = b"\xff" * (directory - 8 - start)
    elif change == "checksum":
        raw[directory + 16] ^= 1
    elif change == "method":
        raw[directory + 10] = 99
    elif change == "encrypted":
        raw[directory + 8] |= 1
        raw[6] |= 1
    elif change == "offset":
        raw[directory + 42] = 7
    file = tmp_path / "handin.zip"
    file.write_bytes(raw)
    return file


@pytest.mark.parametrize("change", ["data", "checksum", "offset"])
def test_zip_that_is_damaged(tmp_path: Path, change: str) -> None:
    assert "cannot be unpacked" in refused(damaged(tmp_path, change))


def test_zip_that_is_damaged_and_not_compressed(tmp_path: Path) -> None:
    assert "cannot be unpacked" in refused(damaged(tmp_path, "data", zipfile.ZIP_STORED))


def test_zip_with_an_unknown_method(tmp_path: Path) -> None:
    assert "not read here" in refused(damaged(tmp_path, "method"))


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_any_damage_to_a_zip_is_no_other_error(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        file = zipped(Path(name), "a/implementation.py", "a/rnn_lm.py", content=CODE * 9)
        raw = bytearray(file.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        file.write_bytes(raw)
        with contextlib.suppress(SubmissionError):
            stage(file, Path(name) / "staged", LIMITS)


def test_zip_with_a_member_without_a_name(tmp_path: Path) -> None:
    file = zipped(tmp_path, "implementation.py", "xyzxyz")
    file.write_bytes(file.read_bytes().replace(b"xyzxyz", b"\0yzxyz"))
    assert staged(file).files == {"implementation.py"}


def test_zip_with_a_password_says_so(tmp_path: Path) -> None:
    words = refused(damaged(tmp_path, "encrypted"))
    assert "'implementation.py' was not read: it is protected by a password" in words
