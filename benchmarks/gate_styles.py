"""Correct ``init_gru_with_rnn`` and ``init_gru_with_long_term_memory``, as students write them.

A gate is held open or closed by a saturated bias. Its size is drawn anew for each call, evenly in
its logarithm from LEAST_BIAS to LARGEST_BIAS, because any of these is meant to pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

Array = Any
Gates = Any
Implementation = Callable[..., Any]

LEAST_BIAS = 8.0
LARGEST_BIAS = 1000.0


def in_one(total: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """A bias given as the input's alone or as the state's alone."""
    biases = (total, np.zeros_like(total))
    return biases if rng.random() < 0.5 else biases[::-1]


def split(total: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """A bias in two parts of the same sign."""
    part = (total * rng.random()).astype(total.dtype)
    return part, total - part


def nested_lists(gates: Gates) -> Gates:
    """Nested Python lists of floats."""
    return [[item.tolist() for item in gate] for gate in gates]


def tensors(gates: Gates) -> Gates:
    """Torch tensors, which ``np.concatenate`` takes as well."""
    return tuple(tuple(torch.tensor(item) for item in gate) for gate in gates)


def unchanged(gates: Gates) -> Gates:
    """Tuples of arrays."""
    return gates


@dataclass(frozen=True)
class GateWriter:
    """The choices of one student; the defaults are the plain ones, in float32 arrays."""

    rng: np.random.Generator
    dtype: type[np.number[Any]] = np.float32
    """Of every constant; ints are what ``np.full(n, 10)`` makes."""
    biases: Callable[[Array, np.random.Generator], tuple[Array, Array]] = in_one
    half_open: bool = False
    """The reset gate stays at one half, and the candidate's recurrent half is doubled."""
    any_weights: bool = False
    """Gates that do not matter get random parameters."""
    packed: Callable[[Gates], Gates] = unchanged

    def as_rnn(self, wt_h: Array, wt_x: Array, bias: Array) -> Gates:
        """The assignment's ``init_gru_with_rnn``: reset gate open, update gate closed."""
        inputs, hidden = wt_x.shape
        reset = self._held(inputs, hidden, 0.0 if self.half_open else self._saturated())
        update = self._held(inputs, hidden, -self._saturated())
        bias_x, bias_h = self.biases(bias, self.rng)
        doubled = 2 if self.half_open else 1
        candidate = (wt_x, bias_x, doubled * wt_h, doubled * bias_h)
        return self.packed((reset, update, candidate))

    def long_memory(self, input_size: int, hidden_size: int) -> Gates:
        """The assignment's ``init_gru_with_long_term_memory``: update gate open."""
        update = self._held(input_size, hidden_size, self._saturated())
        reset, candidate = (self._idle(input_size, hidden_size) for _ in range(2))
        return self.packed((reset, update, candidate))

    def _saturated(self) -> float:
        return float(np.exp(self.rng.uniform(np.log(LEAST_BIAS), np.log(LARGEST_BIAS))))

    def _held(self, inputs: int, hidden: int, bias: float) -> tuple[Array, ...]:
        """A gate that only its bias decides. An int is rounded away from zero."""
        whole = np.issubdtype(self.dtype, np.integer)
        total = np.full(hidden, np.copysign(np.ceil(abs(bias)), bias) if whole else bias)
        bias_x, bias_h = self.biases(total.astype(self.dtype), self.rng)
        return (
            np.zeros((inputs, hidden), self.dtype),
            bias_x,
            np.zeros((hidden, hidden), self.dtype),
            bias_h,
        )

    def _idle(self, inputs: int, hidden: int) -> tuple[Array, ...]:
        shapes = ((inputs, hidden), (hidden,), (hidden, hidden), (hidden,))
        if self.any_weights:
            return tuple(self.rng.standard_normal(shape).astype(self.dtype) for shape in shapes)
        return tuple(np.zeros(shape, self.dtype) for shape in shapes)


def writers(rng: np.random.Generator) -> dict[str, GateWriter]:
    """The styles that both functions have."""
    return {
        "float32, one bias": GateWriter(rng),
        "float32, both biases": GateWriter(rng, biases=split),
        "float64, one bias": GateWriter(rng, dtype=np.float64),
        "float64, both biases": GateWriter(rng, dtype=np.float64, biases=split),
        "ints": GateWriter(rng, dtype=np.int64),
        "ints, nested lists": GateWriter(rng, dtype=np.int64, packed=nested_lists),
        "floats, nested lists": GateWriter(rng, biases=split, packed=nested_lists),
        "torch float32": GateWriter(rng, packed=tensors),
    }


def as_rnn_styles(rng: np.random.Generator) -> dict[str, Implementation]:
    """By name, each a correct ``init_gru_with_rnn`` that draws its biases from ``rng``."""
    styles = {
        **writers(rng),
        "float32, reset gate at one half": GateWriter(rng, half_open=True),
        "float64 lists, reset gate at one half": GateWriter(
            rng, dtype=np.float64, biases=split, half_open=True, packed=nested_lists
        ),
    }
    return {name: writer.as_rnn for name, writer in styles.items()}


def long_memory_styles(rng: np.random.Generator) -> dict[str, Implementation]:
    """By name, each a correct ``init_gru_with_long_term_memory`` drawing biases from ``rng``."""
    styles = {
        **writers(rng),
        "float32, random other gates": GateWriter(rng, any_weights=True),
        "float64, random other gates": GateWriter(
            rng, dtype=np.float64, biases=split, any_weights=True
        ),
    }
    return {name: writer.long_memory for name, writer in styles.items()}
