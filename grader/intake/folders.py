"""Folders and archives, one for each student; also a GitHub Classroom's repositories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath

from grader.archive import GIT, is_archive_name, is_visible, stem_of
from grader.handed_in.naming import without_copy_number
from grader.intake.handin import Entry, HandIn, hand_in, newest, taken_of_several
from grader.intake.names import shown
from grader.intake.words import is_version, without_copy_numbers

CLASS_WIDE_SUFFIXES = frozenset(".toml .csv .tsv .xlsx .xls .ods .yml .yaml .json .txt .md".split())
CLASS_WIDE_FILES = frozenset({"index.html"})
NO_STUDENT = (
    "{} was taken for a student's name; if it is one of several versions of a single hand-in, take "
    "the others away and grade that with --one"
)
CLASSROOM_ENDING = "-submissions"
"""Of the folder that GitHub's own client puts an assignment's repositories into."""


def read_folders(entries: Sequence[Entry], course: Path) -> list[HandIn]:
    """A hand-in for each folder and file; what is there twice is read once, the latest."""
    uploads: dict[str, list[Entry]] = defaultdict(list)
    theirs = [entry for entry in entries if not _is_class_wide(entry)]
    names = without_copy_numbers(map(_stem, theirs))
    for entry in theirs:
        uploads[names[_stem(entry)]].append(entry)
    prefix = _classroom_prefix(entries, course)
    return [_latest(key, same, prefix) for key, same in uploads.items()]


def _is_class_wide(entry: Entry) -> bool:
    name = PurePosixPath(entry.name.lower())
    is_file = not entry.is_folder and not entry.is_link
    is_known = name.suffix in CLASS_WIDE_SUFFIXES or name.name in CLASS_WIDE_FILES
    return is_file and is_known and not is_visible(name)


def _stem(entry: Entry) -> str:
    return entry.name if entry.is_folder else stem_of(entry.name)


def _latest(key: str, same: Sequence[Entry], prefix: str) -> HandIn:
    same = [_alone(entry) for entry in same]
    best = max(same, key=_age)
    others = [entry.name for entry in same if entry is not best]
    notes = [taken_of_several([best.name], others)] if others and not best.problem else []
    if is_version(key) and not best.problem:
        notes.append(NO_STUDENT.format(shown(best.name)))
    student = key.removeprefix(prefix) or key
    return hand_in(key, [(best, "")], student=student, notes=notes, source=best.name)


def _age(entry: Entry) -> tuple[object, ...]:
    """The greater, the later; the number of a copy tells two of one time apart."""
    # What cannot be read may not even be on the disk.
    time = 0.0 if entry.problem else newest(entry.path)
    return not entry.problem, time, without_copy_number(_stem(entry))[1], entry.name


def _alone(entry: Entry) -> Entry:
    """The entry; a file of a hand-in that lies among the students' folders is nobody's."""
    name = PurePosixPath(entry.name)
    if entry.problem or entry.is_folder or is_archive_name(name) or not is_visible(name):
        return entry
    problem = (
        f"{shown(entry.name)} lies outside of a student's folder; put it into one, with a folder "
        "for each student, or grade the platform's export"
    )
    return Entry(entry.path, False, problem)


def _classroom_prefix(entries: Sequence[Entry], course: Path) -> str:
    """What an assignment's repositories have before the student's name: ``assignment4-``."""
    readable = [entry for entry in entries if entry.is_folder and not entry.problem]
    repositories = [entry.name for entry in readable if (entry.path / GIT).exists()]
    if not repositories:
        return ""
    if course.name.endswith(CLASSROOM_ENDING):
        return course.name.removesuffix(CLASSROOM_ENDING) + "-"
    parts = [name.split("-")[:-1] for name in repositories]
    same = takewhile(lambda column: len(set(column)) == 1, zip(*parts, strict=False))
    return "".join(f"{column[0]}-" for column in same) if len(repositories) > 1 else ""
