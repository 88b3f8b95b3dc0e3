"""A student's GRU parameters behave as in the notebook, and the rubric's bounds tell them apart."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from grader.oracle import RecurrentSizes, gru_states, rnn_to_copy, state_to_keep
from grader.oracle.draws import Allowance
from grader.rubric import Rubric

Array = NDArray[Any]
Gate = tuple[Array, Array, Array, Array]

RUBRIC = Rubric.load()
ALLOWANCE = Allowance(RUBRIC.rounding.safety, RUBRIC.rounding.activation_ulps)
NOTEBOOK = RecurrentSizes(batch=4, steps=12, inputs=3, hidden=2)
OTHER = RecurrentSizes(batch=3, steps=12, inputs=2, hidden=7)
SEEDS = range(50)


def constant_gate(inputs: int, hidden: int, bias: float) -> Gate:
    """A gate that is the sigmoid of ``bias``, whatever it sees."""
    none = np.zeros(hidden, np.float32)
    return np.zeros((inputs, hidden), np.float32), none + bias, np.zeros((hidden, hidden)), none


def rnn_difference(sizes: RecurrentSizes, seed: int, reset: float, update: float) -> float:
    """How far a GRU made from an RNN is off it, at most."""
    rnn = rnn_to_copy(sizes, seed)
    none = np.zeros_like(rnn.bias)
    gates = (
        constant_gate(sizes.inputs, sizes.hidden, reset),
        constant_gate(sizes.inputs, sizes.hidden, update),
        (rnn.wt_x, rnn.bias, rnn.wt_h, none),
    )
    states = gru_states(gates, rnn.init_state, rnn.inputs)
    return float(np.abs(states - rnn.outputs).max())


def drift(sizes: RecurrentSizes, seed: int, update: float) -> float:
    """The notebook's mean |h_10 - h_0|."""
    init_state, inputs = state_to_keep(sizes, seed)
    gates = [constant_gate(sizes.inputs, sizes.hidden, bias) for bias in (0.0, update, 0.0)]
    states = gru_states(gates, init_state, inputs)
    return float(np.abs(states[:, RUBRIC.long_memory.steps - 1] - init_state[0]).mean())


def random_gates(sizes: RecurrentSizes, seed: int = 3) -> list[Gate]:
    rng = np.random.default_rng(seed)
    d, h = sizes.inputs, sizes.hidden

    def gate() -> Gate:
        w_x, b_x, w_h, b_h = (rng.standard_normal(s) for s in ((d, h), (h,), (h, h), (h,)))
        return w_x, b_x, w_h, b_h

    return [gate() for _ in range(3)]


@pytest.mark.parametrize("sizes", [NOTEBOOK, OTHER], ids=str)
def test_rnn_copied_with_saturated_gates_is_close_enough(sizes: RecurrentSizes) -> None:
    worst = max(rnn_difference(sizes, seed, reset=10, update=-10) for seed in SEEDS)
    assert worst < RUBRIC.almost_rnn.max_difference


@pytest.mark.parametrize("sizes", [NOTEBOOK, OTHER], ids=str)
@pytest.mark.parametrize(("reset", "update"), [(2, -2), (10, -2), (10, 10), (-10, -10)])
def test_rnn_copied_with_half_open_gates_is_not(
    sizes: RecurrentSizes, reset: float, update: float
) -> None:
    best = min(rnn_difference(sizes, seed, reset, update) for seed in SEEDS)
    assert best > RUBRIC.almost_rnn.max_difference


@pytest.mark.parametrize("sizes", [NOTEBOOK, OTHER], ids=str)
def test_state_is_kept_by_a_saturated_gate(sizes: RecurrentSizes) -> None:
    assert max(drift(sizes, seed, update=10) for seed in SEEDS) < (
        RUBRIC.long_memory.max_mean_difference
    )


@pytest.mark.parametrize("sizes", [NOTEBOOK, OTHER], ids=str)
@pytest.mark.parametrize("update", [2, 0, -10])
def test_state_is_not_kept_by_another(sizes: RecurrentSizes, update: float) -> None:
    assert min(drift(sizes, seed, update) for seed in SEEDS) > (
        RUBRIC.long_memory.max_mean_difference
    )


def notebook_states(gates: Sequence[Any], init_state: Array, inputs: Array) -> Array:
    """The notebook's own lines."""
    r, z, n = gates
    layer = nn.GRU(inputs.shape[2], init_state.shape[2], batch_first=True)
    new = [
        np.concatenate([r[0], z[0], n[0]], axis=1).T,
        np.concatenate([r[2], z[2], n[2]], axis=1).T,
        np.concatenate([r[1], z[1], n[1]]),
        np.concatenate([r[3], z[3], n[3]]),
    ]
    with torch.no_grad():
        for own, given in zip(layer.parameters(), new, strict=True):
            own.copy_(torch.from_numpy(np.ascontiguousarray(given.astype(np.float32))))
        outputs, _ = layer(torch.from_numpy(inputs), torch.from_numpy(init_state))
    result: Array = outputs.numpy()
    return result


@pytest.mark.parametrize("sizes", [NOTEBOOK, OTHER], ids=str)
def test_parameters_are_loaded_as_in_the_notebook(sizes: RecurrentSizes) -> None:
    gates = random_gates(sizes)
    init_state, inputs = state_to_keep(sizes, 1)
    states = gru_states(gates, init_state, inputs)
    assert states.shape == (sizes.batch, sizes.steps, sizes.hidden)
    # Another memory layout lets the library add up in another order.
    expected = notebook_states(gates, init_state, inputs)
    np.testing.assert_allclose(states, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int64, np.int8, np.bool_])
def test_parameters_of_other_types(dtype: Any) -> None:
    gates = [tuple(array.astype(dtype) for array in gate) for gate in random_gates(NOTEBOOK)]
    init_state, inputs = state_to_keep(NOTEBOOK, 1)
    expected = notebook_states(gates, init_state, inputs)
    np.testing.assert_allclose(gru_states(gates, init_state, inputs), expected, rtol=0, atol=2e-6)


def test_parameters_beyond_float32_saturate_without_a_warning() -> None:
    init_state, inputs = state_to_keep(NOTEBOOK, 1)
    gates = [constant_gate(3, 2, 0.0) for _ in range(3)]
    gates[1] = (gates[1][0], np.full(2, 1e300), gates[1][2], gates[1][3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        states = gru_states(gates, init_state, inputs)
    assert np.allclose(states, init_state[0][:, None], atol=1e-6)


def test_items_beyond_the_fourth_are_not_read() -> None:
    gates = random_gates(NOTEBOOK)
    init_state, inputs = state_to_keep(NOTEBOOK, 1)
    longer = [(*gate, np.zeros(9)) for gate in gates]
    expected = gru_states(gates, init_state, inputs)
    assert np.array_equal(gru_states(longer, init_state, inputs), expected)


@pytest.mark.parametrize(
    ("gate", "index", "shape", "words"),
    [
        (0, 0, (2, 3), r"wt_x of gate r, \[0] .* \[2, 3\]; \[3, 2\] is needed"),
        (1, 1, (2, 1), r"bias_x of gate z, \[1] .* \[2, 1\]; \[2\] is needed"),
        (2, 2, (2, 3), r"wt_h of gate n, \[2] .* \[2, 3\]; \[2, 2\] is needed"),
        (1, 3, (), r"bias_h of gate z, \[3] .* \[\]; \[2\] is needed"),
        (2, 3, (0,), r"bias_h of gate n, \[3] .* \[0\]; \[2\] is needed"),
        (0, 1, (1, 2), r"bias_x of gate r, \[1] .* \[1, 2\]; \[2\] is needed"),
    ],
)
def test_shape_that_does_not_fit(gate: int, index: int, shape: Any, words: str) -> None:
    gates = [list(g) for g in random_gates(NOTEBOOK)]
    gates[gate][index] = np.zeros(shape)
    init_state, inputs = state_to_keep(NOTEBOOK, 1)
    with pytest.raises(ValueError, match=words):
        gru_states(gates, init_state, inputs)


def test_gates_that_are_missing() -> None:
    init_state, inputs = state_to_keep(NOTEBOOK, 1)
    with pytest.raises(ValueError, match="argument"):
        gru_states(random_gates(NOTEBOOK)[:2], init_state, inputs)


def test_state_to_keep() -> None:
    init_state, inputs = state_to_keep(OTHER, 1)
    assert init_state.shape == (1, 3, 7)
    assert inputs.shape == (3, 12, 2)
    assert init_state.dtype == inputs.dtype == np.float32
    assert np.array_equal(inputs, state_to_keep(OTHER, 1)[1])
    assert not np.array_equal(inputs, state_to_keep(OTHER, 2)[1])


def test_rnn_to_copy() -> None:
    rnn = rnn_to_copy(OTHER, 1)
    h = rnn.init_state[0].astype(np.float64)
    for t in range(OTHER.steps):
        h = np.tanh(rnn.inputs[:, t] @ rnn.wt_x.astype(np.float64) + h @ rnn.wt_h + rnn.bias)
        np.testing.assert_allclose(h, rnn.outputs[:, t], rtol=0, atol=1e-5)


def test_global_random_state_is_untouched() -> None:
    before = torch.get_rng_state()
    rnn_to_copy(NOTEBOOK, 1)
    gru_states(random_gates(NOTEBOOK), *state_to_keep(NOTEBOOK, 1))
    assert torch.equal(torch.get_rng_state(), before)
