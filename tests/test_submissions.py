"""Every example submission gets the verdict that is written beside it."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from grader.model import QuestionResult
from tests.conftest import ROOT, Grade

SUBMISSIONS = ROOT / "submissions"
NAMES = sorted(file.stem for file in SUBMISSIONS.glob("*.toml"))


def failing_outcomes(question: QuestionResult) -> set[str]:
    return {str(check.outcome) for check in question.checks if check.graded and not check.passed}


def test_each_submission_has_a_verdict() -> None:
    assert sorted(p.name for p in SUBMISSIONS.iterdir() if p.is_dir()) == NAMES
    assert len(NAMES) >= 12


@pytest.mark.parametrize("name", NAMES)
def test_verdict(name: str, grading: Grade) -> None:
    verdict: dict[str, Any] = tomllib.loads((SUBMISSIONS / f"{name}.toml").read_text())
    report = grading(SUBMISSIONS / name, timeout_s=verdict.get("timeout_s"))
    questions = {question.id: question for question in report.questions}
    assert {id: question.score for id, question in questions.items()} == verdict["score"]
    for id, question in questions.items():
        expected = set(verdict.get("outcomes", {}).get(id, ()))
        assert failing_outcomes(question) == expected, id
    for id, words in verdict.get("says", {}).items():
        messages = [c.message for c in questions[id].checks if c.graded and not c.passed]
        assert any(words in message for message in messages), (id, words, messages)
    hints = {id: [c.hint.title for c in q.checks if c.hint] for id, q in questions.items()}
    given = {id: [title] for id, title in verdict.get("hints", {}).items()}
    assert {id: titles for id, titles in hints.items() if titles} == given
    assert report.max_score == 27
    assert not report.harness_failed
