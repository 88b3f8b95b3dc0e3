"""The report for a terminal: a row for each question, then what did not pass and why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.model import CheckResult, Outcome, QuestionResult, Report
from grader.reports.details import details
from grader.reports.plain import plain

OUTCOME_WORDS = {
    Outcome.PASSED: "passed",
    Outcome.WRONG: "wrong answer",
    Outcome.MISSING: "missing",
    Outcome.EXCEPTION: "exception",
    Outcome.TIMEOUT: "too slow",
    Outcome.OUT_OF_MEMORY: "out of memory",
    Outcome.CRASH: "crash",
    Outcome.FORBIDDEN: "not your own layer",
    Outcome.HARNESS_ERROR: "THE GRADER FAILED",
}


def to_terminal(report: Report, *, verbose: bool = False) -> RenderableType:
    """The whole report; ``verbose`` adds the checks that passed and what was measured."""
    parts: list[RenderableType] = [_table(report)]
    parts += [Text(plain(f"Note: {note}."), style="yellow") for note in report.notes]
    for question in report.questions:
        parts += _question(question, verbose)
    total = f"Total: {report.score:g} / {report.max_score:g}"
    parts.append(Text(f"\n{total}", style="bold"))
    if report.harness_failed:
        warning = "Some checks failed in the grader itself, so the total is not final."
        parts.append(Text(warning, style="red"))
    return Group(*parts)


def _table(report: Report) -> Table:
    table = Table(box=None, title=plain(report.submission), title_justify="left", pad_edge=False)
    table.add_column("")
    table.add_column("Question")
    table.add_column("Points", justify="right")
    table.add_column("Checks", justify="right")
    for question in report.questions:
        graded = [check for check in question.checks if check.graded]
        passed = sum(check.passed for check in graded)
        full = question.score == question.max_score
        table.add_row(
            question.id.upper(),
            Text(plain(question.title)),
            Text(f"{question.score:g} / {question.max_score:g}", "green" if full else "red"),
            f"{passed} of {len(graded)} passed",
        )
    return table


def _question(question: QuestionResult, verbose: bool) -> Iterator[RenderableType]:
    shown = [check for check in question.checks if verbose or not check.passed]
    measured = question.measured
    if shown or measured:
        yield Text(f"\n{question.id.upper()} {question.title}", style="bold")
    if measured:
        yield Padding.indent(_measured(measured), 2)
    for (_, message), group in groupby(shown, key=lambda check: (check.outcome, check.message)):
        same = list(group)
        if message:
            yield Padding.indent(_failed(same), 2)
        else:
            yield from (Padding.indent(_passed(check), 2) for check in same)


def _measured(measured: dict[str, object]) -> Text:
    return Text(
        f"loss {measured['loss']:.4f} nats a character (the notebook's own mean: "
        f"{measured['notebook_loss']:.4f}), {measured['characters']:,} characters, on "
        f"{measured['device']}"
    )


def _passed(check: CheckResult) -> Text:
    figures = ""
    if check.error is not None and check.allowed is not None:
        figures = f": {check.error:.3g}, allowed {check.allowed:.3g}"
    return Text(plain(f"{check.name}: passed{figures}"), style="green")


def _failed(same: list[CheckResult]) -> RenderableType:
    """Checks that ended alike are shown once, so that a syntax error is not told twelve times."""
    first = same[0]
    more = f" and {len(same) - 1} more" if len(same) > 1 else ""
    advisory = not any(check.graded for check in same)
    kind = ", advisory" if advisory else ""
    heading = Text(plain(f"{first.name}{more} ({OUTCOME_WORDS[first.outcome]}{kind})"))
    heading.stylize("yellow" if advisory else "red")
    lines = [Text(plain(line), style="dim") for line in details(first)]
    return Group(heading, Padding.indent(Group(Text(plain(first.message)), *lines), 2))
