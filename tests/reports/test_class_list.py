"""What is said of a class list: the worst first, and no line for each of hundreds."""

from __future__ import annotations

from grader.reports.class_list import (
    GROUPS,
    NO_COMMENTS,
    NO_IMPORT,
    NOBODY,
    NOBODY_FOR_CERTAIN,
    WITHOUT_Q7,
    has_grades,
    to_look_at,
)
from grader.roster.matching import match
from grader.roster.reading import parse_roster
from grader.rows import Row
from tests.reports.rows import question_row, row
from tests.roster.lists import CANVAS

SHIFTED = """\
Identifier,Full name,Email address,Grade
Participant 1,Bo B,b@u,
Participant 2,Ann A,a@u,
Participant 3,Cy C,c@u,
"""
"""With the ids in another order than the names."""
NAMES = [f"student{number:02}" for number in range(60)]


def said(roster: str, *rows: Row, file: str = "canvas.csv") -> list[str]:
    listed = parse_roster(roster)
    return list(to_look_at(listed, 5, match(listed, rows), ours=27, file=file))


def test_list_of_another_course_is_asked_about_first() -> None:
    lines = said(CANVAS, *(row(name, question_row()) for name in NAMES))
    assert lines[:2] == [
        NOBODY,
        "There is no grade of these hand-ins to import, so canvas.csv was not written.",
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


def test_grade_that_the_list_has_already_is_told_beside_the_new_one() -> None:
    table = "Student,ID,Section,X,Y,HW (1)\n" + "".join(
        f"{name},{name},,,,{grade}\n"
        for name, grade in zip("abcd", ("", "3", "2.5", "n/a"), strict=True)
    )
    lines = said(table, *(row(name, question_row()) for name in "abcd"))
    assert "Other grades than in the class list: c 2.5, now 3" in lines
    moodle = 'Identifier,Full name,Grade,Maximum Grade\nParticipant 1,Ann A,"9,50",27\n'
    assert "Other grades than in the class list: Ann A 9.5, now 3" in said(
        moodle, row("x", question_row(), student="Ann A", student_id="1"), file="moodle.csv"
    )


def test_way_to_export_without_q7_is_told() -> None:
    rows = [row(name, question_row(), open=("q7",)) for name in ("doejane", "mullerjorg")]
    assert WITHOUT_Q7 in said(CANVAS, *rows)
    assert WITHOUT_Q7 not in said(CANVAS, rows[0], row("mullerjorg", question_row()))


def test_reason_without_a_grade_is_said_once() -> None:
    table = "Student,ID,Section,HW (1),X,Y\n" + "".join(f"{n},{n},,,,\n" for n in NAMES[:3])
    rows = [row(name, question_row(), open=("q7",)) for name in NAMES[:2]]
    whole = row(NAMES[2], question_row())
    assert said(table, *rows, whole) == ["No grade for student00, student01: Q7 not graded"]


def test_plain_list_misses_no_grades() -> None:
    table = "name,id\n" + "".join(f"{name},{n}\n" for n, name in enumerate(NAMES[:3]))
    rows = [row(name, question_row(), open=("q7",)) for name in NAMES[:3]]
    assert said(table, *rows, file="") == [NO_IMPORT]


def test_worksheet_without_a_known_column_of_comments_is_said() -> None:
    ann = row("Ann A", question_row(), student="Ann A", student_id="2")
    bo = row("Bo B", student="Bo B", student_id="1", open=("q7",))
    sheet = SHIFTED.replace("Grade", "Grade,Comments")
    lines = said(sheet, ann, bo, file="moodle.csv")
    assert lines[0] == NO_COMMENTS.format("moodle.csv")
    known = sheet.replace("Comments", "Feedback comments")
    assert NO_COMMENTS.format("moodle.csv") not in said(known, ann, file="moodle.csv")
    assert NO_COMMENTS.format("moodle.csv") not in said(sheet, bo, file="moodle.csv")
    assert not any("omments" in line for line in said(CANVAS, ann))


def test_unclear_hand_ins_are_not_those_of_another_course() -> None:
    rows = [row(name, student=name, student_id=str(id)) for id, name in [(1, "Ann A"), (2, "Bo B")]]
    lines = said(SHIFTED, *rows, row("zoe"), file="moodle.csv")
    assert lines[0] == NOBODY_FOR_CERTAIN
    assert lines[2:] == [
        "Unclear whose: Ann A, Bo B (its id is one student's in the list, and its name another's)",
        "Not in the class list: zoe (nobody in the list has its id, email, login or name)",
        "No clear hand-in of: Bo B; Ann A; Cy C",
    ]
    certain = row("c", student="Cy C", student_id="3")
    assert NOBODY_FOR_CERTAIN not in said(SHIFTED, *rows, certain, file="moodle.csv")


def test_list_without_a_known_column_of_names_is_said_with_its_columns() -> None:
    text = "Rufname;E-Mail;;Gruppe\nJane;Jane@uni.edu;;A\nBo;bo@uni.edu;;A\n"
    lines = said(text, row("jane", question_row()), file="")
    assert lines[0] == (
        "The class list has no column of names that is known here, such as Name, or First name and "
        "Last name; its columns: Rufname, E-Mail, Gruppe."
    )
    assert lines[-1] == "No hand-in of: Jane@uni.edu; bo@uni.edu"
    found = row("jane", question_row(), email="jane@uni.edu")
    assert said(text, found, file="")[0] == NO_IMPORT
    assert NOBODY in said("Name\nBo\n", found, file="")


def test_excused_students_are_said() -> None:
    text = CANVAS.replace("jane@uni.edu,A,,", "jane@uni.edu,A,EX,")
    jane = row("a", question_row(), student="doejane", student_id="101")
    note = "Excused in the class list, and left so though graded: Doe, Jane"
    joerg = row("b", question_row(), student_id="102")
    assert note in said(text, jane, joerg)
    assert note not in said(CANVAS, jane, joerg)
    assert note not in said(
        text, row("a", student="doejane", student_id="101", open=("q7",)), joerg
    )


def test_grade_of_an_excused_student_is_none_to_import() -> None:
    roster = parse_roster(CANVAS.replace("jane@uni.edu,A,,", "jane@uni.edu,A,EX,"))
    found = match(roster, [row("a", question_row(made_up=True), student_id="101")])
    assert not has_grades(roster, 5, found)
    lines = list(to_look_at(roster, 5, found, ours=27, file="canvas.csv"))
    assert lines[0].startswith("There is no grade of these hand-ins to import")
    other = row("b", question_row(), student_id="102")
    found = match(roster, [found.matches[0].row, other])
    assert has_grades(roster, 5, found)
    lines += to_look_at(roster, 5, found, ours=27, file="canvas.csv")
    assert not any("made-up" in line for line in lines)


def test_groups_of_canvas_are_said() -> None:
    one = row("a", question_row(), student="group1", student_id="101")
    two = row("b", question_row(), student="group2", student_id="103")
    assert GROUPS in said(CANVAS, one, two)
    named = row("a", question_row(), student="doejane", student_id="101")
    assert GROUPS not in said(CANVAS, named, two)
