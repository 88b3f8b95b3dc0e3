"""Brightspace's download: folders named ``12345-678 - Ann Lee - Nov 20, 2026 930 AM``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from grader.intake.handin import Entry, HandIn, hand_in, taken_of_several

PATTERN = re.compile(
    r"(?P<id>\d{1,12})-\d{1,12} - (?P<name>.+) - (?P<time>[^-]*\d{4},? \d[^-]*)", re.DOTALL
)
TIME = re.compile(
    r"(?:(?P<before>\d\d?) )?(?P<month>[a-z]{3,})\.?,? (?:(?P<after>\d\d?),? )?(?P<year>\d{4}),? "
    r"(?P<hour>\d\d?):?(?P<minute>\d\d)(?: (?P<half>[ap])m)?"
)
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
INDEX = "index.html"
"""A page on all, which Brightspace packs beside the folders."""
NO_ORDER = (
    "there are {} uploads, and no name of a folder says in a way that can be read here which is "
    "the latest; leave only that one"
)


def upload_of(name: str) -> str:
    """The id of the student whose upload a folder of this name of Brightspace's is, or nothing."""
    match = PATTERN.fullmatch(name)
    return match["id"] if match else ""


def read_brightspace(entries: Sequence[Entry]) -> tuple[list[HandIn], list[Entry]]:
    """The hand-ins among the entries, one for each student, and the other entries.

    The id is Brightspace's own, which stands in no class list.
    """
    students: dict[str, list[tuple[Entry, re.Match[str]]]] = defaultdict(list)
    others = []
    for entry in entries:
        match = PATTERN.fullmatch(entry.name) if entry.is_folder else None
        if match:
            students[match["id"]].append((entry, match))
        else:
            others.append(entry)
    if students:
        others = [entry for entry in others if entry.name != INDEX]
    return [_student(id, uploads) for id, uploads in students.items()], others


def _student(id: str, uploads: Sequence[tuple[Entry, re.Match[str]]]) -> HandIn:
    times = [_time(match["time"]) for _, match in uploads]
    known = [time for time in times if time is not None]
    in_order = sorted(range(len(uploads)), key=lambda k: times[k] or ())
    latest, match = uploads[in_order[-1]]
    others = [uploads[k][0].name for k in in_order[:-1]]
    is_known = not others or (len(known) == len(uploads) and known.count(max(known)) == 1)
    return hand_in(
        match["name"],
        [(latest, "")],
        submission_id=id,
        notes=(taken_of_several([latest.name], others),) if others and is_known else (),
        problem="" if is_known else NO_ORDER.format(len(uploads)),
        source=f"Brightspace/{id}",
    )


def _time(text: str) -> tuple[int, ...] | None:
    """Year, month, day, hour and minute; None where they cannot be read."""
    match = TIME.fullmatch(text.casefold().strip())
    if match is None:
        return None
    day = match["before"] or match["after"]
    months = [k for k, month in enumerate(MONTHS) if month.startswith(match["month"])]
    if day is None or not months:
        return None
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"] == "p")
    return int(match["year"]), months[0], int(day), hour, int(match["minute"])
