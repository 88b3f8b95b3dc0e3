"""``pytest --submission PATH``: the other door to the same run.

pytest finds this module by its entry point and loads it in every run of the environment, so it
imports the grader only when asked to.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError


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
    if config.getoption("dist", "no") != "no":
        raise pytest.UsageError("a hand-in is graded in one process: leave out -n of pytest-xdist")

    from grader.doctor import Sandbox
    from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
    from grader.modes import IsolationMode

    data = config.getoption("--submission-data")
    # Started before this process imports torch, so that the two imports overlap.
    sandbox = Sandbox(IsolationMode.BEST_EFFORT, (data or EMBEDDED_CORPUS) / TEST_FILE)
    config.add_cleanup(sandbox.close)

    from grader.asked import check_request
    from grader.catalogue import QUESTIONS
    from grader.checking import ADVISORY_MARK
    from grader.destination import check_destination
    from grader.engine import wanted_questions
    from grader.grading import Grading, Request
    from grader.plugin import Silent
    from grader.pytest_reports import PytestReports
    from grader.reports.files import REPORT_FILES
    from grader.rubric import Rubric

    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(QUESTIONS)]
    request = Request(
        path=config.getoption("--submission"),
        data=data,
        rubric=config.getoption("--submission-rubric"),
    )
    try:
        check_request(request)
        out = config.getoption("--submission-out")
        if out is not None:
            check_destination(out, REPORT_FILES, [request.path])
        wanted_questions(request, Rubric.load(request.rubric))
        grading = Grading(request, sandbox, Silent().progress)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    config.add_cleanup(grading.close)
    reports = PytestReports(grading, out)
    config.pluginmanager.register(reports.plugin, "grading")
    config.pluginmanager.register(reports, "grading-reports")
    config.addinivalue_line("markers", ADVISORY_MARK)
