"""Points do not depend on which numbers happened to be drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.doctor import Sandbox
from grader.engine import grade
from grader.grading import Request
from grader.plugin import Silent

CODE = """
import numpy as np

def init_gru_with_rnn(wt_h, wt_x, bias):
    d, h = wt_x.shape
    zero = np.zeros((d, h)), np.zeros(h), np.zeros((h, h)), np.zeros(h)
    r = zero[0], np.full(h, {reset}), zero[2], zero[3]
    z = zero[0], np.full(h, -{update}), zero[2], zero[3]
    return r, z, (wt_x, bias, wt_h, zero[3])
"""
DAMAGED = f"""
{CODE.format(reset=50, update=5.8)}
right, calls = init_gru_with_rnn, [0]

def init_gru_with_rnn(*given):
    r, z, n = right(*given)
    calls[0] += 1
    return r, z, (n[0], n[1] + DAMAGE * (calls[0] % 5 == 0), *n[2:])
"""
STATE = """
import numpy as np
calls = [0]

def rnn(wt_h, wt_x, bias, init_state, input_data):
    calls[0] += 1
    return np.full((4, 12, 2), float(calls[0])), np.zeros((4, 2))
"""


@pytest.mark.parametrize(
    ("reset", "update", "points"),
    [(50, 5, 0), (50, 5.5, 0), (50, 5.8, 2), (50, 6, 2), (50, 6.5, 2), (5, 100, 2), (4, 100, 0)],
)
def test_gate_that_is_nearly_saturated(
    sandbox: Sandbox, tmp_path: Path, reset: float, update: float, points: float
) -> None:
    """By the largest difference of four draws, an update gate of 6 passed with two seeds of five;
    by whether one of 31 is beyond twice what is allowed, a reset gate of 5 failed with two of 28.
    """
    (tmp_path / "implementation.py").write_text(CODE.format(reset=reset, update=update))
    request = Request(tmp_path, only=frozenset({"q4"}))
    assert grade(request, sandbox, Silent()).score == points


NEAR = """
def init_gru_with_long_term_memory(d, h):
    none = np.zeros((d, h)), np.zeros(h), np.zeros((h, h)), np.zeros(h)
    return none, (none[0], np.full(h, 6.72), *none[2:]), none
"""


def test_seed_draws_nothing_that_is_judged_by_a_threshold(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "implementation.py").write_text(CODE.format(reset=4.6, update=100) + NEAR)
    told = set()
    for seed in range(2):
        request = Request(tmp_path, only=frozenset({"q4", "q5"}), seed=seed)
        questions = grade(request, sandbox, Silent()).questions
        told.add(tuple((c.outcome, c.error) for q in questions for c in q.checks))
    assert len(told) == 1


@pytest.mark.parametrize("damage", ["np.nan", "2.0"])
def test_doubt_excuses_no_draw_that_is_far_off(
    sandbox: Sandbox, tmp_path: Path, damage: str
) -> None:
    (tmp_path / "implementation.py").write_text(DAMAGED.replace("DAMAGE", damage))
    request = Request(tmp_path, only=frozenset({"q4"}))
    assert grade(request, sandbox, Silent()).score == 0


def test_two_answers_to_the_same_call_are_called_so(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "implementation.py").write_text(STATE)
    [question] = grade(Request(tmp_path, only=frozenset({"q2"})), sandbox, Silent()).questions
    [check] = [check for check in question.checks if check.name == "repeatable"]
    assert check.message.startswith("rnn gives two answers to the same call")
