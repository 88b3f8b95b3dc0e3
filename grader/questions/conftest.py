"""The fixtures that every question has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.checking import CHECK, Check
from grader.grading import GRADING, Grading
from grader.student import Student


@pytest.fixture(scope="session")
def grading(pytestconfig: pytest.Config) -> Grading:
    """The submission under way."""
    return pytestconfig.stash[GRADING]


@pytest.fixture(scope="module")
def student(grading: Grading, request: pytest.FixtureRequest) -> Iterator[Student]:
    """The submission's code, in a worker of this question's own."""
    student = grading.new_student(request.module.QUESTION.id)
    yield student
    student.restart()


@pytest.fixture
def check(grading: Grading, student: Student, request: pytest.FixtureRequest) -> Check:
    """What a check works with: it calls the student's code and judges what comes."""
    name = f"{request.module.QUESTION.id}.{request.node.name}"
    check = Check(student, grading.rubric, name, grading.seed)
    request.node.stash[CHECK] = check
    return check
