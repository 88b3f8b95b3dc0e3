"""The report as one web page that needs nothing else: no network, no script, no other file.

Whatever is printed into the page goes through ``plain`` first (no control characters, no direction
overrides) and is then escaped, both by the environment, so no template can forget it. The page's
own policy forbids scripts and anything from outside, should a text slip through all the same.
"""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.model import Report
from grader.reports import charts, error_map, view
from grader.reports.details import scored_on
from grader.reports.plain import plain

TEMPLATES = Path(__file__).with_name("templates")
_SMALL = re.compile(r"\b\d+(?:\.\d+)?e-\d+\b")
"""A browser may end a line behind any hyphen."""


def to_html(report: Report, *, staff: bool = False, name: str = "") -> str:
    """The report as a page for the student; for ``staff``, with what students do not see.

    That is: notes, what the notebooks claim, hidden checks, and the private test set's loss. The
    same report gives the same page. ``name`` is whose hand-in it is, as the student or a platform
    spells it; '': what the submission is called, which in a course is the name of its folder.
    """
    page = environment().get_template("page.html.jinja")
    return page.render(
        report=report,
        name=name or report.submission,
        staff=staff,
        parts=[view.Part(question, staff) for question in report.questions],
        headline=view.headline(report),
        shared=view.shared_failure(report),
        repeats=view.repeats(report),
    )


@cache
def environment() -> Environment:
    """What all pages are made with: everything printed is made plain and escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        number=number,
        figures=figures,
        points=points,
        outcome=lambda outcome: view.OUTCOMES[outcome],
        index=view.index,
        scored_on=scored_on,
        page_name=view.page_name,
    )
    environment.globals.update(charts=charts, error_map=error_map, view=view)
    return environment


def _printable(value: object) -> object:
    """What an expression of a template prints: text of any origin is made plain."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def number(value: float | None, digits: int = 6) -> str:
    """A number to read; null stands for what is not finite."""
    if value is None:
        return "not finite"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.{digits}g}"


def figures(text: str) -> Markup:
    """Text of any origin, in which no line ends within a number such as 4.8e-06."""
    return Markup(_SMALL.sub(r'<span class="figure">\g<0></span>', str(escape(plain(text)))))


def points(value: float) -> str:
    """Points, without a fraction where there is none."""
    return f"{value:g}"
