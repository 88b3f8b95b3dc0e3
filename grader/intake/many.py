"""Tells one hand-in from a course's by names alone; nothing is unpacked."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from grader.archive import (
    ArchiveLimits,
    is_archive_name,
    is_hidden,
    kind_of,
    stem_of,
    table,
)
from grader.errors import SubmissionError
from grader.intake.canvas import student_of
from grader.intake.gradescope import METADATA
from grader.intake.moodle import is_moodle
from grader.naming import main_file, without_copy_number

MAX_DEPTH = 8
ARCHIVE = "an archive"
UNKNOWN = "what nobody has looked at"
Names = Sequence[PurePosixPath]
Inside = Callable[[PurePosixPath], frozenset[str]]
"""The main files in an archive, told by its name, and whether that is known."""


def looks_like_many(path: Path, limits: ArchiveLimits) -> bool:
    """Whether a folder or an archive holds the hand-ins of many.

    A main file at the top means one. Names as platforms give them, or a table beside a folder of
    the same name, mean many; so do two folders or archives that hold the same main file, while two
    with different ones are one student's. A folder that is alone is looked into.
    """
    try:
        if path.is_dir():
            return _are_many(_names_in(path, limits.max_files), lambda n: _inside(path / n, limits))
        if not path.is_file() or kind_of(path) is None:
            return False
        members = [member.name for member in table(path, limits) if not member.is_folder]
    except SubmissionError:  # whoever opens it says what is wrong
        return False
    names = [name for name in members if not is_hidden(name)]
    return _are_many(names, lambda _: frozenset({ARCHIVE, UNKNOWN}))


def _are_many(names: Names, inside: Inside) -> bool:
    above = PurePosixPath()
    while True:
        files = [name.name for name in names if len(name.parts) == 1]
        if any(map(_main, files)):
            return False
        children: dict[str, list[PurePosixPath]] = defaultdict(list)
        for name in names:
            if len(name.parts) > 1:
                children[name.parts[0]].append(PurePosixPath(*name.parts[1:]))
        if _is_course(files, children):
            return True
        archives = [file for file in files if is_archive_name(PurePosixPath(file))]
        if len(children) != 1 or archives:
            break
        [(only, names)] = children.items()
        above /= only
    holders: dict[str, set[str]] = defaultdict(set)
    for child, below in children.items():
        holders[without_copy_number(child)[0]] |= _mains(below, above / child, inside)
        if _share(holders):
            return True
    for archive in archives:
        holders[without_copy_number(stem_of(archive))[0]] |= inside(above / archive)
        if _share(holders):
            return True
    return False


def _is_course(files: Sequence[str], folders: dict[str, list[PurePosixPath]]) -> bool:
    if METADATA in files or any(map(is_moodle, (*files, *folders))):
        return True
    if any(f"{folder}.toml" in files for folder in folders):
        return True
    uploads = [file for file in files if student_of(file)]
    is_archive = any(is_archive_name(PurePosixPath(file)) for file in uploads)
    return is_archive or len({student_of(file) for file in uploads}) > 1


def _main(name: str) -> str:
    """Which main file it is, or none: what a platform puts before a name makes it but near one."""
    known = main_file(name)
    return known[0] if known and not known[1].is_near else ""


def _mains(names: Names, above: PurePosixPath, inside: Inside) -> frozenset[str]:
    """The main files below a folder, or else in an archive there."""
    found = {main for name in names if (main := _main(name.name))}
    archives = [name for name in names if is_archive_name(name)]
    return frozenset(found) if found or not archives else inside(above / archives[0])


def _share(holders: dict[str, set[str]]) -> bool:
    count = Counter(main for mains in holders.values() for main in mains)
    archives, unknown = count.pop(ARCHIVE, 0), count.pop(UNKNOWN, 0)
    return max(count.values(), default=0) > 1 or (archives > 1 and unknown > 0)


def _inside(archive: Path, limits: ArchiveLimits) -> frozenset[str]:
    """The main files in an archive on the disk; an unreadable one may have any."""
    if archive.is_symlink() or not archive.is_file():
        return frozenset({ARCHIVE, UNKNOWN})
    try:
        names = [member.name.name for member in table(archive, limits)]
    except SubmissionError:
        return frozenset({ARCHIVE, UNKNOWN})
    mains = {main for name in names if (main := _main(name))}
    return frozenset(mains | {ARCHIVE} if mains else ())


def _names_in(folder: Path, most: int) -> list[PurePosixPath]:
    """The files below a folder, at most so many, without following links."""
    names: list[PurePosixPath] = []
    for place, folders, files in os.walk(folder):
        relative = PurePosixPath(Path(place).relative_to(folder).as_posix())
        deep = len(relative.parts) >= MAX_DEPTH
        folders[:] = [] if deep else sorted(f for f in folders if not is_hidden(relative / f))
        names += [relative / file for file in sorted(files) if not is_hidden(PurePosixPath(file))]
        if len(names) > most:
            break
    return names[:most]
