"""Folders, or archives, of several students' hand-ins each: the sections of a course.

A student's own folder may look much like one, with older copies or parts beside each other. What
tells them apart, the first that holds:

1. A repository is one student's, and so is what has a main file at its top.
2. A platform's own marks of several students, or several repositories with a main file, are those
   of several hand-ins. Folders around them and exports that are still archives are looked into.
3. Folders and archives whose names say so are copies or parts of one hand-in.
4. In what is called a section, those with names of students or the same main file are several.
5. Elsewhere those with the same main file are several where their names are those of students or
   numbered groups, and there is nothing beside them.
6. All else is in doubt.

A folder that is called as what came late is read as a course of its own, whatever is beside it.
Where all of a course are sections, each is read as a course of its own; one with a single student
is a section, too, if it is called like the others or a platform has named the student. Otherwise,
or where there is doubt and the implementations differ, it is a row for a person to look at: which
of them would be graded would be chance.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import combinations
from pathlib import Path, PurePosixPath

from grader.archive import (
    DATA_BYTES,
    ArchiveLimits,
    contents,
    is_archive_name,
    is_hidden,
    stem_of,
)
from grader.errors import SubmissionError
from grader.handed_in.listing import beginning
from grader.handed_in.naming import IMPLEMENTATION
from grader.intake.handin import Entry, HandIn, hand_in, taken_of_several
from grader.intake.level import (
    Level,
    is_repository,
    level_of,
    main_of,
    members_of,
    names_in,
    repositories_at,
)
from grader.intake.many import FEW, mains_of
from grader.intake.names import shown
from grader.intake.packed import mains_in_archives
from grader.intake.words import (
    Told,
    are_numbered_people,
    is_for_late_ones,
    is_section,
    told_by,
    without_copy_numbers,
)

MAX_SHOWN = 5
BESIDE = (
    "and lies beside single ones; put each hand-in beside the single ones, or those into a folder "
    "like this one"
)
DOUBTFUL = (
    "and nothing says whether they are several students' or which one to grade; leave the one to "
    "grade, or put each student's beside this one and take this one away"
)


class How(Enum):
    """How it is known that an entry holds several hand-ins."""

    MARKED = "by a platform"
    NAMED = "by the names"
    DOUBTFUL = "it is not"
    SINGLE = "it holds one, in a folder or an archive of its own, or as a platform has named it"


@dataclass(frozen=True)
class Held:
    """The hand-ins in an entry of a course."""

    names: tuple[str, ...]
    how: How
    is_marked: bool = False


@dataclass(frozen=True)
class Sections:
    """What of a course's entries holds several hand-ins."""

    read: tuple[Entry, ...] = ()
    """Sections, each to be read as a course."""
    late: frozenset[Entry] = frozenset()
    """Those of them that are called as what came late."""
    refused: Mapping[Entry, Held] = field(default_factory=dict)
    """None of theirs is graded."""


def sections_among(
    entries: Sequence[Entry], limits: ArchiveLimits, *, alone: bool, deeper: bool
) -> Sections:
    """Which of a course's entries are sections; ``alone`` says that no hand-in is beside them, and
    ``deeper`` that sections are looked for at all."""
    late = frozenset(
        e for e in entries if deeper and is_for_late_ones(_called(e)) and _held(e, limits)
    )
    others = [entry for entry in entries if entry not in late]
    sections = _among(others, limits, alone=alone and deeper, beside_late_ones=bool(late))
    return replace(sections, read=(*sections.read, *sorted(late, key=_called)), late=late)


def _among(
    entries: Sequence[Entry], limits: ArchiveLimits, *, alone: bool, beside_late_ones: bool
) -> Sections:
    held = {entry: found for entry in entries if (found := _held(entry, limits))}
    held |= _in_doubt({e: h for e, h in held.items() if h.how is How.NAMED})
    sections = {e: h for e, h in held.items() if h.how in (How.MARKED, How.NAMED)}
    are_short = bool(sections) and all(len(entry.name) <= FEW for entry in sections)
    joined = [e for e, h in held.items() if h.how is How.SINGLE and _joins(e, h, are_short)]
    beside = [e for e in entries if _is_beside(e) and e not in sections and e not in joined]
    is_known = any(h.how is How.MARKED for h in sections.values()) or (
        len(sections) + beside_late_ones >= FEW
    )
    if alone and not beside and (is_known or (sections and joined)):
        return Sections(read=tuple(e for e in entries if e in sections or e in joined))
    doubtful = {e: h for e, h in held.items() if h.how is How.MARKED or _is_chance(e, h, limits)}
    doubtful |= {e: held[e] for e in joined if len(held[e].names) >= FEW}
    if not is_known:
        doubtful = {e: replace(h, how=How.DOUBTFUL) for e, h in doubtful.items()}
    return Sections(refused=doubtful)


def may_be_one(entry: Entry) -> bool:
    """Whether an entry of a course may be a hand-in that can be read."""
    return not entry.problem and (entry.is_folder or is_archive_name(PurePosixPath(entry.name)))


def _is_beside(entry: Entry) -> bool:
    """Whether an entry that is no section may be a hand-in; folders in a folder are none."""
    return may_be_one(entry) and (not entry.is_folder or bool(names_in(entry.path, 1)))


def in_section(section: Entry, found: HandIn, *, is_late: bool = False) -> HandIn:
    """A hand-in that was found in a section, under the names of both."""
    name = shown(f"{_called(section)}/{found.arrival.name}")
    late = True if is_late else found.arrival.late
    arrival = found.arrival.model_copy(update={"name": name, "late": late})
    return replace(found, arrival=arrival, source=f"{section.name}/{found.source}")


def with_late_ones(on_time: Sequence[HandIn], late: Sequence[HandIn]) -> list[HandIn]:
    """All of them; a late one in the place of the only one that has the same student's name."""
    count = Counter(hand_in.arrival.student.casefold() for hand_in in (*on_time, *late))
    first = {hand_in.arrival.student.casefold(): hand_in for hand_in in on_time}
    found = list(on_time)
    for one in late:
        student = one.arrival.student.casefold()
        before = first.get(student) if student and count[student] == FEW else None
        if before is None or one.problem or before.arrival.student_id:
            found.append(one)
            continue
        note = taken_of_several([one.source], [before.source])
        changes = {"name": before.arrival.name, "notes": (*one.arrival.notes, note)}
        latest = replace(one, arrival=one.arrival.model_copy(update=changes))
        found[found.index(before)] = latest
    return found


def refused(entry: Entry, held: Held) -> HandIn:
    """A row for what holds several hand-ins of which none is graded."""
    return unread(entry, _several(entry, held))


def unread(entry: Entry, problem: str) -> HandIn:
    """A row for what may be a section and is not read."""
    return hand_in(_called(entry), [(entry, "")], problem=problem, source=entry.name)


def _called(entry: Entry) -> str:
    return entry.name if entry.is_folder else stem_of(entry.name)


def _several(entry: Entry, held: Held) -> str:
    listed = ", ".join(map(shown, held.names[:MAX_SHOWN]))
    more = len(held.names) - MAX_SHOWN
    listed += f" and {more} more" if more > 0 else ""
    words = DOUBTFUL if held.how is How.DOUBTFUL else BESIDE
    return f"{shown(entry.name)} holds several hand-ins ({listed}), {words}"


def _held(entry: Entry, limits: ArchiveLimits) -> Held | None:
    """The hand-ins in a section that can be read; nothing for what is one student's."""
    if not may_be_one(entry) or (entry.is_folder and is_repository(entry.path)):
        return None
    try:
        names = _names(entry, limits)
    except (OSError, SubmissionError):
        return None
    level = level_of(names)
    within = (*level.above.parts, level.archive)
    alone = Held((within[0],), How.SINGLE) if within[0] else None
    if entry.is_folder and level.archive:
        return _held(Entry(entry.path.joinpath(*within), False), limits) or alone
    if students := level.students or _repositories(entry, level, limits):
        many = len(students) >= FEW
        named = level.folders if len(level.folders) == len(students) else students
        return Held(tuple(sorted(named)), How.MARKED if many else How.SINGLE, is_marked=True)
    return alone if level.has_main else _held_at(entry, level, limits)


def _held_at(entry: Entry, level: Level, limits: ArchiveLimits) -> Held | None:
    """The hand-ins in folders and archives that no platform has named."""
    stems = {name: name for name in level.folders} | {n: stem_of(n) for n in level.archives}
    called = without_copy_numbers(stems.values())
    there = {name: _mains(entry, level, name, limits) for name in stems}
    if not entry.is_folder:
        there |= mains_in_archives(entry.path, level, limits)
    names = sorted({called[stem] for stem in stems.values()})
    mains = {(main, called[stems[name]]) for name, found in there.items() for main in found}
    count = Counter(main for main, _ in mains)
    if len(names) < FEW:
        return Held(tuple(names), How.SINGLE) if count else None
    most = max(count.values(), default=0)
    told = told_by(names, entry.name)
    if told is Told.OF_ONE:
        return None
    if is_section(entry.name) and (told is Told.STUDENTS or most >= FEW):
        # Not all of them need to have handed in what is asked for.
        return Held(tuple(names), How.NAMED)
    if most < FEW:
        return Held(tuple(names), How.SINGLE) if most and told is Told.STUDENTS else None
    are_all = 2 * most > len(names) and len(level.files) == len(level.archives)
    if told is Told.STUDENTS and are_all:
        return Held(tuple(names), How.NAMED)
    return Held(tuple(names), How.DOUBTFUL) if count[IMPLEMENTATION] >= FEW else None


def _names(entry: Entry, limits: ArchiveLimits) -> list[PurePosixPath]:
    if entry.is_folder:
        return names_in(entry.path, limits.max_files)
    return members_of(entry.path, limits)


def _mains(entry: Entry, level: Level, name: str, limits: ArchiveLimits) -> frozenset[str]:
    """The main files in a folder or an archive; of one in an archive nothing is seen here."""
    if entry.is_folder:
        return mains_of(entry.path / level.above / name, limits)
    return frozenset({main for n in level.folders.get(name, ()) if (main := main_of(n.name))})


def _repositories(entry: Entry, level: Level, limits: ArchiveLimits) -> frozenset[str]:
    """The folders that are repositories and have a main file, as none that was only fetched."""
    found = repositories_at(entry.path, level, limits)
    return frozenset(name for name in found if _mains(entry, level, name, limits))


def _in_doubt(named: Mapping[Entry, Held]) -> dict[Entry, Held]:
    """Those that share most names with another: all students may call their copies alike."""
    doubtful = {}
    for one, other in combinations(named, 2):
        names = [{*named[entry].names} for entry in (one, other)]
        if 2 * len(names[0] & names[1]) <= min(map(len, names)):
            continue
        for entry in (one, other):
            if not is_section(entry.name) and not are_numbered_people(named[entry].names):
                doubtful[entry] = replace(named[entry], how=How.DOUBTFUL)
    return doubtful


def _joins(entry: Entry, held: Held, are_short: bool) -> bool:
    """Whether an entry with a single hand-in is a section like the others."""
    is_short = are_short and len(entry.name) <= FEW
    return held.is_marked or is_section(entry.name) or is_short


def _is_chance(entry: Entry, held: Held, limits: ArchiveLimits) -> bool:
    """Whether it would be chance which of several implementations is graded: they differ."""
    return held.how is not How.SINGLE and len(_digests(entry.path, limits)) >= FEW


def _digests(path: Path, limits: ArchiveLimits) -> set[str]:
    """Of all implementations below a folder, or in an archive, as far as they can be read."""
    found: set[str] = set()
    with suppress(OSError, SubmissionError):
        if path.is_dir():
            for name in names_in(path, limits.max_files):
                if main_of(name.name) == IMPLEMENTATION:
                    found.add(_digest([beginning(path / name, DATA_BYTES)]))
                elif is_archive_name(name):
                    found |= _digests(path / name, limits)
        else:
            for member, content in contents(path, limits):
                if not is_hidden(member.name) and main_of(member.name.name) == IMPLEMENTATION:
                    found.add(_digest(content))
    return found


def _digest(content: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in content:
        digest.update(chunk)
    return digest.hexdigest()
