"""``results.json`` as Gradescope reads it
(https://gradescope-autograders.readthedocs.io/en/latest/specs/).

**Points.** Each question is one test with the question's points, followed by its checks as tests
without points. The score of the whole stands at the top as well, so no sum has to come out right.

**Hidden checks.** Students see their names and how they ended, as in every other report. They are
not hidden by Gradescope's means, because a hidden test makes Gradescope hide the total.

**When the grader failed** no score is given anywhere. Gradescope then says that the autograder
failed, and staff run it again. A score would be kept, and what was not judged would count as zero.

**When the hand-in cannot be read** the score is 0 and the reason is shown. Gradescope accepts a
result only with a score, and the student is there to read the reason and to hand in again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from grader.model import CheckResult, Outcome, QuestionResult, Report
from grader.reports.details import details, message, scored_on
from grader.reports.plain import in_one_line, plain
from grader.reports.view import OUTCOMES

MAX_OUTPUT = 10_000
"""Characters of one test's output: Gradescope stores results in its database."""
LEADERBOARD = "Loss of the language model"
GRADER_FAILED = (
    "The autograder itself failed, and that is not your fault. Nothing was taken off; the course "
    "staff have to run it again. "
)
CANNOT_BE_READ = "What you handed in could not be graded. Mend this and hand in again:\n"


def to_gradescope(report: Report) -> str:
    """The report as ``results.json``, with the loss for the course's list.

    Gradescope shows the list only if the assignment has one.
    """
    scored = not report.harness_failed
    tests = [test for question in report.questions for test in _tests(question, scored)]
    said = [f"{report.score:g} of {report.max_score:g} points.", *map(scored_on, report.questions)]
    head = "\n".join(filter(None, said))
    result: dict[str, Any] = {
        **_head(head if scored else GRADER_FAILED + _where(report)),
        "execution_time": round(report.duration_s, 3),
        "tests": tests,
        "extra_data": {
            "grader": report.versions.grader,
            "rubric": report.rubric,
            "seed": report.seed,
            "points": {question.id: question.score for question in report.questions},
            "grader_failed": report.harness_failed,
        },
    }
    if scored:
        result["score"] = report.score
        result["leaderboard"] = _leaderboard(report.questions)
    return json.dumps(result, indent=2, allow_nan=False) + "\n"


def failed_to_gradescope(reason: str, *, unreadable: bool) -> str:
    """``results.json`` where there is no report.

    ``unreadable``: the hand-in cannot be read, which the student can mend; otherwise the grader
    failed, and the ``reason``, which may name a file or quote a sentence that students are not to
    know, is for staff: it stands in what the grader prints.
    """
    said = f"{CANNOT_BE_READ}{_cut(plain(reason))}" if unreadable else GRADER_FAILED.rstrip()
    result = {**_head(said), "tests": [], "extra_data": {"grader_failed": not unreadable}}
    if unreadable:
        result["score"] = 0.0
    return json.dumps(result, indent=2) + "\n"


def _head(output: str) -> dict[str, Any]:
    return {
        "output": output,
        "output_format": "text",
        "visibility": "visible",
        # What the grader prints is for staff.
        "stdout_visibility": "hidden",
    }


def _where(report: Report) -> str:
    failed = [
        f"{question.id.upper()} {check.name}"
        for question in report.questions
        for check in question.checks
        if check.outcome is Outcome.HARNESS_ERROR
    ]
    return _cut(plain(f"It failed in: {', '.join(failed)}."))


def _tests(question: QuestionResult, scored: bool) -> list[dict[str, Any]]:
    graded = [check for check in question.checks if check.graded]
    passed = sum(check.passed for check in graded)
    whole: dict[str, Any] = _test(question.id, f"{question.id.upper()} {question.title}")
    said = (f"{passed} of {len(graded)} checks passed.", scored_on(question))
    whole["output"] = "\n".join(filter(None, said))
    if scored:
        whole["score"] = question.score
        whole["max_score"] = question.max_score
        whole["status"] = "passed" if question.score >= question.max_score else "failed"
    checks = (_check(question, n, c) for n, c in enumerate(question.checks, start=1))
    return [whole, *checks]


def _check(question: QuestionResult, number: int, check: CheckResult) -> dict[str, Any]:
    ended = OUTCOMES[check.outcome]
    free = "" if check.graded else ", costs no points"
    test = _test(f"{question.id}.{number}", f"{check.name} ({ended}{free})")
    test["tags"] = [question.id, check.outcome.value, "graded" if check.graded else "advisory"]
    # A check of the grader's that failed, or a remark that costs nothing, is no failure.
    if check.passed:
        test["status"] = "passed"
    elif check.graded and check.outcome is not Outcome.HARNESS_ERROR:
        test["status"] = "failed"
    said = [message(check), *details(check)] if not check.passed else []
    test["output"] = _cut("\n".join(map(plain, said)))
    return test


def _test(number: str, name: str) -> dict[str, Any]:
    return {
        "number": number,
        "name": _cut(in_one_line(name), 300),
        "name_format": "text",
        "output_format": "text",
        "visibility": "visible",
    }


def _leaderboard(questions: Sequence[QuestionResult]) -> list[dict[str, Any]]:
    losses = [
        question.measured.loss
        for question in questions
        if question.measured is not None and not any(check.hidden for check in question.checks)
    ]
    return [
        {"name": LEADERBOARD, "value": round(loss, 4), "order": "asc"}
        for loss in losses
        if math.isfinite(loss)
    ]


def _cut(text: str, most: int = MAX_OUTPUT) -> str:
    return text if len(text) <= most else f"{text[:most]} …"
