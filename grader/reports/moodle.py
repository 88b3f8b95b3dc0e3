"""Moodle's grading worksheet with the grades and a short comment filled in.

Moodle finds a student by the column Identifier and reads Grade, the date of the last change and
Feedback comments. These stay as they were exported, but for what is filled in. It reads no other:
students wrote some of those, such as their names and online texts, and which they wrote is not
known in every language, so all are made safe for a spreadsheet program.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from grader.model import Outcome
from grader.reports.cells import kept, number, table, text
from grader.reports.gradebook import final
from grader.reports.view import OUTCOMES
from grader.roster.columns import COMMENTS, GRADES, MAXIMA, MODIFIED, MOODLE_ID
from grader.roster.matching import Match
from grader.roster.reading import Roster
from grader.rows import Row

NONE = "-"
"""What Moodle writes in place of a date that there is not: no formula as it stands."""


def to_moodle(roster: Roster, matches: Sequence[Match]) -> str:
    """The worksheet for Moodle's "Upload grading worksheet", without a byte order mark.

    Grades have a decimal comma where the worksheet's maximum grade has one. A student without a
    judged hand-in keeps what the worksheet has: usually an empty cell.
    """
    grade, feedback = roster.column(*GRADES), roster.column(*COMMENTS)
    # It is the first one where it has another language's name.
    read = {roster.column(MOODLE_ID) or 0, grade, roster.column(*MODIFIED), feedback}
    graded = {m.line.row: (m.row, s) for m in matches if (s := final(m.row)) is not None}
    lines = []
    for number_of_row, cells in enumerate(roster.rows):
        line = [c if place in read or c == NONE else kept(c) for place, c in enumerate(cells)]
        if number_of_row in graded:
            row, score = graded[number_of_row]
            if grade is not None:
                line[grade] = _grade(roster, cells, score)
            if feedback is not None:
                line[feedback] = comment(row)
        lines.append(line)
    return table([list(roster.header), *lines])


def comment(row: Row) -> str:
    """The points of each question in one line, as the HTML that Moodle takes a comment for."""
    said = (
        f"{q.id.upper()} {q.title}: {q.score:g} of {q.max_score:g}"
        + ("" if q.outcome is Outcome.PASSED else f" ({OUTCOMES[q.outcome]})")
        for q in row.questions
    )
    return escape(text("; ".join(said)), quote=False)


def _grade(roster: Roster, cells: Sequence[str], score: float) -> str:
    most = roster.column(*MAXIMA)
    comma = most is not None and "," in cells[most] and "." not in cells[most]
    return number(score).replace(".", ",") if comma else number(score)
