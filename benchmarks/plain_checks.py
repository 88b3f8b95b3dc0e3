"""Q2 to Q6 as a course without a grader checks them: against torch, in the student's process.

A peer of the grader gets a copy of this file, which needs nothing but NumPy and torch. Each
question has the sizes and the number of draws of the grader's graded checks: 13 of q2, q3 and q6
(five of the notebook's size, two of each of four others), 16 of q4 (four of each of four sizes),
8 of q5 (two of each of four). What the grader does beyond that, which is the advisory checks, the
search for torch's own layers, the naming of mistakes, and four files of reports, a peer is spared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

Function = Callable[..., Any]
Layer = Callable[..., torch.nn.RNNBase]
RECURRENT = [(4, 12, 3, 2)] * 5 + [(2, 5, 4, 4), (3, 7, 5, 6), (6, 2, 2, 3), (5, 20, 6, 5)] * 2
ATTENTION = [(4, 8, 10, 5)] * 5 + [(2, 5, 9, 3), (3, 6, 12, 2), (4, 4, 16, 4), (5, 3, 6, 2)] * 2
AS_RNN = [(4, 12, 3, 2), (2, 6, 4, 4), (3, 8, 5, 7), (5, 10, 2, 3)] * 4
MEMORY = [(256, 10, 3, 2), (256, 10, 4, 4), (256, 10, 2, 7), (256, 10, 6, 3)] * 2
CLOSE, ALMOST = 1e-4, 1e-2


def array(value: Any) -> Any:
    """A tensor or an array as an array without axes of one."""
    return np.squeeze(np.asarray(value))


def close(actual: Any, expected: torch.Tensor, within: float = CLOSE) -> None:
    """Every value is near the expected one."""
    difference = np.abs(array(actual) - array(expected.detach()))
    assert difference.max() <= within, f"off by {difference.max()}"


def draws(layer: Layer, sizes: Sequence[tuple[int, ...]]) -> Iterator[Any]:
    """A layer, its inputs and its initial state for each of the sizes."""
    for batch, steps, inputs, hidden in sizes:
        net = layer(inputs, hidden, batch_first=True)
        yield net, torch.randn(batch, steps, inputs), torch.randn(1, batch, hidden)


def parameters(net: torch.nn.RNNBase) -> list[Any]:
    """(wt_x, wt_h, bias_x, bias_h) as arrays, with a row vector multiplying from the left."""
    return [p.detach().numpy().T for p in net.parameters()]


def gates(net: torch.nn.RNNBase) -> list[tuple[Any, ...]]:
    """(wt_x, bias_x, wt_h, bias_h) of each gate."""
    wt_x, wt_h, bias_x, bias_h = parameters(net)
    parts = [np.split(p, 3, axis=-1) for p in (wt_x, bias_x, wt_h, bias_h)]
    return list(zip(*parts, strict=True))


def gru_of(given: Any, inputs: int, hidden: int) -> torch.nn.GRU:
    """Torch's GRU with a student's parameters, loaded as the notebook does it."""
    net = torch.nn.GRU(inputs, hidden, batch_first=True)
    r, z, n = given
    for i, parameter in zip((0, 2, 1, 3), net.parameters(), strict=True):
        joined = np.concatenate([r[i], z[i], n[i]], axis=-1).T.astype(np.float32)
        parameter.data = torch.from_numpy(np.ascontiguousarray(joined))
    return net


def q2(rnn: Function) -> None:
    """The RNN's outputs and final state."""
    for net, inputs, state in draws(torch.nn.RNN, RECURRENT):
        wt_x, wt_h, bias_x, bias_h = parameters(net)
        outputs, final = rnn(wt_h, wt_x, bias_x + bias_h, state.numpy(), inputs.numpy())
        expected, last = net(inputs, state)
        close(outputs, expected)
        close(final, last)


def q3(gru: Function) -> None:
    """The GRU's outputs and final state."""
    for net, inputs, state in draws(torch.nn.GRU, RECURRENT):
        outputs, final = gru(*gates(net), state.numpy(), inputs.numpy())
        expected, last = net(inputs, state)
        close(outputs, expected)
        close(final, last)


def q4(init_gru_with_rnn: Function) -> None:
    """A GRU with these parameters does as the RNN does."""
    for net, inputs, state in draws(torch.nn.RNN, AS_RNN):
        wt_x, wt_h, bias_x, bias_h = parameters(net)
        given = init_gru_with_rnn(wt_h, wt_x, bias_x + bias_h)
        same = gru_of(given, net.input_size, net.hidden_size)
        close(same(inputs, state)[0].detach(), net(inputs, state)[0], ALMOST)


def q5(init_gru_with_long_term_memory: Function) -> None:
    """A GRU with these parameters has its initial state after ten steps."""
    for net, inputs, state in draws(torch.nn.GRU, MEMORY):
        given = init_gru_with_long_term_memory(net.input_size, net.hidden_size)
        kept = gru_of(given, net.input_size, net.hidden_size)(inputs, state)[0][:, -1]
        drift = (kept - state[0]).abs().mean().item()
        assert drift <= ALMOST, f"the state drifts by {drift}"


def q6(mha: Function) -> None:
    """The attention's output."""
    for batch, steps, embed, heads in ATTENTION:
        net = torch.nn.MultiheadAttention(embed, heads, bias=False, batch_first=True)
        q, k, v = (p.T for p in net.in_proj_weight.detach().numpy().reshape(3, embed, embed))
        kernels = [np.split(p, heads, axis=1) for p in (q, k, v)]
        inputs = torch.randn(batch, steps, embed)
        output = mha(*kernels, net.out_proj.weight.detach().numpy().T, inputs)
        close(output, net(inputs, inputs, inputs)[0])


QUESTIONS = {
    "q2": "rnn",
    "q3": "gru",
    "q4": "init_gru_with_rnn",
    "q5": "init_gru_with_long_term_memory",
    "q6": "mha",
}
"""The function of implementation.py that each one checks."""
