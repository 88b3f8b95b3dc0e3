"""Reads a zip's members."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from grader.archive.members import MOST_HIDDEN, ArchiveLimits, Content, Member, bomb, damaged
from grader.archive.names import COPY_BYTES, LINK_OR_DEVICE, problem_of
from grader.errors import SubmissionError
from grader.handed_in.naming import readable

MEMBER = b"PK\x03\x04"
ENCRYPTED = 1
IN_UTF8 = 0x800
"""The bits of a member's flags that say so."""
OLD_NAMES = "cp437"
BYTES_A_NAME = 256
"""In a zip's table, for each member that there may be: a path of usual length twice over. zipfile
takes the table as a whole, and ten times its size in memory, before anybody can count."""


def zip_members(archive: Path, limits: ArchiveLimits) -> Iterator[tuple[Member, Content]]:
    """Every member, and its content if it is read before the next one is taken."""
    reader = _Reader(io.FileIO(archive))
    reader.most = BYTES_A_NAME * MOST_HIDDEN * limits.max_files
    # Of a damaged archive, zipfile lets through nearly every kind of exception.
    try:
        zipped = zipfile.ZipFile(reader)
    except _TableTooLarge:
        reader.close()
        words = f"has more than {limits.max_files:,} files, or very long names"
        raise SubmissionError(f"{readable(archive.name)} {words}") from None
    except Exception as error:
        reader.close()
        raise damaged(archive, error) from None
    reader.most = None
    with reader, zipped:
        if _was_cut_off(archive, zipped):
            raise damaged(archive, "it was cut off before its end")
        for info in zipped.infolist():
            info.filename = _name(info)
            member = Member(info.filename, _mtime(info), _problem(info), _is_folder(info))
            yield member, _content(archive, zipped, info, limits)


class _TableTooLarge(Exception):
    """A zip's table is larger than that of any hand-in."""


class _Reader(io.BufferedReader):
    """Refuses to read more than ``most`` bytes at once, if that is set."""

    most: int | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        if self.most is not None and size is not None and size > self.most:
            raise _TableTooLarge
        return super().read(size)


def _was_cut_off(archive: Path, zipped: zipfile.ZipFile) -> bool:
    """Whether the table is that of a zip in this one, whose own is missing.

    zipfile looks for a table near the end, and takes what comes before for something else.
    """
    with archive.open("rb") as reader:
        begins_with_a_member = reader.read(len(MEMBER)) == MEMBER
    first = min((info.header_offset for info in zipped.infolist()), default=0)
    return begins_with_a_member and first > 0


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name; Macs write it in UTF-8, and do not say so.

    zipfile reads it as the code page of old PCs then. Hardly any text in that is UTF-8 as well.
    """
    if info.flag_bits & IN_UTF8:
        return info.filename
    try:
        return info.filename.encode(OLD_NAMES).decode("utf-8")
    except UnicodeError:
        return info.filename


def _is_folder(info: zipfile.ZipInfo) -> bool:
    # Its own method takes no name at all for an error, and knows nothing of Windows.
    return info.filename.endswith(("/", "\\"))


def _problem(info: zipfile.ZipInfo) -> str:
    if _is_folder(info):
        return problem_of(info.filename)
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return LINK_OR_DEVICE
    if info.flag_bits & ENCRYPTED:
        return "it is protected by a password; ask for it without one"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile unpacks a block of the others as a whole: a few hundred bytes can be gigabytes.
        return "it is compressed in a way that is not read here; make an ordinary zip"
    return problem_of(info.filename)


def _mtime(info: zipfile.ZipInfo) -> float:
    try:
        return datetime(*info.date_time).timestamp()
    except (ValueError, OverflowError, OSError):  # the 0th of a month, or before the clock's time
        return 0.0


def _content(
    archive: Path, zipped: zipfile.ZipFile, info: zipfile.ZipInfo, limits: ArchiveLimits
) -> Iterator[bytes]:
    size = 0
    try:
        with zipped.open(info) as reader:
            while chunk := reader.read(COPY_BYTES):
                size += len(chunk)
                if size > COPY_BYTES and size > limits.max_ratio * max(info.compress_size, 1):
                    name = Path(info.filename).name
                    raise bomb(f"{name} in the zip")
                yield chunk
    except SubmissionError:
        raise
    except Exception as error:  # only zipfile's own: what a reader of the chunks raises stays there
        raise damaged(archive, error) from None
