"""Tells one hand-in from a course's by names alone; nothing is unpacked."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.archive import (
    ArchiveLimits,
    is_archive_name,
    is_hidden,
    is_visible,
    kind_of,
    stem_of,
    table,
)
from grader.errors import SubmissionError
from grader.graded import is_own
from grader.intake.canvas import student_of
from grader.intake.gradescope import METADATA
from grader.intake.marks import marked
from grader.intake.moodle import is_moodle
from grader.intake.words import are_of_one, without_copy_numbers
from grader.naming import IMPLEMENTATION, IMPLEMENTATION_STEM, MAINS, main_file

MAX_DEPTH = 8
ENOUGH_LOOSE = 3
"""Files at the top, each named for another student; two may be a student's two tries."""
ARCHIVE = "an archive"
UNKNOWN = "what nobody has looked at"
MANY = "hand-ins of many"
OF_SEVERAL = "a platform's marks of several students"
Names = Sequence[PurePosixPath]
Inside = Callable[[PurePosixPath], frozenset[str]]
"""The main files in an archive, told by its name, whether that is known, and whether it is many."""


def looks_like_many(path: Path, limits: ArchiveLimits) -> bool:
    """Whether a folder or an archive holds the hand-ins of many.

    A main file at the top means one, but for several alike that are named after students. Names as
    platforms give them, there or in a folder or an archive there, or a table beside a folder of the
    same name, mean many; so do two folders or archives that hold the same main file, while two with
    different ones are one student's. What ``alone`` finds is looked into.
    """
    try:
        if path.is_dir():
            return _are_many(names_in(path, limits.max_files), lambda n: _inside(path / n, limits))
        if not path.is_file() or kind_of(path) is None:
            return False
        return _are_many_packed(members_of(path, limits))
    except SubmissionError:  # whoever opens it says what is wrong
        return False


def alone(files: Sequence[str], folders: Collection[str]) -> str:
    """The one folder or archive in which the hand-ins may be, if there is one.

    Files beside it are those of the course's staff: a class list, a page to read. Main files and
    names as platforms give them are hand-ins, and so there is nothing to look for.
    """
    if any(map(main_of, files)) or _is_course(files, folders):
        return ""
    found = [*folders, *(file for file in files if is_archive_name(PurePosixPath(file)))]
    return found[0] if len(found) == 1 else ""


def mains_of(path: Path, limits: ArchiveLimits) -> frozenset[str]:
    """The main files in a folder, or in an archive, or in one that the folder holds; if known."""
    if path.is_dir():
        names = names_in(path, limits.max_files)
        return _mains(names, PurePosixPath(), lambda name: _inside(path / name, limits)) & MAINS
    return _inside(path, limits) & MAINS


def names_in(folder: Path, most: int) -> list[PurePosixPath]:
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


def _are_many_packed(names: Names) -> bool:
    """The same for what is in an archive: further ones there are not looked into."""
    return _are_many(names, lambda _: frozenset({ARCHIVE, UNKNOWN}))


@dataclass(frozen=True)
class Level:
    """Of files below a folder, the first level at which there is more than ``alone`` finds."""

    above: PurePosixPath
    files: list[str]
    folders: dict[str, list[PurePosixPath]]
    """Each with the files below it; without results."""
    archive: str
    """The one in which the hand-ins may be, and that stands alone there; or nothing."""

    @property
    def has_main(self) -> bool:
        return any(map(main_of, self.files))

    @property
    def archives(self) -> list[str]:
        return [file for file in self.files if is_archive_name(PurePosixPath(file))]

    @property
    def students(self) -> frozenset[str]:
        """Whom a platform's marks name there."""
        return marked(self.files, self.folders)


def level_of(names: Names) -> Level:
    """Where the hand-ins begin, or the files of the one."""
    above = PurePosixPath()
    while True:
        files = [name.name for name in names if len(name.parts) == 1]
        children = _children(names)
        only = alone(files, children)
        if only not in children:
            return Level(above, files, children, only)
        names = children[only]
        above /= only


def _are_many(names: Names, inside: Inside) -> bool:
    level = level_of(names)
    above, files, children, archives = level.above, level.files, level.folders, level.archives
    if level.archive:
        return MANY in inside(above / level.archive)
    if not children and _are_loose(files):
        return True
    if level.has_main:
        return False
    if _is_course(files, children):
        return True
    if any(len(level_of(below).students) > 1 for below in children.values()):
        return True
    holders: dict[str, set[str]] = defaultdict(set)
    students = without_copy_numbers([*children, *map(stem_of, archives)])
    for child, below in children.items():
        holders[students[child]] |= _mains(below, above / child, inside)
        if _share(holders):
            return True
    for archive in archives:
        holders[students[stem_of(archive)]] |= inside(above / archive)
        if OF_SEVERAL in holders[students[stem_of(archive)]] or _share(holders):
            return True
    return False


def _are_loose(files: Sequence[str]) -> bool:
    """Whether the files are the implementations of several, each with its student's name on it.

    They are all the code there is, and no name is better than the others.
    """
    code = [file for file in files if is_visible(PurePosixPath(file))]
    known = {main_file(file) for file in code}
    if len(code) < ENOUGH_LOOSE or len(known) > 1 or None in known:
        return False
    [(main, spelling)] = filter(None, known)
    students = [PurePosixPath(f).stem.casefold().replace(IMPLEMENTATION_STEM, "") for f in code]
    return main == IMPLEMENTATION and spelling.how > 2 and not are_of_one(students)


def _children(names: Names) -> dict[str, list[PurePosixPath]]:
    """The folders at the top, but for results, each with the files below it."""
    children: dict[str, list[PurePosixPath]] = defaultdict(list)
    for name in names:
        if len(name.parts) > 1:
            children[name.parts[0]].append(PurePosixPath(*name.parts[1:]))
    return {child: below for child, below in children.items() if not is_own(below)}


def _is_course(files: Sequence[str], folders: Collection[str]) -> bool:
    if METADATA in files or any(map(is_moodle, (*files, *folders))):
        return True
    if any(f"{folder}.toml" in files for folder in folders):
        return True
    uploads = [file for file in files if student_of(file)]
    is_archive = any(is_archive_name(PurePosixPath(file)) for file in uploads)
    return is_archive or len({student_of(file) for file in uploads}) > 1


def main_of(name: str) -> str:
    """Which main file it is, or none: what a platform puts before a name makes it but near one."""
    known = main_file(name)
    return known[0] if known and not known[1].is_near else ""


def _mains(names: Names, above: PurePosixPath, inside: Inside) -> frozenset[str]:
    """The main files below a folder, or else in an archive there."""
    found = {main for name in names if (main := main_of(name.name))}
    archives = [name for name in names if is_archive_name(name)]
    return frozenset(found) if found or not archives else inside(above / archives[0])


def _share(holders: dict[str, set[str]]) -> bool:
    count = Counter(main for mains in holders.values() for main in mains)
    archives, unknown = count.pop(ARCHIVE, 0), count.pop(UNKNOWN, 0)
    del count[MANY], count[OF_SEVERAL]
    return max(count.values(), default=0) > 1 or (archives > 1 and unknown > 0)


def _inside(archive: Path, limits: ArchiveLimits) -> frozenset[str]:
    """The main files in an archive on the disk; an unreadable one may have any."""
    try:
        if archive.is_symlink() or not archive.is_file():
            return frozenset({ARCHIVE, UNKNOWN})
        names = members_of(archive, limits)
    except (OSError, SubmissionError):
        return frozenset({ARCHIVE, UNKNOWN})
    mains = {main for name in names if (main := main_of(name.name))}
    kinds = ({ARCHIVE} if mains else set()) | ({MANY} if _are_many_packed(names) else set())
    kinds |= {OF_SEVERAL} if len(level_of(names).students) > 1 else set()
    return frozenset(mains | kinds)


def members_of(archive: Path, limits: ArchiveLimits) -> list[PurePosixPath]:
    """The names of an archive's files. Raises SubmissionError where it cannot be read."""
    members = [member.name for member in table(archive, limits) if not member.is_folder]
    return [name for name in members if not is_hidden(name)]
