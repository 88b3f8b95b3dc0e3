"""Which kind of archive a file is, told by its content; the ending may say something else."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
import zlib
from enum import StrEnum
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.handed_in.naming import readable
from grader.regular import unreadable

BLOCK = tarfile.BLOCKSIZE
GZIP = b"\x1f\x8b"
ZIP_HEADER = 30
"""Bytes of a zip before the name of its first file."""
ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip")
OTHER_ENDINGS = (
    ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".rar", ".7z", ".gz", ".bz2", ".xz", ".zst",
)  # fmt: skip


class ArchiveKind(StrEnum):
    """A kind of archive that is read here."""

    ZIP = "zip"
    TAR = "tar"
    TAR_GZ = "tar.gz"


NO_ARCHIVE = "is neither code nor an archive; ask for implementation.py, or a zip with it"
NOT_READ = {
    b"Rar!\x1a\x07": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\xfd7zXZ\x00": "compressed by xz",
    b"BZh": "compressed by bzip2",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
}


OFFICE = "a document of a word processor or the like"
_OFFICE_STARTS = (
    b"[Content_Types].xml",
    b"_rels/",
    b"docProps/",
    b"word/",
    b"mimetypeapplication/vnd",
)
"""The first file in a zip that is such a document; the last one is OpenDocument's."""


def kind_of(path: Path) -> ArchiveKind | None:
    """The kind of a regular file, or none of them.

    A tar may end like a zip, when a zip was put into it, but a zip never begins like a tar.
    Raises SubmissionError when the file cannot be read.
    """
    start = _start(path)
    if start.startswith(GZIP):
        return ArchiveKind.TAR_GZ if _is_tar(_gunzipped_start(path)) else None
    if _is_tar(start):
        return ArchiveKind.TAR
    if is_of_an_office(start):
        return None
    try:
        return ArchiveKind.ZIP if zipfile.is_zipfile(path) else None
    except zipfile.BadZipFile:  # one of several disks
        return None


def why_not_read(path: Path) -> str:
    """What a regular file of no known kind is, and what to ask the student for."""
    start = _start(path)
    for magic, what in NOT_READ.items():
        if start.startswith(magic):
            return f"is {what}; ask for a zip"
    if is_of_an_office(start):
        return f"is {OFFICE}; ask for the Python file or notebook"
    if not start:
        return "is empty; ask for it again"
    if start.startswith(GZIP):
        return "is damaged, or compressed by gzip without a tar in it; ask for a zip"
    if is_archive_name(PurePosixPath(path.name)):
        return "is damaged, or not what its name says; ask for it again"
    return NO_ARCHIVE


def is_archive_name(name: PurePosixPath) -> bool:
    """Whether the ending is that of an archive, also of one that is not read here.

    A model that torch saved is a zip, too: by content alone it would be taken for a hand-in.
    """
    return name.name.lower().endswith((*ENDINGS, *OTHER_ENDINGS))


def stem_of(name: str) -> str:
    """The name of an archive without its ending, of which ``.tar.gz`` is one.

    Where only dots are left, which would lead to another folder, it is the whole name.
    """
    lower = name.lower()
    endings = [end for end in (*ENDINGS, *OTHER_ENDINGS) if lower.endswith(end)]
    stem = name[: -len(endings[0])] if endings else PurePosixPath(name).stem
    return stem if stem.strip(".") else name


def is_of_an_office(start: bytes) -> bool:
    """Whether a file that begins so is such a document, which is a zip, too."""
    return start.startswith(b"PK\x03\x04") and start[ZIP_HEADER:].startswith(_OFFICE_STARTS)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as reader:
            return reader.read(BLOCK)
    except OSError as error:
        raise SubmissionError(unreadable(readable(path.name), error)) from None


def _gunzipped_start(path: Path) -> bytes:
    try:
        with gzip.open(path) as reader:
            return reader.read(BLOCK)
    except (OSError, EOFError, zlib.error):
        return b""


def _is_tar(block: bytes) -> bool:
    """Whether it is a header with the right checksum; old ones have no other mark."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True
