"""The page: complete, harmless whatever a student's text holds, and in need of nothing outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError
from pydantic import BaseModel

from grader.defined_elsewhere import STILL_EMPTY
from grader.measures import Interval
from grader.model import Outcome, QuestionResult, Report, TracebackLine
from grader.remedies import remedy_for
from grader.reports.files import HTML_FILE, STAFF_FILE, write_reports
from grader.reports.html import environment, figures, to_html
from grader.reports.plain import plain
from grader.reports.view import stopped_by
from grader.worker.missing_function import SPELLING
from tests.reports.builders import CONTROLS, HARMLESS, HOSTILE, check, passed, question, report
from tests.reports.page_samples import (
    LINK,
    full_report,
    hidden_report,
    looking_ahead,
    measures,
    trained,
)

VOID = {"meta", "br", "link", "img", "hr", "input"}
# Elements that can hold or load something foreign.
FOREIGN = {"script", "iframe", "object", "embed", "link", "img", "form", "base", "audio", "video"}
GRADERS_OWN = {"link"}
"""Fields that only the grader's own files fill."""
OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
BREAKOUTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    "</style><script>alert(1)</script>",
    "</title><h1>mine</h1>",
    "</svg></code></pre></details><h1>mine</h1>",
    "<!-- ]]> --> {{ 7*7 }} {% raw %} &lt;b&gt; &#60;b&#62;",
    "javascript:alert(1)",
    "https://evil.example/?x=1",
    OVERRIDES + "gnp.exe",
    HOSTILE,
    "\x00" + "".join(CONTROLS),
]


class Page(HTMLParser):
    """A page as a reader of HTML sees it; it insists that elements are closed in their order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] != "style":
            self.text.append(data)

    @property
    def said(self) -> str:
        return " ".join(" ".join(self.text).split())

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def page(of: Report, *, staff: bool = False) -> Page:
    return Page(to_html(of, staff=staff))


def skeleton(of: Page) -> tuple[list[str], list[tuple[str, str]]]:
    """Elements and attributes' names: what no text may change."""
    return of.tags, [(tag, name) for tag, name, _ in of.attributes]


def with_text(value: Any, text: str) -> Any:
    """A record in which every string that a student could have a hand in is another one."""
    if isinstance(value, BaseModel):
        names = type(value).model_fields.keys() - GRADERS_OWN
        fields = {name: with_text(getattr(value, name), text) for name in names}
        return value.model_copy(update=fields)
    if isinstance(value, tuple):
        return tuple(with_text(item, text) for item in value)
    return text if type(value) is str and value else value


def hostile(text: str) -> Report:
    """Question ids stay: they come from the names of the grader's own files."""
    before = full_report()
    after: Report = with_text(before, text)
    questions = tuple(
        new.model_copy(update={"id": old.id})
        for old, new in zip(before.questions, after.questions, strict=True)
    )
    return after.model_copy(update={"questions": questions})


def test_points_in_total_and_of_each_question() -> None:
    said = page(report(question(passed("a"), score=3), question(check("b"), id="q3"))).said
    assert "3 of 6 points" in said
    assert "Q2 Title of q2 1 of 1 3 of 3" in said
    assert "Q3 Title of q3 0 of 1 0 of 3" in said


def test_everything_of_a_full_report_is_there() -> None:
    said = page(full_report()).said
    for words in (
        *("outputs differ", "What notebook_case asks", "not right yet", "other_sizes[B2]"),
        *("Expected", "Came", "0.4607", "0.5961", "(first difference)", "batch 1"),
        *("implementation.py, line 7, in gru", "h = x @ w", "What your code printed", "printed!"),
        *("Hint:", "the reset gate", "where to look", "GRU"),
        *("1.393", "1.371 to 1.415", "your model", "the given model*", "10 points", "8 points"),
        *("It writes", "I have a dream", "Loss by position", "All figures"),
        *("grader 0, Python 3, NumPy 2, torch 2", "0" * 64, "best-effort", "session"),
    ):
        assert words in said, words


def test_failures_that_say_the_same_are_shown_once() -> None:
    same = [check(f"sizes[{i}]", message="no function rnn") for i in range(4)]
    said = page(report(question(check("case", message="no function rnn"), *same))).said
    assert said.count("no function rnn") == 1
    assert "case and 4 more" in said


def test_a_failure_that_several_questions_share_stands_first() -> None:
    line = TracebackLine(file="implementation.py", line=3, function="", code="def rnn(")
    failed = check("a", message="SyntaxError", traceback=(line,))
    same = [question(failed, check("b"), id=f"q{i}") for i in (2, 3)]
    said = page(report(*same)).said
    assert said.count("SyntaxError") == 1
    assert said.count("def rnn(") == 1
    start = said.index("One thing stops several questions: SyntaxError")
    assert start < said.index("def rnn(") < said.index("Title of q2")
    assert said.count("See the one thing that is told at the top.") == 2
    assert said.count("b is wrong") == 2
    assert "One thing stops" not in page(report(same[0])).said


def test_failure_that_several_questions_share_is_a_sentence_for_staff() -> None:
    def shared(message: str, *others: QuestionResult) -> str:
        same = [question(check("a", message=message), id=f"q{i}") for i in (2, 3)]
        return stopped_by(report(*same, *others))

    assert shared("Syntax\x1b[31m\nError") == "One thing stops several questions: Syntax Error"
    long = shared("word " * 100)
    assert (len(long), long[-1]) == (400, "…")
    grader_failed = question(check("a", outcome=Outcome.HARNESS_ERROR), id="q4")
    assert shared("SyntaxError", grader_failed) == ""
    assert stopped_by(report(question(check("a")))) == ""


def test_exception_that_ends_a_whole_question_is_a_sentence_for_staff() -> None:
    def stopped(*messages: str, outcome: Outcome = Outcome.EXCEPTION) -> str:
        checks = [check(f"c{i}", message=m, outcome=outcome) for i, m in enumerate(messages)]
        return stopped_by(report(question(passed("a"), score=3), question(*checks, id="q7")))

    assert stopped("KeyError", "KeyError") == "One thing stops the whole of Q7: KeyError"
    assert stopped("KeyError", "NameError") == ""
    assert stopped("KeyError") == ""
    assert stopped("KeyError", "KeyError", outcome=Outcome.WRONG) == ""
    remedy = remedy_for("NotImplementedError", "", "")
    for unwritten in (f"No. {remedy}", f"No gru. {SPELLING}", STILL_EMPTY.format("gru")):
        assert stopped(unwritten, unwritten) == ""
        assert stopped(unwritten, unwritten, outcome=Outcome.MISSING) == ""
    inside = "It is a method of a class."
    assert stopped(inside, inside, outcome=Outcome.MISSING).endswith(f"of Q7: {inside}")
    assert stopped("3 s", "another", outcome=Outcome.TIMEOUT).endswith("of Q7: 3 s")


def test_layer_that_is_torchs_is_a_sentence_for_staff() -> None:
    taken = check("own_work", message="gru uses torch's gru", outcome=Outcome.FORBIDDEN)
    said = stopped_by(report(question(passed("a"), taken, id="q3")))
    assert said == "One thing stops the whole of Q3: gru uses torch's gru"


def test_advice_costs_nothing_and_stands_apart() -> None:
    advice = check("one_step", graded=False, message="differs a little")
    done = page(report(question(passed("a"), advice, score=3))).said
    assert "Good to know (costs no points)" in done
    assert "To look at" not in done
    assert "1 more remark that cost no points" in page(report(question(check("a"), advice))).said


def test_failure_of_the_grader_is_said_aloud() -> None:
    assert "not final" in page(report(question(check("a", outcome="harness_error")))).said
    assert "not final" not in page(report(question(check("a")))).said


def test_hidden_check_shows_its_name_and_outcome_alone() -> None:
    said = page(hidden_report()).said
    assert "secret_sizes" in said
    assert "does not show more of this check" in said
    for kept_back in ("secret message", "12345", "secret print", "secret hint", "What secret"):
        assert kept_back not in said
        assert kept_back in page(hidden_report(), staff=True).said


def test_figures_are_kept_back_with_a_hidden_check_of_their_question() -> None:
    own = check("loss_below[2]", visibility="hidden", points=3.0, allowed=2.0)
    of = report(question(own, id="q7", measured=measures()))
    assert "1.393" not in to_html(of)
    assert "1.393" in to_html(of, staff=True)


def test_staff_see_more() -> None:
    of, staff = page(full_report()).said, page(full_report(), staff=True).said
    for words in ("a note for staff", "cannot be compared", "1.777", "raw sockets"):
        assert words not in of
        assert words in staff


def test_model_that_looks_ahead() -> None:
    said = page(report(question(check("a"), id="q7", measured=looking_ahead()))).said
    assert "The model sees what it is to predict" in said
    assert "future" in said
    assert "0.026" in said


def test_one_sentence_has_no_interval() -> None:
    nothing = Interval(low=-float("inf"), high=float("inf"))
    document = to_html(report(question(check("a"), id="q7", measured=measures(interval=nothing))))
    assert "1.393</strong> nats a character" in document
    assert "95 %" not in document
    assert 'class="whisker"' not in document
    assert 'class="whisker"' in to_html(full_report())


def test_model_that_the_grader_trained() -> None:
    of = page(report(question(check("a"), id="q7", measured=trained())))
    assert "Trained by the grader" in of.said
    assert "Stopped in epoch 2 of 5 (the time was over)" in of.said
    assert any("held back: 2.5 at 1, 2 at 2" in label for label in of.values("aria-label"))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), None])
def test_numbers_that_are_not_finite(number: float | None) -> None:
    of = full_report(number)
    said = page(of).said
    assert "not a finite number" in said
    assert page(Report.model_validate_json(of.model_dump_json())).tags == page(of).tags


@pytest.mark.parametrize("text", BREAKOUTS)
@pytest.mark.parametrize("staff", [False, True])
def test_no_text_changes_the_page(text: str, staff: bool) -> None:
    """Every string of the report is hostile, and the elements are those of a harmless one."""
    harmless, found = page(hostile("harmless"), staff=staff), page(hostile(text), staff=staff)
    assert skeleton(found) == skeleton(harmless)
    assert not FOREIGN & set(found.tags)
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    for value in found.values("href"):
        assert value.startswith("#") or value == LINK


@pytest.mark.parametrize("text", BREAKOUTS)
def test_control_characters_and_overrides_are_removed(text: str) -> None:
    document = to_html(hostile(text), staff=True)
    assert not [c for c in (*CONTROLS, *OVERRIDES) if c in document]


def test_all_else_of_the_text_stays() -> None:
    said = page(hostile(HOSTILE), staff=True).said
    assert said.count(" ".join(HARMLESS.split())) > 20


@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(), min_size=1, max_size=30))
def test_any_text_gives_the_same_page(text: str) -> None:
    # What is nothing when made harmless may leave out its heading, too.
    assume(plain(text).strip())
    found = page(hostile(text), staff=True)
    assert skeleton(found) == skeleton(page(hostile("x"), staff=True))
    to_html(hostile(text)).encode("utf-8")


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "http://a.example", "//a.example", "data:x"]
)
def test_only_documentation_is_linked(link: str) -> None:
    hint = {"title": "t", "hint": "h", "link": f"{link} {LINK}"}
    of = page(report(question(check("a", hint=hint))))
    assert [value for value in of.values("href") if not value.startswith("#")] == [LINK]


def test_page_refers_to_nothing_outside() -> None:
    document = to_html(full_report(), staff=True)
    found = Page(document)
    outside = [(tag, name) for tag, name, value in found.attributes if re.search("https?:", value)]
    assert outside == [("a", "href")]
    assert not FOREIGN & set(found.tags)
    [style] = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)
    assert not re.search(r"url\(|@import|@font-face|https?:", style)
    [policy] = [v for v in found.values("content") if "default-src" in v]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


def test_page_can_be_read_by_machines() -> None:
    document = to_html(full_report(), staff=True)
    found = Page(document)
    assert document.startswith("<!DOCTYPE html>")
    assert found.tags.count("h1") == 1
    assert found.values("lang") == ["en"]
    assert "width=device-width, initial-scale=1" in found.values("content")
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in found.values("href") if value[0] == "#"} <= set(ids)
    assert set(found.values("aria-labelledby")) <= set(ids)
    assert set(found.values("scope")) == {"row", "col"}
    charts = [value for tag, name, value in found.attributes if (tag, name) == ("svg", "role")]
    names = [(tag, name, value) for tag, name, value in found.attributes if tag == "svg"]
    labels = [value for _, name, value in names if name == "aria-label"]
    assert len(charts) == len(labels) >= 3
    assert all(labels)


def test_output_is_bounded() -> None:
    printed = "\n".join("x" * 10_000 for _ in range(5000))
    document = to_html(report(question(check("a", output=printed))))
    assert len(document) < 60_000
    assert "more lines" in document


def test_same_report_gives_the_same_page() -> None:
    assert to_html(full_report()) == to_html(full_report())
    assert to_html(Report.model_validate_json(full_report().model_dump_json())) == to_html(
        full_report()
    )


def test_a_name_that_a_template_does_not_know_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ nothing }}").render()


def test_pages_are_written_beside_the_other_reports(tmp_path: Path) -> None:
    write_reports(full_report(), tmp_path)
    assert (tmp_path / HTML_FILE).read_text(encoding="utf-8") == to_html(full_report())
    assert (tmp_path / STAFF_FILE).read_text(encoding="utf-8") == to_html(full_report(), staff=True)


def test_numbers_in_a_text_are_kept_whole_and_the_rest_is_escaped() -> None:
    told = figures("<b> 4.8e-06, 1e-07 & one-06 \u202e")
    small = '<span class="figure">{}</span>'
    assert told == f"&lt;b&gt; {small.format('4.8e-06')}, {small.format('1e-07')} &amp; one-06 "


@pytest.mark.parametrize(("name", "shown"), [("=cmd <b>\u202e", "=cmd &lt;b&gt;"), ("", "cmd_b")])
def test_page_is_called_by_the_students_own_name(name: str, shown: str) -> None:
    page = to_html(report(submission="cmd_b"), name=name)
    assert f"<title>{shown}: " in page
    assert f"<h1>{shown}</h1>" in page


def test_result_that_is_not_quite_the_same_each_time_is_said_to_be() -> None:
    same = "The same hand-in, seed and rubric give the same result"
    assert f"{same}." in " ".join(to_html(full_report()).split())
    ahead = report(question(check(), id="q7", measured=looking_ahead()))
    assert f"{same}, but for a loss" in " ".join(to_html(ahead).split())


@pytest.mark.parametrize("staff", [False, True])
def test_points_on_made_up_sentences_are_said_to_be(staff: bool) -> None:
    said = "Q7 was scored on sentences that the grader made up"
    assert said in to_html(report(question(check(), id="q7", made_up=True)), staff=staff)
    assert said not in to_html(report(question(check(), id="q7")), staff=staff)
