"""Which round numbers stand on a chart's scale, and which numbers have a place on one at all."""

from __future__ import annotations

import math

MOST = 1e100
"""Larger numbers have no place on a chart: sums and differences of others never overflow."""
LEAST = 1e-12
"""Numbers that differ by no more are drawn as one."""
LEAST_SPREAD = 1e-4
"""The same, as a part of the numbers: what stands on a scale has six digits."""


def can_be_drawn(value: float) -> bool:
    """Whether a number is neither huge, nor infinite, nor NaN."""
    return abs(value) <= MOST


def ticks_around(low: float, high: float) -> list[float]:
    """Two to five round numbers around the data; from zero on where that wastes little."""
    if 0 <= low < 0.5 * high:
        low = 0.0
    spread, size = high - low, max(abs(low), abs(high))
    if _is_flat(low, high):
        spread = size if size > LEAST else 1.0
    rough = spread / 3
    power = _power_below(rough)
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * 0.999)
    first = math.floor(low / step)
    return [_round(step * k) for k in range(first, max(first + 1, math.ceil(high / step)) + 1)]


def ticks_between(low: float, high: float) -> list[float]:
    """Four to ten round numbers between the two; none where these are all but the same."""
    if _is_flat(low, high):
        return []
    power = _power_below(high - low)
    step = next(s * power for s in (1, 0.5, 0.2, 0.1) if (high - low) / (s * power) >= 4)
    return [_round(step * k) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def whole_ticks(first: float, last: float) -> list[float]:
    """The first number, and up to seven round whole ones as far as the last."""
    step = max(1, round((last - first) / 5))
    step = next((s for s in (1, 2, 5, 10, 20, 25, 50, 100) if s >= step), step)
    among = range(math.floor(first / step), math.floor(last / step) + 1)
    return [first, *(step * k for k in among if step * k > first + step / 2)]


def _is_flat(low: float, high: float) -> bool:
    return high - low <= max(LEAST, LEAST_SPREAD * max(abs(low), abs(high)))


def _power_below(value: float) -> float:
    return 10.0 ** math.floor(math.log10(value))


def _round(value: float) -> float:
    """Without the traces of binary fractions: 0.3, and not 0.30000000000000004."""
    return float(f"{value:.10g}")
