"""Finds what was handed in and copies the part that student code may see to a place of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.rubric import SubmissionLimits

IMPLEMENTATION = "implementation.py"
MODEL_CODE = "rnn_lm.py"
MODEL = "rnn_lm.sav"
MAIN_FILES = (IMPLEMENTATION, MODEL_CODE, MODEL)
GIVEN_FOLDER = Path(__file__).with_name("given")
"""Files that the course gives to students, and that their code may import unasked."""
VISIBLE_SUFFIXES = frozenset({".py", ".ipynb", ".sav", ".pt", ".pth", ".safetensors"})
"""What a worker sees of a submission: code, model and notebooks. A hand-in's own test.csv, for
one, could be looked up while the model is scored."""
IGNORED_FOLDERS = frozenset({"__MACOSX", "__pycache__", "node_modules"})
MAX_DEPTH = 8
MAX_NAME = 200
COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class Submission:
    """A staged submission: the copy in ``folder`` is what workers see, under canonical names."""

    name: str
    folder: Path
    files: frozenset[str]
    digest: str
    """SHA-256 over names and contents of the staged files."""
    notes: tuple[str, ...] = field(default=())

    def has(self, file: str) -> bool:
        return file in self.files


def stage(path: Path, into: Path, limits: SubmissionLimits) -> Submission:
    """Copy the visible files of a folder or zip into the new folder ``into``.

    The root is the shallowest folder that has one of the main files, whatever their case; they get
    their canonical names. Raises SubmissionError when there is nothing to grade, or when the
    hand-in is not safe to read.
    """
    if path.is_dir():
        return _stage_folder(path, readable(path.resolve().name), into, limits)
    if not path.exists():
        raise SubmissionError(f"there is no file or folder {path}")
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise SubmissionError(f"{path} is neither a folder nor a zip file")
    unpacked = into.with_name(into.name + "-unpacked")
    unpacked.mkdir(parents=True)
    try:
        unzip(path, unpacked, limits)
        return _stage_folder(unpacked, readable(path.stem), into, limits)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _stage_folder(source: Path, name: str, into: Path, limits: SubmissionLimits) -> Submission:
    entries = list(_regular_files(source, limits))
    root = _root_of(entries)
    if root is None:
        raise SubmissionError(
            f"{name} has nothing to grade: none of {', '.join(MAIN_FILES)} is in it"
        )
    into.mkdir(parents=True, mode=0o755)
    notes: list[str] = []
    total = 0
    # A file with the exact name comes before one in another case.
    for relative in sorted(entries, key=lambda entry: _is_misspelt(entry.name)):
        if relative.suffix.lower() not in VISIBLE_SUFFIXES or not relative.is_relative_to(root):
            continue
        target, note = _canonical(relative.relative_to(root), into)
        notes += [note] if note else []
        if target is None:
            continue
        total += _copy(source / relative, target, min(limits.max_file_mb, limits.max_mb))
        if total > limits.max_mb << 20:
            raise SubmissionError(f"{name} holds more than {limits.max_mb} MB of code and models")
    for given in GIVEN_FOLDER.glob("*.py"):
        if not (into / given.name).exists():
            shutil.copyfile(given, into / given.name)
    files = sorted(p for p in into.rglob("*") if p.is_file())
    return Submission(
        name=name,
        folder=into,
        files=frozenset(p.relative_to(into).as_posix() for p in files),
        digest=_digest(into, files),
        notes=tuple(notes),
    )


def _regular_files(source: Path, limits: SubmissionLimits) -> Iterator[PurePosixPath]:
    """The regular files below ``source``, shallow ones first; links and devices are passed over."""
    folders = deque([(source, 0)])
    count = 0
    while folders:
        folder, depth = folders.popleft()
        with os.scandir(folder) as scan:
            entries = []
            for entry in scan:
                count += 1
                if count > limits.max_files:
                    raise SubmissionError(f"there are more than {limits.max_files:,} files in it")
                entries.append(entry)
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.name.startswith(".") or entry.name in IGNORED_FOLDERS:
                continue
            if entry.is_dir(follow_symlinks=False) and depth < MAX_DEPTH:
                folders.append((Path(entry.path), depth + 1))
            elif entry.is_file(follow_symlinks=False):
                yield PurePosixPath(Path(entry.path).relative_to(source).as_posix())


def _root_of(entries: list[PurePosixPath]) -> PurePosixPath | None:
    return next((e.parent for e in entries if e.name.lower() in MAIN_FILES), None)


def _is_misspelt(name: str) -> bool:
    return name.lower() in MAIN_FILES and name != name.lower()


def _canonical(relative: PurePosixPath, into: Path) -> tuple[Path | None, str]:
    """Where a file is copied to, if at all, and a note when that is not its own name."""
    lower = relative.name.lower()
    if len(relative.parts) > 1 or not _is_misspelt(relative.name):
        target, note = into / relative, ""
    else:
        target, note = into / lower, f"{readable(relative.name)} was read as {lower}"
    if target.exists():
        left_out = f"{readable(str(relative))} was left out"
        return None, f"{left_out}: another file has the same name but for its case"
    return target, note


def readable(name: str) -> str:
    """A file's name as text that UTF-8 can write; old archives leave others on the disk."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _copy(source: Path, target: Path, max_mb: int) -> int:
    """Copy a regular file without following links; returns its size in bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Not blocking, and checked once open: between the scan and now it may have become a FIFO.
        fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise SubmissionError(f"{source.name} cannot be read: {error.strerror}") from None
    size = 0
    with os.fdopen(fd, "rb") as reader, target.open("wb") as writer:
        if not stat.S_ISREG(os.fstat(reader.fileno()).st_mode):
            raise SubmissionError(f"{source.name} is no regular file")
        while chunk := reader.read(COPY_BYTES):
            size += len(chunk)
            if size > max_mb << 20:
                raise SubmissionError(f"{source.name} is larger than {max_mb} MB")
            writer.write(chunk)
    return size


def _digest(folder: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        name = file.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")
        digest.update(f"{len(name)} {file.stat().st_size} ".encode() + name)
        with file.open("rb") as reader:
            while chunk := reader.read(COPY_BYTES):
                digest.update(chunk)
    return digest.hexdigest()


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
