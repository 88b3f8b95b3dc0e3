"""Right answers of q2 and q3: torch's float32 agrees with them, and wrong formulas are far off."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from grader.compare import Expected
from grader.oracle import Draw, RecurrentSizes, gru_draw, rnn_draw
from grader.oracle.draws import Allowance
from grader.oracle.recurrent import gru_step, rnn_step
from grader.rubric import Rubric
from tests.conftest import ROOT

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


def test_parameters_are_those_of_torchs_layer_as_the_course_reads_them() -> None:
    helper = given_helper()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        rnn = nn.RNN(3, 2, batch_first=True)
        torch.manual_seed(5)
        gru = nn.GRU(3, 2, batch_first=True)
    for draw, parameters in (
        (rnn_draw(NOTEBOOK, 5, ALLOWANCE), helper.get_rnn_params(rnn)),
        (gru_draw(NOTEBOOK, 5, ALLOWANCE), helper.get_gru_params(gru)),
    ):
        for handed, own in zip(as_list(draw.arguments), as_list(parameters), strict=False):
            assert np.array_equal(handed, own)


def given_helper() -> ModuleType:
    file = ROOT / "grader" / "given" / "rnn_param_helper.py"
    spec = importlib.util.spec_from_file_location("rnn_param_helper", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def derivatives(layer: nn.Module, inputs: Array, state: Array) -> Array:
    """How each state of a batch of one depends on the one before the first: [T,H,H] by autograd."""

    def states(h: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = layer(torch.from_numpy(inputs).double(), h[None, None])[0][0]
        return output

    jacobian = torch.autograd.functional.jacobian(states, torch.from_numpy(state))
    result: Array = jacobian.numpy().swapaxes(1, 2)
    return result


def exact_layer(draw: Draw) -> nn.Module:
    """Torch's layer at float64 with the draw's parameters."""
    *parameters, init_state, inputs = draw.arguments
    sizes = inputs.shape[2], init_state.shape[2]
    if draw.function == "gru":
        new = [np.concatenate([g[i] for g in parameters], axis=-1).T for i in (0, 2, 1, 3)]
        return loaded(nn.GRU(*sizes, batch_first=True, dtype=torch.float64), new)
    wt_h, wt_x, bias = parameters
    rnn = nn.RNN(*sizes, batch_first=True, dtype=torch.float64)
    return loaded(rnn, [wt_x.T, wt_h.T, bias, 0 * bias])


@pytest.mark.parametrize("make", [rnn_draw, gru_draw], ids=["rnn", "gru"])
@pytest.mark.parametrize("seed", range(3))
def test_allowance_carries_each_steps_bound_to_all_later_states(
    make: Callable[..., Draw], seed: int
) -> None:
    """Each step's own bound, through torch's own derivatives of the states that follow."""
    draw = make(RecurrentSizes(batch=1, steps=6, inputs=3, hidden=4), seed, ALLOWANCE)
    *parameters, init_state, inputs = draw.arguments
    if draw.function == "gru":
        step = gru_step((parameters[0], parameters[1], parameters[2]), ALLOWANCE)
    else:
        step = rnn_step(parameters[1], parameters[0], parameters[2], ALLOWANCE)
    layer = exact_layer(draw)
    states = np.concatenate([init_state[0].astype(np.float64), draw.expected[0].value[0]])
    bound = np.zeros((inputs.shape[1], init_state.shape[2]))
    for s in range(len(bound)):
        local, jacobian = step(inputs[:, s].astype(np.float64), states[None, s])
        before = derivatives(layer, inputs[:, s : s + 1], states[s])
        np.testing.assert_allclose(jacobian[0], before[0], atol=1e-12)
        bound[s] += local[0]
        if s + 1 < len(bound):
            after = derivatives(layer, inputs[:, s + 1 :], states[s + 1])
            bound[s + 1 :] += np.einsum("i,tij->tj", local[0], abs(after))
    np.testing.assert_allclose(draw.expected[0].allowed[0], ALLOWANCE.total(bound), rtol=1e-9)


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
