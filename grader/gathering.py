"""Finds the files of a hand-in, whatever it comes in."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.archive import (
    IGNORED_FOLDERS,
    MAX_NAME,
    is_archive_name,
    is_visible,
    kind_of,
    stem_of,
    unpack,
    why_not_read,
)
from grader.errors import SubmissionError
from grader.naming import SHOWN, readable, root_of, without_number
from grader.rubric import SubmissionLimits

MAX_DEPTH = 8
MAX_NOTES = 20
MAX_OPENED = 2
"""Archives inside of what was handed in: a folder may hold a zip that was zipped twice."""
NO_ARCHIVE = "is neither a folder nor a zip, tar or tar.gz file"

Files = dict[PurePosixPath, Path]
"""The names of a hand-in's files, shallow ones first, and where each one lies."""


@dataclass(frozen=True)
class Part:
    """A file or folder of a hand-in, and the name that it had for the student."""

    path: Path
    name: str


def gather(
    parts: Sequence[Part], unpacked: Path, limits: SubmissionLimits
) -> tuple[Files, list[str]]:
    """All files of a hand-in, those of its archives in the folder ``unpacked``, and notes."""
    first = parts[0]
    if len(parts) == 1 and (first.path.is_dir() or not is_visible(PurePosixPath(first.name))):
        files, notes = _open(first.path, unpacked / "0", limits)
    else:
        files, notes = {}, []
        for part in parts:
            if part.path.is_dir():
                inner, more = _scan(part.path, limits)
                files |= {part.name / name: place for name, place in inner.items()}
                notes += more
            else:
                files[PurePosixPath(part.name)] = part.path
        files = dict(sorted(files.items(), key=lambda item: (len(item[0].parts), item[0])))
    for level in range(1, MAX_OPENED + 1):
        archives = [name for name in files if is_archive_name(name)]
        if not archives or root_of(list(files)) is not None:
            break
        chosen = _latest({name: files[name] for name in archives})
        if len(archives) > 1:
            others = [readable(str(name)) for name in archives if name != chosen]
            listed = ", ".join(others[:SHOWN]) + (", …" if len(others) > SHOWN else "")
            notes.append(f"{readable(str(chosen))} was taken, the latest archive, and not {listed}")
        files, more = _open(files[chosen], unpacked / str(level), limits)
        notes += more
    return files, notes


def _open(path: Path, unpacked: Path, limits: SubmissionLimits) -> tuple[Files, list[str]]:
    """The files of a folder or an archive."""
    if path.is_dir():
        return _scan(path, limits)
    if not path.is_file():
        raise SubmissionError(f"{readable(path.name)} {NO_ARCHIVE}: it is no regular file")
    if kind_of(path) is None:
        raise SubmissionError(f"{readable(path.name)} {NO_ARCHIVE}: it {why_not_read(path)}")
    unpacked.mkdir(parents=True)
    notes = unpack(path, unpacked, limits)
    files, more = _scan(unpacked, limits)
    return files, [*notes, *more]


def _latest(archives: Files) -> PurePosixPath:
    """The archive that was made last: by the numbers, where names differ in nothing else."""
    readable_ones = [n for n, place in archives.items() if kind_of(place)] or list(archives)
    numbered = {name: without_number(stem_of(name.name)) for name in readable_ones}
    if len({base.lower() for base, _ in numbered.values()}) == 1:
        return max(readable_ones, key=lambda name: (numbered[name][1], name))
    return max(readable_ones, key=lambda name: (archives[name].stat().st_mtime, name))


def _scan(source: Path, limits: SubmissionLimits) -> tuple[Files, list[str]]:
    """The regular files below ``source``, shallow ones first, and notes on what was passed over.

    Links are not followed, and nothing but regular files is ever opened.
    """
    files: Files = {}
    notes: list[str] = []
    folders = deque([(source, 0)])
    count = 0
    while folders:
        folder, depth = folders.popleft()
        entries = []
        try:
            with os.scandir(folder) as scan:
                for entry in scan:
                    count += 1
                    if count > limits.max_files:
                        words = f"there are more than {limits.max_files:,} files in it"
                        raise SubmissionError(words)
                    entries.append(entry)
        except OSError as error:
            words = f"the folder {readable(folder.name)} cannot be read: {error.strerror}"
            raise SubmissionError(words) from None
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.name.startswith(".") or entry.name in IGNORED_FOLDERS:
                continue
            relative = PurePosixPath(Path(entry.path).relative_to(source).as_posix())
            if problem := _problem(entry, depth):
                notes.append(f"{readable(str(relative))[:MAX_NAME]!r} was not read: {problem}")
            elif entry.is_dir(follow_symlinks=False):
                folders.append((Path(entry.path), depth + 1))
            else:
                files[relative] = Path(entry.path)
    return files, notes[:MAX_NOTES]


def _problem(entry: os.DirEntry[str], depth: int) -> str:
    if entry.is_symlink():
        return "it is a symbolic link"
    if len(entry.name) > MAX_NAME:
        return "its name is too long"
    if entry.is_dir(follow_symlinks=False):
        return "folders are nested too deep there" if depth >= MAX_DEPTH else ""
    return "" if entry.is_file(follow_symlinks=False) else "it is no regular file"
