"""Whose hand-in is whose, by the columns of each class list."""

from __future__ import annotations

from typing import Any

import pytest

from grader.roster.matching import NOBODY, OTHER_ID, match
from grader.roster.reading import (
    parse_roster,
)
from tests.reports.rows import row
from tests.roster.lists import CANVAS, GERMAN, MOODLE, PLAIN


@pytest.mark.parametrize(
    ("text", "arrival", "name", "by"),
    [
        (CANVAS, {"student_id": "101"}, "Doe, Jane", "id"),
        (CANVAS, {"student_id": "S102", "is_school_id": True}, "Müller, Jörg", "id"),
        (CANVAS, {"email": "Jane@uni.edu"}, "Doe, Jane", "email"),
        (CANVAS, {"student": "doejane"}, "Doe, Jane", "name"),
        (CANVAS, {"student": "mullerjorg"}, "Müller, Jörg", "name"),
        (CANVAS, {"student": "Jane Doe"}, "Doe, Jane", "name"),
        (MOODLE, {"student_id": "501"}, "Jane Doe", "id"),
        (MOODLE, {"student_id": "Participant 502"}, "Jörg Müller", "id"),
        (GERMAN, {"student_id": "502"}, "Jörg Müller", "id"),
        (GERMAN, {"email": "jane@uni.edu"}, "Jane Doe", "email"),
        (MOODLE, {"student": "Mu\u0308ller, Jo\u0308rg"}, "Jörg Müller", "name"),
        (PLAIN, {"student": "vanderbergjane"}, "Jane van der Berg", "name"),
        (PLAIN, {"student": "Jane Doe", "student_id": "github-login"}, "Jane Doe", "name"),
        (CANVAS, {"student": "Lee, Kim", "student_id": "104"}, "Lee, Kim", "id"),
    ],
)
def test_found(text: str, arrival: dict[str, Any], name: str, by: str) -> None:
    found = match(parse_roster(text), [row("x", **{"student": "", **arrival})])
    assert [(m.line.name, m.by) for m in found.matches] == [(name, by)]
    assert found.unmatched == ()
    if "104" in arrival.values():
        assert found.matches[0].line.ids >= {"104"}


@pytest.mark.parametrize(
    ("arrival", "why"),
    [
        ({"student": "leekim"}, "2 students"),
        ({"student": "nobody"}, "nobody"),
        ({"student": "doejane", "student_id": "999"}, "who has its name has another id"),
        ({"student": ""}, "nobody"),
        ({"student": "studenttest"}, "nobody"),
        ({"student": "?!"}, "nobody"),
    ],
)
def test_never_guessed(arrival: dict[str, Any], why: str) -> None:
    found = match(parse_roster(CANVAS), [row("x", **arrival)])
    assert found.matches == ()
    assert why in found.unmatched[0].why
    assert len(found.absent) == 4


def test_name_of_the_list_with_another_id_is_unclear_and_not_of_another_course() -> None:
    rows = [row("a", student="doejane", student_id="999"), row("b", student="no one")]
    found = match(parse_roster(CANVAS), rows)
    assert [(each.why, each.is_unclear) for each in found.unmatched] == [
        (OTHER_ID, True),
        (NOBODY, False),
    ]


def test_two_hand_ins_of_one_student_are_reported() -> None:
    rows = [row("a", student="doejane"), row("b", student="doejane")]
    found = match(parse_roster(CANVAS), rows)
    assert found.matches == ()
    assert ["2 hand-ins" in u.why for u in found.unmatched] == [True, True]


def test_an_id_comes_before_a_name() -> None:
    rows = [row("a", student="doejane"), row("b", student="other", student_id="101")]
    found = match(parse_roster(CANVAS), rows)
    assert [m.row.arrival.name for m in found.matches] == ["b"]
    assert "another hand-in" in found.unmatched[0].why


LOGINS = """\
Student,ID,SIS User ID,SIS Login ID,Section,HW (1)
"Doe, J.",11,s1,jdoe,A,
"Doe, Jane",12,4711,jdoe2,A,
"Roe, Rick",77,12,rick@uni.edu,A,
"""


@pytest.mark.parametrize(
    ("arrival", "name", "by"),
    [
        ({"student": "jdoe2"}, "Doe, Jane", "login"),
        ({"student": "JDoe"}, "Doe, J.", "login"),
        ({"student": "rick@uni.edu"}, "Roe, Rick", "login"),
        # Canvas' own id, though it is another's number at the school.
        ({"student_id": "12"}, "Doe, Jane", "id"),
        # The school's, in what Gradescope exports.
        ({"student_id": "12", "is_school_id": True}, "Roe, Rick", "id"),
        ({"student_id": "12", "is_school_id": True, "email": "r@uni.edu"}, "Roe, Rick", "id"),
    ],
)
def test_found_by_the_right_column(arrival: dict[str, Any], name: str, by: str) -> None:
    found = match(parse_roster(LOGINS), [row("x", **{"student": "", **arrival})])
    assert [(m.line.name, m.by) for m in found.matches] == [(name, by)]


@pytest.mark.parametrize(
    ("text", "arrival"),
    [
        (LOGINS, {"student_id": "77", "is_school_id": True}),
        (LOGINS, {"student": "jdoe3"}),
        (LOGINS, {"student": "login 12"}),
        # The school's numbers of others, as Canvas and Moodle never write them into names.
        (LOGINS, {"student_id": "4711"}),
        (MOODLE.replace("Full name,", "Full name,ID number,").replace("Doe,", "Doe,77,", 1),
         {"student_id": "77"}),
    ],
)  # fmt: skip
def test_another_number_or_name_finds_nobody(text: str, arrival: dict[str, Any]) -> None:
    assert match(parse_roster(text), [row("x", **{"student": "", **arrival})]).matches == ()


def test_line_that_two_claim_is_left_to_no_third() -> None:
    rows = [row("a", student_id="12"), row("b", student_id="12"), row("c", student="Jane Doe")]
    found = match(parse_roster(LOGINS), rows)
    assert found.matches == ()
    assert "several other hand-ins claim" in found.unmatched[2].why


@pytest.mark.parametrize(
    ("student", "name"),
    [
        ("abeanna", None),
        ("roeanna", None),
        ("roerick", "Roe, Rick M."),
        ("Rick Roe", "Roe, Rick M."),
        ("Rick Karl Roe", "Roe, Rick M."),
        ("", "Roe, Rick M."),
    ],
)
def test_platforms_id_in_a_table_is_a_students_where_the_names_allow_it(
    student: str, name: str | None
) -> None:
    roster = parse_roster('name,id\n"Roe, Rick M.",101\nBert B,102\n')
    found = match(roster, [row("x", student=student, student_id="101")])
    assert next((m.line.name for m in found.matches), None) == name
    if name is None:
        assert found.unmatched[0].why == "whoever in the list has its id has another name"


def test_schools_number_in_a_table_needs_no_name() -> None:
    roster = parse_roster("name,id\nWilliam Poe,101\n")
    found = match(roster, [row("x", student="Bill Doe", student_id="101", is_school_id=True)])
    assert len(found.matches) == 1


def test_name_counts_where_the_id_is_anothers() -> None:
    roster = parse_roster("name,id\nRick Roe,101\nAnna Abe,102\n")
    found = match(roster, [row("x", student="abeanna", student_id="101")])
    assert [(m.line.name, m.by) for m in found.matches] == [("Anna Abe", "name")]


def test_folder_is_called_by_an_id_of_a_table() -> None:
    roster = parse_roster("name,student id\nAnna A,100\nBert B,200\n")
    assert [m.line.name for m in match(roster, [row("x", student="200")]).matches] == ["Bert B"]
