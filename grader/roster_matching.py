"""Which hand-in is whose in a course's class list."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from grader.roster import Kind, Line, Roster, id_in, spelled
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


@dataclass(frozen=True)
class Matching:
    """Which hand-in is whose. Nothing in it is guessed."""

    matches: tuple[Match, ...]
    unmatched: tuple[Unmatched, ...]
    absent: tuple[Line, ...]
    """Students of the list of whom there is no hand-in."""


def match(roster: Roster, rows: Sequence[Row]) -> Matching:
    """Find each hand-in's student by id, email, login and name in turn, where only one has it.

    A line that several hand-ins claim at once goes to none of them, and to no other later. A name
    is not asked where a platform's own list does not know the id: that is another student of the
    same name. In a table of names, which may have the school's numbers, a platform's id is that of
    a student only where the names allow it.
    """
    taken: dict[int, Match] = {}
    failed: dict[int, str] = {}
    doubted: set[int] = set()
    disputed: set[int] = set()
    waiting = dict(enumerate(rows))
    for by, keys_of_row, keys_of_line in _WAYS:
        index = _index(roster.lines, keys_of_line)
        claims: dict[int, list[int]] = defaultdict(list)
        for number, row in waiting.items():
            if by == "name" and row.arrival.student_id and roster.kind is not Kind.PLAIN:
                continue
            found = {line.row: line for key in keys_of_row(row) for line in index.get(key, ())}
            if by == "id" and roster.kind is Kind.PLAIN and not row.arrival.is_school_id:
                named = {place: line for place, line in found.items() if not _is_another(line, row)}
                if named != found:
                    doubted.add(number)
                found = named
            if len(found) > 1:
                failed[number] = f"{len(found)} students of the list have this {by}"
            elif found:
                claims[next(iter(found))].append(number)
        lines = {line.row: line for line in roster.lines}
        for place, numbers in claims.items():
            if place in taken:
                why = f"its {by} is that of a student who has another hand-in"
            elif place in disputed:
                why = f"its {by} is that of a student whom several other hand-ins claim"
            elif len(numbers) > 1:
                why = f"{len(numbers)} hand-ins have the same {by}"
                disputed.add(place)
            else:
                taken[place] = Match(lines[place], waiting.pop(numbers[0]), by)
                continue
            failed.update(dict.fromkeys(numbers, why))
        waiting = {n: row for n, row in waiting.items() if n not in failed}
    nobody = "nobody in the list has its id, email, login or name"
    other = "whoever in the list has its id has another name"
    return Matching(
        tuple(taken[place] for place in sorted(taken)),
        tuple(
            Unmatched(row, failed.get(number, other if number in doubted else nobody))
            for number, row in enumerate(rows)
            if number in failed or number in waiting
        ),
        tuple(line for line in roster.lines if line.row not in taken),
    )


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
    words, whole = _words(line.name), spelled(row.arrival.student)
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
    """A folder's name, where no platform says whose it is."""
    arrival = row.arrival
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


_WAYS: tuple[
    tuple[str, Callable[[Row], set[str]], Callable[[Line], Iterable[str]]],
    ...,
] = (
    ("id", _id_keys, _ids_of),
    ("email", _email_keys, _emails_of),
    ("login", _login_keys, lambda line: line.logins),
    ("name", _name_keys, lambda line: _names(line.name)),
)
