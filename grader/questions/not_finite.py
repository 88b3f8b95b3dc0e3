"""Why a GRU with returned parameters gives what is no finite number, for q4 and q5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from grader.checking import Gate
from grader.wire import Array

PARTS = ("wt_x", "bias_x", "wt_h", "bias_h")
"""The items of a gate's tuple."""
BIASES = (1, 3)


def why_not_finite(gates: Sequence[Gate]) -> str:
    """What of the gates r, z and n it comes from; the end of a sentence, and what to look at.

    Infinity is legal by itself, so that it is named only where no item holds NaN; of infinite
    biases those that are of no number together come first, then all that is infinite.
    """
    if where := list(_items(gates, np.isnan)):
        return f"NaN is in {', '.join(where)}. Look at what it comes from."
    for name, gate in zip("rzn", gates, strict=True):
        bias_x, bias_h = (_as_float32(gate[index]) for index in BIASES)
        with np.errstate(invalid="ignore"):
            total = bias_x + bias_h
        if np.isnan(total).any():
            return (
                f"the two biases of linear_trans_{name} are infinite with opposite signs, and "
                "inf - inf is NaN. A gate sees the sum of the two."
            )
    if where := list(_items(gates, np.isinf)):
        return (
            f"not all values are finite float32 numbers in {', '.join(where)}, and 0 * inf and "
            "inf - inf are NaN. Take large numbers instead."
        )
    return "the sums in its gates are too large for float32. Take smaller parameters."


def _items(gates: Sequence[Gate], found: np.ufunc) -> Iterator[str]:
    for name, gate in zip("rzn", gates, strict=True):
        for index, (part, values) in enumerate(zip(PARTS, gate, strict=True)):
            if np.any(found(_as_float32(values))):
                yield f"item {index} ({part}) of linear_trans_{name}"


def _as_float32(values: Array) -> Array:
    """As the layer has them: what is too large is infinite there."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)
