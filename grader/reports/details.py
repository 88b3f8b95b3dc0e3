"""What a report says below a check's message, line by line, for every format alike."""

from __future__ import annotations

from collections.abc import Iterator

from grader.model import CheckResult, Hint, QuestionResult, Report

OUTPUT_LINES = 10
KEPT_BACK = "Your course does not show more of this check."
MADE_UP = (
    "{} was scored on sentences that the grader made up, not on those of the course, so its points "
    "may change. For course staff: give your train.csv and test.csv by --data DIR, in Gradescope "
    "as a folder named data."
)
MADE_UP_HERE = (
    "{} was scored on the grader's own made-up sentences, as no --data was given; for real grades "
    "give --data DIR, the folder with the course's train.csv and test.csv."
)


def scored_on(question: QuestionResult) -> str:
    """What a student and the staff have to know of a question's data; '' where it is as it should
    be."""
    return MADE_UP.format(question.id.upper()) if question.made_up else ""


def data_warning(report: Report) -> str:
    """The same for whoever can give the data at once."""
    return "\n".join(MADE_UP_HERE.format(q.id.upper()) for q in report.questions if q.made_up)


def message(check: CheckResult) -> str:
    """What a student may read of how the check ended."""
    return KEPT_BACK if check.hidden else check.message


def details(check: CheckResult) -> Iterator[str]:
    """A hint, what was asked, and ``evidence``.

    Nothing of a hidden check: what its code printed could be the check's own numbers.
    """
    if check.hidden:
        return
    if check.hint is not None:
        yield from _hint(check.hint)
    yield f"Asked: {check.title}"
    yield from evidence(check)


def evidence(check: CheckResult) -> Iterator[str]:
    """The lines of the traceback, and what the code printed; not to be shown of a hidden check."""
    for line in check.traceback:
        function = f", in {line.function}" if line.function else ""
        yield f"{line.file}, line {line.line}{function}: {line.code}"
    printed = check.output.strip().splitlines()
    if printed:
        yield "Printed:"
        yield from (f"  {line[:300]}" for line in printed[:OUTPUT_LINES])
        if len(printed) > OUTPUT_LINES:
            yield f"  … and {len(printed) - OUTPUT_LINES} more lines"


def _hint(hint: Hint) -> Iterator[str]:
    sure = " (your answers come close to it, but are not the same)" if hint.near else ""
    yield f"Hint: {hint.title}{sure}."
    if hint.explanation:
        yield hint.explanation
    if hint.hint:
        yield hint.hint
        yield from hint.link.split()
