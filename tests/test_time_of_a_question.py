"""What a question's calls may take together, on a clock that only the calls move on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, chain, repeat
from pathlib import Path

import pytest

from grader.model import CheckResult, Outcome
from grader.questions.test_q4_gru_as_rnn import DRAWS_IN_DOUBT
from tests.conftest import ROOT, Grade, Handing
from tests.student_support import GOOD, assert_still_answers, failure

Q4_IN_DOUBT = """
def init_gru_with_rnn(wt_h, wt_x, bias):
    zero_x, zero_h, zero = np.zeros_like(wt_x), np.zeros_like(wt_h), np.zeros_like(bias)
    kept = (zero_x, zero - 5.2, zero_h, zero)
    return (zero_x, zero + 100, zero_h, zero), kept, (wt_x, bias, wt_h, zero)
"""


def code_of(submission: str) -> str:
    return (ROOT / "submissions" / submission / "implementation.py").read_text(encoding="utf-8")


def calls_take(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> Iterator[float]:
    """The clock moves on by these seconds in a call; by the last ones in all further calls too.

    What is returned has as many of the clock's times left as were not asked for.
    """
    of_calls = chain(seconds, repeat(seconds[-1]))
    times = accumulate(step for taken in of_calls for step in (0.0, taken))
    monkeypatch.setattr("grader.effort.monotonic", lambda: next(times))
    return times


def test_after_the_time_of_a_question_nothing_more_is_tried(
    hand_in: Handing, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = hand_in(GOOD)
    calls_take(monkeypatch, 29.0, 1.0, 30.0)
    assert_still_answers(student)
    assert student.may_be_asked_further
    assert_still_answers(student)
    assert not student.may_be_asked_further
    assert_still_answers(student)
    stopped = failure(student, "good")
    assert stopped.outcome is Outcome.TIMEOUT
    assert "good(...) was not tried" in stopped.message
    assert "took 60 s together, and 60 s are allowed" in stopped.message


def test_time_of_one_question_is_nothing_to_the_next(
    hand_in: Handing, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = hand_in(GOOD)
    calls_take(monkeypatch, 70.0)
    assert_still_answers(student)
    assert failure(student, "good").outcome is Outcome.TIMEOUT
    student.begin_question()
    assert student.may_be_asked_further
    assert_still_answers(student)


def test_calls_that_fail_take_their_time_too(
    hand_in: Handing, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = hand_in("def rnn(x): raise ValueError\n")
    calls_take(monkeypatch, 30.0)
    found = [failure(student).outcome for _ in range(3)]
    assert found == [Outcome.EXCEPTION, Outcome.EXCEPTION, Outcome.TIMEOUT]


def checks_of(grading: Grade, folder: Path, code: str, question: str) -> tuple[CheckResult, ...]:
    (folder / "implementation.py").write_text(code, encoding="utf-8")
    return grading(folder, question).questions[0].checks


@pytest.mark.parametrize(("first", "hints"), [(29.0, 1), (31.0, 0)])
def test_slow_mistake_is_not_looked_into(
    grading: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: float, hints: int
) -> None:
    calls_take(monkeypatch, first, 0.01)
    checks = checks_of(grading, tmp_path, code_of("reset_gate_first"), "q3")
    assert len([check for check in checks if check.hint is not None]) == hints


@pytest.mark.parametrize(("first", "more"), [(29.0, True), (31.0, False)])
def test_slow_doubt_is_not_settled(
    grading: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: float, more: bool
) -> None:
    times = calls_take(monkeypatch, first, 0.01)
    checks_of(grading, tmp_path, code_of("alice") + Q4_IN_DOUBT, "q4")
    calls = round((next(times) - first) / 0.01)
    assert (calls > DRAWS_IN_DOUBT) == more
