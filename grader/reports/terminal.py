"""The report for a terminal: a row for each question, then what did not pass and why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.measures import ModelMeasures, TrainingRun
from grader.model import (
    CheckResult,
    Claim,
    ClaimVerdict,
    Isolation,
    Outcome,
    QuestionResult,
    Report,
)
from grader.reports.details import details, evidence, message
from grader.reports.plain import in_one_line, plain
from grader.reports.view import AT_THE_TOP, ONE_THING, STOPPED, shared_failure

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
    notes = [in_one_line(note.removesuffix(".")) for note in report.notes]
    parts += [Text(f"Note: {note}.", style="yellow") for note in notes]
    shared = shared_failure(report)
    if shared is not None:
        parts.append(_shared(shared))
    for question in report.questions:
        parts += _question(question, verbose, shared)
    if report.claims:
        parts += [Text("\nWhat the notebooks show", style="bold"), claims_table(report.claims)]
    total = f"Total: {report.score:g} / {report.max_score:g}"
    parts.append(Text(f"\n{total}", style="bold"))
    open_doors = [verdict.act for verdict in report.isolation.verdicts if not verdict.held]
    if open_doors:
        doors = f"Student code was able to: {'; '.join(open_doors)}. See python -m grader doctor."
        parts.append(Text(doors, style="yellow"))
    if report.harness_failed:
        warning = "Some checks failed in the grader itself, so the total is not final."
        parts.append(Text(warning, style="red"))
    return Group(*parts)


def isolation_table(isolation: Isolation) -> RenderableType:
    """What a worker was kept from and by what, and which layers are in force."""
    table = Table(box=None, pad_edge=False)
    table.add_column("A worker cannot")
    table.add_column("Held")
    table.add_column("By")
    for verdict in isolation.verdicts:
        held = Text("yes", style="green") if verdict.held else Text("NO", style="bold red")
        table.add_row(verdict.act, held, Text(plain(verdict.by)))
    in_force = ", ".join(name for name, there in isolation.layers.items() if there)
    missing = ", ".join(name for name, there in isolation.layers.items() if not there)
    return Group(table, Text(f"\nIn force: {in_force}"), Text(f"Not in force: {missing or 'none'}"))


def claims_table(claims: tuple[Claim, ...]) -> RenderableType:
    """What the notebooks show beside what was measured, for staff."""
    table = Table(box=None, pad_edge=False)
    for column in ("", "What", "Shown", "Measured", "Verdict", "Why"):
        table.add_column(column, justify="right" if column in ("Shown", "Measured") else "left")
    for claim in claims:
        shown, measured = (
            "" if value is None else f"{value:.4g}" for value in (claim.claimed, claim.measured)
        )
        where = f" ({plain(claim.cell)})" if claim.cell else ""
        table.add_row(
            claim.question.upper(),
            Text(claim.what),
            shown,
            measured,
            Text(claim.verdict.value, CLAIM_STYLES[claim.verdict]),
            Text(plain(claim.why) + where),
        )
    return table


CAUSES = frozenset({"inputs_unchanged", "repeatable"})
"""Advisory checks of which a failure may be the reason why graded ones fail."""
CLAIM_STYLES = {
    ClaimVerdict.AGREES: "green",
    ClaimVerdict.DIFFERS: "red",
    ClaimVerdict.NOT_SHOWN: "yellow",
    ClaimVerdict.INCOMPARABLE: "dim",
}


def _table(report: Report) -> Table:
    table = Table(
        box=None,
        title=Text(in_one_line(report.submission)),
        title_justify="left",
        pad_edge=False,
    )
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


def _shared(check: CheckResult) -> RenderableType:
    """What stops several questions, told once, before them."""
    lines = [Text(plain(line), style="dim") for line in evidence(check)]
    told = Group(Text(plain(check.message)), *lines)
    return Group(Text(f"\n{ONE_THING}", style="bold red"), Padding.indent(told, 2))


def _question(
    question: QuestionResult, verbose: bool, shared: CheckResult | None
) -> Iterator[RenderableType]:
    shown = [check for check in question.checks if verbose or _matters(question, check)]
    measured = question.measured
    if shown or measured:
        yield Text(f"\n{question.id.upper()} {question.title}", style="bold")
    if measured:
        yield Padding.indent(_measured(measured), 2)
    for alike in _alike(shown):
        shown_as = _passed(alike[0]) if alike[0].passed else _failed(alike, shared)
        yield Padding.indent(shown_as, 2)
    told = {message(check) for check in shown}
    further = [c for c in question.checks if not c.passed and message(c) not in told]
    if further:
        said = f"{len(further)} of the checks that cost no points did not pass either: see -v."
        yield Padding.indent(Text(said, style="dim"), 2)


def _matters(question: QuestionResult, check: CheckResult) -> bool:
    """Advisory checks are worth a student's time once the graded ones pass, or as their cause."""
    done = all(other.passed for other in question.checks if other.graded)
    is_cause = check.name in CAUSES and check.outcome is Outcome.WRONG
    return not check.passed and (check.graded or done or is_cause)


def _alike(checks: list[CheckResult]) -> Iterator[list[CheckResult]]:
    """Failures that say the same are shown once: a syntax error is not told twelve times."""

    def said(check: CheckResult) -> tuple[object, ...]:
        return (check.name,) if check.passed else (check.outcome, message(check))

    for _, same in groupby(checks, key=said):
        yield list(same)


def _measured(measures: ModelMeasures) -> Text:
    interval = measures.interval
    lines = [
        f"loss {measures.loss:.4f} nats a character, 95 % interval {interval.low:.3f} to "
        f"{interval.high:.3f} (as the notebook averages: {measures.notebook_loss:.4f}), "
        f"{measures.characters:,} characters, on {measures.device}",
        f"beside it: character frequencies {measures.baselines.frequency:.2f}, zip "
        f"{measures.baselines.zip:.2f}"
        + (f", training sentences {measures.training_loss:.3f}" if measures.training_loss else ""),
    ]
    if measures.training is not None:
        lines.append(_training(measures.training))
    if measures.stopped != "finished":
        lines.append(
            f"scored on {measures.sentences:,} of {measures.all_sentences:,} sentences, drawn at "
            f"random ({STOPPED[measures.stopped]})"
        )
    lines += [f"it writes: {sentence}" for sentence in measures.generated[:1]]
    return Text("\n".join(plain(line) for line in lines))


def _training(run: TrainingRun) -> str:
    best = run.epochs[run.best_epoch - 1]
    came = f"for {len(run.epochs)} of {run.planned_epochs} epochs ({run.stopped})"
    if run.was_cut_short:
        came = f"until its time was over, in epoch {len(run.epochs)} of {run.planned_epochs}"
    return (
        f"trained by the grader {came}; validation loss {best.validation_loss:.3f} after epoch "
        f"{best.number}. Why: {run.why}"
    )


def _passed(check: CheckResult) -> Text:
    figures = ""
    if check.error is not None and check.allowed is not None and not check.hidden:
        figures = f": {check.error:.3g}, allowed {check.allowed:.3g}"
    return Text(plain(f"{check.name}: passed{figures}"), style="green")


def _failed(same: list[CheckResult], shared: CheckResult | None) -> RenderableType:
    first = same[0]
    more = f" and {len(same) - 1} more" if len(same) > 1 else ""
    advisory = not any(check.graded for check in same)
    kind = ", advisory" if advisory else ""
    heading = Text(plain(f"{first.name}{more} ({OUTCOME_WORDS[first.outcome]}{kind})"))
    heading.stylize("yellow" if advisory else "red")
    if shared is not None and message(first) == shared.message:
        return Group(heading, Padding.indent(Text(AT_THE_TOP, style="dim"), 2))
    lines = [Text(plain(line), style="dim") for line in details(first)]
    return Group(heading, Padding.indent(Group(Text(plain(message(first))), *lines), 2))
