"""``pytest --submission PATH``: the other door to the same run.

pytest finds this module by its entry point and loads it in every run of the environment, so it
imports the grader only when asked to.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import GraderError, UsageError


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("grader", "grading a hand-in of the assignment")
    group.addoption("--submission", type=Path, help="Folder or zip to grade.")
    group.addoption("--submission-data", type=Path, help="Folder with train.csv and test.csv.")
    group.addoption("--submission-rubric", type=Path, help="TOML file that changes the rubric.")
    group.addoption("--submission-out", type=Path, help="Where report.json and junit.xml go.")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--submission") is not None:
        _grade_with(config)


def _grade_with(config: pytest.Config) -> None:
    from grader.doctor import Sandbox
    from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
    from grader.modes import IsolationMode

    data = config.getoption("--submission-data")
    # Started before this process imports torch, so that the two imports overlap.
    sandbox = Sandbox(IsolationMode.BEST_EFFORT, (data or EMBEDDED_CORPUS) / TEST_FILE)
    config.add_cleanup(sandbox.close)

    from grader.catalogue import QUESTIONS
    from grader.checking import ADVISORY_MARK
    from grader.grading import Grading, Request
    from grader.plugin import GradingPlugin, Silent
    from grader.reports.files import write_reports

    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(QUESTIONS)]
    request = Request(
        path=config.getoption("--submission"),
        data=data,
        rubric=config.getoption("--submission-rubric"),
    )
    listener = Silent()
    try:
        grading = Grading(request, sandbox, listener.progress)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    config.add_cleanup(grading.close)
    plugin = GradingPlugin(grading, listener)
    config.pluginmanager.register(plugin, "grading")
    config.addinivalue_line("markers", ADVISORY_MARK)
    out = config.getoption("--submission-out")

    class Results:
        """Writes the reports, and says the score below pytest's own summary."""

        def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
            try:
                report = plugin.report()
            except GraderError as error:
                terminalreporter.write_line(f"No report: {error}", red=True)
                return
            terminalreporter.write_line(f"Total: {report.score:g} / {report.max_score:g}")
            if out is not None:
                write_reports(report, out)
                terminalreporter.write_line(f"Reports: {out}")

    config.pluginmanager.register(Results(), "grading-results")
