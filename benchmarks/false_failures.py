"""How often does the grader fail correct work? Never, over very many random draws.

    python -m benchmarks.false_failures --draws 100000 --seed 0

A draw is one answer judged: a case of its own (no case is used twice), answered in one of the
styles of ``benchmarks.styles``, which are all correct. Half of the cases of each style have the
notebook's sizes, the others random ones of the kind that is graded. Judging is done by the grader's
own checks, with its own default rubric, and everything goes through the bytes of its own messages;
only the worker process is left out, since it adds no arithmetic.

Beside the failures, the largest error is given as a part of what was allowed. That is the headroom:
1 would be a failure. For the two functions that return parameters it says how near an answer that
is meant to be accepted, such as a bias of 8, comes to the rubric's threshold.

Exits with code 1 when there is any failure.
"""

from __future__ import annotations

import itertools
import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from benchmarks.in_process import InProcess
from benchmarks.machine import machine
from benchmarks.styles import styles
from grader.checking import Check
from grader.errors import CheckFailed
from grader.oracle import AttentionSizes, RecurrentSizes
from grader.questions import test_q4_gru_as_rnn as q4
from grader.questions import test_q5_long_memory as q5
from grader.questions.parity import Parity
from grader.questions.test_q2_rnn import TestRnn
from grader.questions.test_q3_gru import TestGru
from grader.questions.test_q6_mha import TestMha
from grader.rubric import Rubric
from grader.student import Student

WIDTH = 100
FAILURES_SHOWN = 10
Sizes = RecurrentSizes | AttentionSizes
Judge = Callable[[Check, Any], None]
"""Judges the check's answers to cases of the given sizes; raises CheckFailed."""


@dataclass
class Tally:
    """What became of one style's answers to one function."""

    function: str
    style: str
    draws: int = 0
    failures: int = 0
    largest: float = 0.0
    """The largest error as a part of what was allowed."""


@dataclass(frozen=True)
class Failure:
    """Correct work that was failed; the same options of the command give it again."""

    function: str
    style: str
    sizes: str
    draw_seed: int
    message: str


@dataclass(frozen=True)
class Question:
    """How one function is judged, and at which sizes."""

    notebook: Sizes
    random_sizes: Callable[[np.random.Generator], Sizes]
    judge: Judge


def recurrent_sizes(rng: np.random.Generator, least_steps: int = 2) -> RecurrentSizes:
    """Sizes of the kind that is graded."""
    batch, inputs, hidden = (int(n) for n in rng.integers(2, 8, size=3, endpoint=True))
    steps = int(rng.integers(least_steps, 20, endpoint=True))
    return RecurrentSizes(batch, steps, inputs, hidden)


def attention_sizes(rng: np.random.Generator) -> AttentionSizes:
    """Sizes of the kind that is graded."""
    batch, steps, heads, width = (int(rng.integers(2, n, endpoint=True)) for n in (8, 10, 5, 4))
    return AttentionSizes(batch, steps, heads * width, heads)


def agreement(question: type[Parity]) -> Judge:
    """The judge of a function that should agree with one of torch's layers: one draw at a time."""

    def judge(check: Check, sizes: Sizes) -> None:
        check.agrees(question.draw(sizes, check.seeds(1)[0], check.allowance))

    return judge


def questions(rubric: Rubric) -> dict[str, Question]:
    """The questions that have a function, by its name."""
    return {
        "rnn": Question(TestRnn.notebook, recurrent_sizes, agreement(TestRnn)),
        "gru": Question(TestGru.notebook, recurrent_sizes, agreement(TestGru)),
        # The checks of these two make q4.DRAWS and q5.DRAWS draws each.
        "init_gru_with_rnn": Question(q4.NOTEBOOK, recurrent_sizes, q4.test_other_sizes),
        "init_gru_with_long_term_memory": Question(
            q5.NOTEBOOK,
            lambda rng: recurrent_sizes(rng, rubric.long_memory.steps),
            q5.test_other_sizes,
        ),
        "mha": Question(TestMha.notebook, attention_sizes, agreement(TestMha)),
    }


class Measurement:
    """Judges correct work and counts what becomes of it."""

    def __init__(self, seed: int) -> None:
        self.tallies: list[Tally] = []
        self.failures: list[Failure] = []
        self._seed = seed
        self._rubric = Rubric.load()
        self._questions = questions(self._rubric)

    @property
    def functions(self) -> list[str]:
        return list(self._questions)

    def run(self, function: str, draws: int) -> Iterator[int]:
        """Make at least ``draws`` draws, each style in its turn; yields how many at a time."""
        question = self._questions[function]
        rng = np.random.default_rng([self._seed, zlib.crc32(function.encode())])
        implementations = styles(rng)[function]
        tallies = {style: Tally(function, style) for style in implementations}
        self.tallies.extend(tallies.values())
        done = turn = 0
        while done < draws:
            sizes = question.notebook if turn % 2 == 0 else question.random_sizes(rng)
            for style, implementation in implementations.items():
                if done >= draws:
                    break
                student = InProcess(implementation)
                self._judge(question.judge, student, sizes, f"{function} {done}", tallies[style])
                tallies[style].draws += student.calls
                done += student.calls
                yield student.calls
            turn += 1

    def _judge(
        self, judge: Judge, student: InProcess, sizes: Sizes, name: str, tally: Tally
    ) -> None:
        check = Check(cast(Student, student), self._rubric, name, self._seed)
        try:
            judge(check, sizes)
        except CheckFailed as failure:
            tally.failures += 1
            draw_seed = check.seeds(student.calls)[-1]
            self.failures.append(
                Failure(tally.function, tally.style, str(sizes), draw_seed, failure.message)
            )
        if check.closest is not None:
            tally.largest = max(tally.largest, check.closest.ratio)


def table(tallies: list[Tally]) -> Table:
    """One line for each function, and under it one for each of its styles."""
    result = Table("function and style")
    for column in ("draws", "failures", "largest error / allowed"):
        result.add_column(column, justify="right")
    for function, group in itertools.groupby(tallies, lambda tally: tally.function):
        of_styles = list(group)
        whole = Tally(
            function,
            "",
            sum(tally.draws for tally in of_styles),
            sum(tally.failures for tally in of_styles),
            max(tally.largest for tally in of_styles),
        )
        result.add_section()
        result.add_row(function, *_figures(whole), style="bold")
        for tally in of_styles:
            result.add_row(f"  {tally.style}", *_figures(tally))
    return result


def _figures(tally: Tally) -> tuple[str, str, str]:
    return f"{tally.draws:,}", str(tally.failures), f"{tally.largest:.2g}"


def main(
    draws: Annotated[int, typer.Option(min=1, help="Answers to judge, over all functions.")] = (
        100_000
    ),
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random draws.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Where the figures go as JSON.")
    ] = None,
) -> None:
    """Judge correct work in many styles; any failure is a defect of the grader."""
    torch.set_num_threads(1)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    measurement = Measurement(seed)
    share, rest = divmod(draws, len(measurement.functions))
    start = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("", total=draws)
        for i, function in enumerate(measurement.functions):
            progress.update(bar, description=function)
            for count in measurement.run(function, share + (i < rest)):
                progress.advance(bar, count)
    seconds = time.perf_counter() - start

    tallies, failures = measurement.tallies, measurement.failures
    judged = sum(tally.draws for tally in tallies)
    console.print(table(tallies))
    for failure in failures[:FAILURES_SHOWN]:
        console.print(
            f"{failure.function}, {failure.style}, {failure.sizes}, draw {failure.draw_seed}: "
            f"{failure.message}",
            style="red",
        )
    facts = machine()
    console.print(
        f"{judged:,} draws, each a case of its own; {len(failures)} failures; {seconds:.0f} s.\n"
        + ", ".join(f"{name} {value}" for name, value in facts.items())
    )
    if json_file is not None:
        figures = {
            "draws": judged,
            "seed": seed,
            "failures": [asdict(failure) for failure in failures],
            "seconds": round(seconds, 1),
            "machine": facts,
            "styles": [asdict(tally) for tally in tallies],
        }
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if failures:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
