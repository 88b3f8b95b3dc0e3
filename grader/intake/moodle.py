"""Moodle's download of all submissions: ``Name_id_assignsubmission_file/``, or files so named."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from grader.intake.handin import Entry, HandIn, hand_in

PATTERN = re.compile(
    r"(?P<name>.+)_(?P<id>\d{1,12})_assignsubmission_(?P<plugin>file|onlinetext)"
    r"(?:_(?P<file>.*))?",
    re.DOTALL,
)
FEEDBACK = re.compile(r".+_\d{1,12}_assignfeedback_.+", re.DOTALL)
"""What the course's staff have given back, which Moodle packs beside what was handed in."""
MARKER = re.compile(r"_\d{1,12}_assignsubmission_")
AMBIGUOUS = (
    "its name has the marks of two participants, as nobody's own files have; look at it by hand"
)
TEXT_ONLY = "only a text was handed in online, and no file"


def is_moodle(name: str) -> bool:
    """Whether a file or folder is named as Moodle names it."""
    return PATTERN.fullmatch(name) is not None


def participant_of(name: str) -> str:
    """The id of the participant whose file or folder has this name of Moodle's, or nothing."""
    match = PATTERN.fullmatch(name)
    return match["id"] if match else ""


def read_moodle(entries: Sequence[Entry]) -> tuple[list[HandIn], list[Entry]]:
    """The hand-ins among the entries, one for each participant, and the other entries."""
    participants: dict[str, list[tuple[Entry, re.Match[str]]]] = defaultdict(list)
    others, ambiguous = [], []
    for entry in entries:
        match = PATTERN.fullmatch(entry.name)
        if match is None:
            others += [] if FEEDBACK.fullmatch(entry.name) else [entry]
        elif len(MARKER.findall(entry.name)) > 1:
            # Part of it is of the student's choice, and could name another student.
            ambiguous.append(hand_in(entry.name, [], problem=AMBIGUOUS, source=entry.name))
        else:
            participants[match["id"]].append((entry, match))
    return [*ambiguous, *(_participant(id, mine) for id, mine in participants.items())], others


def _participant(id: str, entries: Sequence[tuple[Entry, re.Match[str]]]) -> HandIn:
    files = [(e, match["file"] or "") for e, match in entries if match["plugin"] == "file"]
    return hand_in(
        entries[0][1]["name"],
        files,
        student_id=id,
        problem="" if files else TEXT_ONLY,
        source=f"Moodle/{id}",
    )
