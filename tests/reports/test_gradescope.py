"""``results.json`` against the fields that Gradescope documents, and nothing else."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from grader.measures import Interval
from grader.model import Hint, Outcome, Report, TracebackLine, Visibility
from grader.reports.gradescope import failed_to_gradescope, to_gradescope
from tests.reports.builders import HARMLESS, HOSTILE, check, measures, passed, question, report
from tests.reports.page_samples import full_report, hidden_report

Shown = Literal["hidden", "after_due_date", "after_published", "visible"]
Format = Literal["text", "html", "simple_format", "md", "ansi"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Test(Strict):
    __test__ = False

    score: float | None = None
    max_score: float | None = None
    status: Literal["passed", "failed"] | None = None
    name: str | None = None
    name_format: Format | None = None
    number: str | None = None
    output: str | None = None
    output_format: Format | None = None
    tags: list[str] = []
    visibility: Shown | None = None
    extra_data: dict[str, Any] = {}


class Entry(Strict):
    name: str
    value: float | str
    order: Literal["asc", "desc"] = "desc"


class Results(Strict):
    """https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format"""

    score: float | None = None
    execution_time: float | None = None
    output: str | None = None
    output_format: Format | None = None
    test_output_format: Format | None = None
    test_name_format: Format | None = None
    visibility: Shown | None = None
    stdout_visibility: Shown | None = None
    extra_data: dict[str, Any] = {}
    tests: list[Test] = Field(default=[])
    leaderboard: list[Entry] = []


def results(of: Report) -> Results:
    return Results.model_validate_json(to_gradescope(of))


PARTS = question(
    passed("loss_below[2.5]", points=5.0),
    check("loss_below[2]", points=3.0),
    id="q7",
    score=5,
    max_score=10.0,
    measured=measures(),
)
GRADED = report(
    question(passed("notebook_case"), check("one_step", graded=False), id="q2", score=3), PARTS
)


@pytest.mark.parametrize("sample", [GRADED, full_report(), full_report(None), hidden_report()])
def test_results_have_gradescopes_fields(sample: Report) -> None:
    found = results(sample)
    assert found.score == sample.score
    assert sum(test.score or 0 for test in found.tests) == sample.score
    assert sum(test.max_score or 0 for test in found.tests) == sample.max_score
    assert found.stdout_visibility == "hidden"


def test_a_test_for_each_question_and_each_check() -> None:
    found = results(GRADED)
    assert [(t.number, t.status, t.score, t.max_score) for t in found.tests] == [
        ("q2", "passed", 3, 3),
        ("q2.1", "passed", None, None),
        ("q2.2", None, None, None),
        ("q7", "failed", 5, 10),
        ("q7.1", "passed", None, None),
        ("q7.2", "failed", None, None),
    ]
    assert found.tests[2].name == "one_step (not right yet, costs no points)"
    assert found.tests[2].tags == ["q2", "wrong", "advisory"]
    assert len({test.number for test in found.tests}) == len(found.tests)


def test_points_on_made_up_sentences_are_said_to_be() -> None:
    said = "Q7 was scored on sentences that the grader made up"
    assert said not in to_gradescope(GRADED)
    made_up = PARTS.model_copy(update={"made_up": True})
    found = results(report(made_up))
    assert str(found.output).startswith(f"5 of 10 points.\n{said}")
    assert said in str(found.tests[0].output)


def test_loss_is_on_the_leaderboard_lowest_first() -> None:
    [entry] = results(GRADED).leaderboard
    assert (entry.value, entry.order) == (1.2346, "asc")


@pytest.mark.parametrize("loss", [float("inf"), float("nan")])
def test_loss_that_is_no_number_is_on_no_leaderboard(loss: float) -> None:
    figures = measures(loss=loss, interval=Interval(low=loss, high=loss))
    assert results(report(question(check("a"), measured=figures))).leaderboard == []


def test_hidden_check_shows_its_name_and_outcome_only() -> None:
    line = TracebackLine(file="secret.py", line=7, function="secret", code="secret")
    texts = {"message": "secret", "title": "secret", "output": "secret", "traceback": (line,)}
    failing = check("steps", hint=Hint(title="secret"), **texts)
    assert "secret" in to_gradescope(report(question(failing)))
    hidden = failing.model_copy(update={"visibility": Visibility.HIDDEN})
    text = to_gradescope(report(question(hidden, measured=measures())))
    assert "secret" not in text
    found = Results.model_validate_json(text)
    assert found.tests[1].name == "steps (not right yet)"
    assert {test.visibility for test in found.tests} == {"visible"}
    assert found.leaderboard == []


@pytest.mark.parametrize("graded", [True, False])
def test_no_score_anywhere_when_the_grader_failed(graded: bool) -> None:
    failing = check("b", graded=graded, outcome=Outcome.HARNESS_ERROR, message="KeyError")
    text = to_gradescope(report(question(passed("a"), score=3), question(failing, id="q3")))
    found = Results.model_validate_json(text)
    assert '"score"' not in text
    assert found.output is not None
    assert "not your fault" in found.output
    assert "Q3 b" in found.output
    assert not any(test.status == "failed" for test in found.tests)
    assert found.extra_data["grader_failed"] is True


@pytest.mark.parametrize(("unreadable", "score"), [(True, 0.0), (False, None)])
def test_without_a_report(unreadable: bool, score: float | None) -> None:
    text = failed_to_gradescope(f"no zip {HOSTILE}", unreadable=unreadable)
    found = Results.model_validate_json(text)
    assert (found.score, found.tests) == (score, [])
    assert ("score" in json.loads(text)) is unreadable
    assert (HARMLESS in str(found.output)) is unreadable
    assert ("not your fault" in str(found.output)) is not unreadable


def test_text_of_students_is_plain_and_bounded() -> None:
    long = check("a" * 1000, message=HOSTILE, output="x" * 100_000)
    text = to_gradescope(report(question(long, check("b\n\ud800", message="y" * 50_000))))
    assert text.encode("utf-8")
    found = Results.model_validate_json(text)
    assert str(found.tests[1].output).startswith(HARMLESS)
    assert max(len(str(t.output)) for t in found.tests) < 10_100
    assert max(len(str(t.name)) for t in found.tests) < 400
    assert {t.output_format for t in found.tests} == {"text"}
