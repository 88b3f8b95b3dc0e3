"""What a question asks and what it is judged by, for ``python -m grader explain``.

Everything stands in the question's own file or in the rubric in force; nothing is run, and torch is
not imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.catalogue import CheckText, QuestionText
from grader.errors import UsageError
from grader.model import Visibility
from grader.rubric import Rubric, Section

SECTIONS = {
    "q2": ("rounding", "torch_layers"),
    "q3": ("rounding", "torch_layers"),
    "q4": ("almost_rnn",),
    "q5": ("long_memory",),
    "q6": ("rounding", "torch_layers"),
    "q7": ("language_model", "language_model.training", "language_model.baselines"),
}
"""The rubric's tables that decide on a question, beside its points and limits."""
HARDLY_ASKED = {"file_mb", "scratch_mb", "output_kb", "reply_mb", "open_files"}
"""Limits that only a page-long list would need."""
INDENT = 2


def in_short(questions: Sequence[QuestionText], rubric: Rubric) -> RenderableType:
    """One line for each question, and the total."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("Question")
    table.add_column("Points", justify="right")
    table.add_column("Checks")
    table.add_column("Function")
    for text in questions:
        own, advisory = _counts(text, rubric)
        table.add_row(
            text.question.id.upper(),
            Text(text.question.title),
            f"{_points(text, rubric):g}",
            f"{own} graded, {advisory} advisory",
            Text(text.question.function or ""),
        )
    total = sum(_points(text, rubric) for text in questions)
    more = "python -m grader explain q3 says all of one question."
    return Group(table, Text(f"\n{total:g} points in all. {more}"))


def in_full(text: QuestionText, rubric: Rubric) -> RenderableType:
    """One question: what it asks, its checks, its points, and what it is judged by and why."""
    question = text.question
    heading = f"{question.id.upper()} {question.title}, {_points(text, rubric):g} points"
    parts: list[RenderableType] = [Text(heading, style="bold")]
    if question.function:
        parts.append(Text(f"{question.function} in implementation.py"))
    parts += [Text(""), *_paragraphs(text.about), Text("")]
    for title, graded in (("Graded checks", True), ("Advisory checks, which cost nothing", False)):
        checks = [check for check in text.checks if _is_graded(check, text, rubric) is graded]
        if checks:
            parts.append(Text(title, style="bold"))
            parts += [_indented(line) for c in checks for line in _check(c, question.id, rubric)]
    parts += [Text(""), Text("Points", style="bold"), *map(_indented, _rule(text, rubric))]
    for name in SECTIONS.get(question.id, ()):
        parts += [Text(""), *_section(name, _find(rubric, name))]
    parts += [Text(""), *_limits(question.id, rubric)]
    parts.append(Text("\n--rubric FILE changes any of these values.", style="dim"))
    return Group(*parts)


def _points(text: QuestionText, rubric: Rubric) -> float:
    try:
        return rubric.questions[text.question.id].points
    except KeyError:
        raise UsageError(f"the rubric has no points for question {text.question.id}") from None


def _is_graded(check: CheckText, text: QuestionText, rubric: Rubric) -> bool:
    return rubric.counts(text.question.id, check.name, advisory=check.advisory)


def _cases(check: CheckText, rubric: Rubric) -> int:
    if check.by_threshold:
        return len(rubric.language_model.thresholds)
    return 1 if check.cases is None else check.cases


def _counts(text: QuestionText, rubric: Rubric) -> tuple[int, int]:
    own = sum(_cases(c, rubric) for c in text.checks if _is_graded(c, text, rubric))
    return own, sum(_cases(c, rubric) for c in text.checks) - own


def _check(check: CheckText, question: str, rubric: Rubric) -> Iterator[Text]:
    cases = _cases(check, rubric)
    more = [f"{cases} cases"] if cases > 1 else []
    if rubric.visibility(question, check.name) is Visibility.HIDDEN:
        more.append("students see only how it ended")
    told = f" ({', '.join(more)})" if more else ""
    yield Text.assemble((check.name, "cyan"), told)
    yield Text(f"  {check.asks}")


def _rule(text: QuestionText, rubric: Rubric) -> Iterator[Text]:
    table = rubric.questions[text.question.id]
    if any(check.by_threshold for check in text.checks):
        for threshold in rubric.language_model.thresholds:
            line = f"loss below {threshold.below:g}: {threshold.points:g} points more"
            yield Text(f"{line} ({_one_line(threshold.why)})")
    else:
        yield Text(f"{table.points:g} when all graded checks pass, else 0")
    yield Text(f"Why: {_one_line(table.why)}", style="dim")


def _section(name: str, section: Section) -> Iterator[RenderableType]:
    yield Text(f"[{name}]", style="bold")
    values = section.model_dump(exclude={"why"})
    for key, value in values.items():
        if isinstance(value, int | float | str):
            yield _indented(Text.assemble((key, "cyan"), f" = {_toml(value)}"))
    yield from (_indented(line) for line in _paragraphs(f"Why: {section.why}", "dim"))


def _limits(question: str, rubric: Rubric) -> Iterator[RenderableType]:
    yield Text("[limits]", style="bold")
    values = rubric.limits_for(question).model_dump(exclude=HARDLY_ASKED)
    told = ", ".join(f"{key} = {_toml(value)}" for key, value in values.items())
    yield _indented(Text(told))
    own = rubric.limits.questions.get(question)
    for why in [rubric.limits.why, *([own.why] if own is not None else [])]:
        yield from (_indented(line) for line in _paragraphs(f"Why: {why}", "dim"))


def _find(rubric: Rubric, name: str) -> Section:
    found: BaseModel = rubric
    for part in name.split("."):
        found = getattr(found, part)
    if not isinstance(found, Section):
        raise TypeError(f"{name} is no table of the rubric")
    return found


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(text: str, style: str = "") -> list[Text]:
    """The text's paragraphs, for the terminal to break anew."""
    return [Text(_one_line(part), style=style) for part in re.split(r"\n\s*\n", text) if part]


def _indented(part: RenderableType) -> RenderableType:
    return Padding.indent(part, INDENT)
