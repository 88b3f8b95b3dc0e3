"""What the tests share: one warm fork server for the whole run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import pytest
import torch

from grader.doctor import Sandbox
from grader.engine import grade
from grader.grading import Grading, Request
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
from grader.model import Report
from grader.modes import IsolationMode
from grader.plugin import Silent
from grader.sandbox import ForkServer
from grader.student import Student

ROOT = Path(__file__).resolve().parents[1]
REPLY_MB = 1
OUTPUT_KB = 8
LIMITS = f"""
[limits]
call_s = 30
reply_mb = {REPLY_MB}
output_kb = {OUTPUT_KB}
"""


ABOUT_PRINTING = (
    *("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "PYTEST_ADDOPTS"),
    *("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "TTY_COMPATIBLE"),
)
"""Variables by which a terminal, or a CI, changes what this program, rich and pytest print."""


@pytest.fixture(scope="session", autouse=True)
def nobody_looks_on() -> Iterator[None]:
    """What is printed is the same wherever the tests run."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ABOUT_PRINTING:
            environment.delenv(name, raising=False)
        yield


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


class Handing(Protocol):
    def __call__(
        self,
        code: str,
        files: Mapping[str, str] = ...,
        /,
        *,
        limits: str = LIMITS,
        question: str = "q2",
        sandbox: Sandbox | None = None,
        **modules: str,
    ) -> Student:
        """A handle on a hand-in with ``implementation.py``, other modules, and other files."""


@pytest.fixture
def hand_in(sandbox: Sandbox, tmp_path: Path) -> Iterator[Handing]:
    """Makes a handle on a hand-in, in whose worker a question's code runs."""
    gradings = []

    def make(
        code: str,
        files: Mapping[str, str] = MappingProxyType({}),
        /,
        *,
        limits: str = LIMITS,
        question: str = "q2",
        sandbox: Sandbox | None = sandbox,
        **modules: str,
    ) -> Student:
        folder = tmp_path / "handin"
        folder.mkdir()
        named = {f"{name}.py": text for name, text in {"implementation": code, **modules}.items()}
        for name, text in {**named, **files}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(textwrap.dedent(text))
        (tmp_path / "rubric.toml").write_text(limits)
        assert sandbox is not None
        request = Request(folder, rubric=tmp_path / "rubric.toml")
        gradings.append(Grading(request, sandbox, Silent().progress))
        return gradings[-1].new_student(question)

    yield make
    for grading in gradings:
        grading.close()
