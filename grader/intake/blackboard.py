"""Blackboard's download: files named ``assignment_login_attempt_2026-11-20-09-30-00_file.zip``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import takewhile

from grader.intake.handin import Entry, HandIn, hand_in, taken_of_several

PATTERN = re.compile(
    r"(?P<whose>.+?)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)", re.DOTALL
)
OTHER_PLATFORMS = re.compile(r"_\d{1,12}_\d{1,12}_|_assignsubmission_")
"""Marks of Canvas's and Moodle's. Before Blackboard's own they are theirs, and what follows is of
the student's choice."""
TEXT_ONLY = "only a text was handed in online, and no file"


def student_in(name: str) -> str:
    """The assignment and the login in a file's name of Blackboard's, or nothing."""
    match = PATTERN.fullmatch(name)
    return match["whose"] if match and not OTHER_PLATFORMS.search(match["whose"]) else ""


def is_page(name: str) -> bool:
    """Whether it is Blackboard's page on an attempt, as programs that train may name theirs."""
    match = PATTERN.fullmatch(name)
    return match is not None and not match["file"]


def read_blackboard(entries: Sequence[Entry]) -> tuple[list[HandIn], list[Entry]]:
    """The hand-ins among the entries, one for each student, and the other entries.

    Either of the assignment and the login may have a ``_`` in it. What all have in common is taken
    for the assignment in the hand-ins' names alone; a class list is asked for each login that it
    may be. A page with a text, which goes with each attempt, is no file of the student's.
    """
    students: dict[str, list[Entry]] = defaultdict(list)
    others = []
    for entry in entries:
        whose = "" if entry.is_folder else student_in(entry.name)
        if whose:
            students[whose].append(entry)
        else:
            others.append(entry)
    before = len(_assignment([*students])) if students else 0
    return [_student(whose, whose[before:], mine) for whose, mine in students.items()], others


def _student(whose: str, login: str, mine: Sequence[Entry]) -> HandIn:
    attempts: dict[str, list[tuple[Entry, str]]] = defaultdict(list)
    for entry in mine:
        match = PATTERN.fullmatch(entry.name)
        if match and match["file"]:
            attempts[match["time"]].append((entry, match["file"]))
    latest = max(attempts, default="")
    files = attempts.get(latest, [])
    earlier = sorted(time for time in attempts if time != latest)
    passed_over = [entry.name for time in earlier for entry, _ in attempts[time]]
    taken = [entry.name for entry, _ in files]
    words = whose.split("_")
    return hand_in(
        login,
        files,
        student=whose,
        logins=["_".join(words[start:]) for start in range(1, len(words))] or [whose],
        notes=(taken_of_several(taken, passed_over),) if passed_over else (),
        problem="" if files else TEXT_ONLY,
        source=f"Blackboard/{whose}",
    )


def _assignment(students: Sequence[str]) -> str:
    """What comes before the logins, as far as the names tell; of one student alone nothing does."""
    if len(students) < 2:
        return ""
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*students, strict=False))
    common = "".join(column[0] for column in columns)
    return common[: common.rfind("_") + 1]
