"""The pytest plugin: the checks' fixtures and points, and how their results become a report.

``grader.engine`` registers ``GradingPlugin`` for a run of its own, and ``grader.pytest_option`` for
``pytest --submission PATH``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pytest

from grader.catalogue import read_question
from grader.checking import CHECK, check_name, counts
from grader.errors import CheckFailed, HarnessError, RubricError, UsageError
from grader.grading import GRADING, MODEL_QUESTION, RUBRIC, Grading, absence
from grader.handed_in.naming import MODEL
from grader.measures import ModelMeasures
from grader.model import CheckResult, Outcome, Question, QuestionResult, Report, by_number


class Listener(Protocol):
    """Told what happens while a submission is graded."""

    def check_done(self, question: Question, result: CheckResult) -> None:
        """A check of the question has ended."""

    def progress(self, doing: str, fraction: float) -> None:
        """Something long is under way; ``fraction`` of it is done."""


class Silent:
    """A listener that does nothing."""

    def check_done(self, question: Question, result: CheckResult) -> None:
        """See ``Listener``."""

    def progress(self, doing: str, fraction: float) -> None:
        """See ``Listener``."""


class GradingPlugin:
    """Runs the checks for one submission and collects what comes of them."""

    def __init__(self, grading: Grading, listener: Listener) -> None:
        self.grading = grading
        self.usage_error: UsageError | None = None
        self._listener = listener
        self._questions: dict[str, Question] = {}
        self._results: dict[str, list[CheckResult]] = {}
        self._measured: dict[str, ModelMeasures] = {}
        self._collected = 0

    def report(self) -> Report:
        """The report of all checks. Raises HarnessError when some did not run."""
        done = sum(map(len, self._results.values()))
        if done != self._collected or done == 0:
            raise HarnessError(f"only {done} of {self._collected} checks gave a result")
        ids = sorted(self._questions, key=by_number)
        return self.grading.report(tuple(self._question_result(i) for i in ids))

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[RUBRIC] = self.grading.rubric
        config.stash[GRADING] = self.grading
        # Of the grader's own failures: pytest's long excerpts would take 0.1 s each.
        config.option.tbstyle = "native"

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        try:
            self.expect(session.items)
        except RubricError as error:
            self.usage_error = error
            session.shouldstop = str(error)

    def expect(self, items: Sequence[pytest.Item]) -> None:
        """These are the checks to come. Raises RubricError when the rubric names others."""
        self._collected = len(items)
        names: dict[str, set[str]] = {}
        files: dict[str, Path] = {}
        for item in items:
            if isinstance(item, pytest.Function):
                id = question_of(item).id
                names.setdefault(id, set()).add(check_name(item))
                files[id] = item.path
        for id, file in files.items():
            rubric = self.grading.rubric.questions.get(id)
            for table in ("graded", "visible") if rubric is not None else ():
                strangers = getattr(rubric, table).keys() - names[id]
                if strangers:  # or checks that ``pytest -k`` has left out
                    strangers -= {check.name for check in read_question(file).checks}
                if strangers:
                    message = f"the rubric's questions.{id}.{table} names no check: "
                    raise RubricError(message + ", ".join(sorted(strangers)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport | None:
        """Add the check's result; pytest itself reports what is not the hand-in's doing."""
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, UsageError):
            self.usage_error = error
            item.session.shouldstop = str(error)
        if call.when == "call" or error is not None:
            self._add(item, error, call)
        if error is None or isinstance(error, CheckFailed):
            return _told(item, call, error)
        return None

    def _add(
        self, item: pytest.Item, error: BaseException | None, call: pytest.CallInfo[None]
    ) -> None:
        if not isinstance(item, pytest.Function):
            raise HarnessError(f"{item.nodeid} is no test function")
        question = question_of(item)
        self._questions[question.id] = question
        check = item.stash.get(CHECK, None)
        closest = check.closest if check is not None else None
        if check is not None and check.measured is not None:
            self._measured[question.id] = check.measured
        failure = _failure(error, call)
        mismatch = failure.mismatch if failure else None
        measured = mismatch or closest
        result = CheckResult(
            name=item.name.removeprefix("test_"),
            title=(item.function.__doc__ or "").strip().split("\n")[0],
            outcome=failure.outcome if failure else Outcome.PASSED,
            graded=counts(self.grading.rubric, item),
            message=failure.message if failure else "",
            points=check.points if check is not None else None,
            error=measured.error if measured else None,
            allowed=measured.allowed if measured else None,
            at=measured.at if measured else None,
            mismatch=mismatch,
            hint=check.hint if check is not None else None,
            visibility=self.grading.rubric.visibility(question.id, check_name(item)),
            traceback=failure.traceback if failure else (),
            output=self.grading.take_output(),
            duration_s=round(call.duration, 4),
        )
        self._results.setdefault(question.id, []).append(result)
        if check is not None:
            self.grading.remark(question.id, *absence(check.student), *check.remarks)
            del item.stash[CHECK]  # The next submission's check is another.
        self._listener.check_done(question, result)

    def _question_result(self, id: str) -> QuestionResult:
        checks = tuple(self._results[id])
        question = self._questions[id]
        points = self.grading.rubric.questions[id].points
        return QuestionResult(
            id=id,
            title=question.title,
            score=score(points, checks),
            max_score=points,
            checks=checks,
            measured=self._measured.get(id),
            made_up=points > 0 and self._is_of_made_up(id),
            notes=self.grading.remarks_on(id),
        )

    def _is_of_made_up(self, id: str) -> bool:
        """Whether what came of a question may be another on the course's own sentences."""
        if id != MODEL_QUESTION or self.grading.request.data is not None:
            return False
        # A model that fails here may be right there, as one with the course's vocabulary is.
        return id in self._measured or self.grading.submission.has(MODEL)


def _told(
    item: pytest.Item, call: pytest.CallInfo[None], failure: CheckFailed | None
) -> pytest.TestReport:
    """What pytest says of a phase of a check: of one that did not pass, the message alone.

    Its own way, to format the exception's whole trace, takes longer than most checks do.
    """
    return pytest.TestReport(
        item.nodeid,
        item.location,
        {},
        outcome="failed" if failure else "passed",
        longrepr=failure.message if failure else None,
        when=call.when,  # type: ignore[arg-type]  # "collect" is for modules
        duration=call.duration,
        start=call.start,
        stop=call.stop,
    )


def question_of(item: pytest.Item) -> Question:
    """The question of a check."""
    module = item.getparent(pytest.Module)
    if module is None:
        raise HarnessError(f"{item.nodeid} is in no question's file")
    question: Question = module.obj.QUESTION
    return question


def score(points: float, checks: tuple[CheckResult, ...]) -> float:
    """A question's points: by its parts where checks have points of their own, else all or none.

    All or none is the assignment's own rule: an answer matches torch's or it does not, and one
    that is right for the notebook's sizes alone is not right.
    """
    graded = [check for check in checks if check.graded]
    if any(check.points is not None for check in checks):
        return sum(check.points or 0.0 for check in graded if check.passed)
    return points if graded and all(check.passed for check in graded) else 0.0


def _failure(error: BaseException | None, call: pytest.CallInfo[None]) -> CheckFailed | None:
    if error is None or isinstance(error, CheckFailed):
        return error
    place = ""
    if call.excinfo is not None:
        last = call.excinfo.traceback[-1]
        place = f" ({Path(last.path).name}, line {last.lineno + 1})"
    return CheckFailed(
        Outcome.HARNESS_ERROR,
        f"The grader failed here, not the hand-in: {type(error).__name__}: "
        f"{error}{place}. Please tell the course staff.",
    )
