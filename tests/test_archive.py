"""Archives are told by content; hostile and damaged ones cost no more than a reason."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import shutil
import tarfile
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.handed_in.not_python import what_instead
from grader.handed_in.submission import stage
from tests.staging import (
    CODE,
    LIMITS,
    MB,
    Change,
    refused,
    staged,
    tarred,
    with_limits,
    write,
    zipped,
)

MAIN = "implementation.py"


@pytest.mark.parametrize("mode", ["", "gz"])
@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_is_the_same_submission_as_a_folder(tmp_path: Path, mode: str, format: int) -> None:
    long = f"assignment4/{'long_' * 20}/{'l' * 60}.py"
    names = ("assignment4/implementation.py", "assignment4/rnn_lm.py", long)
    archive = tarred(tmp_path, *names, mode=mode, format=format)
    submission = staged(archive)
    assert submission.name == "handin"
    assert submission.files == {Path(name).relative_to("assignment4").as_posix() for name in names}
    assert submission.digest == staged(write(tmp_path / "folder", *names)).digest
    assert submission.notes == ()


def test_names_that_are_not_ascii(tmp_path: Path) -> None:
    for format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        archive = tarred(tmp_path, MAIN, "Übung_日本.py", format=format)
        assert staged(archive).files == {MAIN, "Übung_日本.py"}


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Jose\u0301_\u65e5.py".encode(), "Jose\u0301_\u65e5.py"),
        ("\u00dcbung.py".encode("cp437"), "\u00dcbung.py"),
        (b"plain.py", "plain.py"),
    ],
)
def test_name_in_a_zip_that_does_not_say_how_it_is_written(
    tmp_path: Path, raw: bytes, name: str
) -> None:
    """As Macs pack it, in UTF-8, and as PCs did."""
    file = zipped(tmp_path, MAIN, "x" * len(raw))
    file.write_bytes(file.read_bytes().replace(b"x" * len(raw), raw))
    assert staged(file).files == {MAIN, name}


@pytest.mark.parametrize("name", ["handin.zip", "handin", "handin.py.txt"])
def test_kind_is_told_by_content(tmp_path: Path, name: str) -> None:
    """Also a tar with a zip at its end, which a zip's reader would take for a zip."""
    inner = zipped(tmp_path, "other.py").read_bytes()
    for mode in ("", "gz"):
        archive = tarred(tmp_path, MAIN, mode=mode)
        assert staged(archive.rename(tmp_path / name)).files == {MAIN}
    assert staged(zipped(tmp_path, MAIN).rename(tmp_path / name)).files == {MAIN}
    with tarfile.open(tmp_path / name, "w") as tar:
        for file, content in ((MAIN, CODE.encode()), ("data.zip", inner)):
            info = tarfile.TarInfo(file)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    assert staged(tmp_path / name).files == {MAIN}


@pytest.mark.parametrize("name", ["...zip", "..zip", ".zip", "..tar.gz", "...x", "..x"])
def test_name_of_dots_leads_to_no_other_folder(tmp_path: Path, name: str) -> None:
    """Reports are written to a folder of the submission's name."""
    assert staged(zipped(tmp_path, MAIN).rename(tmp_path / name)).name == name


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Rar!\x1a\x07\x01\x00" + bytes(99), "is a RAR archive; ask for a zip"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(99), "is a 7z archive; ask for a zip"),
        (b"\xfd7zXZ\x00" + bytes(99), "compressed by xz; ask for a zip"),
        (b"", "is empty; ask for it again"),
        (gzip.compress(CODE.encode()), "without a tar in it; ask for a zip"),
        (b"%PDF-1.7", "is damaged, or not what its name says"),
    ],
    ids=["rar", "7z", "xz", "empty", "gzip", "pdf"],
)
def test_file_of_another_kind(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "handin.rar"
    file.write_bytes(content)
    assert words in refused(file)
    folder = write(tmp_path / "folder", "notes.txt")
    (folder / "handin.rar").write_bytes(content)
    assert words in refused(folder)


@pytest.mark.parametrize("first", ["[Content_Types].xml", "word/document.xml", "_rels/.rels"])
def test_document_of_a_word_processor_is_no_archive(tmp_path: Path, first: str) -> None:
    document = tmp_path / "homework.docx"
    with zipfile.ZipFile(document, "w") as zipped:
        zipped.writestr(first, "<text/>")
        zipped.writestr(MAIN, CODE)
    assert "document of a word processor or the like; ask for the Python" in refused(document)
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(document, folder / MAIN)
    assert what_instead(folder / MAIN).startswith("is a document of a word processor")


@pytest.mark.parametrize("name", ["../x.py", "/tmp/x.py", "a/../../x.py", "C:\\x.py", "..\\x.py"])
def test_tar_with_an_unsafe_name(tmp_path: Path, name: str) -> None:
    assert "unsafe name" in refused(tarred(tmp_path, MAIN, name))


def linking(type: bytes, target: str = "") -> Change:
    def change(info: tarfile.TarInfo) -> None:
        info.type, info.linkname, info.size = type, target, 0

    return change


@pytest.mark.parametrize(
    "change",
    [
        linking(tarfile.SYMTYPE, "/etc/passwd"),
        linking(tarfile.SYMTYPE, "implementation.py"),
        linking(tarfile.LNKTYPE, "/etc/passwd"),
        linking(tarfile.LNKTYPE, "implementation.py"),
        linking(tarfile.FIFOTYPE),
        linking(tarfile.CHRTYPE),
        linking(tarfile.BLKTYPE),
    ],
)
def test_link_or_device_is_passed_over(tmp_path: Path, change: Change) -> None:
    submission = staged(tarred(tmp_path, MAIN, "x.py", change=change))
    assert submission.files == {MAIN}
    [note] = submission.notes
    assert note.startswith("'x.py' was not read: it is a link or device, not a file;")


def test_file_through_a_link_stays_inside(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    file = tmp_path / "handin.tar"
    with tarfile.open(file, "w") as archive:
        link = tarfile.TarInfo("lib.py")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        archive.addfile(link)
        for name in (MAIN, "lib.py/x.py"):
            info = tarfile.TarInfo(name)
            info.size = len(CODE)
            archive.addfile(info, io.BytesIO(CODE.encode()))
    assert staged(file).files == {MAIN, "lib.py/x.py"}
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("mode", ["", "gz"])
def test_of_two_members_of_one_name_the_later_holds(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "handin.tar"
    with tarfile.open(file, f"w:{mode}") as archive:  # type: ignore[call-overload]
        for content in (b"a = 1\n" * 9, b"a = 2\n"):
            info = tarfile.TarInfo(MAIN)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    assert (stage(file, tmp_path / "staged", LIMITS).folder / MAIN).read_bytes() == b"a = 2\n"


def test_file_where_a_folder_is(tmp_path: Path) -> None:
    for names in ((MAIN, f"{MAIN}/x.py"), (f"{MAIN}/x.py", MAIN)):
        assert f"a file and a folder named {MAIN}" in refused(tarred(tmp_path, *names))


@pytest.mark.parametrize("name", ["a\nb.py", "a\x1b[2J.py", "x" * 201 + ".py", "é" * 130 + ".py"])
def test_odd_name_costs_only_that_file(tmp_path: Path, name: str) -> None:
    submission = staged(tarred(tmp_path, MAIN, name))
    assert submission.files == {MAIN}
    assert len(submission.notes) == 1
    assert submission.notes[0].isprintable()


def test_name_that_is_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    archive = tarred(tmp_path, MAIN, name, format=tarfile.GNU_FORMAT)
    assert staged(archive).files == {MAIN, name}


def pax(records: bytes) -> bytes:
    """A tar whose first member has an extended header with these records."""
    head = tarfile.TarInfo("head")
    head.type, head.size = tarfile.XHDTYPE, len(records)
    info = tarfile.TarInfo(MAIN)
    info.size = len(CODE)
    padded = records + bytes(-len(records) % 512)
    code = CODE.encode() + bytes(-len(CODE) % 512)
    return head.tobuf() + padded + info.tobuf() + code + bytes(1024)


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (b"22 GNU.sparse.major=1\n", "stored with holes"),
        (b"10 size=-1\n", "cannot be read"),
        (b"11 size=-1\n", "of no size"),
        (b"26 size=99999999999999999\n", "cut off"),
        (b"99 path=x\n", "cannot be read"),
        (b"0 path=x\n", "cannot be read"),
        (b"path=x\n", "cannot be read"),
        (b"9" * 600_000, "cannot be read"),
        (b"19 path=a\x00/../../b\n\x00", "unsafe name"),
        (b"x" * (2 * MB), "impossible size"),
    ],
)
@pytest.mark.timeout(20)
def test_odd_extended_header(tmp_path: Path, records: bytes, words: str) -> None:
    file = tmp_path / "handin.tar"
    file.write_bytes(pax(records))
    assert words in refused(file)


def test_extended_header_says_the_name(tmp_path: Path) -> None:
    file = tmp_path / "handin.tar"
    file.write_bytes(pax(b"13 path=a.py\n11 mtime=1\n19 path=rnn_lm.sav\n"))
    assert staged(file).files == {"rnn_lm.sav"}


def test_sparse_file_of_gnu(tmp_path: Path) -> None:
    def change(info: tarfile.TarInfo) -> None:
        info.type = tarfile.GNUTYPE_SPARSE

    archive = tarred(tmp_path, MAIN, "x.py", format=tarfile.GNU_FORMAT, change=change)
    assert "stored with holes" in refused(archive)


@pytest.mark.parametrize("size", [1 << 40, 1 << 62, -1, -(1 << 40)])
def test_claimed_size_is_not_believed(tmp_path: Path, size: int) -> None:
    info = tarfile.TarInfo(MAIN)
    info.size = size
    file = tmp_path / "handin.tar"
    file.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + CODE.encode())
    refused(file)


def test_gzip_bomb(tmp_path: Path) -> None:
    """In little memory, wherever in the archive it is."""
    for name in (MAIN, "data.csv"):
        archive = tarred(tmp_path, "rnn_lm.py", name, content=bytes(60 * MB))
        tracemalloc.start()
        assert "bomb" in refused(archive)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10 * MB


def test_table_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """A hundred thousand empty members: zipfile would take all of them into memory first."""
    archive, info = tmp_path / "handin.zip", zipfile.ZipInfo("x")
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr(MAIN, CODE)
        writer.writestr(info, "")
        last = writer.filelist[-1]
        writer.filelist += [last] * 120_000  # in the table alone
    assert archive.stat().st_size > 5 * MB
    tracemalloc.start()
    assert "has more than 5,000 files, or very long names" in refused(archive)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * MB


def test_tar_that_is_too_large(tmp_path: Path) -> None:
    archive = tarred(tmp_path, MAIN, "a.py", content=os.urandom(2 * MB))
    assert "too large" in refused(archive, with_limits(max_file_mb=1))
    assert "too large" in refused(archive, with_limits(max_mb=3))
    assert len(staged(archive, with_limits(max_file_mb=2, max_mb=4)).files) == 2


@pytest.mark.timeout(60)
def test_too_many_members(tmp_path: Path) -> None:
    header = tarfile.TarInfo("a.py").tobuf()
    with gzip.open(tmp_path / "handin.tar.gz", "wb", compresslevel=1) as writer:
        writer.write(header * 100_000 + bytes(1024))
    assert "more than 5,000 files" in refused(
        tmp_path / "handin.tar.gz", with_limits(max_ratio=1e6)
    )
    with zipfile.ZipFile(tmp_path / "handin.zip", "w") as archive:
        for number in range(5001):
            archive.writestr(f"{number}.py", "")
    assert "more than 5,000 files" in refused(tmp_path / "handin.zip")


@pytest.mark.parametrize("mode", ["", "gz"])
def test_tar_that_was_cut_off(tmp_path: Path, mode: str) -> None:
    whole = tarred(tmp_path, MAIN, "a.py", content=os.urandom(9000), mode=mode).read_bytes()
    for part in (0.3, 0.5, 0.7):
        file = tmp_path / "cut.tar"
        file.write_bytes(whole[: int(len(whole) * part)])
        assert "cannot be unpacked" in refused(file)


def test_zip_that_was_cut_off_is_not_taken_for_one_inside(tmp_path: Path) -> None:
    inner = zipped(tmp_path, MAIN).read_bytes()
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("alice.zip", inner)
        archive.writestr("bob.zip", inner)
    file.write_bytes(file.read_bytes()[:-100])
    assert "cut off" in refused(file)


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_any_damage_to_a_tar_is_no_other_error(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        mode = data.draw(st.sampled_from(["", "gz"]))
        long = "a" * 120 + ".py"
        file = tarred(Path(name), "a/implementation.py", long, mode=mode)
        raw = bytearray(file.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        file.write_bytes(raw)
        with contextlib.suppress(SubmissionError):
            stage(file, Path(name) / "staged", LIMITS)


@pytest.mark.timeout(20)
def test_headers_without_end(tmp_path: Path) -> None:
    head = tarfile.TarInfo("x")
    head.type = tarfile.GNUTYPE_LONGLINK
    file = tmp_path / "handin.tar"
    file.write_bytes(head.tobuf(tarfile.GNU_FORMAT) * 60 + bytes(1024))
    assert "more than 10 files" in refused(file, with_limits(max_files=10))


def test_checksum_at_the_end_of_a_gzip(tmp_path: Path) -> None:
    file = tarred(tmp_path, MAIN)
    raw = bytearray(file.read_bytes())
    raw[-8] ^= 1
    file.write_bytes(raw)
    assert "cannot be unpacked" in refused(file)


@pytest.mark.parametrize("mtime", [-1, 0, 1 << 33, 1 << 80])
def test_odd_time_is_no_matter(tmp_path: Path, mtime: int) -> None:
    def change(info: tarfile.TarInfo) -> None:
        info.mtime = mtime

    assert staged(tarred(tmp_path, MAIN, format=tarfile.GNU_FORMAT, change=change)).files == {MAIN}


@pytest.mark.parametrize(
    "names", [("a.txt/b.py", "a.txt"), ("a.txt", "a.txt/b.txt"), ("a.py/a.zip/b.py", "a.py/a.zip")]
)
def test_file_and_folder_of_one_name_that_nobody_needs(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    file = tmp_path / "hw.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in (*names, MAIN):
            archive.writestr(name, "x = 1\n")
    with contextlib.suppress(SubmissionError):
        assert staged(file).has(MAIN)
