"""Which hand-in is whose in a course's class list."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from grader.roster.reading import GITHUB_LOGIN, Line, Platform, Roster, id_in, spelled
from grader.rows import Row


@dataclass(frozen=True)
class Match:
    """A hand-in and its line of the list; ``by`` says what told it: id, email, login or name."""

    line: Line
    row: Row
    by: str


@dataclass(frozen=True)
class Unmatched:
    """A hand-in whose student was not found, and why."""

    row: Row
    why: str

    @property
    def is_unclear(self) -> bool:
        """Whether something of it is in the list, so that it is not of another course."""
        return self.why != NOBODY


@dataclass(frozen=True)
class Matching:
    """Which hand-in is whose. Nothing in it is guessed."""

    matches: tuple[Match, ...]
    unmatched: tuple[Unmatched, ...]
    absent: tuple[Line, ...]
    """Students of the list of whom there is no hand-in, as far as can be told for certain."""
    are_groups: bool = False
    """Whether most hand-ins have not the names of those whose ids they have, in Canvas' own list:
    they are named after groups, and each has the id of one member."""


_Found = Mapping[str, frozenset[int]]
"""The lines, by their places, that each key of a hand-in finds; the surest key first."""
NOBODY = "nobody in the list has its id, email, login or name"
OTHER_ID = "the student of the list who has its name has another id"
ANOTHER = "whoever in the list has its id has another name"
NAMED_OTHERWISE = "the student of the list who has its id has another name there"
TWO_STUDENTS = "the names of its files can be read as those of two students of the list"


def match(roster: Roster, rows: Sequence[Row]) -> Matching:
    """Find each hand-in's student by id, email, login and name in turn, where only one has it.

    What is found is in doubt where the email or the name is another's in the list, unless more of
    the id, the email and the login agree: students write ids themselves, and lists get sorted by
    one column alone. A name that nobody there has says nothing, but for Canvas' own, where most
    have that of their id. A doubted hand-in is nobody's.
    Whoever it may be of gets another one only where two keys of that agree, and one of these is
    not the doubted one's as well.

    A line that several hand-ins claim at once goes to none of them, and to no other later. A name
    is not asked where a platform's own list does not know the id: that is another student of the
    same name. In a table of names, which may have the school's numbers, a platform's id is that of
    a student only where the names allow it.
    """
    found = _found(roster, rows)
    failed = {number: why for number, each in enumerate(found) if (why := _contradiction(each))}
    failed |= _of_two(roster, rows)
    others, are_groups = _named_otherwise(roster, rows, found)
    failed |= {} if are_groups else dict.fromkeys(others, NAMED_OTHERWISE)
    doubted = [found[number] for number in failed]
    taken: dict[int, Match] = {}
    disputed: set[int] = set()
    lines = {line.row: line for line in roster.lines}
    waiting = {number: row for number, row in enumerate(rows) if number not in failed}
    for by in _KEYS_OF_LINES:
        claims: dict[int, list[int]] = defaultdict(list)
        for number, row in waiting.items():
            if by == "name" and row.arrival.student_id and roster.kind is not Platform.PLAIN:
                continue
            places = found[number][by]
            if len(places) > 1:
                failed[number] = f"{len(places)} students of the list have this {by}"
            elif places:
                claims[min(places)].append(number)
        for place, numbers in claims.items():
            if place in taken:
                why = f"its {by} is that of a student who has another hand-in"
            elif place in disputed:
                why = f"its {by} is that of a student whom several other hand-ins claim"
            elif len(numbers) > 1:
                why = f"{len(numbers)} hand-ins have the same {by}"
                disputed.add(place)
            elif not all(_is_surer(found[numbers[0]], each, place) for each in doubted):
                why = f"its {by} is that of a student whose another, unclear hand-in may be"
            else:
                taken[place] = Match(lines[place], waiting.pop(numbers[0]), by)
                continue
            failed.update(dict.fromkeys(numbers, why))
        waiting = {n: row for n, row in waiting.items() if n not in failed}
    ids = {key for line in roster.lines for key in _ids_of(line)}
    strangers = {
        n: ANOTHER if _id_keys(row) & ids else OTHER_ID if found[n]["name"] else NOBODY
        for n, row in waiting.items()
    }
    return Matching(
        tuple(taken[place] for place in sorted(taken)),
        tuple(Unmatched(rows[number], why) for number, why in sorted((failed | strangers).items())),
        tuple(line for line in roster.lines if line.row not in taken),
        are_groups,
    )


def _found(roster: Roster, rows: Sequence[Row]) -> list[_Found]:
    """What each hand-in's keys find."""
    indexes = {by: _index(roster.lines, keys) for by, keys in _KEYS_OF_LINES.items()}
    if roster.column(GITHUB_LOGIN) is None:
        logins = [_login_keys(row) for row in rows]
    else:
        logins = _repository_keys(rows, indexes["login"])
    found: list[_Found] = []
    for row, names in zip(rows, logins, strict=True):
        keys = {
            "id": _id_keys(row),
            "email": _email_keys(row),
            "login": names,
            "name": _name_keys(row),
        }
        lines = {by: [x for key in keys[by] for x in indexes[by].get(key, ())] for by in keys}
        if roster.kind is Platform.PLAIN and not row.arrival.is_school_id:
            lines["id"] = [line for line in lines["id"] if not _is_another(line, row)]
        found.append({by: frozenset(line.row for line in lines[by]) for by in lines})
    return found


def _contradiction(found: _Found) -> str:
    """Why the keys of a hand-in are not those of one student; '' where they may be."""
    by = next((by for by, places in found.items() if places), "")
    others = [key for key in ("email", "name") if found[key] and not found[key] & found[by]]
    agreeing = [key for key in ("id", "email", "login") if found[key] & found.get(by, frozenset())]
    if not others or len(agreeing) > len(others):
        return ""
    return f"its {by} is one student's in the list, and its {' and '.join(others)} another's"


def _of_two(roster: Roster, rows: Sequence[Row]) -> dict[int, str]:
    """Hand-ins whose names have ids of two students of the list."""
    ids = {id for line in roster.lines for id in line.ids}
    return {
        number: TWO_STUDENTS
        for number, row in enumerate(rows)
        if any(id_in(id) in ids for id in row.arrival.other_ids)
    }


def _named_otherwise(
    roster: Roster, rows: Sequence[Row], found: Sequence[_Found]
) -> tuple[list[int], bool]:
    """Hand-ins that have not the name of the student whose id they have, in Canvas' own list, and
    whether most are so: then they are named after groups.

    Both come from Canvas, which spells a name the same way but for characters that a file's name
    has not.
    """
    if roster.kind is not Platform.CANVAS:
        return [], False
    lines = {line.row: line for line in roster.lines}
    by_id = {n: lines[min(each["id"])] for n, each in enumerate(found) if len(each["id"]) == 1}
    others = [n for n, line in by_id.items() if _has_no_word_of(line, rows[n])]
    return others, 2 * len(others) > len(by_id)


def _has_no_word_of(line: Line, row: Row) -> bool:
    words, whole = _words(line.name) if line.is_named else [], spelled(row.arrival.student)
    is_plain = line.name.isascii() and whole != ""
    return is_plain and bool(words) and not any(word in whole for word in words)


def _is_surer(found: _Found, doubted: _Found, place: int) -> bool:
    """Whether a line may be a hand-in's in spite of what a doubted one has in common with it."""
    ours = {by for by, places in found.items() if place in places}
    theirs = {by for by, places in doubted.items() if place in places}
    return not theirs or (len(ours) > 1 and not ours <= theirs)


def _repository_keys(rows: Sequence[Row], logins: Container[str]) -> list[set[str]]:
    """What may be a login in each repository's name, which is ``assignment-login``.

    What all begin with may be the assignment, unless it was taken off or a login stands alone.
    """
    names = [_login_keys(row) for row in rows]
    words = [name.split("-") for each in names for name in each]
    is_whole = all(spelled(row.arrival.name) == spelled(row.arrival.student) for row in rows)
    if len(words) < 2 or not is_whole or any(name in logins for each in names for name in each):
        return names
    same = takewhile(lambda column: len(set(column)) == 1, zip(*words, strict=False))
    starts = range(len(list(same)) + 1)
    return [{"-".join(name.split("-")[k:]) for name in each for k in starts} for each in names]


def _words(name: str) -> list[str]:
    return [word for part in re.split(r"[\s,]+", name) if (word := spelled(part))]


def _names(name: str) -> set[str]:
    """All ways to begin a name with another of its words: "Doe, Jane" is also janedoe."""
    words = _words(name)
    return {"".join(words[k:] + words[:k]) for k in range(len(words))}


def _is_another(line: Line, row: Row) -> bool:
    """Whether the names are those of two people: they have not even two words in common.

    Canvas writes a name without spaces, and either may leave out a name in the middle.
    """
    words, whole = _words(line.name) if line.is_named else [], spelled(row.arrival.student)
    shared = sum(word in whole for word in words)
    return whole != "" and shared < min(2, len(words))


def _id_keys(row: Row) -> set[str]:
    """The id, and whose it is: two students may have the same number, one at the school and one on
    the platform."""
    id = id_in(row.arrival.student_id)
    whose = "school" if row.arrival.is_school_id else "platform"
    return {f"{whose} {id}"} if id else set()


def _ids_of(line: Line) -> set[str]:
    return {f"platform {id}" for id in line.ids} | {f"school {id}" for id in line.others}


def _login_keys(row: Row) -> set[str]:
    """A folder's name, where no platform says whose it is; or what a platform's may end in."""
    arrival = row.arrival
    if arrival.logins:
        return {login.strip().casefold() for login in arrival.logins}
    return set() if arrival.student_id or arrival.email else {arrival.student.strip().casefold()}


def _email_keys(row: Row) -> set[str]:
    return {row.arrival.email.strip().casefold()} - {""}


def _emails_of(line: Line) -> set[str]:
    return {line.email, *(id for id in line.ids | line.others if "@" in id)} - {""}


def _name_keys(row: Row) -> set[str]:
    return {spelled(row.arrival.student)} - {""}


def _index(lines: Iterable[Line], keys: Callable[[Line], Iterable[str]]) -> dict[str, list[Line]]:
    index: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        for key in keys(line):
            index[key].append(line)
    return index


_KEYS_OF_LINES: dict[str, Callable[[Line], Iterable[str]]] = {
    "id": _ids_of,
    "email": _emails_of,
    "login": lambda line: line.logins,
    "name": lambda line: _names(line.name) if line.is_named else (),
}
"""What tells a student, the surest first."""
