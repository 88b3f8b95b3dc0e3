"""How often is a mistake given its right name, and how often is a hint given where none is due?

    python -m benchmarks.diagnosis

Four figures. Every misconception is made a second time, as a student's float32 code in another
style (``benchmarks.student_mistakes``), and should get its own name. So should random pairs of
them. Correct code in many styles should get no hint. And no hint should be given for random mutants
of correct code that return something wrong which is no known mistake.

Whether a mutant is a known mistake is found out without the grader's matching: on other draws, of
other sizes, its answers are compared with those of every misconception and every pair. Mutants that
raise an exception everywhere, and those that are right, are left out.

Exits with code 1 when a name is wrong, or a hint is given where none is due.
"""

from __future__ import annotations

import copy
import itertools
import json
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console

from benchmarks.as_student import QUESTIONS, Implementation, Judged, new_check
from benchmarks.machine import machine
from benchmarks.mutants import mutants
from benchmarks.student_code import NAMES, SOURCES, compiled, mistaken
from benchmarks.styles import styles
from grader.oracle import AttentionSizes, RecurrentSizes
from grader.questions.misconceptions.record import independent, misread

SAME = 1e-4
"""Answers are taken for the same within this part of their size."""
Questions = Sequence[Judged]
OTHER_SIZES = {
    "q2": (RecurrentSizes(3, 6, 5, 5), RecurrentSizes(4, 5, 2, 3)),
    "q3": (RecurrentSizes(3, 6, 5, 5), RecurrentSizes(4, 5, 2, 3)),
    "q6": (AttentionSizes(3, 5, 8, 2), AttentionSizes(2, 7, 12, 4)),
}
"""Of the questions whose answers are arrays to compare."""
Answers = list[np.ndarray] | None


@dataclass(frozen=True)
class Told:
    """What was said of one piece of code."""

    question: str
    code: str
    due: str
    """The names that should be given, sorted and joined; empty for no hint."""
    given: str

    @property
    def right(self) -> bool:
        return self.due == self.given


def told(question: Judged, name: str, code: Implementation, due: Sequence[str], seed: int) -> Told:
    """Ask the grader what is wrong with the code."""
    found = question.diagnosed(code, seed)
    given = sorted(m.id for m in found.misconceptions) if found else []
    near = "near " if found and found.near else ""
    return Told(question.id, name, "+".join(sorted(due)), near + "+".join(given))


def single_mistakes(seeds: int, questions: Questions = QUESTIONS) -> Iterator[Told]:
    """Each misconception in the second style."""
    for question, seed in itertools.product(questions, range(seeds)):
        for m in question.misconceptions:
            yield told(question, m.id, mistaken(question.id, m.id), [m.id], seed)


def pairs_of_mistakes(count: int, seed: int, questions: Questions = QUESTIONS) -> Iterator[Told]:
    """Random pairs of misconceptions whose edits of the second style do not overlap."""
    rng = np.random.default_rng(seed)
    pairs = [
        (question, pair)
        for question in questions
        if question.id in OTHER_SIZES
        for pair in itertools.combinations(question.misconceptions, 2)
        if independent(*pair)
    ]
    made = 0
    for i in rng.permutation(len(pairs)):
        question, pair = pairs[i]
        ids = [m.id for m in pair]
        try:
            code = mistaken(question.id, *ids)
        except ValueError:
            continue
        if made == count:
            return
        made += 1
        yield told(question, " + ".join(ids), code, ids, seed)


def right_code(seeds: int, questions: Questions = QUESTIONS) -> Iterator[Told]:
    """Correct code in the styles of ``benchmarks.styles``."""
    for question, seed in itertools.product(questions, range(seeds)):
        for name, code in styles(np.random.default_rng(seed))[question.function].items():
            yield told(question, name, code, [], seed)


class KnownAnswers:
    """What the right solution, each misconception and each pair answer to some draws."""

    def __init__(self, question: Judged, seed: int) -> None:
        if question.parity is None:
            raise ValueError(f"{question.id} has no answers to compare")
        allowance = new_check(question.solution, "", 0).allowance
        sizes = OTHER_SIZES[question.id]
        draws = [question.parity.draw(of, seed + i, allowance) for i, of in enumerate(sizes)]
        self._arguments = [draw.arguments for draw in draws]
        known = question.misconceptions
        names: list[tuple[Any, ...]] = [(), *((m,) for m in known)]
        names += [pair for pair in itertools.combinations(known, 2) if independent(*pair)]
        self._known = {
            tuple(sorted(m.id for m in of)): self.answers(misread(question.solution, *of))
            for of in names
        }

    def answers(self, code: Implementation) -> list[Answers]:
        """The arrays that the code returns for each draw; None where it raises an exception."""
        return [_answers(code, arguments) for arguments in self._arguments]

    def names(self, answers: list[Answers]) -> list[tuple[str, ...]]:
        """The misconceptions and pairs with these answers; the right solution is ()."""
        return [
            name
            for name, known in self._known.items()
            if all(map(_same, answers, known)) and any(a is not None for a in known)
        ]


def _answers(code: Implementation, arguments: tuple[Any, ...]) -> Answers:
    try:
        # Some mutants write into what they are given.
        value = code(*copy.deepcopy(arguments))
        items = value if isinstance(value, tuple) else (value,)
        return [np.squeeze(np.asarray(item, dtype=np.float64)) for item in items]
    except Exception:
        return None


def _same(one: Answers, other: Answers) -> bool:
    if one is None or other is None:
        return one is other
    return len(one) == len(other) and all(map(_close, one, other))


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape or one.size == 0:
        return one.shape == other.shape
    return bool(np.max(np.abs(one - other)) <= SAME * np.max(np.abs(other)))


def random_mutants(count: int, seed: int, questions: Questions = QUESTIONS) -> Iterator[Told]:
    """Mutants until ``count`` of them are no known mistake; those that are one come along."""
    rng = np.random.default_rng(seed)
    known = {q.id: KnownAnswers(q, seed) for q in questions if q.id in OTHER_SIZES}
    pool = [(q, m) for q in questions if q.id in known for m in mutants(SOURCES[q.id])]
    # Each question has its share, whatever the length of its source.
    counts = Counter(q.id for q, _ in pool)
    shares = np.array([1 / counts[q.id] for q, _ in pool])
    order = rng.choice(len(pool), size=len(pool), replace=False, p=shares / shares.sum())
    unknown = 0
    for i in order:
        if unknown == count:
            return
        question, mutant = pool[i]
        code = compiled(mutant.source, NAMES[question.id])
        answers = known[question.id].answers(code)
        names = known[question.id].names(answers)
        if all(a is None for a in answers) or () in names:
            continue
        unknown += not names
        # A single misconception is preferred to a pair that comes to the same.
        due = next((name for name in names if len(name) == 1), names[0] if names else ())
        yield told(question, f"line {mutant.line}: {mutant.change}", code, due, seed)


def main(
    seeds: Annotated[int, typer.Option(min=1, help="Draws of each misconception and style.")] = 5,
    count: Annotated[int, typer.Option(min=1, help="Random pairs, and random mutants.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random choices.")] = 0,
    only: Annotated[str, typer.Option(help="Questions, such as q2,q6.")] = "",
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Measure how often the name is right, and how often a hint is given that should not be."""
    torch.set_num_threads(1)
    # Mutants and wrong formulas overflow and warn; that is no news here.
    warnings.simplefilter("ignore")
    console = Console(highlight=False, width=None if Console().is_terminal else 100)
    start = time.perf_counter()
    questions = [q for q in QUESTIONS if not only or q.id in only.split(",")]
    singles = list(single_mistakes(seeds, questions))
    pairs = list(pairs_of_mistakes(count, seed, questions))
    right = list(right_code(seeds, questions))
    mutated = list(random_mutants(count, seed, questions))
    unknown = [t for t in mutated if not t.due]
    groups = {
        f"misconceptions in a second style, {seeds} draws each: right name": singles,
        "random pairs of them: right names": pairs,
        "mutants that are a known mistake: right name": [t for t in mutated if t.due],
        f"correct code in other styles, {seeds} draws each: no hint": right,
        "mutants that are no known mistake: no hint": unknown,
    }
    for name, group in groups.items():
        good = sum(t.right for t in group)
        console.print(f"{name}: {good} of {len(group)} ({100 * good / max(len(group), 1):.1f} %)")
    by_question = Counter(t.question for t in unknown)
    console.print(f"mutants by question: {dict(sorted(by_question.items()))}")
    bad = [t for group in groups.values() for t in group if not t.right]
    for t in bad[:40]:
        console.print(f"{t.question} {t.code}: due {t.due or '-'}, given {t.given or '-'}")
    console.print(f"{time.perf_counter() - start:.0f} s")
    if out is not None:
        right_of = {
            name: [sum(t.right for t in group), len(group)] for name, group in groups.items()
        }
        figures = {"machine": machine(), "seeds": seeds, "groups": right_of}
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if any(not t.right for t in (*singles, *right, *unknown)):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
