"""The column of the grades, and what it takes at most."""

from __future__ import annotations

import pytest

from grader.errors import UsageError
from grader.roster.reading import (
    assignment_column,
    highest_grade,
    parse_roster,
)
from tests.roster.lists import CANVAS, GERMAN, MOODLE, PLAIN


@pytest.mark.parametrize(
    ("text", "column", "most"),
    [
        (CANVAS, 5, 27.0),
        (CANVAS, 6, None),
        (MOODLE, None, 27.0),
        (GERMAN, None, 27.0),
        (PLAIN, None, None),
    ],
)
def test_highest_grade(text: str, column: int | None, most: float | None) -> None:
    assert highest_grade(parse_roster(text), column) == most


GRADEBOOK = """\
Student,ID,SIS Login ID,Section,Notes,Homework 4 (771),Homework 5 (772),Homework 5 (773),\
Attendance (774),Assignments Current Score,Unposted Final Score,Final Grade
,,,,,Manual Posting,,,,,,
    Points Possible,,,,,27,10,10,(read only),(read only),(read only),(read only)
"Doe, Jane",101,jane@uni.edu,A,,,,,9,80,,B
"""


@pytest.mark.parametrize(
    "name", ["Homework 4", "Homework 4 (771)", "homework 4", " HOMEWORK 4 (771) "]
)
def test_assignment_is_found_with_and_without_its_id(name: str) -> None:
    assert assignment_column(parse_roster(GRADEBOOK), name) == 5


@pytest.mark.parametrize(
    "name",
    [
        *("Section", "ID", "Student", "SIS Login ID", "Notes", "Homework 6", "Homework"),
        *("Assignments Current Score", "Unposted Final Score", "Final Grade"),
        *("Attendance (774)", "Attendance", "(771)", "771"),
    ],
)
def test_columns_that_take_no_grades_are_no_assignments(name: str) -> None:
    with pytest.raises(UsageError) as found:
        assignment_column(parse_roster(GRADEBOOK), name, "list.csv")
    assert str(found.value) == (
        f"--assignment {name!r} names no assignment of list.csv; its assignments: "
        "Homework 4 (771), Homework 5 (772), Homework 5 (773)"
    )


def test_assignment_that_was_not_given_is_asked_for() -> None:
    with pytest.raises(UsageError) as found:
        assignment_column(parse_roster(CANVAS), " ", "list.csv")
    assert str(found.value) == (
        "list.csv is Canvas' gradebook: give --assignment, one of: Homework 4 (771)"
    )
    assert assignment_column(parse_roster(CANVAS.replace("Homework 4", "Assignment")), "") == 5


def test_assignment_that_two_columns_are_called_needs_its_id() -> None:
    roster = parse_roster(GRADEBOOK)
    with pytest.raises(UsageError) as found:
        assignment_column(roster, "homework 5", "list.csv")
    assert str(found.value) == (
        "--assignment 'homework 5' names 2 columns of list.csv: give it with its '(id)', one of: "
        "Homework 5 (772), Homework 5 (773)"
    )
    assert assignment_column(roster, "homework 5 (773)") == 7


@pytest.mark.parametrize("name", ["", "Homework 4"])
def test_gradebook_without_assignments(name: str) -> None:
    with pytest.raises(UsageError, match="has no column of an assignment, such as 'Homework 4"):
        assignment_column(parse_roster("Student,ID,Section,Final Score\nJane,1,A,\n"), name)


def test_case_tells_columns_apart_only_where_several_differ_in_it() -> None:
    roster = parse_roster("Student,ID,Section,HW 4 (1),hw 4 (2),Hw 5 (3),HW 5 (4)\nA,1,A,,,,\n")
    assert assignment_column(roster, "HW 4") == 3
    assert assignment_column(roster, "hw 4") == 4
    with pytest.raises(UsageError, match="names 2 columns"):
        assignment_column(roster, "hw 5")
    assert assignment_column(roster, "hw 5 (4)") == 6
