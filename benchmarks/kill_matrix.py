"""Does every known mistake fail a graded check, and is it told from all the others?

    python -m benchmarks.kill_matrix

Each misconception of the grader, and each answer that needs no understanding, is handed in as code,
and each check of its question judges it. The table has a row for each and a column for each check;
the last column says what the grader takes the mistake for. A check with * is advisory. The checks
of the source (own_work) and of the arguments (inputs_unchanged) are left out: they do not look at
what is returned.

Exits with code 1 when one of them passes all graded checks, or is not given its own name.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.as_student import QUESTIONS, Implementation, Judged
from benchmarks.machine import machine
from benchmarks.trivial_answers import trivial_answers
from grader.questions.misconceptions.record import misread

WIDTH = 100
KILLED, PASSED = "x", "."


@dataclass(frozen=True)
class Row:
    """What became of one wrong answer."""

    answer: str
    failed: frozenset[str]
    """The names of the checks that reject it."""
    rejected: bool
    """Whether a graded one is among them."""
    told_as: tuple[str, ...]
    """What it was taken for with each seed; empty for no hint."""
    known: bool
    """Whether it is a misconception, whose name must be given."""

    @property
    def good(self) -> bool:
        return self.rejected and (not self.known or set(self.told_as) == {self.answer})


def rows(question: Judged, seeds: int) -> Iterator[Row]:
    """A row for each wrong answer to the question."""
    for misconception in question.misconceptions:
        code = misread(question.solution, misconception)
        yield row(question, misconception.id, code, seeds, known=True)
    for name, code in trivial_answers(question).items():
        yield row(question, name, code, seeds, known=False)


def row(question: Judged, answer: str, code: Implementation, seeds: int, *, known: bool) -> Row:
    """What becomes of the code; every seed must reject it."""
    failing = [list(question.rejecting(code, seed)) for seed in range(seeds)]
    found = [question.diagnosed(code, seed) for seed in range(seeds)]
    return Row(
        answer,
        frozenset(check.name for check in failing[0]),
        all(any(check.graded for check in checks) for checks in failing),
        tuple("" if d is None else f"{'near ' if d.near else ''}{d.id}" for d in found),
        known,
    )


def table(question: Judged, of: list[Row]) -> Table:
    """The question's part of the matrix."""
    checks = list(question.checks())
    result = Table(box=None, pad_edge=False, title_justify="left")
    result.add_column(f"{question.id} {question.module.QUESTION.title}")
    for number, check in enumerate(checks, start=1):
        result.add_column(f"{number}{'' if check.graded else '*'}", justify="center")
    result.add_column("told as")
    for row in of:
        cells = [KILLED if check.name in row.failed else PASSED for check in checks]
        told = " / ".join(dict.fromkeys(name or "-" for name in row.told_as))
        same = row.known and set(row.told_as) == {row.answer}
        name = row.answer if row.known else f"({row.answer})"
        style = "" if row.good else "bold red"
        result.add_row(name, *cells, "itself" if same else told, style=style)
    return result


def legend(question: Judged) -> str:
    """The names of the columns."""
    names = (f"{i} {check.name}" for i, check in enumerate(question.checks(), start=1))
    return ", ".join(names)


def main(
    seeds: Annotated[int, typer.Option(min=1, help="Random draws of everything.")] = 3,
    only: Annotated[str, typer.Option(help="Questions, such as q2,q6.")] = "",
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Judge every known mistake by every check, and print the table."""
    torch.set_num_threads(1)
    # Gates without a sigmoid overflow, as they do for a student.
    warnings.simplefilter("ignore", RuntimeWarning)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    start = time.perf_counter()
    known = checks = trivial = 0
    bad = []
    for question in QUESTIONS:
        if only and question.id not in only.split(","):
            continue
        found = list(rows(question, seeds))
        console.print(table(question, found), legend(question), "", sep="\n")
        known += sum(row.known for row in found)
        trivial += sum(not row.known for row in found)
        checks += len(list(question.checks()))
        bad += [f"{question.id} {row.answer}" for row in found if not row.good]
    console.print(
        f"{known} misconceptions and {trivial} trivial answers against {checks} checks, {seeds} "
        f"seeds: {len(bad)} passed or got another name; {time.perf_counter() - start:.0f} s."
    )
    if out is not None:
        figures = {
            "machine": machine(),
            "seeds": seeds,
            "misconceptions": known,
            "trivial_answers": trivial,
            "checks": checks,
            "bad": bad,
        }
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if bad:
        console.print(", ".join(bad), style="red")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
