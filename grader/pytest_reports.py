"""What pytest says of the checks under ``--submission``: as the terminal's report does."""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from pathlib import Path

import pytest

from grader.console import IN_GITHUB
from grader.errors import GraderError
from grader.grading import Grading
from grader.model import CheckResult, Outcome, Question
from grader.plugin import GradingPlugin, Silent
from grader.reports.details import details, message
from grader.reports.files import write_reports

COSTS_NOTHING = "costs no points"


class PytestReports(Silent):
    """Words each check's result for pytest, writes the reports, and says the score at the end."""

    def __init__(self, grading: Grading, out: Path | None) -> None:
        """``out``: where ``report.json`` and the others go; None: nowhere."""
        self.plugin = GradingPlugin(grading, self)
        self._out = out
        self._last: CheckResult | None = None
        self._token = secrets.token_hex(16) if os.environ.get(IN_GITHUB) else ""

    def check_done(self, question: Question, result: CheckResult) -> None:
        """Keep the result for what pytest is about to be told."""
        self._last = result

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """From here on GitHub takes no line that student code printed for a command."""
        self._say_to_github(session.config, f"::stop-commands::{self._token}")

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Only what student code cannot know ends that."""
        self._say_to_github(config, f"::{self._token}::")

    def _say_to_github(self, config: pytest.Config, line: str) -> None:
        terminal = config.pluginmanager.get_plugin("terminalreporter")
        if self._token and terminal is not None:
            terminal.ensure_newline()
            terminal.write_line(line)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say what is known of a failure. An advisory one is no failure of the run: an xfail."""
        report = yield
        result, self._last = self._last, None
        if result is None or result.outcome in {Outcome.PASSED, Outcome.HARNESS_ERROR}:
            return report
        report.longrepr = "\n".join([message(result), *details(result)])
        if not result.graded:
            report.outcome = "skipped"
            report.wasxfail = f"{COSTS_NOTHING}: {message(result)}"
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The score below pytest's own summary."""
        try:
            report = self.plugin.report()
        except GraderError as error:
            terminalreporter.write_line(f"No report: {error}", red=True)
            return
        terminalreporter.write_line(f"Total: {report.score:g} / {report.max_score:g}")
        if self._out is not None:
            write_reports(report, self._out)
            terminalreporter.write_line(f"Reports: {self._out}")
