"""At which level of a folder or an archive hand-ins begin, told by names alone."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.archive import GIT, ArchiveLimits, is_archive_name, is_hidden, table
from grader.handed_in.graded import is_own
from grader.handed_in.naming import main_file
from grader.intake.blackboard import is_page, student_in
from grader.intake.canvas import student_of
from grader.intake.gradescope import METADATA
from grader.intake.marks import marked
from grader.intake.moodle import is_moodle

MAX_DEPTH = 8
Names = Sequence[PurePosixPath]


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


def alone(files: Sequence[str], folders: Collection[str]) -> str:
    """The one folder or archive in which the hand-ins may be, if there is one.

    Files beside it are those of the course's staff: a class list, a page to read. Main files and
    names as platforms give them are hand-ins, and so there is nothing to look for.
    """
    if any(map(main_of, files)) or is_course(files, folders):
        return ""
    found = [*folders, *(file for file in files if is_archive_name(PurePosixPath(file)))]
    return found[0] if len(found) == 1 else ""


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


def members_of(archive: Path, limits: ArchiveLimits) -> list[PurePosixPath]:
    """The names of an archive's files. Raises SubmissionError where it cannot be read."""
    members = [member.name for member in table(archive, limits) if not member.is_folder]
    return [name for name in members if not is_hidden(name)]


def repositories_at(path: Path, level: Level, limits: ArchiveLimits) -> frozenset[str]:
    """The folders at a level of a folder or an archive that are repositories."""
    if path.is_dir():
        place = path / level.above
        return frozenset(name for name in level.folders if is_repository(place / name))
    depth = len(level.above.parts)
    members = (member.name.parts for member in table(path, limits))
    return frozenset(p[depth] for p in members if p[depth + 1 : depth + 2] == (GIT,))


def is_repository(folder: Path) -> bool:
    """Whether Git's own folder is in it, as far as that can be seen."""
    with suppress(OSError):
        return (folder / GIT).exists()
    return False


def main_of(name: str) -> str:
    """Which main file it is, or none: what a platform puts before a name makes it but near one."""
    known = main_file(name)
    return known[0] if known and not known[1].is_near else ""


def _children(names: Names) -> dict[str, list[PurePosixPath]]:
    """The folders at the top, but for results, each with the files below it."""
    children: dict[str, list[PurePosixPath]] = defaultdict(list)
    for name in names:
        if len(name.parts) > 1:
            children[name.parts[0]].append(PurePosixPath(*name.parts[1:]))
    return {child: below for child, below in children.items() if not is_own(below)}


def is_course(files: Sequence[str], folders: Collection[str]) -> bool:
    """Whether names are as platforms give them to hand-ins, or as tables beside examples have."""
    if METADATA in files or any(map(is_moodle, (*files, *folders))):
        return True
    if any(student_in(file) and not is_page(file) for file in files):
        return True
    if any(f"{folder}.toml" in files for folder in folders):
        return True
    uploads = [file for file in files if student_of(file)]
    is_archive = any(is_archive_name(PurePosixPath(file)) for file in uploads)
    return is_archive or len({student_of(file) for file in uploads}) > 1
