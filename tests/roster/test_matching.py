"""Whose a hand-in is where its keys are of several students, and in GitHub Classroom."""

from __future__ import annotations

from typing import Any

import pytest

from grader.roster.matching import NAMED_OTHERWISE, NOBODY, TWO_STUDENTS, match
from grader.roster.reading import parse_roster
from grader.rows import Row
from tests.reports.rows import row
from tests.roster.lists import CANVAS, CLASSROOM, MOODLE

GRADESCOPE = """\
Student,ID,SIS User ID,SIS Login ID,Section,HW (9)
"Moe, Eve",905,18,em@u.edu,A,
"Nobody, N",909,99,nn@u.edu,A,
"Roe, Bo",902,2,br@u.edu,A,
"""
EVE = {"student": "Eve Moe", "student_id": "99", "is_school_id": True, "email": "em@u.edu"}
"""Who wrote another's number."""
TWO_JANES = "name,id\nJane M. Doe,7\nJane Doe,8\n"


def students(text: str, *rows: Row) -> dict[str, str]:
    """Which hand-in is whose."""
    matches = match(parse_roster(text), rows).matches
    return {each.row.arrival.name: each.line.name for each in matches}


def repositories(text: str, *names: str, assignment: str = "") -> dict[str, str]:
    """The same for folders of these names, of which the assignment's was taken off."""
    arrivals = (row(name, student=name.removeprefix(assignment)) for name in names)
    return students(text, *arrivals)


@pytest.mark.parametrize(
    ("text", "arrival", "why"),
    [
        (GRADESCOPE, EVE, "its id is one student's in the list, and its email and name another's"),
        (GRADESCOPE, {**EVE, "student": "E."}, "its id is {}, and its email another's"),
        (GRADESCOPE, {**EVE, "email": ""}, "its id is {}, and its name another's"),
        (GRADESCOPE, {**EVE, "student": "N Nobody"}, "its id is {}, and its email another's"),
        (GRADESCOPE, {**EVE, "student_id": "", "student": "Bo Roe"},
         "its email is {}, and its name another's"),
        (MOODLE, {"student": "Jane Doe", "student_id": "502"},
         "its id is {}, and its name another's"),
        # The name of two, and of neither is the id.
        (CANVAS, {"student": "leekim", "student_id": "101"},
         "its id is {}, and its name another's"),
        ("name,login\nJane Doe,x\nJim Dane,janedoe\n", {"student": "janedoe"},
         "its login is {}, and its name another's"),
        (TWO_JANES, {"student": "Jane Doe", "student_id": "7"},
         "its id is {}, and its name another's"),
    ],
)  # fmt: skip
def test_hand_in_with_keys_of_two_students_is_nobodys(
    text: str, arrival: dict[str, Any], why: str
) -> None:
    found = match(parse_roster(text), [row("x", **arrival)])
    assert found.matches == ()
    assert [(each.why, each.is_unclear) for each in found.unmatched] == [
        (why.format("one student's in the list"), True)
    ]


@pytest.mark.parametrize(
    ("text", "arrival", "name"),
    [
        # Names that nobody in the list has: another script, a nickname, a group's.
        (GRADESCOPE, {**EVE, "student": "伊芙", "student_id": "18"}, "Moe, Eve"),
        (GRADESCOPE, {**EVE, "student": "Evie", "student_id": "18", "email": ""}, "Moe, Eve"),
        (CANVAS, {"student": "group3", "student_id": "101"}, "Doe, Jane"),
        # The account's id and email, under the name of another.
        (GRADESCOPE, {**EVE, "student_id": "18", "student": "Bo Roe"}, "Moe, Eve"),
        # Of two of one name, the id tells which.
        (CANVAS, {"student": "leekim", "student_id": "104"}, "Lee, Kim"),
        # An email that a family shares.
        ("name,email,sid\nAnn A,a@x,1\nBo A,a@x,2\n",
         {"student": "Bo A", "student_id": "2", "is_school_id": True, "email": "a@x"}, "Bo A"),
    ],
)  # fmt: skip
def test_keys_that_say_nothing_else_leave_no_doubt(
    text: str, arrival: dict[str, Any], name: str
) -> None:
    assert students(text, row("x", **arrival)) == {"x": name}


def test_list_of_which_one_column_was_sorted_gives_nobody_anything() -> None:
    shifted = "Identifier,Full name,Grade\n" + "".join(
        f"Participant {id},{name},\n" for id, name in [(1, "Bo B"), (2, "Cy C"), (3, "Ann A")]
    )
    names = ["Ann A", "Bo B", "Cy C"]
    rows = [row(name, student=name, student_id=str(id)) for id, name in enumerate(names, 1)]
    assert students(shifted, *rows) == {}


@pytest.mark.parametrize(
    ("other", "name"),
    [
        # Whose number Eve wrote.
        ({"student": "N Nobody", "student_id": "99", "is_school_id": True}, "Nobody, N"),
        ({"student": "N Nobody", "email": "nn@u.edu"}, "Nobody, N"),
        ({"student": "N.", "student_id": "99", "is_school_id": True}, None),
        ({"student": "N Nobody"}, None),
        # Whose email and name hers are.
        ({"student": "Eve Moe", "student_id": "18", "is_school_id": True}, "Moe, Eve"),
        ({"student": "Eve Moe", "email": "em@u.edu"}, None),
        ({"student": "E.", "student_id": "18", "is_school_id": True}, None),
        ({"student": "Eve Moe"}, None),
        # Somebody else.
        ({"student": "Bo Roe"}, "Roe, Bo"),
    ],
)
def test_whoever_a_doubted_hand_in_may_be_of_gets_a_surer_one(
    other: dict[str, Any], name: str | None
) -> None:
    rows = [row("other", **other), row("eve", **EVE)]
    for each in (rows, rows[::-1]):
        assert students(GRADESCOPE, *each) == ({"other": name} if name else {})
    if name is None:
        found = match(parse_roster(GRADESCOPE), rows)
        assert found.unmatched[0].why.endswith("a student whose another, unclear hand-in may be")
        assert len(found.absent) == 3


def test_hand_in_with_ids_of_two_students_in_its_files_names() -> None:
    forged = row("x", student="doejane", student_id="101", other_ids=("103",))
    found = match(parse_roster(CANVAS), [forged])
    assert [(each.why, each.is_unclear) for each in found.unmatched] == [(TWO_STUDENTS, True)]
    other = row("x", student="doejane", student_id="101", other_ids=("9103",))
    assert students(CANVAS, other) == {"x": "Doe, Jane"}


def test_canvas_name_is_that_of_its_id() -> None:
    rows = [row("x", student="doejane", student_id="101"), row("y", student="zz", student_id="103")]
    found = match(parse_roster(CANVAS), rows)
    assert [(each.why, each.is_unclear) for each in found.unmatched] == [(NAMED_OTHERWISE, True)]
    # A file's name has not all characters of another one.
    assert students(CANVAS, rows[0], row("y", student="mllerjrg", student_id="102")).keys() == {
        *"xy"
    }
    # Named after groups, most are so.
    groups = [rows[1], row("x", student="group1", student_id="101")]
    assert students(CANVAS, *groups).keys() == {*"xy"}


def test_stranger_is_not_unclear() -> None:
    found = match(parse_roster(GRADESCOPE), [row("x", student="Zoe Zed", student_id="1")])
    assert [(each.why, each.is_unclear) for each in found.unmatched] == [(NOBODY, False)]


def test_line_without_a_name_is_not_found_by_one() -> None:
    text = "student id,email\n7,jane@uni.edu\n"
    assert students(text, row("x", student="janeuniedu")) == {}
    assert students(text, row("x", student="Jane Doe", student_id="7")) == {"x": "jane@uni.edu"}


def test_repositories_are_called_by_a_github_login() -> None:
    names = ["hw3-jane-doe", "hw3-Doe", "hw3-zed"]
    expected = {"hw3-jane-doe": "jane@uni.edu", "hw3-Doe": "doe"}
    assert repositories(CLASSROOM, *names, assignment="hw3-") == expected
    # Both begin with jane, and that is no assignment: one is a login as it stands.
    assert repositories(CLASSROOM, "jane-doe", "jane-rroe") == {"jane-doe": "jane@uni.edu"}


def test_assignment_is_what_all_repositories_begin_with() -> None:
    names = ["rnn-hw-jane-doe", "rnn-hw-rroe", "rnn-hw-zed"]
    expected = {"rnn-hw-jane-doe": "jane@uni.edu", "rnn-hw-rroe": "Rick Roe"}
    assert repositories(CLASSROOM, *names) == expected
    # What they begin with is no login's part in any other list.
    assert repositories("name,login\nA,rroe\nB,zed\n", *names) == {}


@pytest.mark.parametrize(
    ("names", "assignment"),
    [
        # Those of others, whose logins end as one in the list does.
        (["hw3-anna-doe", "hw3-anna-rroe"], "hw3-"),
        (["hw3-anna-doe", "hw3-bo-rroe"], ""),
        (["hw3-doe"], ""),
        # It could be jane-doe's for hw3 or doe's for hw3-jane.
        (["hw3-jane-doe", "hw3-jane-zed"], ""),
    ],
)
def test_ends_of_repositories_names_are_not_guessed_from(names: list[str], assignment: str) -> None:
    assert repositories(CLASSROOM, *names, assignment=assignment) == {}
