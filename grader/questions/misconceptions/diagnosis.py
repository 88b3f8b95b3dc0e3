"""Asks a student's function a few more questions and finds out what was misunderstood.

This runs in the parent, after a check has failed, and calls the student's function in its worker
like any check does. It has no say in the points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from grader.answers import arrays_of
from grader.checking import MOST_VALUES, Check
from grader.errors import CheckFailed
from grader.model import Hint, Outcome
from grader.oracle import AttentionSizes, Draw, RecurrentSizes
from grader.questions.misconceptions.gates import Gate, GateMisconception
from grader.questions.misconceptions.matching import (
    Answers,
    Case,
    Diagnosis,
    matching,
    overflows,
    the_one,
)
from grader.questions.misconceptions.record import PAGES, Misconception
from grader.questions.misconceptions.tasks import GateTask, RnnCopied, StateKept, mended

Diagnose = Callable[[Check], Diagnosis | None]
"""What a question's module calls ``diagnose``. Raises CheckFailed when the worker is lost."""

# No two axes are alike, so that each misconception shows; but for one draw, with as many inputs as
# hidden units: without it no transposed kernel could be seen. The smallest comes first.
RECURRENT_SIZES = (
    RecurrentSizes(batch=2, steps=3, inputs=4, hidden=4),
    RecurrentSizes(batch=4, steps=6, inputs=3, hidden=2),
    RecurrentSizes(batch=2, steps=7, inputs=3, hidden=5),
)
ATTENTION_SIZES = (
    AttentionSizes(batch=2, steps=5, embed=12, heads=3),
    AttentionSizes(batch=4, steps=8, embed=10, heads=5),
    AttentionSizes(batch=3, steps=4, embed=10, heads=2),
)
UNEXPLAINED = (
    "It is none of the mistakes that are known here. Take one short sequence and go through the "
    "code with the formula beside it, symbol by symbol: {}"
)
SHORT = 2
"""Steps in which states that grow from step to step do not become infinite yet."""


@dataclass(frozen=True)
class AnswerDiagnosis:
    """Compares what a function returns with what each misconception would return."""

    solution: Any
    misconceptions: Sequence[Misconception]
    draw: Callable[..., Draw]
    sizes: Sequence[Any]
    """One draw each."""
    page: str
    """The page of torch's documentation with the formula that is asked for."""

    @property
    def unexplained(self) -> str:
        """What to look at next where no misconception explains an answer."""
        return UNEXPLAINED.format(f"{PAGES}{self.page}.html")

    def __call__(self, check: Check) -> Diagnosis | None:
        cases = self._asked(check, self.sizes)
        if all(case.comparable for case in cases):
            return matching(cases, self.solution, self.misconceptions)
        if not all(case.answers for case in cases):
            return None
        draws = [case.draw for case in cases]
        growing = [m for m in self.misconceptions if overflows(self.solution, m, draws)]
        short = [replace(sizes, steps=SHORT) for sizes in self.sizes]
        return the_one(self._asked(check, short), self.solution, growing) if growing else None

    def _asked(self, check: Check, sizes: Sequence[Any]) -> list[Case]:
        seeds = check.seeds(len(sizes))
        draws = [
            self.draw(of, seed, check.allowance) for of, seed in zip(sizes, seeds, strict=True)
        ]
        return [Case(draw, _answers(check, draw)) for draw in draws]


@dataclass(frozen=True)
class GateDiagnosis:
    """Looks at the GRU parameters that a function returns.

    What shows in them is told where mending it alone, or two such things, makes the answer right.
    """

    function: str
    misconceptions: Sequence[GateMisconception]
    sizes: Sequence[RecurrentSizes]
    task: GateTask

    def __call__(self, check: Check) -> Diagnosis | None:
        answers = []
        for sizes, seed in zip(self.sizes, check.seeds(len(self.sizes)), strict=True):
            arguments = self.task(sizes, seed, check)
            try:
                gates = [Gate.of(gate) for gate in check.gates(self.function, arguments)]
            except CheckFailed as failure:
                if failure.outcome is Outcome.WRONG:
                    return None
                raise
            if not _fit(gates, sizes):
                return None
            answers.append(_GatesAsked(gates, arguments, sizes, seed))
        # What only some sizes get wrong, such as units beyond the second, shows in these alone.
        answers = [a for a in answers if not self._does((), a, check)] or answers
        holding = list(self.misconceptions)
        for a in answers:
            holding = [m for m in holding if m.holds(*a.gates, *a.arguments)]
        telling = _most_telling(holding)
        for count in (1, 2):
            several = (few for few in combinations(telling, count) if _apart(few))
            causes = [few for few in several if all(self._does(few, a, check) for a in answers)]
            if causes:
                return Diagnosis(causes[0]) if len(causes) == 1 else None
        return None

    def _does(
        self, mistakes: Sequence[GateMisconception], answer: _GatesAsked, check: Check
    ) -> bool:
        """Whether the gates do what is asked once the mistakes are mended."""
        right = self.task.solution(*answer.arguments)
        gates = mended(answer.gates, right, _about(mistakes))
        try:
            return self.task.done(gates, answer.sizes, answer.seed, check)
        except ValueError:
            return False  # What is not mended does not fit the layer.


@dataclass(frozen=True)
class _GatesAsked:
    """The gates that a function returned for some arguments."""

    gates: Sequence[Gate]
    arguments: tuple[Any, ...]
    sizes: RecurrentSizes
    seed: int


RNN_COPIED = RnnCopied()
"""What q4's function is asked."""
STATE_KEPT = StateKept()
"""What q5's function is asked."""


def as_hint(diagnosis: Diagnosis, *, location_only: bool = False) -> Hint:
    """The diagnosis in words; or only which step to look at."""
    found = diagnosis.misconceptions
    if location_only:
        places = dict.fromkeys(m.where for m in found)
        return Hint(title=f"Look at {' and at '.join(places)}", near=diagnosis.near)
    title = _listed([m.title for m in found])
    return Hint(
        title=title if len(found) == 1 else f"Two mistakes together: {title}",
        explanation=_listed([m.explanation for m in found]),
        hint=_listed([m.hint for m in found]),
        link=" ".join(dict.fromkeys(m.link for m in found)),
        near=diagnosis.near,
    )


def _listed(texts: Sequence[str]) -> str:
    """The texts, numbered where there are several; one that all share is said once."""
    if len(set(texts)) == 1:
        return texts[0]
    return " ".join(f"({i}) {text}" for i, text in enumerate(texts, start=1))


def _fit(gates: Sequence[Gate], sizes: RecurrentSizes) -> bool:
    """Whether the gates can be looked at; the candidate's kernels may have any shape."""
    return (
        all(gate.has_biases(sizes.hidden) and gate.workable for gate in gates)
        and gates[0].has_kernels(sizes.inputs, sizes.hidden)
        and gates[1].has_kernels(sizes.inputs, sizes.hidden)
    )


def _apart(few: Sequence[GateMisconception]) -> bool:
    """Whether no two of them say different things of the same part."""
    return sum(len(m.about) for m in few) == len(_about(few))


def _about(few: Sequence[GateMisconception]) -> frozenset[str]:
    return frozenset[str]().union(*(m.about for m in few))


def _most_telling(holding: Sequence[GateMisconception]) -> list[GateMisconception]:
    """Without those whose part of the answer another one explains along with more."""
    return [m for m in holding if not any(m.about < other.about for other in holding)]


def _answers(check: Check, draw: Draw) -> Answers:
    try:
        value = check.student.call(draw.function, draw.arguments, draw.depth).value
    except CheckFailed as failure:
        if failure.outcome is Outcome.EXCEPTION:
            return None
        raise
    arrays = tuple(arrays_of(value))
    # What is so large is no misconception's, and not to be kept for long.
    return () if any(array.size > MOST_VALUES for array in arrays) else arrays
