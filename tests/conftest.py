"""What the tests share: one warm fork server for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from grader.doctor import Sandbox
from grader.engine import grade
from grader.grading import Request
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
from grader.model import IsolationMode, Report
from grader.plugin import Silent
from grader.sandbox import ForkServer

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tests compute with tiny arrays: threads would wait for each other longer than they work."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A warm fork server and what is known of its isolation, as a grading run has it."""
    with Sandbox(IsolationMode.BEST_EFFORT, EMBEDDED_CORPUS / TEST_FILE) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def server(sandbox: Sandbox) -> ForkServer:
    """The sandbox's fork server, for tests that start workers themselves."""
    return sandbox.server


class Grade:
    """Grades a submission in this process and returns its report."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __call__(self, path: Path, *only: str, timeout_s: float | None = None) -> Report:
        request = Request(path, only=frozenset(only), timeout_s=timeout_s)
        return grade(request, self._sandbox, Silent())


@pytest.fixture(scope="session")
def grading(sandbox: Sandbox) -> Grade:
    """A function from a submission's path, and questions, to its report."""
    return Grade(sandbox)
