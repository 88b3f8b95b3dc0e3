"""Right numbers in odd containers, and right arithmetic without arrays.

What NumPy's own arithmetic takes as an array of the right values is a right answer, however it lies
in memory and whatever made it. Every container below holds the same values as a plain array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

import numpy as np
import torch

Array = Any
Implementation = Callable[..., Any]
Container = Callable[[Array], Any]


def column_major(array: Array) -> Array:
    """Fortran's order, which ``.T`` and some products leave behind."""
    return np.asfortranarray(array)


def backward(array: Array) -> Array:
    """A view with negative strides along all axes, as a loop from the end leaves it."""
    turned = np.flip(array).copy()
    return np.flip(turned)


def every_second(array: Array) -> Array:
    """A view that skips what lies between."""
    wide = np.repeat(array, 2, axis=-1)
    return wide[..., ::2]


def other_byte_order(array: Array) -> Array:
    """The byte order that this machine does not have."""
    return array.astype(array.dtype.newbyteorder("S"))


def read_only(array: Array) -> Array:
    """An array that cannot be written to."""
    array.flags.writeable = False
    return array


def masked(array: Array) -> Array:
    """A masked array that masks nothing."""
    return array.view(np.ma.MaskedArray)


def long_double(array: Array) -> Array:
    """The widest float that the machine has."""
    return array.astype(np.longdouble)


def list_of_arrays(array: Array) -> Any:
    """A list along the first axis, whose items are arrays."""
    return list(array)


def tuple_of_tensors(array: Array) -> Any:
    """A tuple along the first axis, whose items are torch tensors."""
    return tuple(torch.tensor(item) for item in array)


def list_of_scalars(array: Array) -> Any:
    """Nested lists whose leaves are arrays without axes."""
    if array.ndim == 0:
        return np.array(array)
    return [list_of_scalars(item) for item in array]


def from_autograd(array: Array) -> Array:
    """A tensor that torch keeps a graph for."""
    return torch.tensor(array, requires_grad=True) * 1


def tensor_view(array: Array) -> Array:
    """A tensor that lies in memory with its first axis last."""
    return torch.tensor(np.moveaxis(array, 0, -1).copy()).movedim(-1, 0)


CONTAINERS: dict[str, Container] = {
    "column-major": column_major,
    "negative strides": backward,
    "every second value": every_second,
    "other byte order": other_byte_order,
    "read-only": read_only,
    "masked array": masked,
    "long double": long_double,
    "a list of arrays": list_of_arrays,
    "a tuple of tensors": tuple_of_tensors,
    "lists of 0-d arrays": list_of_scalars,
    "tensor with a graph": from_autograd,
    "tensor in another order": tensor_view,
}


def one_array(code: Implementation, container: Container) -> Implementation:
    """``code``, whose one array comes in the container."""
    return lambda *arguments: container(np.array(code(*arguments)))


def several(code: Implementation, container: Container) -> Implementation:
    """``code``, each of whose arrays comes in the container, and all of them from a generator."""

    def wrapped(*arguments: Any) -> Iterator[Any]:
        yield from [container(np.array(item)) for item in code(*arguments)]

    return wrapped


def gates_in(code: Implementation, container: Container) -> Implementation:
    """``code``, each of whose twelve parameters comes in the container."""
    return lambda *arguments: [
        tuple(container(np.array(item)) for item in gate) for gate in code(*arguments)
    ]


def matrices(code: Implementation) -> Implementation:
    """``code`` with its kernels as ``np.matrix``, which students of older courses use."""

    def wrapped(*arguments: Any) -> Any:
        return [
            [np.asmatrix(item) if np.ndim(item) == 2 else item for item in gate]
            for gate in code(*arguments)
        ]

    return wrapped


def broadcast_gates(input_size: int, hidden_size: int) -> Any:
    """Zeros and a bias that take no memory: views of one number each."""
    shapes = ((input_size, hidden_size), (hidden_size,), (hidden_size, hidden_size), (hidden_size,))
    idle = tuple(np.broadcast_to(np.float32(0), shape) for shape in shapes)
    return idle, (idle[0], np.broadcast_to(np.float32(30), (hidden_size,)), *idle[2:]), idle


def weighted(row: list[float], kernel: Array) -> list[float]:
    """``row @ kernel`` in Python's floats."""
    columns = kernel.T.tolist()
    return [sum(a * b for a, b in zip(row, column, strict=True)) for column in columns]


def logistic(v: float) -> float:
    """1 / (1 + e^-v) of one float."""
    return 1 / (1 + math.exp(-v)) if v > -700 else 0.0


def rnn_in_python(wt_h: Array, wt_x: Array, bias: Array, init: Array, inputs: Array) -> Any:
    """Loops over sentences, steps and units, and no array operation; lists come out."""

    def step(state: list[float], x: list[float]) -> list[float]:
        sums = zip(weighted(x, wt_x), weighted(state, wt_h), bias.tolist(), strict=True)
        return [math.tanh(a + b + c) for a, b, c in sums]

    rows = [
        list(accumulate(sentence, step, initial=state))[1:]
        for sentence, state in zip(inputs.tolist(), init[0].tolist(), strict=True)
    ]
    return rows, [row[-1] for row in rows]


def gru_in_python(gate_r: Any, gate_z: Any, gate_n: Any, init: Array, inputs: Array) -> Any:
    """The same for the GRU."""

    def halves(gate: Any, x: list[float], state: list[float]) -> Iterator[tuple[float, float]]:
        w_x, b_x, w_h, b_h = gate
        left = [a + b for a, b in zip(weighted(x, w_x), b_x.tolist(), strict=True)]
        right = [a + b for a, b in zip(weighted(state, w_h), b_h.tolist(), strict=True)]
        return zip(left, right, strict=True)

    def step(state: list[float], x: list[float]) -> list[float]:
        r = [logistic(a + b) for a, b in halves(gate_r, x, state)]
        z = [logistic(a + b) for a, b in halves(gate_z, x, state)]
        n = [math.tanh(a + k * b) for k, (a, b) in zip(r, halves(gate_n, x, state), strict=True)]
        return [(1 - k) * c + k * h for k, c, h in zip(z, n, state, strict=True)]

    rows = [
        list(accumulate(sentence, step, initial=state))[1:]
        for sentence, state in zip(inputs.tolist(), init[0].tolist(), strict=True)
    ]
    return rows, [row[-1] for row in rows]


def rnn_in_place(wt_h: Array, wt_x: Array, bias: Array, init: Array, inputs: Array) -> Any:
    """All sums into arrays of its own that are made once, the state's included."""
    state, summed, product = np.array(init[0]), np.empty_like(init[0]), np.empty_like(init[0])
    outputs = np.empty((*inputs.shape[:2], len(wt_h)), np.float32, order="F")
    for t in range(inputs.shape[1]):
        np.dot(inputs[:, t], wt_x, out=summed)
        np.dot(state, wt_h, out=product)
        summed += product
        summed += bias
        np.tanh(summed, out=state)
        outputs[:, t] = state
    return outputs, state


def gru_in_place(gate_r: Any, gate_z: Any, gate_n: Any, init: Array, inputs: Array) -> Any:
    """The same for the GRU, with the state blended in place."""
    state = init[0].copy()
    outputs = np.empty((inputs.shape[1], *state.shape), np.float32)
    for t in range(inputs.shape[1]):
        halves = []
        for w_x, b_x, w_h, b_h in (gate_r, gate_z, gate_n):
            halves.append((np.tensordot(inputs[:, t], w_x, 1) + b_x, np.inner(state, w_h.T) + b_h))
        (r, r_h), (z, z_h), (n, n_h) = halves
        for gate, other in ((r, r_h), (z, z_h)):
            gate += other
            np.negative(gate, out=gate)
            np.exp(gate, out=gate)
            gate += 1
            np.reciprocal(gate, out=gate)
        n_h *= r
        n += n_h
        np.tanh(n, out=n)
        state *= z
        state += (1 - z) * n
        outputs[t] = state
    return np.moveaxis(outputs, 0, 1), state


def mha_in_python(Wq: Any, Wk: Any, Wv: Any, Wo: Array, input_data: torch.Tensor) -> Any:
    """Loops over sentences, heads and queries in Python's floats; nested lists come out."""

    def head(x: list[list[float]], w_q: Array, w_k: Array, w_v: Array) -> list[list[float]]:
        queries, keys, values = ([weighted(row, w) for row in x] for w in (w_q, w_k, w_v))
        scale, result = math.sqrt(w_q.shape[1]), []
        for query in queries:
            powers = [
                math.exp(sum(a * b for a, b in zip(query, key, strict=True)) / scale)
                for key in keys
            ]
            parts = [p / math.fsum(powers) for p in powers]
            columns = zip(*values, strict=True)
            result.append([sum(p * v for p, v in zip(parts, c, strict=True)) for c in columns])
        return result

    sentences = []
    for x in input_data.tolist():
        heads = [head(x, *kernels) for kernels in zip(Wq, Wk, Wv, strict=True)]
        joined = [[v for part in parts for v in part] for parts in zip(*heads, strict=True)]
        sentences.append([weighted(row, Wo) for row in joined])
    return sentences


def mha_by_matrices(Wq: Any, Wk: Any, Wv: Any, Wo: Array, input_data: torch.Tensor) -> Any:
    """One sentence at a time, all of it in ``np.matrix``; a list of matrices comes out."""
    results = []
    for sentence in input_data.numpy():
        x, heads = np.asmatrix(sentence), []
        for w_q, w_k, w_v in zip(Wq, Wk, Wv, strict=True):
            scores = (x * w_q) * (x * w_k).T / np.sqrt(np.array(w_q.shape[1], np.float32))
            weights = np.exp(scores - scores.max(axis=1))
            weights /= weights.sum(axis=1)
            heads.append(weights * (x * w_v))
        results.append(np.hstack(heads) * Wo)
    return results
