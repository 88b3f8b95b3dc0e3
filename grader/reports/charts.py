"""Charts as inline SVG: pure functions from numbers to markup.

Positions across are percentages and those down are pixels, so a chart takes the width that it gets
and its text stays as large as the page's. Colours come from the page's style, by class. Each chart
says in its ``aria-label`` what it shows. Any numbers will do, as a student's model may give any
loss: what cannot be drawn is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from grader.reports.plain import plain
from grader.reports.ticks import can_be_drawn, ticks_around, ticks_between, whole_ticks

EDGE = 3.0
"""Percent that stay free on the left and the right."""
TICKS = 9.0
"""Percent that a line chart leaves on the left, for the numbers there."""
ROW = 36
"""Pixels for one row of the scale."""
PLOT = 150
"""Pixels for the height of a line chart."""
NARROW = 11.0
"""A zone of fewer percent has no room for its label."""
OPEN_LABEL = 26.0
"""Percent left of a bin without an upper end that its label needs, also on a phone."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """One row of the scale: a number with its name, and an interval where there is one."""

    label: str
    value: float
    kind: str = "reference"
    """A class of the page's style: 'own', 'hollow' or 'reference'."""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Zone:
    """The part of the scale below a threshold, and what it gives."""

    below: float
    points: float


@dataclass(frozen=True)
class Series:
    """One line of a chart."""

    label: str
    points: Sequence[Point]
    kind: str = "own"
    """A class of the page's style: 'own' or 'other'."""


@dataclass(frozen=True)
class Bin:
    """How many values lie between two numbers."""

    low: float
    high: float
    count: int
    is_open: bool = False
    """Whether all that lies above is counted here, too."""

    @property
    def label(self) -> str:
        return f"{self.low:.4g} and more" if self.is_open else f"{self.low:.4g} to {self.high:.4g}"


class Scale:
    """From numbers to percent across. Numbers beyond its ends are drawn at the ends."""

    def __init__(self, low: float, high: float, left: float = EDGE) -> None:
        self._low, self._high, self._left = low, high, left

    def at(self, value: float) -> float:
        share = (value - self._low) / ((self._high - self._low) or 1.0)
        return self._left + (100 - self._left - EDGE) * min(max(share, 0.0), 1.0)

    def holds(self, value: float) -> bool:
        return self._low <= value <= self._high


def loss_scale(marks: Sequence[Mark], zones: Sequence[Zone]) -> Markup:
    """The losses one below the other on one horizontal scale, over the zones that give points."""
    marks = [mark for mark in marks if can_be_drawn(mark.value)]
    zones = [zone for zone in zones if can_be_drawn(zone.below)]
    zones = sorted(zones, key=lambda zone: zone.below)
    if not marks:
        return Markup("")
    scale = _scale_of(marks, zones)
    height = 24 + ROW * len(marks) + 22
    parts = [_zones(zones, scale, height), *_axis(zones, scale, height)]
    for number, mark in enumerate(marks):
        parts += _row(mark, scale, 24 + ROW * number)
    said = "; ".join(f"{mark.label} {_figure(mark)}" for mark in marks)
    steps = "; ".join(f"below {z.below:g} gives {z.points:g} points" for z in zones)
    return _svg("scale", height, f"Losses, lower is better. {said}. {steps}.", parts)


def line_chart(series: Sequence[Series], x_label: str, marked: Point | None = None) -> Markup:
    """Lines over one another, a dot at ``marked``; y begins at zero or close below the data."""
    series = [Series(line.label, _drawn(line.points), line.kind) for line in series]
    points = [point for line in series for point in line.points]
    if len({x for x, _ in points}) < 2:
        return Markup("")
    across = Scale(min(x for x, _ in points), max(x for x, _ in points), TICKS)
    ticks = ticks_around(min(y for _, y in points), max(y for _, y in points))
    low, high = ticks[0], ticks[-1]

    def down(y: float) -> float:
        return 18 + (PLOT - 18) * (high - y) / (high - low)

    parts = []
    for y in ticks:
        parts += [
            f'<line class="grid" x1="0" x2="100%" y1="{_n(down(y))}" y2="{_n(down(y))}"/>',
            f'<text class="tick" x="0" y="{_n(down(y) - 4)}">{y:g}</text>',
        ]
    # The lines alone are stretched: text and dots keep their shape.
    parts.append(
        f'<svg x="0" y="0" width="100%" height="{PLOT}" viewBox="0 0 100 {PLOT}" '
        'preserveAspectRatio="none">'
    )
    for line in series:
        path = " ".join(f"{_n(across.at(x))},{_n(down(y))}" for x, y in line.points)
        parts.append(f'<polyline class="line {escape(line.kind)}" points="{path}"/>')
    parts.append("</svg>")
    if marked is not None and all(map(can_be_drawn, marked)):
        parts.append(
            f'<circle class="dot own" cx="{_n(across.at(marked[0]))}%" cy="{_n(down(marked[1]))}" '
            'r="4.5"/>'
        )
    for x in whole_ticks(min(x for x, _ in points), max(x for x, _ in points)):
        parts.append(_text("tick", across.at(x), PLOT + 16, f"{x:g}"))
    parts.append(_text("tick", 50, PLOT + 34, x_label))
    said = ". ".join(_said(line) for line in series if line.points)
    return _svg("lines", PLOT + 40, f"{said}.", parts)


def histogram(bins: Sequence[Bin], x_label: str, edges: Sequence[Zone] = ()) -> Markup:
    """Bars side by side, each with its count over it; ``edges`` are drawn where they lie inside."""
    bins = [bin for bin in bins if can_be_drawn(bin.low) and can_be_drawn(bin.high)]
    highest = max((bin.count for bin in bins), default=0)
    if not highest:
        return Markup("")
    across = Scale(bins[0].low, bins[-1].high)
    parts = []
    for edge in (edge for edge in edges if across.holds(edge.below)):
        x = _n(across.at(edge.below))
        parts.append(f'<line class="edge" x1="{x}%" x2="{x}%" y1="18" y2="{PLOT}"/>')
        parts.append(_text("tick", across.at(edge.below), 12, f"< {edge.below:g}"))
    for bin in (bin for bin in bins if bin.count):
        left, right = across.at(bin.low), across.at(bin.high)
        top = PLOT - (PLOT - 40) * bin.count / highest
        parts.append(
            f'<rect class="count" x="{_n(left + 0.2)}%" width="{_n(right - left - 0.4)}%" '
            f'y="{_n(top)}" height="{_n(PLOT - top)}"/>'
        )
        parts.append(_text("tick", (left + right) / 2, top - 4, f"{bin.count}"))
    parts.append(f'<line class="grid" x1="0" x2="100%" y1="{PLOT}" y2="{PLOT}"/>')
    last, right = bins[-1], 100.0
    if last.is_open:
        parts.append(_text("tick", across.at(last.high), PLOT + 16, last.label, "end"))
        right = across.at(last.low) - OPEN_LABEL
    ticks = [x for x in ticks_between(bins[0].low, last.high) if across.at(x) <= right]
    parts += [_text("tick", across.at(x), PLOT + 16, f"{x:g}") for x in ticks]
    parts.append(_text("tick", 50, PLOT + 34, x_label))
    said = "; ".join(f"{bin.label}: {bin.count}" for bin in bins if bin.count)
    return _svg("histogram", PLOT + 40, f"{x_label}. {said}.", parts)


def _scale_of(marks: Sequence[Mark], zones: Sequence[Zone]) -> Scale:
    """Room for all references and for the own loss, unless that is far beyond them."""
    fixed = [zone.below for zone in zones] + [m.value for m in marks if m.kind == "reference"]
    own = [m.value for m in marks if m.kind != "reference"]
    low = min([*fixed, *own])
    far = 1.3 * max(fixed or own)
    high = max([*fixed, *(min(value, far) for value in own)])
    room = 0.08 * (high - low) or 0.5
    return Scale(max(0.0, low - room), high + room)


def _zones(zones: Sequence[Zone], scale: Scale, height: int) -> str:
    parts = []
    left = 0.0
    for number, zone in enumerate(zones):
        right = scale.at(zone.below)
        parts.append(
            f'<rect class="zone z{min(number, 3)}" x="{_n(left)}%" y="0" '
            f'width="{_n(right - left)}%" height="{height - 20}"/>'
        )
        if right - left >= NARROW:
            parts.append(_text("zone-label", (left + right) / 2, 15, f"{zone.points:g} points"))
        left = right
    return "".join(parts)


def _axis(zones: Sequence[Zone], scale: Scale, height: int) -> list[str]:
    parts = []
    for zone in zones:
        x = _n(scale.at(zone.below))
        parts.append(f'<line class="edge" x1="{x}%" x2="{x}%" y1="0" y2="{height - 20}"/>')
        parts.append(_text("tick", scale.at(zone.below), height - 5, f"{zone.below:g}"))
    return parts


def _row(mark: Mark, scale: Scale, top: int) -> list[str]:
    y, x = top + 27, scale.at(mark.value)
    parts = [f'<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>']
    text = f"{mark.label} {_figure(mark)}"
    # The label stands over its dot: to the right of it in the left half, else to the left.
    anchor, shift = ("start", -1.5) if x < 50 else ("end", 1.5)
    parts.append(_text(f"label {mark.kind}", x + shift, top + 17, text, anchor))
    ends = (mark.low, mark.high)
    if scale.holds(mark.value) and all(end is not None and math.isfinite(end) for end in ends):
        low, high = (scale.at(end) for end in ends if end is not None)
        parts.append(f'<line class="whisker" x1="{_n(low)}%" x2="{_n(high)}%" y1="{y}" y2="{y}"/>')
    if scale.holds(mark.value):
        parts.append(f'<circle class="dot {escape(mark.kind)}" cx="{_n(x)}%" cy="{y}" r="5"/>')
    else:
        parts.append(_text(f"dot-text {mark.kind}", 99.5, y + 5, "▶", "end"))
    return parts


def _figure(mark: Mark) -> str:
    exact = mark.kind != "reference" and abs(mark.value) < 1000
    return f"{mark.value:.3f}" if exact else f"{mark.value:.3g}"


def _drawn(points: Sequence[Point]) -> list[Point]:
    return [(x, y) for x, y in points if can_be_drawn(x) and can_be_drawn(y)]


def _said(line: Series) -> str:
    (x0, y0), (x1, y1) = line.points[0], line.points[-1]
    return f"{line.label}: {y0:.3g} at {x0:g}, {y1:.3g} at {x1:g}"


def _text(kind: str, x: float, y: float, text: str, anchor: str = "middle") -> str:
    where = f'x="{_n(x)}%" y="{_n(y)}" text-anchor="{anchor}"'
    return f'<text class="{escape(kind)}" {where}>{escape(plain(text))}</text>'


def _svg(kind: str, height: int, said: str, parts: Sequence[str]) -> Markup:
    head = f'<svg class="chart {kind}" role="img" width="100%" height="{height}"'
    return Markup(f'{head} aria-label="{escape(plain(said))}">{"".join(parts)}</svg>')


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
