"""Unpacks a zip that a stranger made."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.rubric import SubmissionLimits

IGNORED_FOLDERS = frozenset({"__MACOSX", "__pycache__", "node_modules"})
MAX_NAME = 200
COPY_BYTES = 1 << 20


def unzip(archive: Path, into: Path, limits: SubmissionLimits) -> None:
    """Unpack a zip within the limits, or raise SubmissionError and say which one it breaks.

    Sizes are counted as bytes come out, not believed from the archive's directory.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = [m for m in zipped.infolist() if not m.is_dir()]
            if len(members) > limits.max_files:
                raise SubmissionError(f"{archive.name} has more than {limits.max_files:,} files")
            left = limits.max_mb << 20
            for member in members:
                left -= _unzip_member(zipped, member, into, limits, left)
    except SubmissionError:
        raise
    except Exception as error:  # of a damaged archive, zipfile lets through nearly every kind
        raise SubmissionError(f"{archive.name} cannot be unpacked: {error}") from None


def _unzip_member(
    zipped: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    into: Path,
    limits: SubmissionLimits,
    left: int,
) -> int:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    absurd = len(member.filename) > MAX_NAME or not member.filename.isprintable() or not name.parts
    if absurd or name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        raise SubmissionError(f"the zip has a file with the unsafe name {member.filename[:80]!r}")
    mode = member.external_attr >> 16
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        raise SubmissionError(f"{name} in the zip is a link or device, not a file")
    if any(part in IGNORED_FOLDERS or part.startswith(".") for part in name.parts):
        return 0
    target = into.joinpath(*name.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    most = min(left, limits.max_file_mb << 20)
    size = 0
    with zipped.open(member) as reader, target.open("wb") as writer:
        while chunk := reader.read(COPY_BYTES):
            size += len(chunk)
            if size > most:
                raise SubmissionError(f"{name} in the zip is too large: over {most >> 20} MB")
            if size > COPY_BYTES and size > limits.max_ratio * max(member.compress_size, 1):
                raise SubmissionError(f"{name} in the zip expands like a zip bomb")
            writer.write(chunk)
    return size
