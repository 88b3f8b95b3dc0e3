"""What the terminal says of a course."""

from __future__ import annotations

import pytest
from rich.console import Console

from grader.reports.course import course_table, one_line
from grader.rows import Arrival, Row, Status
from tests.reports.rows import question_row, row, unreadable


def test_line_of_what_cannot_be_read_has_the_whole_reason() -> None:
    arrival = Arrival(name="bob", late=True)
    unreadable = row("bob").model_copy(
        update={
            "arrival": arrival,
            "status": Status.UNREADABLE,
            "reason": "the folder is empty",
            "notes": ("implementation.py expands like a zip bomb\x1b[31m",),
        }
    )
    assert one_line(unreadable) == (
        "bob: cannot be read, late: the folder is empty; implementation.py expands like a zip bomb"
    )


def shown(rows: list[Row], fresh: int) -> str:
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(course_table(rows, fresh=fresh))
    return " ".join(captured.get().split())


@pytest.mark.parametrize(
    ("fresh", "said"),
    [
        (2, "4 hand-ins: 2 graded, 1 cannot be read, 1 not done. broken"),
        (1, "1 not done. Of the graded, 1 just now and 1 unchanged since an earlier run."),
        (0, "Nothing was graded just now: what is graded is unchanged since an earlier run."),
    ],
)
def test_how_many_came_how_far(fresh: int, said: str) -> None:
    graded = [row(name, question_row()) for name in "ab"]
    assert said in shown([*graded, unreadable(), row("z", status=Status.NOT_DONE)], fresh)


def test_nothing_is_said_of_what_is_new_where_nothing_is_graded() -> None:
    assert shown([row("z", status=Status.NOT_DONE)], 0) == "1 hand-in: 1 not done."


def test_whoever_has_notes_is_named() -> None:
    """But for what has a line of its own: that nobody can read a hand-in, or points are old."""
    of_another = question_row(), question_row("q3")
    rows = [
        row("a", question_row(), notes=("there is another implementation.py",)),
        row("b", *of_another, notes=("Q3: graded by an earlier run",), open=("q3",)),
        row("c", *of_another, notes=("X was taken", "Q3: graded by an earlier run"), open=("q3",)),
        row("d", question_row()),
        unreadable(notes=("it is large",)),
    ]
    assert "Notes for you to read, on 2 hand-ins (a, c): in the last" in shown(rows, 0)
    assert "Notes" not in shown(rows[3:], 0)


def test_outdated_questions_are_named_to_be_graded_again() -> None:
    both = question_row("q2"), question_row("q3")
    rows = [row("a", *both, open=("q3", "q7")), row("b", *both, open=("q2",)), row("c", *both)]
    assert "data or options: 2; grade with --only q2,q3, or without --only." in shown(rows, 0)


def test_points_on_made_up_sentences_are_told_of() -> None:
    """Whichever run has given them."""
    made_up = [row(name, question_row("q7", made_up=True)) for name in "ab"]
    said = "Q7 of 2 hand-ins was graded on the grader's own made-up sentences, as no --data was"
    assert said in shown([*made_up, row("c", question_row("q7"))], 0)
    assert "made-up" not in shown([row("c", question_row("q7"))], 0)


def test_whoever_was_graded_for_other_questions_is_in_no_mean() -> None:
    whole = [row(name, question_row(), question_row("q3", 1.0)) for name in "ab"]
    said = shown([*whole, row("c", question_row(score=0.0))], 3)
    assert "Total: mean 4.0, median 4 of 6" in said
    assert "1 hand-in is graded for other questions than Q2, Q3, and left out of mean" in said
    assert "left out" not in shown(whole, 2)


def test_what_may_have_changed_is_named_where_points_are_old() -> None:
    said = shown([row("a", question_row("q3"), open=("q3",))], 0)
    assert "With points of an earlier hand-in, rubric, data or options: 1; grade" in said
