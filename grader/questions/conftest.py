"""The fixtures that every question has."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from grader.checking import CHANGES, CHECK, KEEPS_STATE, VARIES, Check, check_name, counts
from grader.errors import CheckFailed
from grader.grading import GRADING, Grading
from grader.handed_in.naming import IMPLEMENTATION
from grader.model import Hint, Outcome, Visibility
from grader.precision import leaves_open
from grader.questions.as_written import place_of, seen_in
from grader.questions.misconceptions.diagnosis import Diagnose, as_hint
from grader.questions.parity import Parity
from grader.remedies import SHAPES

EXPLAINED = frozenset({Outcome.WRONG, Outcome.EXCEPTION})
"""Outcomes of which it may be known what was misunderstood."""

DIAGNOSIS_SEED = 0
"""The same for every hand-in, so that what misconceptions answer is computed once for all. Whoever
knows these draws gains nothing: no points depend on them."""
NOTEBOOK_CASE, OTHER_SIZES = "test_notebook_case", "test_other_sizes"
OF_ONE_SIZE = (
    "With the notebook's own sizes it is right: is one of them written as a number, or taken from "
    "another axis?"
)
SHAPES_FIT = (
    "Other checks of this question end with an exception, which may come from the same line: here "
    "the shapes happen to fit. Mend that first."
)


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
        result = yield
    except CheckFailed as error:
        first = error
    else:
        _note_success(pyfuncitem)
        return result
    failure: CheckFailed | None = first
    if check is not None and (inherited or first.by_system):
        # Neither what an earlier question left in the worker, nor what others do to this machine,
        # must cost this one its points.
        check.student.restart()
        check.student.out_of_sight.clear()
        check.closest, check.remarks = None, []
        failure = _outcome(pyfuncitem)
    if failure is None:
        _note_success(pyfuncitem)
        return True
    if check is not None and failure.outcome in EXPLAINED:
        check.hint = _hint(pyfuncitem, check, failure)
        if check.look_at and leaves_open(failure.message):
            failure = failure.with_more(check.look_at)
        if check.hint is not None:
            pyfuncitem.config.stash[GRADING].explained.add(pyfuncitem.module.QUESTION.id)
        elif cause := _cause(pyfuncitem, check, failure):
            failure = failure.with_more(cause)
    raise failure


def _note_success(item: pytest.Function) -> None:
    if item.originalname == NOTEBOOK_CASE:
        item.config.stash[GRADING].right_in_notebook.add(item.module.QUESTION.id)


def _cause(item: pytest.Function, check: Check, failure: CheckFailed) -> str:
    """What may be why an answer is wrong, where no cause was told in its question yet; or ''."""
    grading, id = item.config.stash[GRADING], item.module.QUESTION.id
    told = (KEEPS_STATE, VARIES)
    if id in grading.explained or any(words in failure.message for words in told):
        return ""
    is_of_sizes = item.originalname == OTHER_SIZES and id in grading.right_in_notebook
    # Elsewhere what is nearly right may be so by the luck of the draw, at one size as at another.
    is_sure = failure.mismatch is None or (item.cls and issubclass(item.cls, Parity))
    if check.changes_arguments and check.advises:
        cause = CHANGES
    elif is_of_sizes and is_sure and check.rubric.hints == "full":
        cause = OF_ONE_SIZE
    else:
        return ""
    grading.explained.add(id)
    return cause


def _outcome(item: pytest.Function) -> CheckFailed | None:
    """Run a check once more."""
    try:
        item.obj(**{name: item.funcargs[name] for name in item._fixtureinfo.argnames})
    except CheckFailed as failure:
        return failure
    return None


def _hint(item: pytest.Function, check: Check, failure: CheckFailed) -> Hint | None:
    """What was misunderstood, if that is known, may be told, and was not told before."""
    question, rubric, grading = item.module.QUESTION, check.rubric, item.config.stash[GRADING]
    hidden = rubric.visibility(question.id, check_name(item)) is Visibility.HIDDEN
    told = question.id in grading.diagnosed
    if hidden or told or not counts(rubric, item) or rubric.hints == "none":
        return None
    location_only = rubric.hints == "location"
    seen = seen_in(question.function, check.student.submission.folder / IMPLEMENTATION)
    written = place_of(seen.hint) if seen.hint and location_only else seen.hint
    if failure.outcome is Outcome.EXCEPTION:
        if SHAPES in failure.message:
            grading.misshapen.add(question.id)
        grading.diagnosed.update([question.id] if written else [])
        return written
    diagnose: Diagnose | None = getattr(item.module, "diagnose", None)
    if diagnose is None or not check.student.may_be_asked_further:
        return written
    grading.diagnosed.add(question.id)
    further = Check(check.student, rubric, f"{question.id}.diagnosis", DIAGNOSIS_SEED)
    further.measured = check.measured
    try:
        found = diagnose(further)
    except CheckFailed:
        return written  # The worker died over further questions: nothing else is lost.
    # Who names the arguments in another order may have meant them as they come.
    if found is None or (found.may_be_of_arguments and seen.explains_all):
        if written is None and not location_only:
            unexplained = getattr(diagnose, "unexplained", "")
            check.look_at = SHAPES_FIT if question.id in grading.misshapen else unexplained
        return written
    hint = as_hint(found, location_only=location_only)
    if location_only or not seen.again:
        return hint
    return hint.model_copy(update={"explanation": f"{hint.explanation} {seen.again}"})
