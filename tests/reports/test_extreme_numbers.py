"""Whatever numbers a student's code comes to, every report can be made and shows no such number."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise, product
from typing import Any

import pytest
from pydantic import BaseModel
from rich.console import Console

from grader.model import Report
from grader.reports.charts import (
    Bin,
    Mark,
    Series,
    Zone,
    histogram,
    line_chart,
    loss_scale,
)
from grader.reports.gradebook import to_gradebook
from grader.reports.gradescope import to_gradescope
from grader.reports.html import to_html
from grader.reports.junit import to_junit
from grader.reports.markdown import to_markdown
from grader.reports.summary import loss_bins, to_summary
from grader.reports.terminal import to_terminal
from tests.reports.course_samples import THRESHOLDS
from tests.reports.page_samples import full_report, trained
from tests.reports.rows import row

SMALL = [0.0, -0.0, 5e-324, 1e-300, 1e-12, 1.0, 1.0 + 1e-7]
LARGE = [1e9, 1e16, 1e20, 3.4e38, 1e100, 1e300, 1.7e308]
ODD = [-1.0, -1e16, -1.7e308, math.inf, -math.inf, math.nan]
NUMBERS = [*SMALL, *LARGE, *ODD]
FEW = [(), *product(NUMBERS, repeat=1), *product(NUMBERS, repeat=2), *combinations(NUMBERS, 3)]
OWN = {"score", "max_score", "points", "duration_s"}
"""The grader's numbers: points, and the time by its clock."""
NO_PLACE = re.compile(r'\b(?:nan|inf)\b(?=[%",])')
"""A coordinate that is no number."""
Values = Sequence[float]

CHARTS: dict[str, Callable[[Values], str]] = {
    "curve": lambda values: line_chart([Series("a", list(enumerate(values, start=1)))], "x"),
    "wide curve": lambda values: line_chart([Series("a", [(v, 1.0) for v in values])], "x"),
    "curve with a dot": lambda values: line_chart(
        [Series("a", [(v, v) for v in values])], "x", (values[0], values[-1]) if values else None
    ),
    "own losses": lambda values: loss_scale([Mark("a", v, "own", v, v) for v in values], []),
    "references": lambda values: loss_scale(
        [Mark("own", 1.0, "own"), *(Mark("a", v) for v in values)], [Zone(2.0, 1)]
    ),
    "interval": lambda values: loss_scale(
        [Mark("a", v, "own", values[0], values[-1]) for v in values], [Zone(v, 1) for v in values]
    ),
    "flat bins": lambda values: histogram(
        [Bin(v, v, 1) for v in values], "x", [Zone(v, 1) for v in values]
    ),
    "bins": lambda values: histogram([Bin(low, high, 1) for low, high in pairwise(values)], "x"),
    "losses of a course": lambda values: histogram(loss_bins([v for v in values if v >= 0]), "x"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_charts_take_any_numbers(name: str) -> None:
    for values in FEW:
        chart = CHARTS[name](values)
        assert not NO_PLACE.search(chart.partition("aria-label=")[2].partition(">")[2]), values
        assert len(chart) < 10_000, values


@pytest.mark.parametrize("value", [1e-300, 2.0, 1e20, 3.4e38])
def test_curve_that_is_flat_is_drawn_between_its_ticks(value: float) -> None:
    chart = line_chart([Series("a", [(float(n), value) for n in range(5)])], "x")
    [path] = re.findall(r'points="([^"]*)"', chart)
    grid = sorted(float(y) for y in re.findall(r'class="grid" [^/]*y2="([^"]*)"', chart))
    heights = {float(point.split(",")[1]) for point in path.split()}
    assert len(heights) == 1
    assert grid[0] < grid[-1]
    assert grid[0] <= heights.pop() <= grid[-1]


def test_worst_losses_are_in_the_last_bin() -> None:
    bins = loss_bins([1.0, 1e16, 1.7e308, math.inf])
    assert (bins[0].count, bins[-1].count) == (1, 3)
    assert loss_bins([1e16])[0].count == 1


def with_number(value: Any, number: float) -> Any:
    """A record in which every number with a fraction is another one, but for the grader's own."""
    if isinstance(value, BaseModel):
        names = type(value).model_fields.keys() - OWN
        fields = {name: with_number(getattr(value, name), number) for name in names}
        return value.model_copy(update=fields)
    if isinstance(value, tuple):
        return tuple(with_number(item, number) for item in value)
    return number if type(value) is float else value


def extreme_report(number: float) -> Report:
    plain = full_report()
    *others, model = plain.questions
    model = model.model_copy(update={"measured": trained()})
    extreme: Report = with_number(plain.model_copy(update={"questions": (*others, model)}), number)
    return extreme


def shown(report: Report) -> str:
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(to_terminal(report, verbose=True))
    return captured.get()


RENDERERS: dict[str, Callable[[Report], str]] = {
    "page": to_html,
    "staff's page": lambda report: to_html(report, staff=True),
    "terminal": shown,
    "markdown": to_markdown,
    "junit": to_junit,
    "gradescope": to_gradescope,
    "json": lambda report: report.model_dump_json(),
}


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", RENDERERS)
def test_reports_take_any_numbers(name: str, number: float) -> None:
    assert RENDERERS[name](extreme_report(number))


@pytest.mark.parametrize("number", NUMBERS)
def test_courses_take_any_loss(number: float) -> None:
    rows = [row("a", loss=number, duration_s=1.0), row("b", loss=1.4)]
    assert to_summary(rows, thresholds=THRESHOLDS)
    assert to_gradebook(rows)
