"""A course for a terminal: how it went as a whole, and what a person has to look at."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.model import by_number
from grader.reports.gradebook import (
    comparable,
    hand_ins,
    left_out,
    scored_on_made_up,
    some,
    why_not,
)
from grader.reports.plain import in_one_line, plain
from grader.reports.summary import questions
from grader.rows import Row, Status


def one_line(row: Row, *, fresh: bool = True) -> str:
    """What became of one submission; ``fresh``: it was graded just now."""
    name = in_one_line(row.arrival.name)
    late = ", late" if row.arrival.late else ""
    if row.status is not Status.GRADED:
        # Of an export, the notes say which files could not be unpacked, and why.
        why = "; ".join((why_not(row), *row.notes))
        return in_one_line(f"{name}: {row.status}{late}: {why}")
    parts = "  ".join(f"{q.id} {q.score:g}" for q in row.questions)
    unchanged = "" if fresh else ", unchanged"
    outdated = f", {' '.join(row.outdated)} outdated" if row.outdated else ""
    return f"{name}: {row.score:g} / {row.max_score:g}  ({parts}{late}{unchanged}{outdated})"


def course_table(rows: Sequence[Row], *, fresh: int) -> RenderableType:
    """Points by question and how many came how far; then whoever needs a person's look.

    ``fresh`` says how many of the graded ones were graded just now.
    """
    graded = [row for row in rows if row.status is Status.GRADED]
    parts: list[RenderableType] = []
    if graded:
        parts.append(_table(graded))
        alike = comparable(rows)
        scores = [row.score for row in alike]
        parts.append(
            Text(
                f"\nTotal: mean {statistics.fmean(scores):.1f}, median "
                f"{statistics.median(scores):g} of {alike[0].max_score:g}",
                style="bold",
            )
        )
        if others := left_out(rows):
            parts.append(Text(others, style="yellow"))
    counts = Counter(row.status for row in rows)
    words = ", ".join(f"{counts[status]} {status}" for status in Status if counts[status])
    parts.append(Text(f"{hand_ins(len(rows))}: {words}.{_just_now(len(graded), fresh)}"))
    if outdated := sum(bool(row.outdated) for row in rows):
        ids = sorted({id for row in rows for id in row.outdated}, key=by_number)
        said = (
            f"With points of an earlier hand-in, rubric, data or options: {outdated}; "
            f"grade with --only {','.join(ids)}, or without --only."
        )
        parts.append(Text(said, style="yellow"))
    if made_up := scored_on_made_up(rows):
        parts.append(Text(made_up, style="yellow"))
    parts += [
        Text(one_line(row), style="red" if row.status is Status.GRADER_FAILED else "yellow")
        for row in rows
        if row.status in (Status.UNREADABLE, Status.GRADER_FAILED)
    ]
    if noted := _noted(graded):
        parts.append(Text(noted, style="yellow"))
    return Group(*parts)


def _noted(graded: Sequence[Row]) -> str:
    """Who has notes, such as that another file was taken; '' where nobody has.

    That points are outdated is a note as well, and has a line of its own above.
    """
    names = [in_one_line(row.arrival.name) for row in graded if len(row.notes) > bool(row.outdated)]
    if not names:
        return ""
    return (
        f"Notes for you to read, on {hand_ins(len(names))} ({some(names)}): in the last columns of "
        "the summary and of the gradebook."
    )


def _just_now(graded: int, fresh: int) -> str:
    """How many of the graded ones are new; nothing where all are, or none is graded."""
    if fresh >= graded:
        return ""
    kept = "unchanged since an earlier run"
    if fresh == 0:
        return f" Nothing was graded just now: what is graded is {kept}."
    return f" Of the graded, {fresh} just now and {graded - fresh} {kept}."


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "Question"):
        table.add_column(heading)
    for heading in ("Full points", "Mean"):
        table.add_column(heading, justify="right")
    for question in questions(rows):
        table.add_row(
            question.id.upper(),
            plain(question.title),
            f"{question.full} of {question.judged}",
            f"{question.mean:.2f} / {question.max_score:g}",
        )
    return table
