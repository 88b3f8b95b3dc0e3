"""Right answers of q2 and q3: torch's float32 agrees with them, and wrong formulas are far off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from grader.compare import Expected
from grader.oracle import Draw, RecurrentSizes, gru_draw, rnn_draw
from grader.oracle.draws import Allowance
from grader.rubric import Rubric

Array = NDArray[Any]
Float32 = NDArray[np.float32]
Cell = Callable[..., Array]
"""From the arguments of one step, x [B,D] and h [B,H] last, to the next state [B,H]."""

ROUNDING = Rubric.load().rounding
ALLOWANCE = Allowance(ROUNDING.safety, ROUNDING.activation_ulps)
NOTEBOOK = RecurrentSizes(batch=4, steps=12, inputs=3, hidden=2)
SIZES = [
    NOTEBOOK,
    RecurrentSizes(batch=1, steps=1, inputs=1, hidden=1),
    RecurrentSizes(batch=2, steps=5, inputs=4, hidden=4),
    RecurrentSizes(batch=3, steps=20, inputs=7, hidden=5),
    RecurrentSizes(batch=2, steps=60, inputs=3, hidden=16),
]
SEEDS = range(20)
WRONG_BY = 100


def sigmoid(v: Array) -> Array:
    result: Array = 1 / (1 + np.exp(-v))
    return result


def rnn_cell(wt_h: Array, wt_x: Array, bias: Array, x: Array, h: Array) -> Array:
    result: Array = np.tanh(x @ wt_x + h @ wt_h + bias)
    return result


def gru_cell(r: Any, z: Any, n: Any, x: Array, h: Array) -> Array:
    reset = sigmoid(x @ r[0] + r[1] + h @ r[2] + r[3])
    update = sigmoid(x @ z[0] + z[1] + h @ z[2] + z[3])
    new = np.tanh(x @ n[0] + n[1] + reset * (h @ n[2] + n[3]))
    result: Array = (1 - update) * new + update * h
    return result


def reset_before_the_product(r: Any, z: Any, n: Any, x: Array, h: Array) -> Array:
    reset = sigmoid(x @ r[0] + r[1] + h @ r[2] + r[3])
    update = sigmoid(x @ z[0] + z[1] + h @ z[2] + z[3])
    new = np.tanh(x @ n[0] + n[1] + (reset * h) @ n[2] + n[3])
    result: Array = (1 - update) * new + update * h
    return result


def update_turned_round(r: Any, z: Any, n: Any, x: Array, h: Array) -> Array:
    return gru_cell(r, tuple(-parameter for parameter in z), n, x, h)


def gates_exchanged(r: Any, z: Any, n: Any, x: Array, h: Array) -> Array:
    return gru_cell(z, r, n, x, h)


def without_recurrent_bias(r: Any, z: Any, n: Any, x: Array, h: Array) -> Array:
    r, z, n = ((*gate[:3], 0 * gate[3]) for gate in (r, z, n))
    return gru_cell(r, z, n, x, h)


def rnn_without_bias(wt_h: Array, wt_x: Array, bias: Array, x: Array, h: Array) -> Array:
    return rnn_cell(wt_h, wt_x, 0 * bias, x, h)


def rnn_with_transposed_weight(wt_h: Array, wt_x: Array, bias: Array, x: Array, h: Array) -> Array:
    return rnn_cell(wt_h.T, wt_x, bias, x, h)


def as_dtype(argument: Any, dtype: Any) -> Any:
    if isinstance(argument, tuple):
        return tuple(as_dtype(item, dtype) for item in argument)
    return argument.astype(dtype)


def answers(cell: Cell, draw: Draw, dtype: Any) -> tuple[Array, Array]:
    """Outputs and final state by a plain loop of ``cell`` at a precision."""
    *parameters, init_state, inputs = as_dtype(draw.arguments, dtype)
    states = [init_state[0]]
    for t in range(inputs.shape[1]):
        states.append(cell(*parameters, inputs[:, t], states[-1]))
    return np.stack(states[1:], axis=1), states[-1][None]


def loaded(layer: nn.Module, parameters: list[Array]) -> nn.Module:
    with torch.no_grad():
        for own, given in zip(layer.parameters(), parameters, strict=True):
            own.copy_(torch.from_numpy(np.ascontiguousarray(given)))
    return layer


def torch_rnn(draw: Draw) -> tuple[Array, Array]:
    """Torch's float32 layer with the parameters as the student receives them."""
    wt_h, wt_x, bias, init_state, inputs = draw.arguments
    layer = nn.RNN(wt_x.shape[0], wt_h.shape[0], batch_first=True)
    return run(loaded(layer, [wt_x.T, wt_h.T, bias, 0 * bias]), inputs, init_state)


def torch_gru(draw: Draw) -> tuple[Array, Array]:
    """Torch's float32 layer, loaded as the notebook loads it."""
    *gates, init_state, inputs = draw.arguments
    layer = nn.GRU(inputs.shape[2], init_state.shape[2], batch_first=True)
    parameters = [
        np.concatenate([gate[index] for gate in gates], axis=-1).T for index in (0, 2, 1, 3)
    ]
    return run(loaded(layer, parameters), inputs, init_state)


def run(layer: nn.Module, inputs: Float32, init_state: Float32) -> tuple[Array, Array]:
    with torch.no_grad():
        outputs, final = layer(torch.from_numpy(inputs), torch.from_numpy(init_state))
    return outputs.numpy(), final.numpy()


def excess(actual: tuple[Array, ...], expected: tuple[Expected, ...]) -> float:
    """The largest difference as a multiple of what is allowed for that value."""
    ratios = []
    for array, right in zip(actual, expected, strict=True):
        assert array.shape == right.value.shape == right.allowed.shape
        ratios.append(float((np.abs(array - right.value) / right.allowed).max()))
    return max(ratios)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_arguments_are_as_the_helper_hands_them_out(sizes: RecurrentSizes) -> None:
    d, h = sizes.inputs, sizes.hidden
    state_and_inputs = [(1, sizes.batch, h), (sizes.batch, sizes.steps, d)]
    wt_h, wt_x, bias, *rest = rnn_draw(sizes, 1, ALLOWANCE).arguments
    assert [a.shape for a in (wt_h, wt_x, bias)] == [(h, h), (d, h), (h,)]
    assert [a.shape for a in rest] == state_and_inputs
    r, z, n, *rest = gru_draw(sizes, 1, ALLOWANCE).arguments
    for gate in (r, z, n):
        assert isinstance(gate, tuple)
        assert [a.shape for a in gate] == [(d, h), (h,), (h, h), (h,)]
    assert [a.shape for a in rest] == state_and_inputs
    for array in (wt_h, wt_x, bias, *r, *z, *n, *rest):
        assert isinstance(array, np.ndarray)
        assert array.dtype == np.float32


def test_initial_state_is_random() -> None:
    for draw in (rnn_draw(NOTEBOOK, 1, ALLOWANCE), gru_draw(NOTEBOOK, 1, ALLOWANCE)):
        init_state = draw.arguments[-2]
        assert np.unique(init_state).size == init_state.size
        assert 0.1 < np.abs(init_state).mean() < 3


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_expected_values_are_those_of_the_formula(sizes: RecurrentSizes) -> None:
    for draw, cell in (
        (rnn_draw(sizes, 7, ALLOWANCE), rnn_cell),
        (gru_draw(sizes, 7, ALLOWANCE), gru_cell),
    ):
        for actual, right in zip(answers(cell, draw, np.float64), draw.expected, strict=True):
            np.testing.assert_allclose(actual, right.value, rtol=0, atol=1e-12)
    assert [right.what for right in draw.expected] == ["outputs", "final state"]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_float32_is_within_the_allowance(sizes: RecurrentSizes) -> None:
    """Torch's own layer, and a plain NumPy loop: no correct answer may fail."""
    for seed in SEEDS:
        draw = rnn_draw(sizes, seed, ALLOWANCE)
        assert excess(torch_rnn(draw), draw.expected) <= 1
        assert excess(answers(rnn_cell, draw, np.float32), draw.expected) <= 1
        draw = gru_draw(sizes, seed, ALLOWANCE)
        assert excess(torch_gru(draw), draw.expected) <= 1
        assert excess(answers(gru_cell, draw, np.float32), draw.expected) <= 1


def test_allowance_is_small_in_the_notebooks_case() -> None:
    for seed in SEEDS:
        for draw in (rnn_draw(NOTEBOOK, seed, ALLOWANCE), gru_draw(NOTEBOOK, seed, ALLOWANCE)):
            for right in draw.expected:
                assert (right.allowed > 0).all()
                assert right.allowed.max() < 1e-3


@pytest.mark.parametrize(
    "cell",
    [reset_before_the_product, update_turned_round, gates_exchanged, without_recurrent_bias],
    ids=lambda cell: cell.__name__,
)
@pytest.mark.parametrize("sizes", [NOTEBOOK, SIZES[3]], ids=str)
def test_wrong_gru_is_far_off(cell: Cell, sizes: RecurrentSizes) -> None:
    for seed in SEEDS:
        draw = gru_draw(sizes, seed, ALLOWANCE)
        assert excess(answers(cell, draw, np.float64), draw.expected) > WRONG_BY


@pytest.mark.parametrize(
    "cell", [rnn_without_bias, rnn_with_transposed_weight], ids=lambda cell: cell.__name__
)
@pytest.mark.parametrize("sizes", [NOTEBOOK, SIZES[3]], ids=str)
def test_wrong_rnn_is_far_off(cell: Cell, sizes: RecurrentSizes) -> None:
    for seed in SEEDS:
        draw = rnn_draw(sizes, seed, ALLOWANCE)
        assert excess(answers(cell, draw, np.float64), draw.expected) > WRONG_BY


@pytest.mark.parametrize("make", [rnn_draw, gru_draw], ids=["rnn", "gru"])
def test_seed_decides_everything(make: Callable[..., Draw]) -> None:
    first = make(NOTEBOOK, 5, ALLOWANCE)
    torch.manual_seed(99)
    again, other = make(NOTEBOOK, 5, ALLOWANCE), make(NOTEBOOK, 6, ALLOWANCE)
    for one, same, different in zip(
        as_list(first.arguments), as_list(again.arguments), as_list(other.arguments), strict=True
    ):
        assert np.array_equal(one, same)
        assert not np.array_equal(one, different)
    assert np.array_equal(first.expected[0].value, again.expected[0].value)


def as_list(arguments: Any) -> list[Array]:
    if isinstance(arguments, tuple):
        return [array for item in arguments for array in as_list(item)]
    return [arguments]


@pytest.mark.parametrize("make", [rnn_draw, gru_draw], ids=["rnn", "gru"])
def test_global_random_state_is_untouched(make: Callable[..., Draw]) -> None:
    torch_before, numpy_before = torch.get_rng_state(), repr(np.random.get_state())
    make(NOTEBOOK, 5, ALLOWANCE)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert repr(np.random.get_state()) == numpy_before
