"""Reads a tar's members as a stream, also of one compressed by gzip.

The headers are decoded by tarfile. Its way through the archive is not used: it reads an extended
header into memory whatever size that claims, and follows a chain of them, or the map of a sparse
file, without a bound. Here they are bounded, and of extended headers only name and size count.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from grader.archive.kinds import BLOCK, GZIP
from grader.archive.members import ArchiveLimits, Content, Member, bomb, damaged
from grader.archive.names import COPY_BYTES, LINK_OR_DEVICE, problem_of
from grader.errors import SubmissionError
from grader.handed_in.naming import readable

MAX_EXTENDED = 1 << 20
"""Bytes of one extended header: Macs keep attributes of files in them."""
MAX_DIGITS = 19
LONG_NAME, LONG_LINK = tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK
PAX = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
EXTENDED = (LONG_NAME, LONG_LINK, tarfile.XGLTYPE, *PAX)
SPARSE = "a file in it is stored with holes; ask for a zip, or a tar made without --sparse"


def tar_members(archive: Path, limits: ArchiveLimits) -> Iterator[tuple[Member, Content]]:
    """Every member, and its content if it is read before the next one is taken."""
    with archive.open("rb") as raw:
        source = _Source(archive, raw, limits)
        name, size = "", None
        headers = 0
        while any(block := source.read(BLOCK)):
            header = _header(archive, block)
            headers += 1
            if headers > 4 * limits.max_files:
                raise SubmissionError(
                    f"{readable(archive.name)} has more than {limits.max_files:,} files"
                )
            content = _Content(source, _size(archive, header, size))
            if header.type in EXTENDED:
                name, size = _extended(archive, header, content, name, size)
                continue
            if header.type == tarfile.GNUTYPE_SPARSE:
                raise damaged(archive, SPARSE)
            name, size = name or header.name, None
            is_file, is_folder = header.isreg(), header.isdir()
            problem = problem_of(name) if is_file or is_folder else LINK_OR_DEVICE
            yield Member(name, float(header.mtime), problem, is_folder), content
            content.skip()
            name = ""
        source.finish()


def _header(archive: Path, block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise damaged(archive, f"it is damaged or was cut off ({error})") from None


def _size(archive: Path, header: tarfile.TarInfo, extended: int | None) -> int:
    """How many bytes follow the header; those of a link or device are none."""
    if header.type in EXTENDED:
        if not 0 <= header.size <= MAX_EXTENDED:
            raise damaged(archive, "it has a header of an impossible size")
        return header.size
    size = header.size if extended is None else extended
    if size < 0:
        raise damaged(archive, "it has a file of negative size")
    follows = header.isreg() or header.type not in tarfile.SUPPORTED_TYPES
    return size if follows else 0


def _extended(
    archive: Path, header: tarfile.TarInfo, content: _Content, name: str, size: int | None
) -> tuple[str, int | None]:
    """The name and size that an extended header gives to the member after it."""
    data = b"".join(content)
    content.skip()
    if header.type == LONG_NAME:
        return data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape"), size
    if header.type not in PAX:
        return name, size
    for key, value in _pax_records(archive, data):
        if key.startswith(b"GNU.sparse."):
            raise damaged(archive, SPARSE)
        if key == b"path":
            name = value.decode("utf-8", "surrogateescape")
        elif key == b"size":
            if not value.isdigit() or len(value) > MAX_DIGITS:
                raise damaged(archive, "it has a file of no size")
            size = int(value)
    return name, size


def _pax_records(archive: Path, data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records of a header in the format of POSIX: length, blank, key, ``=``, value, newline."""
    start = 0
    while start < len(data) and data[start]:
        digits, blank, _ = data[start : start + MAX_DIGITS].partition(b" ")
        end = start + int(digits) if blank and digits.isdigit() else 0
        key, sign, value = data[start + len(digits) + 1 : end].partition(b"=")
        if not sign or end > len(data) or not value.endswith(b"\n"):
            raise damaged(archive, "it has a header that cannot be read")
        yield key, value[:-1]
        start = end


class _Source:
    """The tar's bytes as they come out of the file, counted against the limits."""

    def __init__(self, archive: Path, raw: IO[bytes], limits: ArchiveLimits) -> None:
        self._archive = archive
        is_compressed = raw.read(len(GZIP)) == GZIP
        raw.seek(0)
        self._reader = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if is_compressed else raw
        self._read = 0
        self._limits = limits
        self._most = limits.max_ratio * archive.stat().st_size if is_compressed else float("inf")

    def read(self, size: int) -> bytes:
        """So many bytes, or fewer at the end. Raises SubmissionError at a limit, or for damage."""
        try:
            chunk = self._reader.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise damaged(self._archive, error) from None
        self._read += len(chunk)
        if self._read > max(self._most, COPY_BYTES):
            raise bomb(readable(self._archive.name))
        if self._read > (self._limits.max_mb << 20) + COPY_BYTES:
            words = f"there are more than {self._limits.max_mb} MB in it"
            raise SubmissionError(f"{readable(self._archive.name)} is too large: {words}")
        return chunk

    def exactly(self, size: int) -> bytes:
        """So many bytes. Raises SubmissionError where there are fewer."""
        chunk = self.read(size)
        if len(chunk) < size:
            raise damaged(self._archive, "it was cut off before its end")
        return chunk

    def finish(self) -> None:
        """Read what is left, so that the checksum at the end is looked at."""
        while self.read(COPY_BYTES):
            pass


class _Content:
    """The chunks of one member."""

    def __init__(self, source: _Source, size: int) -> None:
        self._source = source
        self._left = size
        self._padding = -size % BLOCK

    def __iter__(self) -> Iterator[bytes]:
        while self._left:
            chunk = self._source.exactly(min(self._left, COPY_BYTES))
            self._left -= len(chunk)
            yield chunk

    def skip(self) -> None:
        """Go on to where the next header begins."""
        for _ in self:
            pass
        self._source.exactly(self._padding)
        self._padding = 0
