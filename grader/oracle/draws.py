"""One draw: what a student's function is called with, and what it should answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray

from grader.compare import Expected

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
P = ParamSpec("P")
T = TypeVar("T")
Arguments = tuple[Any, ...]
"""NumPy arrays, torch tensors, ints, and tuples or lists of these."""

ROUNDOFF = 2.0**-24
"""The unit roundoff of float32 in round-to-nearest."""
REMEMBERED = 128
"""How many draws of a kind are kept; a hand-in is asked fewer that are everybody's."""


@dataclass(frozen=True, eq=False)
class Draw:
    """A call of ``function`` with ``arguments``, and its right answers in order."""

    function: str
    arguments: Arguments
    expected: tuple[Expected, ...]
    sizes: str = ""
    """In words, where a message is to tell them."""

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


def remembered(drawn: Callable[P, T]) -> Callable[P, T]:
    """``drawn``, asked once for the same arguments: for what each hand-in of a course is asked.

    What it gives is everybody's, so the NumPy arrays in it cannot be written to.
    """

    def read_only(*args: P.args, **kwargs: P.kwargs) -> T:
        value = drawn(*args, **kwargs)
        _make_read_only(value)
        return value

    # The type of functools' own result says nothing of the arguments.
    return cast(Callable[P, T], wraps(drawn)(lru_cache(maxsize=REMEMBERED)(read_only)))


def _make_read_only(value: object) -> None:
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, (tuple, list)):
        for item in value:
            _make_read_only(item)
    elif is_dataclass(value):
        for field in fields(value):
            _make_read_only(getattr(value, field.name))


def normal(rng: np.random.Generator, *shape: int) -> Float32:
    """Standard normal float32 numbers, as ``torch.randn`` of the notebooks draws them."""
    return rng.standard_normal(shape).astype(np.float32)


def numbers(tensor: torch.Tensor) -> NDArray[Any]:
    """The values of a tensor as a NumPy array of the same dtype, memory of its own."""
    array: NDArray[Any] = tensor.detach().numpy().copy()
    return array
