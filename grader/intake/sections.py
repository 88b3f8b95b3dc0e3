"""Folders of several students' hand-ins each: the sections of a course.

A student's own folder may look much like one, with older copies or parts beside each other. Only
what cannot well be that is taken for a section; all else is one hand-in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import PurePosixPath

from grader.archive import ArchiveLimits, is_archive_name, stem_of
from grader.intake.canvas import student_of
from grader.intake.handin import Entry, HandIn, entries_of, hand_in
from grader.intake.many import mains_of
from grader.intake.moodle import is_moodle
from grader.intake.names import shown
from grader.intake.words import are_of_one, without_copy_numbers, words_of

FEW = 2
"""Sections, and hand-ins in one: a single one says nothing."""
MAX_SHOWN = 5


def sections_among(entries: Sequence[Entry], limits: ArchiveLimits) -> dict[Entry, list[str]]:
    """Which of a course's entries are sections, each with the names of the hand-ins in it.

    There are at least two, or else none, and in all they hold more hand-ins than lie beside them.
    """
    sections = {entry: names for entry in entries if (names := _held(entry, limits))}
    held = sum(map(len, sections.values()))
    beside = sum(may_be_one(entry) for entry in entries if entry not in sections)
    if len(sections) < FEW or held <= beside or _have_same_names(sections.values()):
        return {}
    return sections


def may_be_one(entry: Entry) -> bool:
    """Whether an entry of a course may be a hand-in that can be read."""
    return not entry.problem and (entry.is_folder or is_archive_name(PurePosixPath(entry.name)))


def in_section(section: Entry, found: HandIn) -> HandIn:
    """A hand-in that was found in a section, under the names of both."""
    name = shown(f"{section.name}/{found.arrival.name}")
    arrival = found.arrival.model_copy(update={"name": name})
    return replace(found, arrival=arrival, source=f"{section.name}/{found.source}")


def refused(sections: Mapping[Entry, Sequence[str]]) -> list[HandIn]:
    """Rows for sections among single hand-ins: none of theirs is graded."""
    return [
        hand_in(entry.name, [(entry, "")], problem=_several(entry, names))
        for entry, names in sections.items()
    ]


def _several(entry: Entry, names: Sequence[str]) -> str:
    listed = ", ".join(map(shown, names[:MAX_SHOWN]))
    listed += f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return (
        f"{shown(entry.name)} holds several hand-ins ({listed}), and lies beside single ones; put "
        "each hand-in beside the single ones, or those into a folder like this one"
    )


def _held(entry: Entry, limits: ArchiveLimits) -> list[str]:
    """The hand-ins in a section that can be read; none for what may be one student's."""
    if not entry.is_folder or entry.problem:
        return []
    there = entries_of(entry.path, {})
    if not all(e.is_folder or is_archive_name(PurePosixPath(e.name)) for e in there):
        return []
    stems = {e: e.name if e.is_folder else stem_of(e.name) for e in there if not e.problem}
    called = without_copy_numbers(stems.values())
    inside = [(entry, called[stem]) for entry, stem in stems.items()]
    names = sorted({name for _, name in inside})
    if len(names) < FEW:
        return []
    if not _are_a_platforms([e.name for e, _ in inside]) and _are_of_one(entry.name, names):
        return []
    mains = {(main, name) for e, name in inside for main in mains_of(e.path, limits)}
    most = max(Counter(main for main, _ in mains).values(), default=0)
    return names if most >= FEW and 2 * most > len(names) else []


def _are_a_platforms(names: Sequence[str]) -> bool:
    """Whether Canvas or Moodle has given all the names, which are then those of students."""
    students = {student_of(name) for name in names}
    return all(map(is_moodle, names)) or ("" not in students and len(students) >= FEW)


def _are_of_one(folder: str, names: Sequence[str]) -> bool:
    """Whether names in a folder may be those of copies or parts of one student's work."""
    return are_of_one(names) or any(words_of(folder) & words_of(name) for name in names)


def _have_same_names(sections: Collection[Sequence[str]]) -> bool:
    """Whether two sections share most names: students call their parts alike, and are not."""
    return any(
        2 * len({*one} & {*other}) > min(len(one), len(other))
        for one, other in combinations(sections, 2)
    )
