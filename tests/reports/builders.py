"""Small reports to make text of."""

from __future__ import annotations

from typing import Any

from grader.model import (
    CheckResult,
    Isolation,
    IsolationMode,
    Outcome,
    QuestionResult,
    Report,
    Versions,
)

HOSTILE = "\x1b[31mred\x1b[0m \x1b]0;title\x07\x00\x08\x9b2J\u202egnp [bold]b[/bold] [/x] <&>\"']]>"
"""What a student's message may hold: escapes, control characters, and markup of several kinds."""
HARMLESS = "red 2Jgnp [bold]b[/bold] [/x] <&>\"']]>"
CONTROLS = [chr(n) for n in range(32) if chr(n) not in "\t\n"] + [chr(n) for n in range(127, 160)]


def check(name: str = "notebook_case", **values: Any) -> CheckResult:
    failed: dict[str, Any] = {
        "name": name,
        "title": f"What {name} asks",
        "outcome": Outcome.WRONG,
        "graded": True,
        "message": f"{name} is wrong",
    }
    return CheckResult(**{**failed, **values})


def passed(name: str, **values: Any) -> CheckResult:
    return check(name, **{"outcome": Outcome.PASSED, "message": "", **values})


def question(
    *checks: CheckResult, id: str = "q2", score: float = 0, **values: Any
) -> QuestionResult:
    return QuestionResult(
        **{"id": id, "title": f"Title of {id}", "score": score, "max_score": 3.0, **values},
        checks=checks,
    )


def report(*questions: QuestionResult, **values: Any) -> Report:
    fields: dict[str, Any] = {
        "submission": "alice",
        "score": sum(q.score for q in questions),
        "max_score": sum(q.max_score for q in questions),
        "seed": 1,
        "versions": Versions(grader="0", python="3", numpy="2", torch="2"),
        "rubric": "0" * 64,
        "isolation": Isolation(mode=IsolationMode.BEST_EFFORT, layers={"session": True}),
        "duration_s": 1.5,
        "questions": questions,
    }
    return Report(**{**fields, **values})
