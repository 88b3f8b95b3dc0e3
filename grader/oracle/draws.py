"""One draw: what a student's function is called with, and what it should answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from grader.compare import Expected

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Arguments = tuple[Any, ...]
"""NumPy arrays, torch tensors, ints, and tuples or lists of these."""

ROUNDOFF = 2.0**-24
"""The unit roundoff of float32 in round-to-nearest."""


@dataclass(frozen=True)
class Draw:
    """A call of ``function`` with ``arguments``, and its right answers in order."""

    function: str
    arguments: Arguments
    expected: tuple[Expected, ...]

    @property
    def depth(self) -> int:
        """How many sequences deep its arrays are expected: one answer is returned as it is."""
        return 0 if len(self.expected) == 1 else 1


@dataclass(frozen=True)
class Allowance:
    """The constants of the rounding analysis; they stand in the rubric with their reasons."""

    safety: float
    activation_ulps: float

    @property
    def activation(self) -> float:
        """The absolute error of an exponential, tanh or sigmoid of a float32, itself at most 1."""
        return self.activation_ulps * ROUNDOFF

    def total(self, bound: Float64) -> Float64:
        """What is allowed where the analysis gives ``bound``; never quite zero."""
        return self.safety * (bound + ROUNDOFF * np.finfo(np.float32).tiny + 1e-12)


def gamma(terms: int) -> float:
    """The relative error bound of a float32 sum of ``terms`` products, in any order.

    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1.
    """
    return terms * ROUNDOFF / (1 - terms * ROUNDOFF)


def normal(rng: np.random.Generator, *shape: int) -> Float32:
    """Standard normal float32 numbers, as ``torch.randn`` of the notebooks draws them."""
    return rng.standard_normal(shape).astype(np.float32)


def numbers(tensor: torch.Tensor) -> NDArray[Any]:
    """The values of a tensor as a NumPy array of the same dtype, memory of its own."""
    array: NDArray[Any] = tensor.detach().numpy().copy()
    return array
