"""How far off each value is, as one of a few levels, and all values of an array as a picture.

How large errors are differs by many orders of magnitude between mistakes. So the levels share out
what lies between the smallest and the largest error of the array at hand: then a picture shows
whether errors grow with time, or sit in some units.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from grader.measures import FiniteOrNull
from grader.model import Excerpt
from grader.reports.plain import plain

WITHIN = "l0"
NOT_FINITE = "nan"
MOST_LEVELS = 5
LEAST_FACTOR = 2.0
"""Between two levels; errors that are closer to one another than this look alike."""
CELL_PX = 22


@dataclass(frozen=True)
class Levels:
    """The levels for one array, as classes of the page's style: l0, l1 to l5, and nan."""

    low: float
    factor: float
    """A level reaches from one power of it, times ``low``, to the next."""
    count: int

    @classmethod
    def of(cls, excerpt: Excerpt) -> Levels:
        beyond = [r for r in _cells(excerpt) if r is not None and 1 < r < math.inf]
        if not beyond:
            return cls(1.0, LEAST_FACTOR, 1)
        low, high = min(beyond), max(beyond)
        factor = max(LEAST_FACTOR, (high / low) ** (1 / MOST_LEVELS))
        count = max(1, math.ceil(math.log(high / low, factor) - 1e-9))
        return cls(low, factor, min(count, MOST_LEVELS))

    def level(self, ratio: FiniteOrNull) -> str:
        """The class for a difference that is ``ratio`` times what was allowed."""
        if ratio is None or not math.isfinite(ratio):
            return NOT_FINITE
        if ratio <= 1:
            return WITHIN
        step = math.floor(math.log(max(ratio / self.low, 1.0), self.factor) + 1e-9)
        # The strongest colours stand for the largest errors, however many levels there are.
        return f"l{MOST_LEVELS - self.count + 1 + min(step, self.count - 1)}"

    def legend(self, excerpt: Excerpt) -> Iterator[tuple[str, str]]:
        """The classes that the error map has, each with words."""
        there = {self.level(ratio) for ratio in _cells(excerpt)}
        if WITHIN in there:
            yield WITHIN, "within what is allowed"
        for step in range(self.count):
            kind = f"l{MOST_LEVELS - self.count + 1 + step}"
            if kind in there:
                low, high = (self.low * self.factor**k for k in (step, step + 1))
                yield kind, f"{_times(low)} to {_times(high)} times that"
        if NOT_FINITE in there:
            yield NOT_FINITE, "not a finite number"


def error_map(excerpt: Excerpt) -> Markup:
    """All values at a glance: the rows of the array go across, its columns down."""
    columns = list(zip(*excerpt.overview, strict=True))
    across, down = len(excerpt.overview), len(columns)
    levels = Levels.of(excerpt)
    cells: dict[str, list[str]] = {}
    for y, column in enumerate(columns):
        for x, ratio in enumerate(column):
            cells.setdefault(levels.level(ratio), []).append(f"M{x} {y}h.94v.92h-.94z")
    paths = "".join(
        f'<path class="cell {kind}" d="{"".join(shapes)}"/>'
        for kind, shapes in sorted(cells.items())
    )
    return Markup(
        f'<svg class="map" role="img" viewBox="0 0 {across} {down}" preserveAspectRatio="none" '
        f'style="max-width:{across * CELL_PX}px;height:{min(down * CELL_PX, 240)}px" '
        f'aria-label="{escape(plain(_said(excerpt)))}">{paths}</svg>'
    )


def _cells(excerpt: Excerpt) -> list[FiniteOrNull]:
    return [ratio for row in excerpt.overview for ratio in row]


def _times(ratio: float) -> str:
    """A multiple with two digits: 1.5, 320, 21,000 or 3.5e+06."""
    two = float(f"{ratio:.2g}")
    return f"{two:,.0f}" if 10 <= two < 1e6 else f"{two:.2g}"


def _said(excerpt: Excerpt) -> str:
    levels = Levels.of(excerpt)
    found = [levels.level(ratio) for ratio in _cells(excerpt)]
    wrong = sum(kind != WITHIN for kind in found)
    finite = [r for r in _cells(excerpt) if r is not None and math.isfinite(r)]
    rows, columns = excerpt.rows or "rows", excerpt.columns or "columns"
    size = f"{excerpt.shape[0]} {rows} by {excerpt.shape[1]} {columns}"
    said = f"Error map of {size}: {wrong} of {len(found)} cells differ by more than is allowed."
    if finite and max(finite) > 1:
        said += f" The largest difference is {_times(max(finite))} times that."
    if odd := found.count(NOT_FINITE):
        said += f" {odd} hold numbers that are not finite."
    return said
