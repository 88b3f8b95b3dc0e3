"""Markdown for CI pages: nothing of a student's is markup, and no command is smuggled in."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.model import Hint, Outcome, Report, TracebackLine, Visibility
from grader.reports.markdown import (
    MAX_ANNOTATIONS,
    MAX_BYTES,
    code,
    course_to_markdown,
    fenced,
    to_annotations,
    to_markdown,
)
from grader.reports.plain import plain
from tests.reports.builders import HOSTILE, check, passed, question, report
from tests.reports.page_samples import full_report, hidden_report
from tests.reports.rows import HOSTILE_NAMES, question_row, row, unreadable


def outside_blocks(markdown: str) -> str:
    """Without fenced blocks, which must all be closed."""
    kept, fence = [], ""
    for line in markdown.splitlines():
        mark = re.match("`{3,}", line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif mark:
            fence = mark[0]
        else:
            kept.append(line)
    assert fence == "", "a fence is left open"
    return "\n".join(kept)


def tags(markdown: str) -> set[str]:
    found = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.add(f"{tag}{attrs or ''}")

    Tags().feed(markdown)
    return found


def assert_harmless(markdown: str) -> None:
    assert len(markdown.encode()) < MAX_BYTES + 200
    text = outside_blocks(markdown)
    assert tags(text) <= {"code"}
    inside = re.sub("<code>.*?</code>", "", text)
    assert not re.search(r"[@`\[\]\\]|://|www\.|<", inside)
    of_students = "".join(re.findall("<code>(.*?)</code>", text))
    assert not re.search(r"[!-/:-@\[-`{-~]", re.sub(r"&#\d+;|…", "", of_students))


def test_points_of_each_question_and_what_to_mend() -> None:
    text = to_markdown(full_report())
    assert text.startswith("## <code>alice</code>: 10 of 13 points\n")
    assert "| <code>Q3</code> | <code>Title of q3</code> | 0 of 3 | 1 of 3 |" in text
    assert "### <code>Q3</code> <code>notebook&#95;case</code>: not right yet" in text
    assert "implementation.py, line 7, in gru: h = x @ w" in text
    assert "one_step" not in text
    assert_harmless(text)


def test_failure_of_the_grader_is_said() -> None:
    failing = check("a", outcome=Outcome.HARNESS_ERROR)
    assert "not final" in to_markdown(report(question(failing)))
    assert "not final" not in to_markdown(full_report())


def test_hidden_check_shows_its_name_and_outcome_only() -> None:
    text = to_markdown(hidden_report())
    assert "secret&#95;sizes</code>: not right yet" in text
    assert not re.search("secret (message|print|hint)|12345", text)


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, HOSTILE, "````\n# x", "~~~", "```text\n```\n<b>"])
def test_hostile_text_is_no_markup(name: str) -> None:
    line = TracebackLine(file=name, line=1, function=name, code=name)
    texts = {"message": name, "output": name, "title": name, "traceback": (line,)}
    hostile = question(check(name, hint=Hint(title=name), **texts), id="q2", title=name)
    assert_harmless(to_markdown(report(hostile, submission=name)))
    assert_harmless(course_to_markdown([row(name, question_row(), student=name)]))
    assert len(course_to_markdown([row(name, student=name)]).strip().splitlines()) == 7


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(), max_size=60))
def test_any_text_is_harmless(text: str) -> None:
    assert tags(code(text)) <= {"code"}
    assert "|" not in code(text)
    assert "\n" not in code(text)
    assert outside_blocks(fenced([text])) == ""


def test_length_is_bounded_by_whole_blocks() -> None:
    many = [check(f"c{n}", message=f"{n} " + "`<é" * 5000) for n in range(60)]
    text = to_markdown(report(question(*many)))
    assert_harmless(text)
    assert re.search(r"\d+ more checks are left out", text)
    course = course_to_markdown([row("é<" * 200 + str(n), question_row()) for n in range(400)])
    assert_harmless(course)
    assert "more hand-ins are left out" in course


def test_course() -> None:
    rows = [row("bob", question_row(), late=True), row("al", question_row(score=0)), unreadable()]
    text = course_to_markdown(rows)
    assert "2 graded, 1 cannot be read. Mean of what was graded: 1.5." in text
    assert text.splitlines()[-3:] == [
        "| <code>al</code> | <code>Al</code> | 0 | **0** of 3 | graded |",
        "| <code>bob</code> | <code>Bob</code> | 3 | **3** of 3 | graded, late |",
        "| <code>broken</code> | <code>Broken</code> |  |  | cannot be read |",
    ]
    assert "0 hand-ins" in course_to_markdown([])
    assert course_to_markdown([row("al", question_row())]).startswith("## 1 hand-in\n")


def raising(name: str = "a", *, file: str = "implementation.py", **values: object) -> Report:
    lines = (
        TracebackLine(file=file, line=3, function="f", code="g()"),
        TracebackLine(file=file, line=12, function="g", code="1 / 0"),
    )
    fields = {"message": "ZeroDivisionError: division by zero", "traceback": lines, **values}
    return report(question(check(name, **fields), passed("b"), check("c")))


def test_annotation_is_at_the_innermost_line() -> None:
    assert to_annotations(raising()) == [
        "::error file=implementation.py,line=12,title=Q2 a::ZeroDivisionError: division by zero"
    ]
    assert "file=homework/4/implementation.py," in to_annotations(raising(), "homework/4/")[0]


def test_advisory_check_is_a_warning_and_hidden_one_is_nothing() -> None:
    assert to_annotations(raising(graded=False))[0].startswith("::warning ")
    assert to_annotations(raising(visibility=Visibility.HIDDEN)) == []


@pytest.mark.parametrize(
    "text", [*HOSTILE_NAMES, "a\n::set-output name=x::y", "\r\n::error::", "100%0A"]
)
def test_no_command_is_smuggled_in(text: str) -> None:
    [line] = to_annotations(raising(text, file=f"{text}.py", message=text))
    assert "\n" not in line
    assert "\r" not in line
    assert re.fullmatch(r"::error file=[^,:]*,line=12,title=[^,:]*::.*", line)
    assert "%" not in re.sub("%(25|0A|0D|3A|2C)", "", line)
    said = line.split("::", 2)[2]
    back = said.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    assert back == plain(text)
    assert line.encode("utf-8")


def test_what_several_checks_say_of_a_line_is_shown_once() -> None:
    line = TracebackLine(file="a.py", line=1, function="", code="")
    checks = [
        check("advisory", traceback=(line,), message="invalid syntax", graded=False),
        check("first", traceback=(line,), message="invalid syntax"),
        check("second", traceback=(line,), message="invalid syntax"),
        check("other", traceback=(line,), message="another"),
    ]
    found = to_annotations(report(question(*checks)))
    assert [line.partition("title=")[2].partition("::")[0].split()[1] for line in found] == [
        "first",
        "other",
    ]


def test_annotations_are_bounded() -> None:
    line = TracebackLine(file="a.py", line=1, function="", code="")
    many = [check(f"c{n}", traceback=(line,), message=f"{n}" + "x" * 9999) for n in range(30)]
    same = [check("same", traceback=(line,)) for _ in range(3)]
    found = to_annotations(report(question(*same, *many)))
    assert len(found) == MAX_ANNOTATIONS
    assert len(set(found)) == MAX_ANNOTATIONS
    assert max(map(len, found)) < 2200


def test_points_on_made_up_sentences_are_said_to_be() -> None:
    assert "grader made up" in to_markdown(report(question(check(), id="q7", made_up=True)))
    course = course_to_markdown([row("a", question_row("q7", made_up=True))])
    assert "made-up sentences" in course
    assert "made" not in course_to_markdown([row("a", question_row("q7"))])
