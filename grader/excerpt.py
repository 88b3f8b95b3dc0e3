"""A small cut of two arrays that differ, for a person to look at. Its size has a bound."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grader.model import Excerpt, Numbers

Float64 = NDArray[np.float64]
MOST_VALUES = 12
"""Rows and columns of the cut."""
MOST_CELLS = 24
"""Rows and columns of the overview."""
VALUE_DIGITS = 6
RATIO_DIGITS = 3
AXIS = re.compile(r"\w+")


def excerpt_of(
    actual: Float64, expected: Float64, ratios: Float64, first: tuple[int, ...], axes: str
) -> Excerpt | None:
    """The last two axes of the arrays around the index ``first``, or None for a single number.

    ``ratios`` is each difference over what was allowed there, infinite where a value is not finite.
    ``axes`` names the axes in words, such as ``[batch, steps, hidden]``.
    """
    if expected.ndim == 0 or expected.size == 0:
        return None
    names = axis_names(axes, expected.ndim)
    if expected.ndim == 1:  # one row
        actual, expected, ratios = (array[np.newaxis] for array in (actual, expected, ratios))
        first, names = (0, *first), ("", *names)
    leading, (row, column) = first[:-2], first[-2:]
    rows, columns = (
        _window(at, size) for at, size in zip((row, column), expected.shape[-2:], strict=True)
    )
    cut: tuple[int | slice, ...] = (*leading, rows, columns)
    over_rest = ratios.max(axis=tuple(range(ratios.ndim - 2)))
    return Excerpt(
        rows=names[-2],
        columns=names[-1],
        where=_where(names, leading, expected.shape),
        first_row=rows.start,
        first_column=columns.start,
        marked=(row - rows.start, column - columns.start),
        expected=_numbers(expected[cut], VALUE_DIGITS),
        actual=_numbers(actual[cut], VALUE_DIGITS),
        ratios=_numbers(ratios[cut], RATIO_DIGITS),
        overview=_numbers(_blocks(over_rest), RATIO_DIGITS),
        shape=(over_rest.shape[0], over_rest.shape[1]),
    )


def axis_names(axes: str, count: int) -> tuple[str, ...]:
    """A word for each axis, '' for one without a name; none where ``axes`` has not as many."""
    names = tuple("" if name.isdigit() else name for name in AXIS.findall(axes))
    return names if len(names) == count else ("",) * count


def _where(names: Sequence[str], leading: Sequence[int], shape: Sequence[int]) -> str:
    """The index on the leading axes, but for those that have one value only."""
    chosen = zip(names, leading, shape, strict=False)
    return ", ".join(f"{name} {at}".strip() for name, at, size in chosen if size > 1)


def _window(at: int, size: int) -> slice:
    """At most MOST_VALUES indices with ``at`` among them, in the middle if there is room."""
    start = max(0, min(at - MOST_VALUES // 2, size - MOST_VALUES))
    return slice(start, min(start + MOST_VALUES, size))


def _blocks(ratios: Float64) -> Float64:
    """The array in at most MOST_CELLS rows and columns, each the largest of those it stands for."""
    for axis in (0, 1):
        size = ratios.shape[axis]
        if size > MOST_CELLS:
            starts = np.arange(MOST_CELLS) * size // MOST_CELLS
            ratios = np.maximum.reduceat(ratios, starts, axis=axis)
    return ratios


def _numbers(array: Float64, digits: int) -> Numbers:
    return tuple(tuple(float(f"{x:.{digits}g}") for x in row) for row in array.tolist())
