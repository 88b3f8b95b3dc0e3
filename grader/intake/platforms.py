"""The hand-ins of platforms that say in names alone whose they are: all but Gradescope."""

from __future__ import annotations

from collections.abc import Sequence

from grader.intake.blackboard import read_blackboard
from grader.intake.brightspace import read_brightspace
from grader.intake.canvas import is_canvas, read_canvas
from grader.intake.handin import Entry, HandIn, hand_in
from grader.intake.moodle import is_moodle, read_moodle

UNCLEAR = (
    "its name can be read as Canvas's and as Moodle's, which name different students, and the "
    "names beside it do not tell which it is; look at it by hand"
)


def read_platforms(entries: Sequence[Entry]) -> tuple[list[HandIn], list[Entry]]:
    """The hand-ins of all among the entries, and the other entries.

    The end of a name is of the student's choice, and can make it look like the other platform's,
    and like another student's. So it is read as the names beside it that look like one platform's
    alone; where they do not tell, nobody's id is guessed.
    """
    names = {(is_canvas(entry), is_moodle(entry.name)) for entry in entries}
    in_canvas, in_moodle = (True, False) in names, (False, True) in names
    hand_ins, others = read_brightspace(entries)
    found, others = read_blackboard(others)
    hand_ins += found
    if in_canvas == in_moodle:
        unclear = {entry for entry in others if is_canvas(entry) and is_moodle(entry.name)}
        hand_ins += [hand_in(e.name, [], problem=UNCLEAR, source=e.name) for e in unclear]
        others = [entry for entry in others if entry not in unclear]
    for read in (read_canvas, read_moodle) if in_canvas else (read_moodle, read_canvas):
        found, others = read(others)
        hand_ins += found
    return hand_ins, others
