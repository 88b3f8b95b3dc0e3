"""Grades one submission: pytest runs the questions, and the plugin makes the report."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import zip_longest

import pytest
import torch

from grader.catalogue import QUESTIONS, question_files
from grader.checking import ADVISORY_MARK
from grader.errors import HarnessError, RubricError, UsageError
from grader.grading import RUBRIC, Grading, Request
from grader.model import Report
from grader.modes import IsolationMode
from grader.plugin import GradingPlugin, Listener, question_of
from grader.rubric import Rubric
from grader.sandbox.lent import SandboxUse


def grade(request: Request, sandbox: SandboxUse, listener: Listener) -> Report:
    """Grade a submission in workers of the sandbox and return its report.

    Raises UsageError when there is nothing to grade or the request is wrong, and HarnessError when
    the grader fails as a whole, or may not run student code here. A check in which the grader
    fails is in the report instead.
    """
    wanted = wanted_questions(request, Rubric.load(request.rubric))
    if sandbox.mode is IsolationMode.REQUIRE:
        sandbox.isolation()
    with Grading(request, sandbox, listener.progress) as grading:
        return grade_questions(grading, wanted, listener)


def wanted_questions(request: Request, rubric: Rubric) -> tuple[str, ...]:
    """The ids of the questions that a request asks for.

    Raises UsageError when it, or the rubric, names one that there is not, or the rubric says
    nothing of one that is asked for.
    """
    files = question_files()
    if unknown := request.only - files.keys():
        raise UsageError(
            f"there is no question {', '.join(sorted(unknown))}; there are {', '.join(files)}"
        )
    if strangers := {*rubric.questions, *rubric.limits.questions} - files.keys():
        raise RubricError(
            f"the rubric names questions there are not: {', '.join(sorted(strangers))}"
        )
    wanted = tuple(id for id in files if not request.only or id in request.only)
    for id in wanted:
        if id not in rubric.questions:
            raise RubricError(f"the rubric has no points for question {id}")
    return wanted


def grade_questions(grading: Grading, wanted: Sequence[str], listener: Listener) -> Report:
    """The report of these questions of a submission under way; raises as ``grade`` does."""
    reports: list[Report] = []
    with_questions(
        wanted, grading.rubric, lambda judge: reports.append(judge(grading, wanted, listener))
    )
    return reports[0]


Judge = Callable[[Grading, Sequence[str], Listener], Report]
"""From a submission under way and the ids of questions to a report, as ``grade_questions``."""


def with_questions(ids: Sequence[str], rubric: Rubric, use: Callable[[Judge], None]) -> None:
    """Collect the checks of these questions once, and let ``use`` judge submissions by them.

    For a course that saves a third of the time. Whatever ``use`` raises is raised here.
    """
    files = question_files()
    # The oracle's matrices are tiny: waking further threads for them takes longer than they do.
    torch.set_num_threads(1)
    loop = _Loop(rubric, use)
    # A student's parameters may overflow in the oracle's hands; nobody is told of it twice.
    with warnings.catch_warnings(action="ignore"), _without(OF_THE_SHELL):
        status = pytest.main([*PYTEST_OPTIONS, *(str(files[id]) for id in ids)], plugins=[loop])
    if loop.error is not None:
        raise loop.error
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise HarnessError(f"pytest ended with {status!r}")


@contextmanager
def _without(names: Sequence[str]) -> Iterator[None]:
    """While active, this process has no such environment variables."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


class _Loop:
    """In place of pytest's own loop over the checks: one for each submission."""

    def __init__(self, rubric: Rubric, use: Callable[[Judge], None]) -> None:
        self.error: Exception | None = None
        self._rubric = rubric
        self._use = use

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[RUBRIC] = self._rubric
        config.addinivalue_line("markers", ADVISORY_MARK)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        try:
            if session.testsfailed:
                raise HarnessError("a file of the questions cannot be collected")
            self._use(partial(_judge, session))
        except Exception as error:  # pytest would print it and go on
            self.error = error
        return True


def _judge(
    session: pytest.Session, grading: Grading, wanted: Sequence[str], listener: Listener
) -> Report:
    items = [item for item in session.items if question_of(item).id in wanted]
    plugin = GradingPlugin(grading, listener)
    plugins = session.config.pluginmanager
    plugins.register(plugin)
    try:
        plugin.expect(items)
        for item, following in zip_longest(items, items[1:]):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if plugin.usage_error is not None:
                raise plugin.usage_error
    except BaseException:
        # Else the next submission would be given what is left of this one.
        session._setupstate.teardown_exact(None)
        raise
    finally:
        plugins.unregister(plugin)
    return plugin.report()


OF_THE_SHELL = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
"""What pytest takes from the environment, in which they are meant for other tests."""
PYTEST_OPTIONS = (
    # Neither the user's settings nor the plugins that happen to be installed may change a grade.
    f"--config-file={os.devnull}",
    f"--rootdir={QUESTIONS}",
    "--disable-plugin-autoload",
    "-p", "no:terminal",
    "-p", "no:cacheprovider",
    "-p", "no:faulthandler",
    # Each check would attach four log handlers, and each run collect all garbage twice.
    "-p", "no:logging",
    "-p", "no:unraisableexception",
    # Each check would set up the same filters anew.
    "-p", "no:warnings",
    "-p", "no:threadexception",
    "-p", "no:subtests",
    "--capture=no",
)  # fmt: skip
