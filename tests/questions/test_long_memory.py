"""Q5 says why a state is no number, and takes what keeps the state, however large it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.as_student import new_check
from benchmarks.student_code import mistaken
from grader.errors import CheckFailed
from grader.questions.test_q5_long_memory import test_notebook_case as notebook_case

right = mistaken("q5")
BIAS_X, WT_H, BIAS_H = 1, 2, 3


def with_items(*items: tuple[int, int, float]) -> Any:
    """The right function, but that each item (gate, index) of its answer holds the number."""

    def code(input_size: int, hidden_size: int) -> Any:
        gates = right(input_size, hidden_size)
        for gate, index, number in items:
            gates[gate][index] = gates[gate][index] + number
        return gates

    return code


def message(code: Any) -> str:
    with pytest.raises(CheckFailed) as failed:
        notebook_case(new_check(code, "q5.notebook_case", 3))
    return failed.value.message


def test_items_that_are_not_finite_are_named() -> None:
    said = message(with_items((1, BIAS_X, np.nan), (2, WT_H, -np.inf)))
    assert said == (
        "mean |h_10 - h_0| is nan: not all values are finite float32 numbers in item 1 (bias_x) of "
        "linear_trans_z, item 2 (wt_h) of linear_trans_n. Look at what they come from."
    )


def test_item_that_float32_cannot_hold_is_not_finite_there() -> None:
    said = message(with_items((1, BIAS_X, 1e300), (1, BIAS_H, -1e300)))
    assert (
        "numbers in item 1 (bias_x) of linear_trans_z, item 3 (bias_h) of linear_trans_z." in said
    )


def test_sums_that_overflow_have_finite_items() -> None:
    said = message(with_items((0, WT_H, 3e38), (2, WT_H, 3e38), (2, BIAS_H, 3e38)))
    assert "too large for float32" in said


def test_state_that_differs_is_no_matter_of_finite_items() -> None:
    said = message(with_items((1, BIAS_H, -30)))
    assert "after 10 steps the state differs from the initial one" in said


@pytest.mark.parametrize("bias", [np.inf, 1e300])
def test_endless_bias_that_keeps_the_state_is_right(bias: float) -> None:
    notebook_case(new_check(with_items((1, BIAS_H, bias)), "q5.notebook_case", 3))
