"""Moodle's grading worksheet with the grades and a short comment filled in.

Moodle finds a student by the column Identifier and reads Grade, the date of the last change and
Feedback comments. All columns stay as they were exported, but for names and texts of students'
own, which it does not read: those are made safe for a spreadsheet program.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from grader.model import Outcome
from grader.reports.cells import number, table, text
from grader.reports.gradebook import final
from grader.roster import COMMENTS, FULL_NAMES, GRADES, MAXIMA, Match, Roster
from grader.rows import Row

OF_STUDENTS = (*FULL_NAMES, "online text", "texteingabe online")


def to_moodle(roster: Roster, matches: Sequence[Match]) -> str:
    """The worksheet for Moodle's "Upload grading worksheet", without a byte order mark.

    Grades have a decimal comma where the worksheet's maximum grade has one. A student without a
    judged hand-in keeps what the worksheet has: usually an empty cell.
    """
    grade, feedback = roster.column(*GRADES), roster.column(*COMMENTS)
    theirs = [place for name in OF_STUDENTS if (place := roster.column(name)) is not None]
    found = {match.line.row: match.row for match in matches}
    lines = []
    for number_of_row, cells in enumerate(roster.rows):
        line = list(cells)
        for place in theirs:
            line[place] = text(line[place])
        row = found.get(number_of_row)
        if row is not None and final(row) is not None:
            if grade is not None:
                line[grade] = _grade(roster, cells, final(row))
            if feedback is not None:
                line[feedback] = comment(row)
        lines.append(line)
    return table([list(roster.header), *lines])


def comment(row: Row) -> str:
    """The points of each question in one line, as the HTML that Moodle takes a comment for."""
    said = (
        f"{q.id.upper()} {q.title}: {q.score:g} of {q.max_score:g}"
        + ("" if q.outcome is Outcome.PASSED else f" ({q.outcome.value.replace('_', ' ')})")
        for q in row.questions
    )
    return escape(text("; ".join(said)), quote=False)


def _grade(roster: Roster, cells: Sequence[str], score: float | None) -> str:
    most = roster.column(*MAXIMA)
    comma = most is not None and "," in cells[most] and "." not in cells[most]
    return number(score).replace(".", ",") if comma else number(score)
