"""Q5 says why a state is no number, and takes what keeps the state, however large it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.as_student import new_check
from benchmarks.student_code import mistaken
from grader.errors import CheckFailed
from grader.oracle import RecurrentSizes
from grader.questions import test_q4_gru_as_rnn as q4
from grader.questions import test_q5_long_memory as q5

right = mistaken("q5")
BIAS_X, WT_H, BIAS_H = 1, 2, 3


def with_items(*items: tuple[int, int, Any]) -> Any:
    """The right function, but that each item (gate, index) of its answer holds the number."""

    def code(input_size: int, hidden_size: int) -> Any:
        gates = right(input_size, hidden_size)
        for gate, index, number in items:
            gates[gate][index] = gates[gate][index] + number
        return gates

    return code


def message(code: Any) -> str:
    with pytest.raises(CheckFailed) as failed:
        q5.test_notebook_case(new_check(code, "q5.notebook_case", 3))
    return failed.value.message


def test_items_that_hold_nan_are_named_before_infinite_ones() -> None:
    said = message(with_items((1, BIAS_X, np.inf), (1, WT_H, np.nan), (2, WT_H, np.nan)))
    assert said == (
        "mean |h_10 - h_0| is nan: NaN is in item 2 (wt_h) of linear_trans_z, item 2 (wt_h) of "
        "linear_trans_n. Look at what it comes from."
    )


def test_infinite_items_are_named() -> None:
    said = message(with_items((2, WT_H, -np.inf)))
    assert "finite float32 numbers in item 2 (wt_h) of linear_trans_n, and 0 * inf" in said


@pytest.mark.parametrize("endless", [1e300, np.inf])
def test_biases_that_are_no_number_together(endless: float) -> None:
    said = message(with_items((1, BIAS_X, endless), (1, BIAS_H, -endless)))
    assert "the two biases of linear_trans_z are infinite with opposite signs" in said


def test_units_that_do_not_keep_their_state_are_named() -> None:
    said = message(with_items((1, BIAS_H, np.array([0.0, -50.0]))))
    assert "differs from the initial one in unit 1 alone; at most" in said


def in_one_array(gates: Any) -> Any:
    """Arrays of several shapes, as NumPy joins them unless their first sizes are the same."""
    return np.array([list(gate) for gate in gates], dtype=object)


@pytest.mark.parametrize("sizes", q5.OTHER, ids=str)
def test_parameters_in_one_array_of_objects_are_right(sizes: RecurrentSizes) -> None:
    code = new_check(lambda *given: in_one_array(right(*given)), "q5.other_sizes", 3)
    q5.test_other_sizes(code, sizes)


@pytest.mark.parametrize("sizes", q4.OTHER, ids=str)
def test_parameters_in_one_array_of_objects_are_right_for_q4(sizes: RecurrentSizes) -> None:
    code = new_check(lambda *rnn: in_one_array(mistaken("q4")(*rnn)), "q4.other_sizes", 3)
    q4.test_other_sizes(code, sizes)


def test_q4_names_what_its_outputs_that_are_no_numbers_come_from() -> None:
    def code(*rnn: Any) -> Any:
        gates = mistaken("q4")(*rnn)
        gates[1][BIAS_X][:] = np.nan
        return gates

    with pytest.raises(CheckFailed) as failed:
        q4.test_notebook_case(new_check(code, "q4.notebook_case", 3))
    said = failed.value.message
    assert "came NaN (the result must be finite numbers). NaN is in" in said
    assert "item 1 (bias_x) of linear_trans_z. Look" in said
    assert failed.value.mismatch is not None


def test_sums_that_overflow_have_finite_items() -> None:
    said = message(with_items((0, WT_H, 3e38), (2, WT_H, 3e38), (2, BIAS_H, 3e38)))
    assert "too large for float32" in said


def test_state_that_differs_is_no_matter_of_finite_items() -> None:
    said = message(with_items((1, BIAS_H, -30)))
    assert "after 10 steps the state differs from the initial one" in said


@pytest.mark.parametrize("bias", [np.inf, 1e300])
def test_endless_bias_that_keeps_the_state_is_right(bias: float) -> None:
    q5.test_notebook_case(new_check(with_items((1, BIAS_H, bias)), "q5.notebook_case", 3))
