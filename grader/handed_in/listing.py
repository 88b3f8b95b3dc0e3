"""The files of a folder or an archive: only regular ones, and no link is followed."""

from __future__ import annotations

import filecmp
import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from grader.archive import (
    MAX_NAME,
    is_data,
    is_hidden,
    kind_of,
    not_read,
    unpack,
    why_not_read,
)
from grader.errors import SubmissionError
from grader.handed_in.naming import SHOWN, readable
from grader.regular import open_regular, unreadable
from grader.rubric import SubmissionLimits

MAX_DEPTH = 8
MAX_SHOWN = 80
"""Characters of a file's path in a list of them."""
MAX_NOTES = 20
NOTHING_TO_OPEN = "is neither a folder nor a zip, tar or tar.gz file"

Files = dict[PurePosixPath, Path]
"""The names of a hand-in's files, shallow ones first, and where each one lies."""


def files_of(path: Path, unpacked: Path, limits: SubmissionLimits) -> tuple[Files, list[str]]:
    """The files of a folder or an archive, which is unpacked into a new folder, and notes.

    Raises SubmissionError where it cannot be read, or is over a limit.
    """
    if path.is_dir():
        return scan(path, limits)
    if not path.is_file():
        raise SubmissionError(f"{readable(path.name)} {NOTHING_TO_OPEN}: it is no regular file")
    if kind_of(path) is None:
        raise SubmissionError(f"{readable(path.name)} {NOTHING_TO_OPEN}: it {why_not_read(path)}")
    unpacked.mkdir(parents=True)
    notes = unpack(path, unpacked, limits)
    files, more = scan(unpacked, limits)
    return files, [*notes, *more]


def scan(source: Path, limits: SubmissionLimits) -> tuple[Files, list[str]]:
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
            with os.scandir(folder) as found:
                for entry in found:
                    count += 1
                    if count > limits.max_files:
                        words = f"there are more than {limits.max_files:,} files in it"
                        raise SubmissionError(words)
                    entries.append(entry)
        except OSError as error:
            words = unreadable(f"the folder {readable(folder.name)}", error)
            raise SubmissionError(words) from None
        for entry in sorted(entries, key=lambda e: e.name):
            relative = PurePosixPath(Path(entry.path).relative_to(source).as_posix())
            if is_hidden(relative):
                continue
            if problem := _problem(entry, depth):
                notes.append(not_read(relative, problem))
            elif entry.is_dir(follow_symlinks=False):
                folders.append((Path(entry.path), depth + 1))
            else:
                files[relative] = Path(entry.path)
    return files, notes[:MAX_NOTES]


def two_files(names: Sequence[PurePosixPath], which: str) -> list[str]:
    """The note on names that two files have of which one was left out, if there are any."""
    return [f"two different files are named {listed(names)}: {which}"] if names else []


def are_different(name: PurePosixPath, one: Path, other: Path) -> bool:
    """Whether two files of a name by which code imports or reads them are not the same."""
    if name.suffix != ".py" and not is_data(name):
        return False
    try:
        return one.is_file() and other.is_file() and not filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def beginning(file: Path, most: int) -> bytes:
    """So many bytes of a regular file, without following links; nothing where it is no such."""
    try:
        reader = open_regular(file)
        if reader is None:
            return b""
        with reader:
            return reader.read(most)
    except OSError:
        return b""


def listed(files: Sequence[PurePosixPath]) -> str:
    """The first few files by name, and how many more there are."""
    names = [readable(str(file)) for file in files[:SHOWN]]
    short = [name if len(name) <= MAX_SHOWN else f"{name[: MAX_SHOWN - 1]}…" for name in names]
    more = len(files) - len(short)
    return ", ".join(short) + (f" and {more} more" if more else "")


def _problem(entry: os.DirEntry[str], depth: int) -> str:
    if entry.is_symlink():
        return "it is a symbolic link; put there what it points to"
    if len(entry.name) > MAX_NAME:
        return "its name is too long"
    if entry.is_dir(follow_symlinks=False):
        return "folders are nested too deep there" if depth >= MAX_DEPTH else ""
    return "" if entry.is_file(follow_symlinks=False) else "it is no regular file"
