"""The gradebook: no false zeros, no formulas, the same bytes for the same results."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import Outcome
from grader.reports.cells import kept, text
from grader.reports.course import one_line
from grader.reports.gradebook import not_final, to_gradebook
from grader.rows import Status
from tests.reports.rows import HOSTILE_NAMES, question_row, row, unreadable


def read(document: str) -> list[dict[str, str]]:
    assert document.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(document.removeprefix("\ufeff"), newline="")))


def test_a_line_for_each_student_by_name() -> None:
    lines = read(to_gradebook([row("bob", question_row()), row("alice", question_row(score=1.5))]))
    assert [line["name"] for line in lines] == ["alice", "bob"]
    assert list(lines[0]) == (
        "name,student,student id,email,submission id,"
        "q2,total,max,status,outdated,made up,late,loss,reason,notes"
    ).split(",")


def test_points_that_are_outdated_are_said_to_be() -> None:
    old = row("alice", question_row("q2"), question_row("q3"), open=("q3", "q7"))
    [line] = read(to_gradebook([old]))
    assert line["outdated"] == "q3"
    assert "q3 outdated" in one_line(old)
    assert not_final(old) == "Q7 not graded; Q3 outdated"
    assert not_final(row("alice", question_row())) == ""


def test_points_on_made_up_sentences_are_said_to_be() -> None:
    made_up = row("alice", question_row("q2"), question_row("q7", made_up=True))
    [line] = read(to_gradebook([made_up]))
    assert line["made up"] == "q7"


def test_all_that_is_known_is_in_the_line() -> None:
    full = row(
        "alice",
        question_row("q2", 1.1 + 2.2, max_score=5.0),
        question_row("q10", 2.0),
        student="Alice Doe",
        student_id="007",
        email="a@b.c",
        submission_id="99",
        late=True,
        loss=1.39310004,
        notes=("one", "two"),
    )
    [line] = read(to_gradebook([full]))
    assert list(line.values()) == (
        "alice|Alice Doe|007|a@b.c|99|3.3|2|5.3|8|graded|||yes|1.39310004||one; two".split("|")
    )


@pytest.mark.parametrize(("late", "cell"), [(None, ""), (False, "no"), (True, "yes")])
def test_late_is_said_where_it_is_known(late: bool | None, cell: str) -> None:
    assert read(to_gradebook([row("a", late=late)]))[0]["late"] == cell


def test_questions_are_those_of_all_rows() -> None:
    rows = [row("a", question_row("q10")), row("b", question_row("q9")), unreadable("c")]
    a, b, c = read(to_gradebook(rows))
    assert list(a)[5:7] == ["q9", "q10"]
    assert (a["q9"], a["q10"], b["q9"], b["q10"], c["q9"]) == ("", "3", "3", "", "")


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.GRADED])
def test_what_was_not_judged_is_no_zero(status: Status) -> None:
    failed = question_row("q2", 0.0, outcome=Outcome.HARNESS_ERROR)
    unsure = question_row("q4", 0.0, outcome=Outcome.WRONG)
    [line] = read(
        to_gradebook([row("a", failed, question_row("q3"), unsure, status=status, reason="why")])
    )
    assert (line["q2"], line["q3"], line["q4"], line["total"]) == ("", "3", "", "")
    assert (line["status"], line["reason"]) == (status.value, "why")


def test_a_zero_that_was_earned_is_a_zero() -> None:
    [line] = read(to_gradebook([row("a", question_row("q2", 0.0))]))
    assert (line["q2"], line["total"], line["max"]) == ("0", "0", "3")


@pytest.mark.parametrize("loss", [None, float("inf"), float("nan")])
def test_loss_that_is_no_number_is_empty(loss: float | None) -> None:
    assert read(to_gradebook([row("a", loss=loss)]))[0]["loss"] == ""


def test_the_same_results_give_the_same_bytes() -> None:
    slow = [row(n, question_row(), duration_s=9.0) for n in "ab"]
    fast = [row(n, question_row(), duration_s=1.0) for n in "ba"]
    assert to_gradebook(slow) == to_gradebook(fast)


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("  =1", "'=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\ufe62 1", "'\ufe62 1"),
        ("\u200b=1", "'=1"),
        ("\u200d=1", "'\u200d=1"),
        ("\u0301=1", "'\u0301=1"),
        ("\ufe0f+1", "'\ufe0f+1"),
        ("\u20dd@x", "'\u20dd@x"),
        ("\u115f=1", "'\u115f=1"),
        ("\u1160-1", "'\u1160-1"),
        ("\u3164=1", "'\u3164=1"),
        ("\uffa0\u3164 =1", "'\uffa0\u3164 =1"),
        ("\u2800=1", "'\u2800=1"),
        ("a;\u0301=1", "a;'\u0301=1"),
        ("a; \u200d\u3164=1", "a; '\u200d\u3164=1"),
        ("a;;=1;", "a;;'=1;"),
        ("\u3164Jane", "\u3164Jane"),
        ("\u0301", "\u0301"),
        ("a;=1", "a;'=1"),
        ("a; \uff0b1", "a; '\uff0b1"),
        ("a=1", "a=1"),
        ("Doe-Smith, Jane", "Doe-Smith, Jane"),
        ("a\nb\tc", "a b c"),
        ("\ud800\x00\x1b[31mred", "red"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(cell: str, safe: str) -> None:
    assert text(cell) == safe


@pytest.mark.parametrize(
    ("cell", "back"),
    [
        (" Fine,  so far ", " Fine,  so far "),
        ("=1", "'=1"),
        (" =1", "'=1"),
        ("a\n=1", "a =1"),
        ("a\t=1", "a =1"),
        ("a\u2028=1", "a =1"),
        ("a\r=1", "a=1"),
    ],
)
def test_harmless_cells_that_go_back_stay(cell: str, back: str) -> None:
    assert kept(cell) == back


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_text_stays_in_its_cell(name: str) -> None:
    hostile = row(name, question_row(), student=name, student_id=name, notes=(name,), reason=name)
    document = to_gradebook([hostile, row("zz", question_row())])
    assert document.encode("utf-8")
    lines = read(document)
    assert len(lines) == 2
    assert lines[0]["q2"] == "3"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in lines[0].values())


@given(st.text(st.characters(), max_size=30))
def test_any_text_is_one_harmless_line(value: str) -> None:
    safe = text(value)
    assert safe.encode("utf-8") is not None
    assert "\n" not in safe
    assert not safe.lstrip().startswith(tuple("=+-@"))
