"""The misconceptions of all questions, by name."""

from __future__ import annotations

from benchmarks.as_student import QUESTIONS
from grader.questions.misconceptions.record import Misconception

SEED = 11
BY_ID = {question.id: question for question in QUESTIONS}


def misconception(question: str, id: str) -> Misconception:
    [found] = [m for m in BY_ID[question].misconceptions if m.id == id]
    return found
