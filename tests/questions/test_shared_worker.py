"""Questions share a worker; what one leaves behind there costs the next nothing."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from grader.model import Outcome, Report
from tests.conftest import ROOT, Grade

RIGHT = (ROOT / "submissions" / "alice" / "implementation.py").read_text(encoding="utf-8")


def graded(grading: Grade, folder: Path, spoilt: str, *only: str) -> Report:
    """The report of right code, whose file ends with ``spoilt``."""
    folder.mkdir()
    (folder / "implementation.py").write_text(RIGHT + textwrap.dedent(spoilt), encoding="utf-8")
    return grading(folder, *only)


@pytest.mark.parametrize(
    "left", ["globals().update(gru=None, mha=None)", "np.exp = None", "gru.__code__ = mha.__code__"]
)
def test_what_a_question_leaves_costs_the_next_nothing(
    grading: Grade, tmp_path: Path, left: str
) -> None:
    spoilt = f"""
        right_rnn = rnn
        def rnn(*arguments):
            result = right_rnn(*arguments)
            {left}
            return result
    """
    report = graded(grading, tmp_path / "a", spoilt, "q2", "q3", "q6")
    assert [question.score for question in report.questions] == [3, 5, 5]


def test_error_that_is_told_is_that_of_the_attempt_that_counts(
    grading: Grade, tmp_path: Path
) -> None:
    spoilt = """
        right_rnn, right_gru, calls = rnn, gru, []
        def rnn(*arguments):
            calls.append(1)
            return right_rnn(*arguments)
        def gru(*arguments):
            return tuple(array + 0.5 * bool(calls) for array in right_gru(*arguments))
    """
    report = graded(grading, tmp_path / "a", spoilt, "q2", "q3")
    checks = report.questions[1].checks
    told = [(check.error, check.allowed) for check in checks if check.passed]
    measured = [error < allowed for error, allowed in told if error and allowed]
    assert measured
    assert all(measured)


def test_mistake_is_still_found_and_named_in_a_worker_of_its_own(
    grading: Grade, tmp_path: Path
) -> None:
    report = grading(ROOT / "submissions" / "reset_gate_first", "q2", "q3")
    q3 = report.questions[1]
    assert q3.score == 0
    [hint] = [check.hint for check in q3.checks if check.hint is not None]
    assert "reset gate" in hint.title


def test_crash_in_an_earlier_question_is_nothing_to_the_next(
    grading: Grade, tmp_path: Path
) -> None:
    crash = """
        import os
        def rnn(*arguments):
            os._exit(1)
    """
    report = graded(grading, tmp_path / "a", crash, "q2", "q3")
    assert {check.outcome for check in report.questions[0].checks if check.graded} == {
        Outcome.CRASH
    }
    assert report.questions[1].score == 5


def test_worker_that_dies_of_what_a_question_left_is_no_fault_of_the_next(
    grading: Grade, tmp_path: Path
) -> None:
    spoilt = """
        import os
        right_rnn, right_gru, calls = rnn, gru, []
        def rnn(*arguments):
            calls.append(1)
            return right_rnn(*arguments)
        def gru(*arguments):
            if calls:
                os._exit(1)
            return right_gru(*arguments)
    """
    report = graded(grading, tmp_path / "a", spoilt, "q2", "q3")
    assert [question.score for question in report.questions] == [3, 5]


def test_layer_that_a_question_left_running_is_not_the_next_ones(
    grading: Grade, tmp_path: Path
) -> None:
    spoilt = """
        import threading
        import torch
        right_rnn, right_gru, left = rnn, gru, []
        layer = getattr(torch.nn, "GR" + "U")(1, 1)
        def rnn(*arguments):
            left.append(1)
            return right_rnn(*arguments)
        def gru(*arguments):
            if left:
                thread = threading.Thread(target=layer, args=(torch.zeros(1, 1, 1),))
                thread.start()
                thread.join()
            return right_gru(*arguments)
    """
    report = graded(grading, tmp_path / "a", spoilt, "q2", "q3")
    assert [question.score for question in report.questions] == [3, 5]
