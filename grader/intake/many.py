"""Tells one hand-in from a course's by names alone; nothing is unpacked."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from grader.archive import (
    ArchiveLimits,
    is_archive_name,
    is_visible,
    kind_of,
    stem_of,
)
from grader.errors import SubmissionError
from grader.handed_in.naming import IMPLEMENTATION, IMPLEMENTATION_STEM, MAINS, NOTEBOOK, main_file
from grader.intake.level import (
    Level,
    Names,
    is_course,
    level_of,
    main_of,
    members_of,
    names_in,
    repositories_at,
)
from grader.intake.words import Told, are_of_one, told_by, without_copy_numbers

FEW = 2
"""Hand-ins, or sections: a single one says nothing."""
ENOUGH = 3
"""Files or folders, each named for another student; two may be a student's two tries."""
OF_ANYTHING = re.compile("untitled|main|notebook|index|colab|code|homework|hw|work|draft|test")
"""So begin names of notebooks that say nothing."""
ARCHIVE = "an archive"
UNKNOWN = "what nobody has looked at"
MANY = "hand-ins of many"
OF_SEVERAL = "a platform's marks of several students"
Inside = Callable[[PurePosixPath], frozenset[str]]
"""The main files in an archive, told by its name, whether that is known, and whether it is many."""


def looks_like_many(path: Path, limits: ArchiveLimits) -> bool:
    """Whether a folder or an archive holds the hand-ins of many.

    A main file at the top means one, but for several alike that are named after students. Names as
    platforms give them, there or in a folder or an archive there, or a table beside a folder of the
    same name, mean many; so do two folders or archives that hold the same main file, or many
    archives each, and repositories with nothing beside them, while two with different main files
    are one student's. What ``alone`` finds is looked into.
    """
    try:
        if path.is_dir():
            level = level_of(names_in(path, limits.max_files))
            are_many = _are_many(level, lambda n: _inside(path / n, limits))
        elif path.is_file() and kind_of(path) is not None:
            level = level_of(members_of(path, limits))
            are_many = _are_many_packed(level)
        else:
            return False
        return are_many or _are_repositories(path, level, limits)
    except SubmissionError:  # whoever opens it says what is wrong
        return False


def may_be_of_many(path: Path, limits: ArchiveLimits) -> list[str]:
    """What in a folder that was taken for one hand-in may be those of several, by its names.

    Those are folders beside code at the top which have an implementation of their own, folders and
    archives which are named as students are, or several files that are named after it.
    """
    if not path.is_dir():
        return []
    level = level_of(names_in(path, limits.max_files))
    loose = [file for file in level.files if _is_implementation(PurePosixPath(file))]
    if len(loose) >= ENOUGH and all(_is_longer(file) for file in loose):
        return loose
    if loose:
        found = [f for f, below in level.folders.items() if any(map(_is_implementation, below))]
        return found if len(found) >= FEW else []
    found = _named(level.folders, level.archives)
    return found if len(found) >= FEW and told_by(found, "") is Told.STUDENTS else []


def _is_implementation(name: PurePosixPath) -> bool:
    known = main_file(name.name)
    return known is not None and known[0] == IMPLEMENTATION


def _is_longer(name: str) -> bool:
    """Whether the name of an implementation has more words in it, such as its student's."""
    known = main_file(name)
    return known is not None and known[1].how > 2


def mains_of(path: Path, limits: ArchiveLimits) -> frozenset[str]:
    """The main files in a folder, or in an archive, or in one that the folder holds; if known."""
    if path.is_dir():
        names = names_in(path, limits.max_files)
        return _mains(names, PurePosixPath(), lambda name: _inside(path / name, limits)) & MAINS
    return _inside(path, limits) & MAINS


def _are_many_packed(level: Level) -> bool:
    """Whether an archive holds several hand-ins; further archives in it are not looked into."""
    return _are_many(level, lambda _: frozenset({ARCHIVE, UNKNOWN}))


def _are_repositories(path: Path, level: Level, limits: ArchiveLimits) -> bool:
    """Whether there are several repositories and nothing else, one of them with a main file.

    So a GitHub Classroom is known of which most have handed in nothing. A student's own beside one
    that was fetched is told by the names.
    """
    folders = level.folders
    if told_by([*folders], "") is Told.OF_ONE:
        return False
    if level.has_main or len(folders) < FEW or not any(_is_handed_in(f) for f in folders.values()):
        return False
    return repositories_at(path, level, limits) >= folders.keys()


def _is_handed_in(below: Names) -> bool:
    return any(main_of(name.name) for name in below)


def _are_many(level: Level, inside: Inside) -> bool:
    above, files, children, archives = level.above, level.files, level.folders, level.archives
    if level.archive:
        return MANY in inside(above / level.archive)
    if not children and _are_loose(files):
        return True
    if level.has_main:
        return False
    if is_course(files, children):
        return True
    if any(len(level_of(below).students) > 1 for below in children.values()):
        return True
    holders: dict[str, set[str]] = defaultdict(set)
    students = without_copy_numbers(_named(children, archives))
    for child, below in children.items():
        holders[students[child]] |= _mains(below, above / child, inside)
        if _share(holders):
            return True
    for archive in archives:
        holders[students[stem_of(archive)]] |= inside(above / archive)
        if OF_SEVERAL in holders[students[stem_of(archive)]] or _share(holders):
            return True
    of_many = [name for name, mains in holders.items() if MANY in mains]
    if len(of_many) >= FEW and told_by(of_many, "") is not Told.OF_ONE:
        return True
    are_alone = len(archives) == len(files) and not any(mains & MAINS for mains in holders.values())
    return are_alone and _share_a_notebook(children)


def _share_a_notebook(folders: Mapping[str, Names]) -> bool:
    """Whether folders in which no main file was found are those of students.

    So their names say, and enough have a notebook of the same name: those of parts of one work
    differ, or are called as anything is.
    """
    notebooks = Counter(
        notebook
        for below in folders.values()
        for notebook in {name.stem.lower() for name in below if name.suffix.lower() == NOTEBOOK}
        if OF_ANYTHING.match(notebook) is None
    )
    is_shared = max(notebooks.values(), default=0) >= ENOUGH
    return is_shared and told_by([*folders], "") is Told.STUDENTS


def _named(folders: Iterable[str], archives: Iterable[str]) -> list[str]:
    return [*folders, *map(stem_of, archives)]


def _are_loose(files: Sequence[str]) -> bool:
    """Whether the files are the implementations of several, each with its student's name on it.

    They are all the code there is, and no name is better than the others.
    """
    code = [file for file in files if is_visible(PurePosixPath(file))]
    known = {main_file(file) for file in code}
    if len(code) < ENOUGH or len(known) > 1 or None in known:
        return False
    [(main, spelling)] = filter(None, known)
    students = [PurePosixPath(f).stem.casefold().replace(IMPLEMENTATION_STEM, "") for f in code]
    return main == IMPLEMENTATION and spelling.how > 2 and not are_of_one(students)


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
    mains, level = {main for name in names if (main := main_of(name.name))}, level_of(names)
    kinds = ({ARCHIVE} if mains else set()) | ({MANY} if _are_many_packed(level) else set())
    kinds |= {OF_SEVERAL} if len(level.students) > 1 else set()
    return frozenset(mains | kinds)
