"""A course that has everything its page can show."""

from __future__ import annotations

import random

from grader.model import Outcome
from grader.rows import Row, Status
from grader.similarity import Group
from tests.reports.rows import HOSTILE_NAMES, question_row, row, unreadable

TITLES = {
    "q2": ("RNN", 3.0),
    "q3": ("GRU", 5.0),
    "q4": ("A GRU that behaves as an RNN", 2.0),
    "q5": ("A GRU that keeps its memory", 2.0),
    "q6": ("Multi-head attention", 5.0),
    "q7": ("Character language model", 10.0),
}
MISTAKES = ("The reset gate is applied before the matrix product", "The scores are not scaled")
THRESHOLDS = ((2.5, 5.0), (2.0, 3.0), (1.5, 2.0))
ENDED = (Outcome.WRONG, Outcome.EXCEPTION, Outcome.TIMEOUT)


def course(size: int = 60, seed: int = 1) -> list[Row]:
    """Graded hand-ins of all qualities, some late, and some that were not graded."""
    rng = random.Random(seed)
    rows = []
    for number in range(size):
        results = []
        for id, (title, most) in TITLES.items():
            share = 1.0 if rng.random() < 0.7 else rng.choice([0.0, 0.5]) if id == "q7" else 0.0
            mistake = rng.choice(MISTAKES) if share == 0 and rng.random() < 0.5 else ""
            outcome = Outcome.PASSED if share == 1 else rng.choice(ENDED)
            results.append(
                question_row(
                    id,
                    share * most,
                    max_score=most,
                    title=title,
                    outcome=outcome,
                    misconception=mistake,
                    near=rng.random() < 0.2,
                )
            )
        rows.append(
            row(
                f"student{number:03}",
                *results,
                student=f"Student {number}",
                late=rng.random() < 0.05,
                loss=rng.gauss(1.7, 0.4),
                duration_s=rng.expovariate(0.1),
                notes=("an earlier upload was passed over",) if rng.random() < 0.1 else (),
            )
        )
    failing = question_row("q2", 0.0, outcome=Outcome.HARNESS_ERROR)
    rows.append(row("zoe", failing, status=Status.GRADER_FAILED, reason="KeyError: 3"))
    rows.append(unreadable())
    return rows


def hostile_course() -> list[Row]:
    """Names, reasons and notes that try to be something else."""
    long = "x" * 400
    return [
        row(
            f"{name}{n}",
            question_row(title=name, misconception=name, score=0.0),
            student=name,
            status=Status.UNREADABLE if n % 2 else Status.GRADED,
            reason=name,
            notes=(name,),
            late=True,
            loss=float("inf"),
            duration_s=1.0,
        )
        for n, name in enumerate((*HOSTILE_NAMES, long, "../../etc", "a?b#c/d%2e", "javascript:x"))
    ]


GROUPS = (
    Group(("student001", "student002", "student003"), "implementation.py", "near-identical", 0.71),
    Group(("student004", "student005"), "rnn_lm.sav", "identical", 1.0),
)
HOSTILE_GROUPS = (Group(HOSTILE_NAMES, "<b>`|.py", "near-identical", 0.5),)
