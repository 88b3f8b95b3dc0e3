"""A course's results as a table for spreadsheet programs: a line for each student.

The file begins with a byte order mark: without it Excel takes UTF-8 for the machine's old code page
and shows other names than the students'. Everything else that reads CSV knows the mark; in Python
the encoding is "utf-8-sig".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from grader.model import by_number
from grader.reports.cells import number, table, text
from grader.rows import QuestionRow, Row, Status

MOST_NAMES = 10
"""That are listed where there may be hundreds."""
BYTE_ORDER_MARK = "\ufeff"
BEFORE = ("name", "student", "student id", "email", "submission id")
AFTER = ("total", "max", "status", "outdated", "made up", "late", "loss", "reason", "notes")


def to_gradebook(rows: Sequence[Row]) -> str:
    """The table, in the order of the hand-ins' names; the same results give the same bytes.

    What was not judged has no number: its cell is empty, never a zero.
    """
    ids = question_ids(rows)
    lines = [_line(row, ids) for row in in_order(rows)]
    return BYTE_ORDER_MARK + table([(*BEFORE, *map(text, ids), *AFTER), *lines])


def in_order(rows: Iterable[Row]) -> list[Row]:
    """By the hand-ins' names, which no two share."""
    return sorted(rows, key=lambda row: row.arrival.name)


def hand_ins(count: int) -> str:
    """How many there are, in words."""
    return f"{count} hand-in{'' if count == 1 else 's'}"


def some(names: Sequence[str], more: str = "", between: str = ", ") -> str:
    """The first few of names that may be hundreds, and how many others there are.

    ``more`` follows that, such as where the others stand.
    """
    left = len(names) - MOST_NAMES
    return between.join(names[:MOST_NAMES]) + (f" and {left} more{more}" if left > 0 else "")


def question_ids(rows: Iterable[Row]) -> list[str]:
    """All questions of the course, q10 after q9."""
    ids = {question.id for row in rows for question in row.questions}
    return sorted(ids, key=by_number)


def total(row: Row) -> float | None:
    """The points of a hand-in; None unless all of it was judged."""
    return row.score if row.status is Status.GRADED else None


def comparable(rows: Iterable[Row]) -> list[Row]:
    """The graded hand-ins whose totals go together: those of which the same was asked as of most.

    Whoever was graded for other questions has another maximum, and no place in a mean of points.
    Where two sets of questions are as common, it is the one with more points.
    """
    graded: dict[tuple[tuple[str, float], ...], list[Row]] = defaultdict(list)
    for row in rows:
        if row.status is Status.GRADED:
            asked = sorted((question.id, question.max_score) for question in row.questions)
            graded[tuple(asked)].append(row)
    alike = max(graded.values(), key=lambda rows: (len(rows), rows[0].max_score), default=[])
    return list(alike)


def left_out(rows: Sequence[Row]) -> str:
    """How many were graded for other questions than those of ``comparable``; '' where none was."""
    alike = comparable(rows)
    others = sum(row.status is Status.GRADED for row in rows) - len(alike)
    if not others:
        return ""
    ids = ", ".join(question.id.upper() for question in alike[0].questions)
    said = "1 hand-in is" if others == 1 else f"{others} hand-ins are"
    return f"{said} graded for other questions than {ids}, and left out of mean and median."


def final(row: Row) -> float | None:
    """The points of a hand-in that may go to the platform: all is graded, as it is now."""
    return None if not_final(row) else total(row)


def not_final(row: Row) -> str:
    """Why the points of a hand-in may not go to the platform though it is graded; '': they may."""
    if row.open:
        missing = [id for id in row.open if id not in row.outdated]
        why = {"not graded": missing, "outdated": row.outdated}
        return "; ".join(f"{', '.join(ids).upper()} {said}" for said, ids in why.items() if ids)
    return ""


def scored_on_made_up(rows: Iterable[Row]) -> str:
    """How many hand-ins have points that are not for the course's data; '' where none has."""
    found = [row for row in rows if row.made_up]
    if not found:
        return ""
    ids = sorted({id for row in found for id in row.made_up})
    return (
        f"{', '.join(ids).upper()} of {hand_ins(len(found))} was graded on the grader's own "
        "made-up sentences, as no --data was given; for real grades give --data DIR, the folder "
        "with the course's train.csv and test.csv."
    )


def why_not(row: Row) -> str:
    """Why a hand-in has no points, for staff."""
    if row.status is Status.NOT_DONE:
        return "the run was stopped before its turn came"
    return row.reason or "see its report"


def judged(row: Row, question: QuestionRow) -> bool:
    """Whether a question's points are its points.

    Of a hand-in in which the grader failed, a row does not say where, so only full points are sure.
    """
    return row.status is Status.GRADED or question.score >= question.max_score


def _line(row: Row, ids: Sequence[str]) -> list[str]:
    arrival = row.arrival
    known = (arrival.name, arrival.student, arrival.student_id, arrival.email)
    scores = {q.id: q.score for q in row.questions if judged(row, q)}
    return [
        *map(text, (*known, arrival.submission_id)),
        *(number(scores.get(id)) for id in ids),
        number(total(row)),
        number(row.max_score if row.questions else None),
        row.status.value,
        text(" ".join(row.outdated)),
        text(" ".join(row.made_up)),
        "" if arrival.late is None else "yes" if arrival.late else "no",
        number(row.loss),
        text(row.reason),
        text("; ".join(row.notes)),
    ]
