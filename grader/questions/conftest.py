"""The fixtures that every question has."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from grader.checking import CHECK, Check, check_name, counts
from grader.errors import CheckFailed
from grader.grading import GRADING, Grading
from grader.model import Outcome, Visibility
from grader.questions.misconceptions.diagnosis import Diagnose, as_hint


@pytest.fixture(scope="module")
def grading(pytestconfig: pytest.Config) -> Grading:
    """The submission under way."""
    return pytestconfig.stash[GRADING]


@pytest.fixture
def check(request: pytest.FixtureRequest) -> Check:
    """What a check works with: it calls the student's code and judges what comes."""
    # Not by way of ``grading`` and further fixtures: for pytest each is as much work as a call.
    grading = request.config.stash[GRADING]
    id = request.module.QUESTION.id
    check = Check(
        grading.student_for(id), grading.rubric, f"{id}.{request.node.name}", grading.seed
    )
    request.node.stash[CHECK] = check
    return check


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Judge again what failed, where another question may be the reason; then ask what was
    misunderstood, at the first wrong answer that costs a question's points."""
    check = pyfuncitem.stash.get(CHECK, None)
    # Asked before: where a worker has died, the next one is nobody's.
    inherited = check is not None and check.student.inherited
    try:
        return (yield)
    except CheckFailed as error:
        first = error
    failure: CheckFailed | None = first
    if check is not None and (inherited or first.by_system):
        # Neither what an earlier question left in the worker, nor what others do to this machine,
        # must cost this one its points.
        check.student.restart()
        check.student.out_of_sight.clear()
        check.closest, check.remarks = None, []
        failure = _outcome(pyfuncitem)
    if failure is None:
        return True
    if failure.outcome is Outcome.WRONG and check is not None:
        _add_hint(pyfuncitem, check)
    raise failure


def _outcome(item: pytest.Function) -> CheckFailed | None:
    """Run a check once more."""
    try:
        item.obj(**{name: item.funcargs[name] for name in item._fixtureinfo.argnames})
    except CheckFailed as failure:
        return failure
    return None


def _add_hint(item: pytest.Function, check: Check) -> None:
    diagnose: Diagnose | None = getattr(item.module, "diagnose", None)
    question, rubric = item.module.QUESTION.id, check.rubric
    hidden = rubric.visibility(question, check_name(item)) is Visibility.HIDDEN
    if diagnose is None or hidden or not counts(rubric, item):
        return
    grading = item.config.stash[GRADING]
    if rubric.hints == "none" or question in grading.diagnosed:
        return
    if not check.student.may_be_asked_further:
        return
    grading.diagnosed.add(question)
    further = Check(check.student, rubric, f"{question}.diagnosis", grading.seed)
    further.measured = check.measured
    try:
        found = diagnose(further)
    except CheckFailed:
        return  # The worker died over further questions: there is no hint, and nothing else lost.
    if found is not None:
        check.hint = as_hint(found, location_only=rubric.hints == "location")
