"""A file of grades that Canvas' gradebook imports.

It has the columns that Canvas knows a student by and one assignment, so nothing else of the
gradebook can be changed by it. Canvas finds students by its ids, which stay as they were exported;
their names, which it ignores, are made safe for the spreadsheet program that staff may look with.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.reports.cells import kept, number, table
from grader.reports.gradebook import final
from grader.roster.matching import Match
from grader.roster.reading import POINTS_POSSIBLE, Roster, is_excused

TOLD_BY = frozenset({"id", "sis user id", "sis login id", "integration id", "root account"})
"""Columns that go back unchanged, whatever their case."""


def to_canvas(roster: Roster, matches: Sequence[Match], column: int) -> str:
    """The import file, without a byte order mark; ``column`` is the place of the assignment's.

    A student without a judged hand-in keeps what the export has there: usually an empty cell. So
    does an excused one.
    """
    columns = _columns(roster)
    due = [match for match in matches if not is_excused(roster, match.line, column)]
    scores = {match.line.row: final(match.row) for match in due}
    most = max((m.row.max_score for m in matches), default=0.0) or None
    lines = [[*(roster.header[i] for i, _ in columns), roster.header[column]]]
    for number_of_row, row in enumerate(roster.rows):
        old = row[column]
        new = number(scores.get(number_of_row))
        if row[0].strip().casefold() == POINTS_POSSIBLE:
            new = "" if old.strip() else number(most)
        cells = [row[i] if verbatim else kept(row[i]) for i, verbatim in columns]
        lines.append([*cells, new or old])
    return table(lines)


def _columns(roster: Roster) -> list[tuple[int, bool]]:
    """The student's name, ids and section, in the export's order, and whether they stay as is."""
    heads = [cell.strip().casefold() for cell in roster.header]
    wanted = {"student", "section", *TOLD_BY}
    return [(i, head in TOLD_BY) for i, head in enumerate(heads) if head in wanted]
