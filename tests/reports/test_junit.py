"""JUnit documents as their readers need them: Jenkins, GitLab and Artemis differ."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml

from grader.model import Hint, Outcome, Report, TracebackLine, Visibility
from grader.reports.junit import to_junit
from tests.reports.builders import CONTROLS, HARMLESS, HOSTILE, check, passed, question, report

GRADED = question(
    passed("notebook_case", duration_s=0.25),
    check("other_sizes[B2]", message="off by 0.5\nand more", duration_s=0.5),
    check("other_sizes[B3]", outcome=Outcome.TIMEOUT, message="too slow"),
    check("one_step", graded=False, message="differs a little"),
    id="q2",
    score=1.5,
)
FAILED = question(
    check("notebook_case", outcome=Outcome.HARNESS_ERROR, message="KeyError: 3"), id="q3"
)
REPORT = report(GRADED, FAILED)


def tree(of: Report) -> ElementTree.Element:
    return ElementTree.fromstring(to_junit(of))


def cases(of: Report) -> dict[str, ElementTree.Element]:
    return {f"{c.get('classname')}.{c.get('name')}": c for c in tree(of).iter("testcase")}


def body(element: ElementTree.Element | None) -> str:
    assert element is not None
    return element.text or ""


def test_a_suite_for_each_question_and_a_case_for_each_check() -> None:
    suites = tree(REPORT).findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["q2 Title of q2", "q3 Title of q3"]
    assert [len(suite.findall("testcase")) for suite in suites] == [4, 1]
    assert tree(REPORT).get("name") == "alice"


def test_points_on_made_up_sentences_are_said_to_be() -> None:
    checks = passed("model_runs"), check("looks_only_back")
    suite = tree(report(question(*checks, id="q7", made_up=True)))[0]
    said = "Q7 was scored on sentences that the grader made up"
    [found] = [p for p in suite.iter("property") if p.get("name") == "scored_on"]
    assert str(found.get("value")).startswith(said)
    assert [body(each).startswith(said) for each in suite.iter("system-out")] == [True]
    assert "made up" not in to_junit(REPORT)


def test_names_are_unique() -> None:
    """Questions have checks of the same name; some readers keep the first of each name."""
    both = report(GRADED, question(*GRADED.checks, id="q3"))
    names = [
        (suite.get("name"), case.get("classname"), case.get("name"))
        for suite in tree(both).iter("testsuite")
        for case in suite.iter("testcase")
    ]
    assert len(set(names)) == len(names) == 8
    assert len({name[1:] for name in names}) == 8


def test_junitparser_reads_it_back() -> None:
    document = JUnitXml.fromstring(to_junit(REPORT).encode())
    assert (document.tests, document.failures, document.errors, document.skipped) == (5, 2, 1, 0)
    results = [case.result for suite in document for case in suite]
    kinds = [[type(result) for result in found] for found in results]
    assert kinds == [[], [Failure], [Failure], [], [Error]]


def test_counts_are_those_of_the_cases() -> None:
    root = tree(REPORT)
    first = root.findall("testsuite")[0]
    assert (first.get("tests"), first.get("failures"), first.get("errors")) == ("4", "2", "0")
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("5", "2", "1")
    assert float(first.get("time", "0")) == pytest.approx(0.75)


def test_nothing_is_skipped() -> None:
    assert "<skipped" not in to_junit(REPORT)


def test_passed_case_is_empty_but_for_its_properties() -> None:
    case = cases(REPORT)["grader.q2.notebook_case"]
    assert [child.tag for child in case] == ["properties"]
    assert case.get("time") == "0.25"


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("q2.other_sizes[B2]", "failure"),
        ("q2.other_sizes[B3]", "failure"),
        ("q3.notebook_case", "error"),
    ],
)
def test_message_is_also_the_bodys_beginning(name: str, tag: str) -> None:
    result = cases(REPORT)[f"grader.{name}"].find(tag)
    assert result is not None
    # An attribute may lose its line breaks to spaces.
    message, text = (" ".join(t.split()) for t in (result.get("message", ""), body(result)))
    assert message
    assert text.startswith(f"{message} Asked: What")
    assert message.startswith(body(result).splitlines()[0])


def test_type_says_whose_doing_it_is() -> None:
    found = cases(REPORT)
    failure = found["grader.q2.other_sizes[B3]"].find("failure")
    error = found["grader.q3.notebook_case"].find("error")
    assert failure is not None
    assert error is not None
    assert (failure.get("type"), error.get("type")) == ("timeout", "harness_error")
    assert found["grader.q3.notebook_case"].find("failure") is None


def test_advisory_check_passes_and_says_what_it_found() -> None:
    case = cases(REPORT)["grader.q2.one_step"]
    assert [child.tag for child in case] == ["properties", "system-out"]
    assert body(case.find("system-out")).startswith("Advisory, no points lost: differs a little")


def test_advisory_check_in_which_the_grader_fails_is_an_error() -> None:
    failing = check("one_step", graded=False, outcome=Outcome.HARNESS_ERROR)
    [case] = cases(report(question(failing))).values()
    assert case.find("error") is not None


def test_properties() -> None:
    parts = question(passed("loss_below[2]", points=3.0), id="q7", score=3, max_score=10.0)
    root = tree(report(parts))
    suite = root.find("testsuite/properties")
    case = root.find("testsuite/testcase/properties")
    assert suite is not None
    assert case is not None
    assert {p.get("name"): p.get("value") for p in suite} == {"score": "3", "max_score": "10"}
    assert {p.get("name"): p.get("value") for p in case} == {
        "graded": "true",
        "outcome": "passed",
        "points": "3",
    }


def test_traceback_and_output_are_in_the_body() -> None:
    line = TracebackLine(file="implementation.py", line=7, function="rnn", code="h = x @ w")
    printed = "\n".join(f"line {i}" for i in range(12))
    failing = check("a", traceback=(line,), output=printed)
    [case] = cases(report(question(failing))).values()
    text = body(case.find("failure"))
    assert "implementation.py, line 7, in rnn: h = x @ w" in text
    assert "line 9" in text
    assert "line 10" not in text
    assert "2 more lines" in text


def hostile_report() -> Report:
    line = TracebackLine(file=HOSTILE, line=1, function=HOSTILE, code=HOSTILE)
    texts = {"message": HOSTILE, "output": HOSTILE, "traceback": (line,)}
    checks = (check("a", **texts), check("b", graded=False, **texts), check(f"c[{HOSTILE}]"))
    return report(question(*checks), submission=HOSTILE)


def test_control_characters_and_escapes_are_removed() -> None:
    document = to_junit(hostile_report())
    assert not any(character in document for character in [*CONTROLS, "\u202e"])
    assert "31m" not in document
    assert "title" not in document.lower().replace("title of", "")


def test_all_else_of_the_message_stays() -> None:
    found = cases(hostile_report())
    failure = found["grader.q2.a"].find("failure")
    assert failure is not None
    assert failure.get("message") == HARMLESS
    assert body(failure).splitlines()[0] == HARMLESS
    assert HARMLESS in body(found["grader.q2.b"].find("system-out"))
    assert tree(hostile_report()).get("name") == HARMLESS


@settings(deadline=None, max_examples=100)
@given(text=st.text(st.characters(), max_size=40))
def test_any_text_gives_a_document(text: str) -> None:
    """Lone surrogates, non-characters and what XML cannot write, wherever a student's text goes."""
    clean = text.encode("utf-8", "replace").decode()
    texts = {"message": clean, "output": clean, "title": clean}
    document = to_junit(report(question(check("a", **texts), check("b", graded=False, **texts))))
    assert len(list(ElementTree.fromstring(document.encode()).iter("testcase"))) == 2


HINT = Hint(title="It is turned round", explanation="Why.", hint="Where?", link="https://a")


def test_hint_is_in_the_body() -> None:
    [case] = cases(report(question(check("a", hint=HINT)))).values()
    failure = case.find("failure")
    assert "Hint: It is turned round.\nWhy.\nWhere?\nhttps://a\nAsked:" in body(failure)
    assert failure is not None
    assert failure.get("message") == "a is wrong"


@pytest.mark.parametrize("graded", [True, False])
def test_hidden_check_shows_its_name_and_outcome_only(graded: bool) -> None:
    line = TracebackLine(file="secret.py", line=7, function="secret", code="secret")
    texts = {"message": "secret", "title": "secret", "output": "secret", "traceback": (line,)}
    failing = check("steps", graded=graded, hint=Hint(title="secret"), **texts)
    hidden = failing.model_copy(update={"visibility": Visibility.HIDDEN})
    assert to_junit(report(question(failing))).count("secret") >= 4
    text = to_junit(report(question(hidden)))
    assert "secret" not in text
    assert 'name="steps"' in text
    assert 'value="wrong"' in text
