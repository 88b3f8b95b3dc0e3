"""Grades one submission: pytest runs the questions, and the plugin makes the report."""

from __future__ import annotations

import os

import pytest
import torch

from grader.catalogue import QUESTIONS, question_files
from grader.doctor import Sandbox
from grader.errors import HarnessError, RubricError, UsageError
from grader.grading import Grading, Request
from grader.model import IsolationMode, Report
from grader.plugin import GradingPlugin, Listener
from grader.rubric import Rubric


def grade(request: Request, sandbox: Sandbox, listener: Listener) -> Report:
    """Grade a submission in workers of the sandbox and return its report.

    Raises UsageError when there is nothing to grade or the request is wrong, and HarnessError when
    the grader fails as a whole, or may not run student code here. A check in which the grader
    fails is in the report instead.
    """
    files = question_files()
    if unknown := request.only - files.keys():
        raise UsageError(
            f"there is no question {', '.join(sorted(unknown))}; there are {', '.join(files)}"
        )
    rubric = Rubric.load(request.rubric)
    if strangers := {*rubric.questions, *rubric.limits.questions} - files.keys():
        raise RubricError(f"the rubric names questions there are not: {', '.join(strangers)}")
    wanted = [str(file) for id, file in files.items() if not request.only or id in request.only]
    if sandbox.mode is IsolationMode.REQUIRE:
        sandbox.isolation()
    # The oracle's matrices are tiny: waking further threads for them takes longer than they do.
    torch.set_num_threads(1)
    with Grading(request, sandbox, listener.progress) as grading:
        plugin = GradingPlugin(grading, listener)
        status = pytest.main([*PYTEST_OPTIONS, *wanted], plugins=[plugin])
        if plugin.usage_error is not None:
            raise plugin.usage_error
        if status == pytest.ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            raise HarnessError(f"pytest ended with {status!r}")
        return plugin.report()


PYTEST_OPTIONS = (
    # Neither the user's settings nor the plugins that happen to be installed may change a grade.
    f"--config-file={os.devnull}",
    f"--rootdir={QUESTIONS}",
    "--disable-plugin-autoload",
    "-p", "no:terminal",
    "-p", "no:cacheprovider",
    "-p", "no:faulthandler",
    "--capture=no",
)  # fmt: skip
