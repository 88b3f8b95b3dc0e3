"""Records cannot be changed, say when the grader itself failed, and are JSON in every case."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import pytest
from pydantic import ValidationError

from grader.model import CheckResult, Mismatch, Outcome, Report
from grader.plugin import score
from tests.reports.builders import check, passed, question, report

MISMATCH: dict[str, Any] = {
    "what": "outputs",
    "at": (0, 1),
    "expected": 1.0,
    "actual": 2.0,
    "error": 1.0,
    "allowed": 0.5,
    "differing": 1,
    "total": 4,
}


def no_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} is no JSON")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_does_not_know_become_null(number: float) -> None:
    record = Mismatch(**{**MISMATCH, "actual": number, "error": number})
    values = json.loads(record.model_dump_json(), parse_constant=no_constant)
    assert values["actual"] is None
    assert values["error"] is None
    assert values["expected"] == 1.0
    assert Mismatch.model_validate(values).actual is None
    assert record.model_dump()["actual"] is None


@pytest.mark.parametrize("number", [0.0, -1e300, 1e-320, 123456.789])
def test_finite_numbers_are_kept(number: float) -> None:
    record = Mismatch(**{**MISMATCH, "actual": number})
    assert json.loads(record.model_dump_json())["actual"] == number


@pytest.mark.parametrize(
    "record", [Mismatch(**MISMATCH), passed("a"), question(passed("a")), report()], ids=type
)
def test_records_are_frozen_and_closed(record: Any) -> None:
    [field, *_] = type(record).model_fields
    with pytest.raises(ValidationError, match="frozen"):
        setattr(record, field, "changed")
    with pytest.raises(ValidationError, match="Extra inputs"):
        type(record).model_validate({**record.model_dump(), "unknown": 1})


def test_passed() -> None:
    assert passed("a").passed
    failures = [outcome for outcome in Outcome if not check("a", outcome=outcome).passed]
    assert len(failures) == len(Outcome) - 1


@pytest.mark.parametrize("graded", [True, False])
def test_failure_of_the_grader_is_known_of_the_report(graded: bool) -> None:
    broken = check("b", outcome=Outcome.HARNESS_ERROR, graded=graded)
    assert report(question(passed("a")), question(passed("a"), broken, id="q3")).harness_failed
    assert not report(question(passed("a"), check("b"))).harness_failed
    assert not report().harness_failed


def test_report_survives_json() -> None:
    whole = report(question(passed("a"), check("b", mismatch=Mismatch(**MISMATCH), at=(0, 1))))
    assert Report.model_validate_json(whole.model_dump_json()) == whole


@pytest.mark.parametrize(
    ("checks", "points"),
    [
        ((passed("a"), passed("b")), 5),
        ((passed("a"), check("b")), 0),
        ((passed("a"), check("b", graded=False)), 5),
        ((check("a", graded=False),), 0),
        ((), 0),
        ((passed("a"), check("b", outcome=Outcome.HARNESS_ERROR)), 0),
        ((passed("a", points=2.0), check("b", points=3.0)), 2),
        ((passed("a", points=2.0), passed("b", points=3.0)), 5),
        ((check("runs"), passed("a", points=2.0)), 2),
        ((passed("runs"), check("a", points=2.0)), 0),
        ((passed("a", points=2.0, graded=False), check("b", points=3.0)), 0),
    ],
)
def test_points_are_all_or_none_or_by_parts(checks: tuple[CheckResult, ...], points: float) -> None:
    assert score(5, checks) == points
