"""What the tests share: one warm fork server for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.engine import grade
from grader.grading import Request
from grader.model import Report
from grader.plugin import Silent
from grader.sandbox import ForkServer

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def server() -> Iterator[ForkServer]:
    """A fork server, as one grading run has it."""
    server = ForkServer()
    yield server
    server.close()


class Grade:
    """Grades a submission in this process and returns its report."""

    def __init__(self, server: ForkServer) -> None:
        self._server = server

    def __call__(self, path: Path, *only: str, timeout_s: float | None = None) -> Report:
        request = Request(path, only=frozenset(only), timeout_s=timeout_s)
        return grade(request, self._server, Silent())


@pytest.fixture(scope="session")
def grading(server: ForkServer) -> Grade:
    """A function from a submission's path, and questions, to its report."""
    return Grade(server)
