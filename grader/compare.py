"""Arrays in, a ``Mismatch`` or nothing out. Shapes are normalised as the notebooks accept them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.excerpt import excerpt_of
from grader.model import Mismatch

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Expected:
    """A right answer, and for each of its values how far off an answer may be."""

    what: str
    value: Float64
    allowed: Float64
    axes: str
    """The shape in words, such as ``[batch, steps, hidden]``."""


@dataclass(frozen=True)
class Closeness:
    """What a comparison measured, whether it passed or not; see ``CheckResult``."""

    error: float
    allowed: float
    at: tuple[int, ...]

    @property
    def ratio(self) -> float:
        """The error as a multiple of what is allowed; infinite when nothing was comparable."""
        return self.error / self.allowed if np.isfinite(self.error) else np.inf


def as_expected_shape(actual: NDArray[Any], shape: Sequence[int]) -> Float64 | None:
    """``actual`` as float64 in ``shape``, or None when it has another one.

    Leading axes of one may be missing or be too many, on either side: that is what broadcasting
    in the notebooks lets through, such as a final state [B, H] for [1, B, H].
    """
    if _without_leading_ones(actual.shape) != _without_leading_ones(shape):
        return None
    return actual.astype(np.float64).reshape(tuple(shape))


def _without_leading_ones(shape: Sequence[int]) -> tuple[int, ...]:
    start = 0
    while start < len(shape) and shape[start] == 1:
        start += 1
    return tuple(shape[start:])


def closeness(actual: Float64, expected: Expected) -> Closeness:
    """The value that is nearest to its allowance, or furthest beyond it."""
    error = _errors(actual, expected)
    worst = np.unravel_index(int(np.argmax(error / expected.allowed)), error.shape)
    return Closeness(
        float(error[worst]), float(expected.allowed[worst]), tuple(int(i) for i in worst)
    )


def mismatch(actual: Float64, expected: Expected) -> Mismatch | None:
    """Where the arrays differ by more than is allowed, or None. NaN is never allowed."""
    error, bad = _errors(actual, expected), differing(actual, expected)
    if not bad.any():
        return None
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    return Mismatch(
        what=expected.what,
        at=first,
        expected=float(expected.value[first]),
        actual=float(actual[first]),
        error=float(error[first]),
        allowed=float(expected.allowed[first]),
        differing=int(bad.sum()),
        total=int(bad.size),
        excerpt=excerpt_of(actual, expected.value, error / expected.allowed, first, expected.axes),
    )


def differing(actual: Float64, expected: Expected) -> NDArray[np.bool_]:
    """Of each value whether it differs by more than is allowed."""
    return ~(_errors(actual, expected) <= expected.allowed)


def _errors(actual: Float64, expected: Expected) -> Float64:
    with np.errstate(invalid="ignore"):
        error = np.abs(actual - expected.value)
    return np.where(np.isfinite(error), error, np.inf)


def describe(found: Mismatch, largest: float) -> str:
    """The mismatch in one sentence, in the words of the report."""
    rest = ""
    if found.actual is None or not np.isfinite(found.actual):
        came = "came NaN" if found.actual is None or np.isnan(found.actual) else "came infinity"
        off = "the result must be finite numbers"
    else:
        came = f"came {found.actual:.6g}"
        off = f"off by {found.error:.2g}, allowed {found.allowed:.2g}"
        rest = "; others are no finite numbers"
    if np.isfinite(largest):
        rest = f"; the largest difference is {largest:.2g}"
    where = ", ".join(map(str, found.at))
    return (
        f"{found.what}: {found.differing} of {found.total} values differ. The first is at "
        f"[{where}]: expected {found.expected:.6g}, {came} ({off}){rest}."
    )
