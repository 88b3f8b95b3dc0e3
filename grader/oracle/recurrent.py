"""Draws for q2 and q3, and how float32 rounding grows in an RNN and a GRU.

The allowance is a running error analysis: each step has a local bound from its sums and
activations, and the bounds of all steps so far are carried to step t through the exact Jacobians of
the steps between, dh_t/dh_s. That is tight (no norm is guessed) and covers every order in
which a correct implementation may add its terms up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from grader.compare import Expected
from grader.oracle.draws import (
    ROUNDOFF,
    Allowance,
    Draw,
    Float32,
    Float64,
    gamma,
    normal,
    numbers,
)

OUTPUT_AXES = "[batch, steps, hidden]"
STATE_AXES = "[1, batch, hidden]"

GateParameters = tuple[Float32, Float32, Float32, Float32]
"""``(wt_x [D,H], bias_x [H], wt_h [H,H], bias_h [H])`` of one gate."""
RnnArguments = tuple[Float32, Float32, Float32, Float32, Float32]
"""``(wt_h [H,H], wt_x [D,H], bias [H], init_state [1,B,H], inputs [B,T,D])``"""
Layer = Callable[..., tuple[torch.Tensor, torch.Tensor]]
"""``torch.rnn_tanh`` or ``torch.gru``, which ``torch.nn.RNN`` and ``torch.nn.GRU`` call. To make
such a module takes longer than to call it."""
Step = Callable[[Float64, Float64], tuple[Float64, Float64]]
"""From the inputs [T,B,D] and the states before them [T,B,H] to the local bounds [T,B,H] on the
errors of the states after, and the Jacobians [T,B,H,H], of which [t,b,i,j] is
dh_after[j] / dh_before[i]."""


@dataclass(frozen=True)
class RecurrentSizes:
    batch: int
    steps: int
    inputs: int
    hidden: int

    def __str__(self) -> str:
        return f"B{self.batch}-T{self.steps}-D{self.inputs}-H{self.hidden}"

    @property
    def in_words(self) -> str:
        return (
            f"batch {self.batch}, steps {self.steps}, inputs {self.inputs}, hidden units "
            f"{self.hidden}"
        )


def rnn_draw(sizes: RecurrentSizes, seed: int, allowance: Allowance) -> Draw:
    """``rnn(wt_h, wt_x, bias, init_state, input_data)`` and what ``torch.nn.RNN`` makes of it."""
    (wt_h, wt_x, bias, init_state, inputs), states = random_rnn(sizes, seed)
    bound = _carried(states, inputs, rnn_step(wt_x, wt_h, bias, allowance))
    arguments = (wt_h, wt_x, bias, init_state, inputs)
    return Draw("rnn", arguments, _expected(states, bound, allowance), sizes.in_words)


def random_rnn(sizes: RecurrentSizes, seed: int) -> tuple[RnnArguments, Float64]:
    """The arguments of ``rnn``, and the states [B,T+1,H] that ``torch.nn.RNN`` makes of them."""
    w_x, w_h, b_x, b_h = _random_parameters(sizes, 1, seed)
    bias = b_x + b_h
    init_state, inputs = random_inputs(sizes, seed)
    parameters = [w_x, w_h, bias, np.zeros_like(bias)]
    states = _states(torch.rnn_tanh, parameters, inputs, init_state)
    return (w_h.T, w_x.T, bias, init_state, inputs), states


def gru_draw(sizes: RecurrentSizes, seed: int, allowance: Allowance) -> Draw:
    """``gru(r, z, n, init_state, input_data)`` and what ``torch.nn.GRU`` makes of it."""
    parameters = _random_parameters(sizes, 3, seed)
    gates = gates_of(parameters)
    init_state, inputs = random_inputs(sizes, seed)
    states = _states(torch.gru, parameters, inputs, init_state)
    bound = _carried(states, inputs, gru_step(gates, allowance))
    arguments = (*gates, init_state, inputs)
    return Draw("gru", arguments, _expected(states, bound, allowance), sizes.in_words)


def gates_of(parameters: list[Float32]) -> tuple[GateParameters, GateParameters, GateParameters]:
    """Torch's flat GRU parameters as the three tuples (r, z, n) that the helper hands out."""
    w_x, w_h, b_x, b_h = (np.split(p, 3) for p in parameters)
    r, z, n = ((w_x[g].T, b_x[g], w_h[g].T, b_h[g]) for g in range(3))
    return r, z, n


def rnn_step(wt_x: Float32, wt_h: Float32, bias: Float32, allowance: Allowance) -> Step:
    """One step of h' = tanh(x W_x + h W_h + b)."""
    w_x, w_h, b = (p.astype(np.float64) for p in (wt_x, wt_h, bias))
    relative = gamma(w_x.shape[0] + w_h.shape[0] + 2)

    def step(x: Float64, h: Float64) -> tuple[Float64, Float64]:
        slope = 1 - np.tanh(x @ w_x + h @ w_h + b) ** 2
        in_sum = relative * (abs(x) @ abs(w_x) + abs(h) @ abs(w_h) + abs(b))
        return slope * in_sum + allowance.activation, w_h * slope[..., None, :]

    return step


def gru_step(
    gates: tuple[GateParameters, GateParameters, GateParameters], allowance: Allowance
) -> Step:
    """One step of torch's GRU: h' = (1 - z) n + z h with n = tanh(a + r * c), c = h W_hn + b_hn."""
    (rx, rbx, rh, rbh), (zx, zbx, zh, zbh), (nx, nbx, nh, nbh) = (
        tuple(p.astype(np.float64) for p in gate) for gate in gates
    )
    relative = gamma(rx.shape[0] + rh.shape[0] + 3)
    activation = allowance.activation

    def sigmoid(v: Float64) -> Float64:
        half: Float64 = 0.5 * (1 + np.tanh(0.5 * v))
        return half

    def magnitude(x: Float64, wx: Float64, bx: Float64) -> Float64:
        total: Float64 = abs(x) @ abs(wx) + abs(bx)
        return total

    def step(x: Float64, h: Float64) -> tuple[Float64, Float64]:
        r = sigmoid(x @ rx + rbx + h @ rh + rbh)
        z = sigmoid(x @ zx + zbx + h @ zh + zbh)
        candidate = h @ nh + nbh
        n = np.tanh(x @ nx + nbx + r * candidate)
        slope_r, slope_z, slope_n = r * (1 - r), z * (1 - z), 1 - n**2

        error_r = slope_r * relative * (magnitude(x, rx, rbx) + magnitude(h, rh, rbh)) + activation
        error_z = slope_z * relative * (magnitude(x, zx, zbx) + magnitude(h, zh, zbh)) + activation
        in_n = relative * (magnitude(x, nx, nbx) + r * magnitude(h, nh, nbh))
        error_n = slope_n * (in_n + error_r * abs(candidate)) + activation
        # The last sum may be z h + (1 - z) n or n + z (h - n): three roundings at most each.
        last = 4 * ROUNDOFF * (abs(n) + abs(h))
        local = (1 - z) * error_n + abs(h - n) * error_z + last

        d_candidate = nh * r[..., None, :] + rh * (slope_r * candidate)[..., None, :]
        jacobian = d_candidate * ((1 - z) * slope_n)[..., None, :]
        jacobian += zh * ((h - n) * slope_z)[..., None, :]
        jacobian += np.eye(h.shape[-1]) * z[..., None, :]
        return local, jacobian

    return step


def _carried(states: Float64, inputs: Float32, step: Step) -> Float64:
    """The first-order bound on the error of each state: states [B,T+1,H] to bounds [B,T,H]."""
    batch, steps, hidden = states.shape[0], states.shape[1] - 1, states.shape[2]
    local, jacobians = step(inputs.swapaxes(0, 1).astype(np.float64), states[:, :-1].swapaxes(0, 1))
    local = local.swapaxes(0, 1).reshape(batch, 1, steps * hidden)
    bounds = np.empty((batch, steps, hidden))
    # Rows s*H to (s+1)*H of carried are the Jacobian from the state that step s made to the latest.
    carried = np.empty((batch, steps * hidden, hidden))
    for t in range(steps):
        before, now = t * hidden, (t + 1) * hidden
        carried[:, :before] = carried[:, :before] @ jacobians[t]
        carried[:, before:now] = np.eye(hidden)
        bounds[:, t] = (local[:, :, :now] @ abs(carried[:, :now]))[:, 0]
    return bounds


def random_inputs(sizes: RecurrentSizes, seed: int) -> tuple[Float32, Float32]:
    """A random initial state [1,B,H] and random inputs [B,T,D]."""
    rng = np.random.default_rng(seed)
    return (
        normal(rng, 1, sizes.batch, sizes.hidden),
        normal(rng, sizes.batch, sizes.steps, sizes.inputs),
    )


def outputs_by_torch(
    layer: Layer, parameters: Sequence[NDArray[Any]], inputs: NDArray[Any], init_state: NDArray[Any]
) -> NDArray[Any]:
    """The outputs [B,T,H] that torch's layer makes of ``inputs`` [B,T,D], at the dtype of all.

    ``parameters`` are those of the layer in its own order and shapes: w_x, w_h, b_x, b_h.
    """
    flat = [torch.tensor(p) for p in parameters]
    with torch.inference_mode():
        # With biases, one layer, no dropout, not training, one direction, the batch first.
        outputs, _ = layer(
            torch.tensor(inputs), torch.tensor(init_state), flat,
            True, 1, 0.0, False, False, True,
        )  # fmt: skip
    return numbers(outputs)


def _random_parameters(sizes: RecurrentSizes, gates: int, seed: int) -> list[Float32]:
    """w_x [G*H,D], w_h [G*H,H], b_x [G*H] and b_h [G*H] of a layer with G gates.

    As ``torch.nn.RNNBase.reset_parameters`` draws them: uniform between -1/sqrt(H) and 1/sqrt(H).
    """
    generator = torch.Generator().manual_seed(seed)
    rows, most = gates * sizes.hidden, sizes.hidden**-0.5
    shapes = (rows, sizes.inputs), (rows, sizes.hidden), (rows,), (rows,)
    drawn = (torch.empty(shape).uniform_(-most, most, generator=generator) for shape in shapes)
    return [numbers(parameter) for parameter in drawn]


def _states(
    layer: Layer, parameters: Sequence[Float32], inputs: Float32, init_state: Float32
) -> Float64:
    """The initial state and the state after each step, [B,T+1,H], by torch's layer at float64."""
    exact = [array.astype(np.float64) for array in (*parameters, inputs, init_state)]
    outputs = outputs_by_torch(layer, exact[:-2], exact[-2], exact[-1])
    return np.concatenate([exact[-1][0, :, None], outputs], axis=1)


def _expected(states: Float64, bound: Float64, allowance: Allowance) -> tuple[Expected, ...]:
    allowed = allowance.total(bound)
    return (
        Expected("outputs", states[:, 1:], allowed, OUTPUT_AXES),
        Expected("final state", states[None, :, -1], allowed[None, :, -1], STATE_AXES),
    )
