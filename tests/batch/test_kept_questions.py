"""What is kept of an earlier run beside what is graded now: questions, notes, what is outdated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader.batch.results import read_earlier, read_row
from grader.grading import Grading
from grader.language_model.corpus import EMBEDDED_CORPUS
from grader.model import QuestionResult, Report
from grader.plugin import Listener
from grader.reports.gradebook import final
from tests.batch import made
from tests.batch.grading_one import Run, never, report, scores


def test_only_adds_to_what_is_there(run: Run, alice: Path, tmp_path: Path) -> None:
    run(made.task(alice, tmp_path / "out", "q5"))
    done = run(made.task(alice, tmp_path / "out", "q4"))
    assert [question.id for question in done.row.questions] == ["q4", "q5"]
    assert done.row.score == 4
    assert [question.id for question in report(tmp_path / "out").questions] == ["q4", "q5"]
    assert report(tmp_path / "out").score == 4
    # Both are known now.
    assert not run(made.task(alice, tmp_path / "out", "q4", "q5")).fresh


def test_what_is_kept_of_another_hand_in_is_said(run: Run, alice: Path, tmp_path: Path) -> None:
    run(made.task(alice, tmp_path / "out", "q5"))
    (alice / "implementation.py").write_text("def gru():\n    pass\n")
    done = run(made.task(alice, tmp_path / "out", "q4"))
    [note] = [note for note in done.row.notes if "earlier run" in note]
    assert note.startswith("Q5:")
    # And when all is asked for, that question is graded again.
    assert [q.score for q in run(made.task(alice, tmp_path / "out", "q4", "q5")).row.questions] == [
        0,
        0,
    ]


def test_report_that_does_not_go_with_the_row_is_not_trusted(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    run(made.task(alice, tmp_path / "out", "q5"))
    (tmp_path / "out" / "report.json").write_text("{")
    assert read_earlier(tmp_path / "out") is None
    assert run(made.task(alice, tmp_path / "out", "q5")).fresh


def test_row_says_what_is_not_graded(run: Run, alice: Path, tmp_path: Path) -> None:
    done = run(made.task(alice, tmp_path / "out", "q5"))
    assert done.row.open == ("q2", "q3", "q4", "q6", "q7")
    done = run(made.task(alice, tmp_path / "out", "q4"))
    assert done.row.open == ("q2", "q3", "q6", "q7")
    (alice / "implementation.py").write_text("x = 1\n")
    done = run(made.task(alice, tmp_path / "out", "q4"))
    assert done.row.open == ("q2", "q3", "q5", "q6", "q7")


def test_model_of_other_data_is_outdated_though_nothing_is_graded(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    run(made.task(alice, tmp_path / "out", "q2", "q7", data="one"), scores(("q2", 4), ("q7", 8)))
    done = run(made.task(alice, tmp_path / "out", "q2", data="two"), never)
    assert (done.fresh, done.row.outdated) == (False, ("q7",))
    assert final(done.row) is None
    [note] = [note for note in done.row.notes if "earlier run" in note]
    assert note.startswith("Q7:")
    assert note in report(tmp_path / "out").notes
    assert read_row(tmp_path / "out") == done.row


def test_model_scored_on_made_up_sentences_is_told_apart(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    """Also where the course gives the same sentences as its own: then the points are final."""
    (alice / "rnn_lm.sav").write_bytes(b"no model")
    task = made.task(alice, tmp_path / "out", "q7")
    assert run(task).row.made_up == ("q7",)
    kept = run(made.task(alice, tmp_path / "out", "q5"))
    assert kept.row.made_up == ("q7",)
    given = run(replace(task, request=replace(task.request, data=EMBEDDED_CORPUS)))
    assert (given.fresh, given.row.made_up) == (True, ())


def test_total_does_not_wait_for_a_question_without_points(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    (tmp_path / "rubric.toml").write_text(
        "[questions.q7]\npoints = 0\n"
        "[[language_model.thresholds]]\nbelow = 2\npoints = 0\nwhy = 'it is not graded'\n"
    )
    task = made.task(alice, tmp_path / "out", "q2", "q3", "q4", "q5", "q6")
    assert run(task).row.open == ("q7",)
    without = replace(task, request=replace(task.request, rubric=tmp_path / "rubric.toml"))
    done = run(without)
    assert (done.row.open, final(done.row)) == ((), 17)


def test_what_was_outdated_and_is_not_any_more(run: Run, alice: Path, tmp_path: Path) -> None:
    judge = scores(("q2", 4), ("q3", 5))
    first = made.task(alice, tmp_path / "out", "q2", "q3")
    run(first, judge)
    (tmp_path / "rubric.toml").write_text("[questions.q2]\npoints = 2\n")
    other = made.task(alice, tmp_path / "out", "q2")
    other = replace(other, request=replace(other.request, rubric=tmp_path / "rubric.toml"))
    assert run(other, judge).row.outdated == ("q3",)
    done = run(made.task(alice, tmp_path / "out", "q3"), never)
    assert done.row.outdated == ("q2",)
    assert [note.partition(":")[0] for note in done.row.notes if "earlier run" in note] == ["Q2"]
    again = run(first, judge)
    assert (again.row.outdated, [n for n in again.row.notes if "earlier run" in n]) == ((), [])


def test_notes_and_claims_stay_with_the_questions_that_do(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    run(made.task(alice, tmp_path / "out", "q2", "q7"), scores(("q2", 4), ("q7", 8)))

    def anew(grading: Grading, wanted: Sequence[str], listener: Listener) -> Report:
        return grading.report(
            (QuestionResult(id="q2", title="q2", score=3, max_score=4, checks=(), notes=("new",)),)
        )

    done = run(made.task(alice, tmp_path / "out", "q2", regrade=True), anew)
    assert done.row.notes == report(tmp_path / "out").notes == ("new", "look at q7")
    assert [claim.question for claim in report(tmp_path / "out").claims] == ["q7"]


def test_notes_are_of_the_question_that_gave_rise_to_them(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    code = (alice / "implementation.py").read_text()
    beginning = re.search(r"def gru\(.*?\):\n", code, re.DOTALL)
    assert beginning is not None
    unused = "    if False:\n        import torch\n        torch.nn.GRU(3, 2)\n"
    code = f"import no_such\n{code[: beginning.end()]}{unused}{code[beginning.end() :]}"
    (alice / "implementation.py").write_text(code)
    first = run(made.task(alice, tmp_path / "out", "q3", "q5"))
    q3, q5 = report(tmp_path / "out").questions
    assert any("gru names" in note for note in q3.notes)
    assert ["no_such" in note for note in q5.notes] == [True]
    assert set(first.row.notes) == {*q3.notes, *q5.notes}
    again = run(made.task(alice, tmp_path / "out", "q5", regrade=True))
    assert set(again.row.notes) == set(first.row.notes)
