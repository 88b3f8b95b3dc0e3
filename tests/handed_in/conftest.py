"""Students whose hand-ins the tests make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.doctor import Sandbox
from grader.grading import Grading, Request
from grader.plugin import Silent
from grader.student import Student
from tests.handed_in.notebooks import Students


@pytest.fixture
def student(sandbox: Sandbox) -> Iterator[Students]:
    gradings = []

    def of(folder: Path) -> Student:
        gradings.append(Grading(Request(folder), sandbox, Silent().progress))
        return gradings[-1].new_student("q2")

    yield of
    for grading in gradings:
        grading.close()
