"""The page in a real browser: nothing to complain of, on a phone, in the dark and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.reports.html import to_html
from grader.reports.summary import to_summary
from tests.reports.browser import Browser, find_browser
from tests.reports.builders import check, question, report
from tests.reports.course_samples import (
    GROUPS,
    HOSTILE_GROUPS,
    THRESHOLDS,
    course,
    hostile_course,
)
from tests.reports.page_samples import full_report, hidden_report, looking_ahead, trained

PROGRAM = find_browser()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium on this machine")

LONG = "x" * 400 + " " + "Wort" * 100
"""A word that no screen has room for."""
REPORTS = {
    "full": full_report(),
    "hidden": hidden_report(),
    "not finite": full_report(None),
    "looking ahead": report(question(check("a"), id="q7", measured=looking_ahead())),
    "trained": report(question(check("a"), id="q7", measured=trained())),
    "long words": report(
        question(check(LONG, title=LONG, message=LONG, output=LONG)), submission=LONG
    ),
}
PAGES = {
    **{name: to_html(sample, staff=True) for name, sample in REPORTS.items()},
    "course": to_summary(course(), GROUPS, THRESHOLDS),
    "hostile course": to_summary(hostile_course(), HOSTILE_GROUPS),
}
OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"
# Text against what is behind it, as WCAG 2 has it: AA asks for 4.5, and for 3 where text is large.
CONTRAST = """
(() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = rgb(c).slice(0, 3).map(v => (v /= 255) <= 0.04045
    ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e)
    .backgroundColor; if (rgb(c)[3] !== 0) return c; } return 'rgb(255, 255, 255)'; };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    const says = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (e.closest('svg') || !says) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) low.push(e.className + ' ' + e.textContent.trim().slice(0, 30) + ' ' + ratio);
  }
  return low;
})()
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert PROGRAM is not None
    with Browser(PROGRAM) as browser:
        yield browser


@pytest.fixture(params=PAGES, scope="module")
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(PAGES[request.param], encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [360, 1100])
def test_nothing_to_complain_of_and_no_sideways_scrolling(
    browser: Browser, file: Path, width: int
) -> None:
    browser.complaints.clear()
    browser.open(file, width=width)
    browser.value(OPEN_ALL)
    assert browser.value("innerWidth") == width
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.complaints == []


SEEN = """
[...document.querySelectorAll('.course :is(th, td)')].filter(e => e.textContent.trim())
  .filter(e => e.closest('tbody')).every(e => e.getBoundingClientRect().right <= innerWidth)
"""


@pytest.mark.parametrize("width", [390, 1200])
def test_every_cell_of_the_course_is_in_view(browser: Browser, tmp_path: Path, width: int) -> None:
    path = tmp_path / "summary.html"
    path.write_text(PAGES["course"], encoding="utf-8")
    browser.open(path, width=width)
    assert browser.value(SEEN) is True


def test_small_number_stays_in_one_line(browser: Browser, tmp_path: Path) -> None:
    told = " ".join(f"{'a' * (n % 13)} 4.8e-06" for n in range(300))
    path = tmp_path / "report.html"
    path.write_text(to_html(report(question(check("a", message=told)))), encoding="utf-8")
    browser.open(path, width=390)
    rects = "[...document.querySelectorAll('.figure')].map(e => e.getClientRects().length)"
    assert set(browser.value(rects)) == {1}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_can_be_read(browser: Browser, file: Path, dark: bool) -> None:
    browser.open(file, width=1000, dark=dark)
    browser.value(OPEN_ALL)
    assert browser.value(CONTRAST) == []


def test_dark_mode_has_other_colours(browser: Browser, file: Path) -> None:
    colours = []
    for dark in (False, True):
        browser.open(file, width=1000, dark=dark)
        style = "getComputedStyle(document.body)"
        colours.append((browser.value(f"{style}.color"), browser.value(f"{style}.backgroundColor")))
    (ink, paper), (dark_ink, dark_paper) = colours
    assert paper == "rgb(255, 255, 255)"
    assert ink != dark_ink
    assert sum(map(int, re.findall(r"\d+", dark_paper))) < 150


def test_scripts_do_not_run(browser: Browser, tmp_path: Path) -> None:
    """The page's own policy holds even where a text were to slip through unescaped."""
    path = tmp_path / "report.html"
    broken = "<script>document.title = 'taken over'</script></body>"
    path.write_text(to_html(full_report()).replace("</body>", broken), encoding="utf-8")
    browser.open(path, width=800)
    assert "points" in browser.value("document.title")


def test_page_can_be_printed(browser: Browser, file: Path, tmp_path: Path) -> None:
    browser.open(file, width=800, dark=True)
    browser.print_to(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
