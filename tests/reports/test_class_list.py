"""What is said of a class list: the worst first, and no line for each of hundreds."""

from __future__ import annotations

from grader.reports.class_list import NO_IMPORT, NOBODY, to_look_at
from grader.roster import parse_roster
from grader.roster_matching import match
from grader.rows import Row
from tests.reports.rows import question_row, row
from tests.test_roster import CANVAS

NAMES = [f"student{number:02}" for number in range(60)]


def said(roster: str, *rows: Row, file: str = "canvas.csv") -> list[str]:
    listed = parse_roster(roster)
    return list(to_look_at(listed, 5, match(listed, rows), ours=27, file=file))


def test_list_of_another_course_is_asked_about_first() -> None:
    lines = said(CANVAS, *(row(name, question_row()) for name in NAMES))
    assert lines[:2] == [
        NOBODY,
        "canvas.csv has no grade of these hand-ins, so there is nothing to import.",
    ]
    assert len(lines) < 6
    [strangers] = [line for line in lines if line.startswith("Not in the class list: student00, ")]
    assert "student09 and 50 more, see the summary (nobody in the list has its id" in strangers
    assert "student10" not in strangers


def test_plain_list_gives_no_file() -> None:
    table = "name,id\n" + "".join(f"{name},{n}\n" for n, name in enumerate(NAMES))
    lines = said(table, row(NAMES[0], question_row()), file="")
    assert lines[0] == NO_IMPORT
    assert lines[1].startswith("No hand-in of: student01; student02; ")
    assert lines[1].endswith("student10 and 49 more, see the summary")


def test_reason_without_a_grade_is_said_once() -> None:
    table = "name,id\n" + "".join(f"{name},{n}\n" for n, name in enumerate(NAMES[:3]))
    rows = [row(name, question_row(), open=("q7",)) for name in NAMES[:2]]
    whole = row(NAMES[2], question_row())
    assert said(table, *rows, whole, file="")[1:] == [
        "No grade for student00, student01: Q7 not graded, or not as the hand-in is now"
    ]
