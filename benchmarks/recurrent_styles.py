"""Correct ``rnn`` and ``gru``, each as another student might write it.

None of this shares code with the grader. What is promised of every style is that its formulas are
those of torch's layers; they differ in precision, in the order of their sums, in how tanh, sigmoid
and the last line of the GRU are put, and in what the result is packed in.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy.special import expit

Array = Any
"""A NumPy array or a torch tensor: most lines below are the same for both."""
Implementation = Callable[..., Any]


def first_to_last(states: list[Array], last: Array) -> Any:
    """Arrays [B,T,H] and [1,B,H], as torch returns them."""
    return np.stack(states, axis=1), last[None]


def transposed_view(states: list[Array], last: Array) -> Any:
    """Outputs that lie in memory as [T,B,H], and a final state [B,H]."""
    return np.array(states).transpose(1, 0, 2), last


def leading_axis(states: list[Array], last: Array) -> Any:
    """Outputs with one axis too many, and a list instead of a tuple."""
    return [np.stack(states, axis=1)[None], last]


def nested_lists(states: list[Array], last: Array) -> Any:
    """Python lists, with the final state in a tuple of one item."""
    return np.stack(states, axis=1).tolist(), (last.tolist(),)


def tensors(states: list[Array], last: Array) -> Any:
    """Torch tensors [B,T,H] and [1,B,H]."""
    return torch.stack(states, dim=1), last[None]


def exponential_tanh(v: Array) -> Array:
    """(e^v - e^-v) / (e^v + e^-v), which cancels near zero."""
    return (np.exp(v) - np.exp(-v)) / (np.exp(v) + np.exp(-v))


def exponential_sigmoid(v: Array) -> Array:
    """1 / (1 + e^-v)."""
    return 1 / (1 + np.exp(-v))


def other_sigmoid(v: Array) -> Array:
    """e^v / (1 + e^v)."""
    return np.exp(v) / (1 + np.exp(v))


def tanh_from_sigmoid(v: Array) -> Array:
    """2 sigmoid(2v) - 1, which cancels near zero."""
    return 2 * other_sigmoid(2 * v) - 1


def sigmoid_from_tanh(v: Array) -> Array:
    """(1 + tanh(v / 2)) / 2, which cancels where the sigmoid is small."""
    return 0.5 * (1 + np.tanh(0.5 * v))


def last_feature_first(x: Array, w: Array) -> Array:
    """``x @ w``, added up one feature at a time from the last to the first."""
    total = x[:, -1:] * w[-1]
    for i in range(len(w) - 2, -1, -1):
        total = total + x[:, i : i + 1] * w[i]
    return total


def einsum(x: Array, w: Array) -> Array:
    """``x @ w`` by NumPy's own loops instead of BLAS."""
    return np.einsum("bi,ij->bj", x, w)


def halves(product: Array, bias: Array) -> Array:
    """``product + bias``, half of the bias on either side."""
    return bias / 2 + product + bias / 2


def as_in_the_formula(z: Array, n: Array, h: Array) -> Array:
    """(1 - z) n + z h."""
    return (1 - z) * n + z * h


def step_from_candidate(z: Array, n: Array, h: Array) -> Array:
    """n + z (h - n)."""
    return n + z * (h - n)


def step_from_state(z: Array, n: Array, h: Array) -> Array:
    """h + (1 - z) (n - h)."""
    return h + (1 - z) * (n - h)


@dataclass(frozen=True)
class Manner:
    """The choices of one student; the defaults are the plain ones, in float32 NumPy."""

    numbers: Callable[[Array], Array] = np.asarray
    """From a parameter or an input to what is computed with."""
    product: Callable[[Array, Array], Array] = operator.matmul
    plus_bias: Callable[[Array, Array], Array] = operator.add
    tanh: Callable[[Array], Array] = np.tanh
    sigmoid: Callable[[Array], Array] = expit
    blend: Callable[[Array, Array, Array], Array] = as_in_the_formula
    result: Callable[[list[Array], Array], Any] = first_to_last

    def rnn(self, wt_h: Array, wt_x: Array, bias: Array, init: Array, inputs: Array) -> Any:
        """The assignment's ``rnn``."""
        w_h, w_x, b, h0, x = (self.numbers(v) for v in (wt_h, wt_x, bias, init, inputs))
        h, states = h0[0], []
        for t in range(x.shape[1]):
            summed = self.product(x[:, t], w_x) + self.product(h, w_h)
            h = self.tanh(self.plus_bias(summed, b))
            states.append(h)
        return self.result(states, h)

    def gru(self, gate_r: Any, gate_z: Any, gate_n: Any, init: Array, inputs: Array) -> Any:
        """The assignment's ``gru``."""
        r_gate, z_gate, n_gate = (
            [self.numbers(v) for v in gate] for gate in (gate_r, gate_z, gate_n)
        )
        h, x, states = self.numbers(init)[0], self.numbers(inputs), []
        for t in range(x.shape[1]):
            r = self.sigmoid(sum(self._halves_of(r_gate, x[:, t], h)))
            z = self.sigmoid(sum(self._halves_of(z_gate, x[:, t], h)))
            from_input, from_state = self._halves_of(n_gate, x[:, t], h)
            n = self.tanh(from_input + r * from_state)
            h = self.blend(z, n, h)
            states.append(h)
        return self.result(states, h)

    def _halves_of(self, gate: list[Array], x: Array, h: Array) -> tuple[Array, Array]:
        w_x, b_x, w_h, b_h = gate
        from_input = self.plus_bias(self.product(x, w_x), b_x)
        return from_input, self.plus_bias(self.product(h, w_h), b_h)


def rnn_joined(wt_h: Array, wt_x: Array, bias: Array, init: Array, inputs: Array) -> Any:
    """One product for each step: [x, h] with the two kernels one below the other."""
    kernel = np.concatenate([wt_x, wt_h])
    outputs = np.zeros((*inputs.shape[:2], len(wt_h)), dtype=np.float32)
    state = init[0]
    for t in range(inputs.shape[1]):
        state = np.tanh(np.hstack([inputs[:, t], state]) @ kernel + bias)
        outputs[:, t] = state
    return outputs, state


def gru_joined(gate_r: Any, gate_z: Any, gate_n: Any, init: Array, inputs: Array) -> Any:
    """The three gates side by side, all steps' inputs in one product ahead of the loop."""
    gates = (gate_r, gate_z, gate_n)
    w_x, b_x, w_h, b_h = (np.concatenate([gate[i] for gate in gates], axis=-1) for i in range(4))
    ahead = inputs @ w_x + b_x
    outputs = np.zeros((*inputs.shape[:2], len(w_h)), dtype=np.float32)
    state = init[0]
    for t in range(inputs.shape[1]):
        (r_x, z_x, n_x), (r_h, z_h, n_h) = (
            np.split(v, 3, axis=1) for v in (ahead[:, t], state @ w_h + b_h)
        )
        update = expit(z_x + z_h)
        state = (1 - update) * np.tanh(n_x + expit(r_x + r_h) * n_h) + update * state
        outputs[:, t] = state
    return outputs, state


def float64(array: Array) -> Array:
    """The same numbers in float64."""
    return array.astype(np.float64)


def tensor64(array: Array) -> Array:
    """The same numbers in a float64 tensor."""
    return torch.from_numpy(array).double()


PLAIN = Manner()
TORCH = Manner(numbers=torch.from_numpy, tanh=torch.tanh, sigmoid=torch.sigmoid, result=tensors)
AWKWARD = Manner(
    product=last_feature_first,
    plus_bias=halves,
    tanh=exponential_tanh,
    sigmoid=exponential_sigmoid,
    blend=step_from_candidate,
    result=transposed_view,
)
MANNERS: dict[str, Manner] = {
    "float32": PLAIN,
    "float32, tanh and sigmoid from exponentials": replace(
        PLAIN, tanh=exponential_tanh, sigmoid=exponential_sigmoid
    ),
    "float32, tanh and sigmoid from each other": replace(
        PLAIN, tanh=tanh_from_sigmoid, sigmoid=sigmoid_from_tanh
    ),
    "float32, e^v / (1 + e^v), h + (1-z)(n-h)": replace(
        PLAIN, sigmoid=other_sigmoid, tanh=tanh_from_sigmoid, blend=step_from_state
    ),
    "float32, halved bias, reversed sums, n + z(h-n)": replace(
        AWKWARD, tanh=np.tanh, sigmoid=expit
    ),
    "float32, all awkward at once": AWKWARD,
    "float32, einsum, a leading axis": replace(PLAIN, product=einsum, result=leading_axis),
    "float32, nested lists, state in a tuple": replace(PLAIN, result=nested_lists),
    "float64": replace(PLAIN, numbers=float64),
    "float64, nested lists": replace(PLAIN, numbers=float64, result=nested_lists),
    "torch float32": TORCH,
    "torch float64": replace(TORCH, numbers=tensor64),
}
JOINED = "float32, joined kernels"
RNN_STYLES: dict[str, Implementation] = {
    **{name: manner.rnn for name, manner in MANNERS.items()},
    JOINED: rnn_joined,
}
GRU_STYLES: dict[str, Implementation] = {
    **{name: manner.gru for name, manner in MANNERS.items()},
    JOINED: gru_joined,
}
