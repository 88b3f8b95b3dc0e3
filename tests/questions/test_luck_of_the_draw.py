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
    r = zero[0], np.full(h, 50.0), zero[2], zero[3]
    z = zero[0], np.full(h, -{bias}), zero[2], zero[3]
    return r, z, (wt_x, bias, wt_h, zero[3])
"""
DAMAGED = f"""
{CODE.format(bias=5.8)}
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


@pytest.mark.parametrize(("bias", "points"), [(5.0, 0), (5.5, 0), (5.8, 2), (6.0, 2), (6.5, 2)])
def test_gate_that_is_nearly_shut(
    sandbox: Sandbox, tmp_path: Path, bias: float, points: float
) -> None:
    """By the largest difference of four draws, one of 6 passed with two seeds of five."""
    (tmp_path / "implementation.py").write_text(CODE.format(bias=bias))
    only = frozenset({"q4"})
    scores = [
        grade(Request(tmp_path, only=only, seed=seed), sandbox, Silent()).score for seed in range(5)
    ]
    assert scores == [points] * 5


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
