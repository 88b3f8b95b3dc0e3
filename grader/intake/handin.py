"""One hand-in of a course, and the entries of a course's folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grader.archive import (
    NO_ARCHIVE,
    is_data,
    is_hidden,
    is_visible,
    kind_of,
    may_be_a_students,
    why_not_read,
)
from grader.errors import SubmissionError
from grader.handed_in.gathering import Part
from grader.handed_in.naming import SHOWN, main_file
from grader.intake.names import shown
from grader.regular import unreadable
from grader.rows import Arrival

LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})
GIVEN_DATA = frozenset({"train.csv", "test.csv"})
"""Students hand it in beside their code, and it is not needed."""
COURSE_DATA = (
    "it was not unpacked: by its name it is the course's data, by which nobody is graded; ask for "
    "the student's own files"
)
"""Said only where there is nothing else."""
EMPTY = "the folder is empty: nothing was handed in"
NOTHING_ELSE = (
    "nothing was handed in: there is only {}, as systems and tools leave behind; if that is the "
    "work, give it a name without a dot or underscore before it"
)
MAX_LOOKED_AT = 2000
"""Files of a folder of which the times are looked at."""


@dataclass(frozen=True)
class HandIn:
    """What one student, or one group, handed in, and what is known of it before it is opened."""

    arrival: Arrival
    parts: tuple[Part, ...]
    """What to stage."""
    problem: str = ""
    """Why it cannot be read, for staff; it is a row of the result all the same."""
    source: str = field(default="", compare=False)
    """Where it lies in the course."""


@dataclass(frozen=True)
class Entry:
    """A file or folder of a course's folder."""

    path: Path
    is_folder: bool
    problem: str = ""
    """Why it cannot be read, as far as is seen from outside."""
    is_link: bool = False

    @property
    def name(self) -> str:
        return self.path.name

    def part(self, name: str = "", rank: int = 0, of: str = "") -> Part:
        """It as a part of a hand-in, under the name that the student gave it."""
        return Part(self.path, name or self.name, rank, of)


def entries_of(folder: Path, not_unpacked: Mapping[Path, str]) -> list[Entry]:
    """What a course's folder holds, by name, without what systems and tools leave there.

    ``not_unpacked`` says of the files that stayed in an export's archive why they did; a folder of
    which all did is there, too, and is not called empty.
    """
    lost: dict[Path, tuple[Path, str]] = {}
    for path, why in not_unpacked.items():
        if folder in path.parents:
            lost.setdefault(folder / path.relative_to(folder).parts[0], (path, why))
    try:
        with os.scandir(folder) as scan:
            found = {Path(entry.path): entry for entry in scan}
    except OSError as error:
        raise SubmissionError(unreadable(f"the folder {shown(str(folder))}", error)) from None
    entries = []
    for path, entry in found.items():
        if not is_left_behind(path.name) or _is_a_students(path):
            problem = problem_of(path)
            if problem == EMPTY and path in lost:
                problem = _nothing_else(*lost[path])
            is_folder = entry.is_dir(follow_symlinks=False)
            entries.append(Entry(path, is_folder, problem, entry.is_symlink()))
    entries += [Entry(path, False, why) for path, (_, why) in lost.items() if path not in found]
    return sorted(entries, key=lambda entry: entry.name)


def _nothing_else(path: Path, why: str) -> str:
    return f"there is nothing that can be read in it; {shown(path.name)}: {why}"


def is_left_behind(name: str) -> bool:
    """Whether no student handed it in: systems and tools leave such files and folders."""
    return is_hidden(PurePosixPath(name)) or name.lower() in LEFT_BY_SYSTEMS


def _is_a_students(path: Path) -> bool:
    """Whether a folder with a dot before its name has a main file: nobody else has put it there."""
    if not may_be_a_students(path.name) or path.is_symlink():
        return False
    count = 0
    for _, folders, files in os.walk(path):
        folders[:] = [folder for folder in folders if not is_left_behind(folder)]
        if any(map(main_file, files)):
            return True
        count += len(files) + 1
        if count > MAX_LOOKED_AT:
            break
    return False


def problem_of(path: Path) -> str:
    """Why a student's folder or file cannot be read, or nothing. Links are not followed."""
    name = shown(path.name)
    if path.is_symlink():
        return f"{name} is a symbolic link, which is not followed; put there what it points to"
    try:
        if path.is_dir():
            names = sorted(entry.name for entry in path.iterdir())
            is_empty = all(map(is_left_behind, names))
            listed = ", ".join(map(shown, names[:SHOWN]))
            if not os.access(path, os.X_OK):  # it may be listed, but not entered
                return unreadable(name, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
            return "" if not is_empty else NOTHING_ELSE.format(listed) if listed else EMPTY
        if not path.is_file():
            return f"{name} is no regular file"
        file = PurePosixPath(path.name)
        is_read = is_visible(file) or is_data(file) or kind_of(path) is not None
        return "" if is_read else f"{name} {why_not_read(path)}"
    except OSError as error:
        return unreadable(name, error)
    except SubmissionError as error:
        return str(error)


def newest(path: Path) -> float:
    """When the newest file of a folder, or the file, was changed, as far as that can be seen."""
    times, count = [path.lstat().st_mtime] if path.is_file() else [], 0
    for folder, _, files in os.walk(path):
        with suppress(OSError):  # a folder that cannot be entered
            times += [Path(folder, file).lstat().st_mtime for file in files]
        count += len(files) + 1
        if count > MAX_LOOKED_AT:
            break
    return max(times, default=0.0)


def taken_of_several(taken: Sequence[str], others: Sequence[str]) -> str:
    """The note for staff on a student's several uploads, which may be thousands."""
    latest = _first_few(taken)
    return f"handed in more than once: {latest} was taken, the latest, and not {_first_few(others)}"


def _first_few(names: Sequence[str]) -> str:
    left = len(names) - SHOWN
    return ", ".join(map(shown, names[:SHOWN])) + (f" and {left} more" if left > 0 else "")


def hand_in(
    name: str,
    entries: Sequence[tuple[Entry, str]],
    *,
    student: str = "",
    student_id: str = "",
    is_school_id: bool = False,
    submission_id: str = "",
    other_ids: Sequence[str] = (),
    logins: Sequence[str] = (),
    email: str = "",
    late: bool | None = None,
    notes: Sequence[str] = (),
    problem: str = "",
    source: str = "",
    in_order: bool = False,
    of: Mapping[str, str] | None = None,
) -> HandIn:
    """A hand-in of entries under the names that the student gave them; its name is not safe yet.

    ``in_order``: the entries are in the order in which they were handed in. ``of``: the names
    without the number that the platform may have put to them. One entry that cannot be read makes
    the hand-in unreadable; of several, the others are read.
    """
    good = [(entry, called) for entry, called in entries if not entry.problem] or entries
    bad = {entry.problem: called for entry, called in entries if entry.problem}
    if len(good) < len(entries):
        notes = (*notes, *(why for why, called in bad.items() if _is_said(why, called)))
    elif bad:
        problem = problem or "; ".join(bad)
    arrival = Arrival(
        name=shown(name),
        student=shown(student or name),
        student_id=shown(student_id),
        is_school_id=is_school_id,
        submission_id=shown(submission_id),
        other_ids=tuple(other_ids),
        logins=tuple(map(shown, logins)),
        email=shown(email),
        late=late,
        notes=tuple(notes),
    )
    parts = tuple(
        entry.part(called, rank if in_order else 0, (of or {}).get(called, ""))
        for rank, (entry, called) in enumerate(good)
    )
    return HandIn(arrival, parts, problem, source or "/".join(entry.name for entry, _ in entries))


def _is_said(why: str, called: str) -> bool:
    """Whether it is worth a word that a file cannot be read where others can."""
    is_other = why == COURSE_DATA or why.endswith(NO_ARCHIVE)  # such as a report as PDF
    return called.lower() not in GIVEN_DATA and not is_other
