"""The course's page: right counts, no false zeros, and nothing of a student's is markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from grader.model import Outcome
from grader.reports import charts
from grader.reports.charts import Bin, Zone
from grader.reports.summary import (
    Misconception,
    href,
    loss_bins,
    misconceptions,
    questions,
    score_bins,
    to_summary,
)
from grader.roster.matching import match
from grader.roster.reading import parse_roster
from grader.rows import Row, Status
from grader.similarity import Group
from tests.reports.course_samples import GROUPS, HOSTILE_GROUPS, THRESHOLDS, course, hostile_course
from tests.reports.rows import HOSTILE_NAMES, question_row, row, unreadable

COURSE = course()


class Page(HTMLParser):
    """The tags, links and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize(
    "said",
    [
        "62 hand-ins",
        "60 graded, 1 cannot be read, 1 grader failed",
        "2 hand-ins have no points yet.",
        "zoe Zoe : grader failed: KeyError: 3",
        "Commonest misconceptions",
        "The scores are not scaled",
        "Below 2.5: ",
        "near-identical (71 % at least), implementation.py",
        "identical , rnn_lm.sav : student004 , student005",
        "an earlier upload was passed over",
        "Took longest",
        "Late",
    ],
)
def test_everything_is_there(said: str) -> None:
    assert said in Page(to_summary(COURSE, GROUPS, THRESHOLDS)).text


def test_reason_stands_with_each_that_has_no_points() -> None:
    failed = row("zoe", question_row("q2"), status=Status.GRADER_FAILED)
    text = Page(to_summary([failed, unreadable(), row("y", status=Status.NOT_DONE)])).text
    assert "zoe Zoe : grader failed: see its report" in text
    assert "broken Broken : cannot be read: it is no zip" in text
    assert "y Y : not done: the run was stopped before its turn came" in text


def test_whoever_loses_points_by_one_thing_is_named() -> None:
    failed = question_row("q2", 0), question_row("q3", 0)
    said = "One thing stops several questions: SyntaxError"
    stopped = [row(name, *failed, reason=f"{said} in {name}") for name in ("xena", "yann")]
    text = Page(to_summary([*stopped, unreadable(), row("a", *failed)])).text
    assert "2 hand-ins lose points of several questions by one thing." in text
    assert f"xena Xena : {said} in xena yann Yann : {said} in yann Points" in text
    text = Page(to_summary([stopped[0], unreadable()])).text
    assert "1 hand-in loses points of several questions by one thing." in text
    assert "by one thing" not in Page(to_summary([unreadable(), row("a", *failed)])).text


def test_whose_layers_are_torchs_is_told() -> None:
    taken = [question_row(id, 0, outcome=Outcome.FORBIDDEN) for id in ("q3", "q6")]
    text = Page(to_summary([row("xena", question_row("q2"), *taken), row("a", taken[0])])).text
    assert "Layers of torch’s own" in text
    assert "a A : Q3 xena Xena : Q3, Q6" in text
    assert "Layers of" not in Page(to_summary([row("a", question_row("q2", 0))])).text


def test_late_ones_are_counted_where_it_is_known() -> None:
    assert "late 0" in Page(to_summary([row("a"), row("b", late=False)])).text
    assert "late 0" not in Page(to_summary([row("a"), row("b")])).text


def test_one_hand_in_is_one() -> None:
    page = to_summary([unreadable()])
    assert "<title>1 hand-in</title>" in page
    assert "1 hand-in has no points yet." in page


def test_what_models_were_scored_on_is_said() -> None:
    assert (
        "Q7 is scored on /course/<data> ." in Page(to_summary(COURSE, data="/course/<data>")).text
    )
    kept = row("a", question_row("q2"), question_row("q7", made_up=True))
    made_up = Page(to_summary([*COURSE, kept], data="fixtures")).text
    assert "Q7 of 1 hand-in was graded on the grader's own made-up sentences" in made_up
    assert "fixtures" not in made_up
    assert "scored on" not in Page(to_summary(COURSE)).text


def test_totals_of_other_questions_are_not_compared() -> None:
    whole = [row(name, question_row(), question_row("q3", 1.0)) for name in "ab"]
    page = Page(to_summary([*whole, row("c", question_row()), row("d", question_row(score=0.0))]))
    assert "4 of 6 points on average" in page.text
    assert "2 hand-ins are graded for other questions than Q2, Q3" in page.text


def test_every_report_is_linked_and_no_other() -> None:
    links = {link for link in Page(to_summary(COURSE)).links if link.startswith("./")}
    assert links == {href(each.arrival.name) for each in COURSE if each.questions}
    assert href("broken") not in links


def test_whoever_is_not_in_the_class_list_is_there_or_absent() -> None:
    roster = parse_roster("name,id\nAlice,1\n<b>Bob</b>,2\n")
    found = match(roster, [row("alice"), row("zoe")])
    page = Page(to_summary([row("alice"), row("zoe")], matching=found)).text
    assert "zoe Zoe : nobody in the list has its id, email, login or name" in page
    assert "No hand-in of: <b>Bob</b>" in page
    assert "Class list" not in Page(to_summary(COURSE)).text


def test_common_marks_are_counted() -> None:
    page = Page(to_summary(COURSE, common_marks=14)).text
    assert "14 pieces of code that more than a third of the course shares are left out" in page
    assert "left out" not in Page(to_summary(COURSE, GROUPS)).text


def test_identical_files_of_a_near_identical_group_are_said_with_it() -> None:
    group = Group(("a", "b", "c"), "rnn_lm.py", "near-identical", 0.8, same=(("a", "b"),))
    assert "a , b , c ; the same file: a , b" in Page(to_summary(COURSE, [group])).text


def test_page_refers_to_nothing_outside() -> None:
    page = to_summary(COURSE, GROUPS, THRESHOLDS)
    assert "<script" not in page
    assert not re.search(r"url\(|@import|https?://", page)


@pytest.mark.parametrize("rows", [[], [unreadable()], [row("a")], [row("a", loss=float("nan"))]])
def test_small_courses(rows: list[Row]) -> None:
    page = Page(to_summary(rows))
    assert f"{len(rows)} hand-in" in page.text
    assert "Losses" not in page.text


def test_hostile_text_is_text() -> None:
    harmless = Page(to_summary([row("a", question_row())]))
    page = Page(to_summary(hostile_course(), HOSTILE_GROUPS))
    assert set(page.tags) - set(harmless.tags) <= {"aside", "ul", "ol", "li", "br", "code"}
    assert "<script>alert(1)</script>" in page.text
    assert not set("\u202e\u2066\ud800\x00") & set("".join(page.words))
    assert to_summary(hostile_course()).encode("utf-8")


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "../x", "a/b", "javascript:x", "//host/x", "?#"])
def test_link_leads_to_the_folder_of_that_name(name: str) -> None:
    parts = urlsplit(href(name))
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert parts.path.count("/") == 2
    assert unquote(parts.path) == f"./{name.encode('utf-8', 'replace').decode()}/staff.html"


def test_the_same_rows_give_the_same_page() -> None:
    assert to_summary(COURSE) == to_summary(COURSE[::-1])


def test_questions_count_what_was_judged() -> None:
    failing = row("b", question_row(score=0.0, outcome=Outcome.HARNESS_ERROR))
    failing = failing.model_copy(update={"status": Status.GRADER_FAILED})
    rows = [row("a", question_row()), row("c", question_row(score=1.0)), failing, unreadable()]
    [found] = questions(rows)
    assert (found.judged, found.full, found.mean) == (2, 1, 2.0)
    assert found.failures == (("not right yet", 1),)


def test_misconceptions_are_counted_for_each_question() -> None:
    def made(question: str, title: str, near: bool = False) -> Row:
        return row("x", question_row(question, 0.0, misconception=title, near=near))

    rows = [made("q2", "A"), made("q3", "B"), made("q3", "B", near=True), made("q3", "A")]
    assert misconceptions(rows) == [
        Misconception("q3", "B", 2, 1),
        Misconception("q2", "A", 1, 0),
        Misconception("q3", "A", 1, 0),
    ]


def test_scores_have_a_bin_for_each_point() -> None:
    rows = [row(f"s{n}", question_row(score=score)) for n, score in enumerate([0, 3, 3, 1.2])]
    bins = score_bins([*rows, unreadable()])
    assert [(b.low, b.high, b.count) for b in bins] == [
        (-0.5, 0.5, 1),
        (0.5, 1.5, 1),
        (1.5, 2.5, 0),
        (2.5, 3.5, 2),
    ]
    assert len(score_bins([row("a", question_row(score=100, max_score=200.0))])) <= 41


@pytest.mark.parametrize(
    "losses",
    [[1.0], [1.41, 1.49, 2.0], [0.1, 99.0], [50.0, 60.0], [1.3, 1.4, 1.5], [4.5], [4.49, 4.6]],
)
def test_every_loss_is_in_a_bin(losses: list[float]) -> None:
    bins = loss_bins(losses)
    assert sum(b.count for b in bins) == len(losses)
    assert len(bins) <= 42
    for loss in losses:
        assert any(b.count and (b.low - 1e-6 <= loss < b.high or b is bins[-1]) for b in bins)


def test_losses_far_above_all_others_are_in_a_bin_without_an_upper_end() -> None:
    bins = loss_bins([1.42, 4.45, 4.5, 7.0, 12.0])
    assert (bins[-1].low, bins[-1].count, bins[-1].label) == (4.5, 3, "4.5 and more")
    assert [bin.count for bin in bins if not bin.is_open and bin.count] == [1, 1]
    chart = charts.histogram(bins, "loss")
    assert 'aria-label="loss. 1.4 to 1.5: 1; 4.4 to 4.5: 1; 4.5 and more: 3."' in chart
    assert ">4.5 and more</text>" in chart
    assert not any(bin.is_open for bin in loss_bins([1.42, 4.45]))


def test_histogram_says_what_it_shows() -> None:
    chart = charts.histogram([Bin(0, 1, 2), Bin(1, 2, 0)], "loss <b>", [Zone(1.5, 3), Zone(9, 1)])
    assert 'aria-label="loss &lt;b&gt;. 0 to 1: 2."' in chart
    assert "&lt; 1.5" in chart
    assert "&lt; 9" not in chart
    assert chart.count('class="count"') == 1
    assert charts.histogram([Bin(0, 1, 0)], "x") == charts.histogram([], "x") == ""
