"""Finds what was handed in and copies the part that student code may see to a place of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grader.archive import (
    COPY_BYTES,
    DATA_BYTES,
    is_data,
    is_visible,
    stem_of,
)
from grader.errors import SubmissionError
from grader.gathering import Part, gather
from grader.listing import Files
from grader.naming import (
    MAIN_FILES,
    MODEL,
    Spelling,
    choose_model,
    main_file,
    readable,
    root_of,
)
from grader.rubric import SubmissionLimits

MOST_DATA = 30
"""They are copied for each worker, at most a megabyte each, and count as what it writes."""
GIVEN_FOLDER = Path(__file__).with_name("given")
"""Files that the course gives to students, and that their code may import unasked."""


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

    @property
    def data(self) -> list[Path]:
        """Small files at the top that are neither code nor a model, at most ``MOST_DATA``."""
        top = (PurePosixPath(file) for file in sorted(self.files) if "/" not in file)
        return [self.folder / file for file in top if is_data(file)][:MOST_DATA]


def stage(
    handed_in: Path | Sequence[Part], into: Path, limits: SubmissionLimits, name: str = ""
) -> Submission:
    """Copy the visible files of a hand-in into the new folder ``into``.

    It is a folder, an archive, or several files. An archive among the files is opened where they
    lack a main file, or any notebook, that it has; of several the latest first, and the others for
    what is lacking then: code and model are often handed in apart. The submission is called
    ``name``, or else as what was handed in.

    The root is the shallowest folder with an ``implementation.py``, else with another of the main
    files, whatever their case, or as a copy or version of the name; they get their canonical names.
    A main file that is not there is taken from elsewhere in the hand-in, with what lies beside it
    for its imports, and a model also from a file with another name.

    Raises SubmissionError when there is nothing to grade, or when it is not safe to read.
    """
    if isinstance(handed_in, Path):
        path = handed_in
        if not path.exists():
            raise SubmissionError(f"there is no file or folder {path}")
        handed_in = (Part(path, path.resolve().name if path.is_dir() else path.name),)
        name = name or (handed_in[0].name if path.is_dir() else stem_of(path.name))
    unpacked = into.with_name(into.name + "-unpacked")
    try:
        files, notes = gather(handed_in, unpacked, limits)
        return _copy_visible(files, notes, readable(name), into, limits)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _copy_visible(
    entries: Files, notes: Sequence[str], name: str, into: Path, limits: SubmissionLimits
) -> Submission:
    notes = list(notes)
    root, model = root_of(list(entries)), choose_model(list(entries))
    if root is None:
        raise SubmissionError(
            "; ".join(
                (f"{name} has nothing to grade: none of {', '.join(MAIN_FILES)} is in it", *notes)
            )
        )
    into.mkdir(parents=True, mode=0o755)
    total = 0
    seen = [e for e in entries if _is_seen(e, entries[e]) and not (model and e == model.path)]
    for relative in sorted(_below(root, seen), key=_spelling):
        target, note = _canonical(relative.relative_to(root), into)
        notes += [note] if note else []
        if target is None:
            continue
        total += _copy(entries[relative], target, limits, total)
    for main in MAIN_FILES:
        found = sorted((e for e in entries if _is_main(e, main)), key=_spelling)
        if found and not (into / main).exists():
            place = found[0].parent
            notes.append(f"{main} was taken from the folder {readable(str(place))}")
            total += _copy(entries[found[0]], into / main, limits, total)
            beside = _below(place, seen) if main != MODEL else ()
            for file in (e for e in beside if main_file(e.name) is None):
                target = into / file.relative_to(place)
                if _is_free(target):
                    total += _copy(entries[file], target, limits, total)
        else:
            others = _not_graded(found, root)
            notes += [f"there is another {main}, which was not graded: {o}" for o in others[:1]]
    if model and not (into / MODEL).exists():  # as a folder
        notes.append(readable(model.note))
        total += _copy(entries[model.path], into / MODEL, limits, total)
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


def _is_seen(name: PurePosixPath, file: Path) -> bool:
    """Whether student code may see a file."""
    return is_visible(name) or (is_data(name) and file.stat().st_size <= DATA_BYTES)


def _below(folder: PurePosixPath, files: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    return [file for file in files if file.is_relative_to(folder)]


def _is_free(target: Path) -> bool:
    return not target.exists() and not any(folder.is_file() for folder in target.parents)


def _not_graded(found: Sequence[PurePosixPath], root: PurePosixPath) -> list[str]:
    """Which of the files for one main file are not it, but for those that differ by case alone."""
    beside = [file for file in found if file.parent == root]
    others = [file for file in found if file.parent != root]
    others += [file for file in beside[1:] if _spelling(file).how > 1]
    return [readable(str(file)) for file in others]


def _is_main(file: PurePosixPath, main: str) -> bool:
    known = main_file(file.name)
    return known is not None and known[0] == main


def _spelling(file: PurePosixPath) -> Spelling:
    """What files are copied by, in order: one that is named exactly comes before its copies."""
    known = main_file(file.name)
    return known[1] if known else Spelling(0)


def _canonical(relative: PurePosixPath, into: Path) -> tuple[Path | None, str]:
    """Where a file is copied to, if at all, and a note when that is not its own name."""
    target, note = into / relative, ""
    known = main_file(relative.name) if len(relative.parts) == 1 else None
    if known is not None and known[1].how:
        main, spelling = known
        if spelling.how == 1 or not (into / main).exists():
            target, note = into / main, f"{readable(relative.name)} was read as {main}"
    if target.exists():
        left_out = f"{readable(str(relative))} was left out"
        return None, f"{left_out}: another file has the same name but for its case"
    return target, note


def _copy(source: Path, target: Path, limits: SubmissionLimits, before: int) -> int:
    """Copy a regular file without following links, after ``before`` bytes; returns its size."""
    max_mb = min(limits.max_file_mb, limits.max_mb)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Not blocking, and checked once open: between the scan and now it may have become a FIFO.
        fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise SubmissionError(f"{readable(source.name)} cannot be read: {error.strerror}") from None
    size = 0
    with os.fdopen(fd, "rb") as reader, target.open("wb") as writer:
        if not stat.S_ISREG(os.fstat(reader.fileno()).st_mode):
            raise SubmissionError(f"{readable(source.name)} is no regular file")
        while chunk := reader.read(COPY_BYTES):
            size += len(chunk)
            if size > max_mb << 20:
                raise SubmissionError(f"{readable(source.name)} is larger than {max_mb} MB")
            if before + size > limits.max_mb << 20:
                raise SubmissionError(f"there are more than {limits.max_mb} MB of code and models")
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
