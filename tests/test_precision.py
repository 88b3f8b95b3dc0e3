"""An answer that is off says whether it is a matter of precision or another function."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from grader.compare import Expected, Float64
from grader.oracle import AttentionSizes, Draw, RecurrentSizes, gru_draw, mha_draw, rnn_draw
from grader.oracle.draws import Allowance
from grader.precision import NOT_FINITE, remark
from grader.rubric import Rubric

ROUNDING = Rubric.load().rounding
ALLOWANCE = Allowance(ROUNDING.safety, ROUNDING.activation_ulps)
SIZES = RecurrentSizes(batch=4, steps=12, inputs=3, hidden=2)
DRAWS: dict[str, Draw] = {
    "rnn": rnn_draw(SIZES, 3, ALLOWANCE),
    "gru": gru_draw(SIZES, 3, ALLOWANCE),
    "mha": mha_draw(AttentionSizes(batch=4, steps=8, embed=10, heads=5), 3, ALLOWANCE),
}


def bfloat16(values: Float64) -> Float64:
    rounded: Float64 = torch.from_numpy(values).bfloat16().double().numpy()
    return rounded


def expected(allowed: float = 1e-6, *shape: int) -> Expected:
    values = np.random.default_rng(0).standard_normal(shape or (20, 5))
    return Expected("output", values, np.full(values.shape, allowed), "[n]")


def rnn_in(dtype: type[np.floating]) -> tuple[Float64, Expected]:
    wt_h, wt_x, bias, init_state, inputs = (a.astype(dtype) for a in DRAWS["rnn"].arguments)
    state, states = init_state[0], []
    for t in range(inputs.shape[1]):
        state = np.tanh(inputs[:, t] @ wt_x + state @ wt_h + bias)
        states.append(state)
    return np.stack(states, axis=1).astype(np.float64), DRAWS["rnn"].expected[0]


def test_whole_computation_in_float16() -> None:
    actual, of = rnn_in(np.float16)
    assert np.any(np.abs(actual - of.value) > of.allowed)
    assert "looks like float16" in remark(actual, of)


@pytest.mark.parametrize("name", DRAWS)
def test_answer_rounded_to_fewer_bits(name: str) -> None:
    of = DRAWS[name].expected[0]
    assert "looks like float16" in remark(of.value.astype(np.float16).astype(np.float64), of)
    assert "looks like bfloat16" in remark(bfloat16(of.value), of)


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("answer", [lambda v: np.full_like(v, 0.5), np.rint, np.ones_like])
def test_coarse_answer_is_not_of_low_precision(name: str, answer: Callable[..., Float64]) -> None:
    of = DRAWS[name].expected[0]
    assert "float16" not in remark(answer(of.value), of)


def test_other_function_whose_values_happen_to_be_short() -> None:
    of = expected()
    assert "so something else is computed." in remark(np.rint(of.value), of)
    assert "so something else is computed." in remark(np.zeros_like(of.value), of)


@pytest.mark.parametrize(
    ("distorted", "words"),
    [
        (lambda v: v * (1 - 5e-5), "an epsilon"),
        (lambda v: v / (1 + 1e-5), "an epsilon"),
        (lambda v: np.round(3 * v, 5) / 3, "a formula that loses digits"),
        (lambda v: np.round(3 * v, 5) / 3, "a rounded constant"),
        (lambda v: np.round(3 * v, 4) / 3, "fewer digits somewhere"),
        (lambda v: v + 0.1 * np.cos(9 * v), "so something else is computed."),
        (np.tanh, "so something else is computed."),
        (lambda v: v * 1.1, "Each value is 1.1 times what is expected"),
        (lambda v: 1e-9 - v, "Each value is -1 times what is expected"),
        (lambda v: v + 0.5, "Each value is larger by 0.5 than expected"),
        (lambda v: v - 0.02, "Each value is smaller by 0.02 than expected"),
        (lambda v: v[::-1], "the expected ones in another order"),
        (lambda v: v.T.reshape(v.shape), "the expected ones in another order"),
        (lambda v: np.where(v > 0, v, v + 0.1), "so something else is computed."),
    ],
)
def test_what_it_looks_like(distorted: Callable[[Float64], Float64], words: str) -> None:
    of = expected()
    text = remark(distorted(of.value), of)
    assert words in text
    assert text[-1] in ".?"


@pytest.mark.parametrize("digits", [1, 2, 5])
def test_rounded_answer(digits: int) -> None:
    outputs = DRAWS["rnn"].expected[0]
    said = remark(np.round(outputs.value, digits).astype(np.float32).astype(np.float64), outputs)
    assert f"and no value has more than {digits} decimals: do not round them." in said
    assert "decimals" not in remark(np.round(outputs.value + 0.2, digits), outputs)


def test_values_that_are_far_off_are_another_functions_where_much_is_allowed() -> None:
    of = expected(1e-4)
    assert "so something else is computed." in remark(of.value + 0.02 * np.cos(9 * of.value), of)
    assert "fewer digits somewhere" in remark(of.value + 0.002 * np.cos(999 * of.value) ** 9, of)


def test_order_says_nothing_of_values_that_are_alike() -> None:
    alike = np.where(np.arange(100) < 50, -1.0, 1.0).reshape(20, 5)
    of = Expected("output", alike, np.full(alike.shape, 1e-6), "[n]")
    assert "so something else is computed." in remark(np.roll(alike, 25), of)
    wide = expected(1e-6)
    allowed = wide.allowed.copy()
    allowed[0, 0] = 10.0
    shuffled = np.roll(wide.value, 1) + 0.1
    assert "another order" not in remark(shuffled, Expected("output", wide.value, allowed, "[n]"))


def test_how_far_off_is_said() -> None:
    of = expected()
    assert remark(of.value + 0.5, of).startswith("That is 500,000 times what rounding explains")


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (1.04, "That is hardly more than rounding explains: "),
        (1.49, "That is hardly more than rounding explains: "),
        (1.6, "That is 1.6 times what rounding explains: "),
        (6.54, "That is 6.5 times what rounding explains: "),
    ],
)
def test_how_far_off_is_said_of_little(times: float, words: str) -> None:
    of = expected(1e-3)
    towards_both_sides = np.where(of.value > 0.5, 1e-3, -1e-3)
    assert remark(of.value + times * towards_both_sides, of).startswith(words)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_of_what_is_not_finite_only_where_to_look_is_said(value: float) -> None:
    of = expected()
    actual = of.value.copy()
    actual[3, 1] = value
    assert remark(actual, of) == NOT_FINITE
    assert remark(actual, of, advise=False) == ""


def test_part_that_is_wrong_is_named_where_no_relation_explains_it() -> None:
    outputs = DRAWS["rnn"].expected[0]
    wrong = outputs.value.copy()
    wrong[:, 1:] = np.cos(9 * wrong[:, 1:])
    assert "so something else is computed. Only the first step is right." in remark(wrong, outputs)
    assert "Only" not in remark(np.zeros_like(wrong), outputs)
