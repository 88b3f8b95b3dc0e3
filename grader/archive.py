"""Unpacks a zip that a stranger made."""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.naming import MODEL_SUFFIXES, choose_model
from grader.rubric import SubmissionLimits

IGNORED_FOLDERS = frozenset({"__MACOSX", "__pycache__", "node_modules"})
VISIBLE_SUFFIXES = frozenset({".py", ".ipynb", *MODEL_SUFFIXES})
"""What a worker sees of a submission: code, models and notebooks. A hand-in's own test.csv, for
one, could be looked up while the model is scored. Of other files, only the model is unpacked."""
MAX_NAME = 200
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
DRIVE = re.compile(r"[A-Za-z]:[\\/]")
COPY_BYTES = 1 << 20


def unzip(archive: Path, into: Path, limits: SubmissionLimits) -> list[str]:
    """Unpack a zip's visible files within the limits; returns notes on what was passed over.

    Raises SubmissionError and says which limit is broken, or which name is unsafe. Sizes are
    counted as bytes come out, not believed from the archive's directory.
    """
    notes: list[str] = []
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = zipped.infolist()
            if len(members) > limits.max_files:
                raise SubmissionError(f"{archive.name} has more than {limits.max_files:,} files")
            left = limits.max_mb << 20
            named = [(member, _safe_name(member)) for member in members]
            files = [(member, name) for member, name in named if _is_file(member, name)]
            shallow_first = sorted({name for _, name in files}, key=lambda n: (len(n.parts), n))
            model = choose_model(shallow_first)
            for member, name in files:
                if not (is_visible(name) or (model and name == model.path)):
                    continue
                if problem := _problem(member, name):
                    notes.append(f"{str(name)[:MAX_NAME]!r} was not read: {problem}")
                    continue
                left -= _unzip_member(zipped, member, into.joinpath(*name.parts), limits, left)
    except SubmissionError:
        raise
    except Exception as error:  # of a damaged archive, zipfile lets through nearly every kind
        raise SubmissionError(f"{archive.name} cannot be unpacked: {str(error)[:200]}") from None
    return notes


def _safe_name(member: zipfile.ZipInfo) -> PurePosixPath:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    drive = DRIVE.match(member.filename)
    if name.is_absolute() or ".." in name.parts or drive:
        raise SubmissionError(f"the zip has a file with the unsafe name {member.filename[:80]!r}")
    return name


def is_visible(name: PurePosixPath) -> bool:
    """Whether the ending is that of a file that workers see."""
    return name.suffix.lower() in VISIBLE_SUFFIXES


def _is_file(member: zipfile.ZipInfo, name: PurePosixPath) -> bool:
    hidden = any(part in IGNORED_FOLDERS or part.startswith(".") for part in name.parts)
    return not member.is_dir() and not hidden


def _problem(member: zipfile.ZipInfo, name: PurePosixPath) -> str:
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return "it is a link or device, not a file"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile unpacks a block of the others as a whole: a few hundred bytes can be gigabytes.
        return "it is compressed in a way that is not read here; make an ordinary zip"
    if len(member.filename) > MAX_NAME:
        return "its name is too long"
    return "its name has control characters" if CONTROL.search(str(name)) else ""


def _unzip_member(
    zipped: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    target: Path,
    limits: SubmissionLimits,
    left: int,
) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    most = min(left, limits.max_file_mb << 20)
    size = 0
    with zipped.open(member) as reader, target.open("wb") as writer:
        while chunk := reader.read(COPY_BYTES):
            size += len(chunk)
            if size > most:
                raise SubmissionError(
                    f"{target.name} in the zip is too large: over {most >> 20} MB"
                )
            if size > COPY_BYTES and size > limits.max_ratio * max(member.compress_size, 1):
                raise SubmissionError(f"{target.name} in the zip expands like a zip bomb")
            writer.write(chunk)
    return size
