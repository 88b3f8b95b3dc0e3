"""Which misconception, if any, gives the answers that a student's function gave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.compare import as_expected_shape
from grader.oracle import Draw
from grader.questions.misconceptions.record import Misconception, independent, misread

MATCH = 10.0
"""A multiple of the largest allowance of a draw: wrong formulas round differently from right ones.
It is far from both sides: measured in three draws each, float32 code of a misconception uses 4 % of
it at most, and 15 % where scores are divided by sums near zero; two misconceptions are 27 times as
far apart at least."""
NEAR = 0.02
"""Near is an answer at this part of its distance from the right answer and from every other."""

SAME = 1e-9
"""Distances from a student's answers that differ by no more are those of the same answers."""

Answers = tuple[NDArray[Any], ...] | None
"""What a function returned, array by array; None where it raised an exception, and an empty tuple
where it returned no arrays, which no misconception does."""
Candidate = tuple[Misconception, ...]
"""Misconceptions that somebody may have together."""
REMEMBERED = 1 << 14
"""How many candidates' answers are kept: a few megabytes, and more than there are for the first
draws of all questions. Without them the pairs of a question take a second or two each time."""


@dataclass(frozen=True)
class Diagnosis:
    """The misconceptions, one or two, that explain an answer."""

    misconceptions: tuple[Misconception, ...]
    near: bool = False
    """The answer comes close to what the misconception gives, but is not the same."""

    @property
    def may_be_of_arguments(self) -> bool:
        """Whether arguments in another order may be all of it, or a part."""
        return self.near or any(one.of_arguments for one in self.misconceptions)

    @property
    def id(self) -> str:
        return "+".join(misconception.id for misconception in self.misconceptions)


@dataclass(frozen=True)
class Case:
    """What a student's function answered to one draw, beside the right answer."""

    draw: Draw
    answers: Answers

    def distance(self, solution: Any, candidate: Candidate) -> float:
        """The largest difference between the student's answers and those of the candidate.

        It is infinite where the shapes differ or only one of the two raises an exception, and zero
        where both do.
        """
        return _distance(self.answers, answers_of(solution, candidate, self.draw))

    def matches(self, solution: Any, candidate: Candidate) -> bool:
        """Whether the student's answers are those of the candidate but for rounding."""
        answers = answers_of(solution, candidate, self.draw)
        distance = _distance(self.answers, answers)
        # Answers of the candidate that are not finite are like nothing, though all is allowed then.
        return bool(np.isfinite(distance)) and distance <= self.tolerance(answers)

    @property
    def comparable(self) -> bool:
        """Whether anything could match: not where there is no array, or one that is not finite."""
        if self.answers is None:
            return True
        return bool(self.answers) and all(np.isfinite(array).all() for array in self.answers)

    @property
    def from_right(self) -> float:
        """The largest difference between the student's answers and the right ones."""
        return _distance(self.answers, tuple(e.value for e in self.draw.expected))

    @cached_property
    def size(self) -> float:
        """The size of the right answer's values."""
        return _largest(e.value for e in self.draw.expected)

    @cached_property
    def allowed(self) -> float:
        """The largest difference that rounding explains."""
        return _largest(e.allowed for e in self.draw.expected)

    def tolerance(self, answers: Answers) -> float:
        """How far the student's answers may be from these, to be the same but for rounding."""
        larger = _largest(answers or ()) / self.size
        return MATCH * self.allowed * max(1.0, larger)


@lru_cache(maxsize=REMEMBERED)
def answers_of(solution: Any, candidate: Candidate, draw: Draw) -> Answers:
    """What a student with the candidate's misconceptions would answer to a draw."""
    try:
        with np.errstate(all="ignore"):
            answer = misread(solution, *candidate)(*draw.arguments)
    except ValueError:
        # NumPy's word for shapes that do not fit, as a student would have got it.
        return None
    return answer if isinstance(answer, tuple) else (answer,)


def matching(
    cases: Sequence[Case], solution: Any, misconceptions: Sequence[Misconception]
) -> Diagnosis | None:
    """The one misconception, or else the one pair, or else the near one; None for any doubt."""
    if all(case.answers is None for case in cases) or not all(case.comparable for case in cases):
        return None
    if all(case.from_right <= case.tolerance(None) for case in cases):
        return None
    exact = _explaining([(m,) for m in misconceptions], cases, solution)
    if exact:
        return Diagnosis(exact[0]) if len(exact) == 1 else None
    pairs = [pair for pair in combinations(misconceptions, 2) if independent(*pair)]
    exact = _explaining(pairs, cases, solution)
    if exact:
        return Diagnosis(exact[0]) if len(exact) == 1 else None
    return _near(cases, solution, misconceptions)


def overflows(solution: Any, misconception: Misconception, draws: Sequence[Draw]) -> bool:
    """Whether the misconception's answer to one of the draws is not finite."""
    answers = [answers_of(solution, (misconception,), draw) for draw in draws]
    return not all(np.isfinite(array).all() for arrays in answers for array in arrays or ())


def the_one(
    cases: Sequence[Case], solution: Any, misconceptions: Sequence[Misconception]
) -> Diagnosis | None:
    """The only one of the misconceptions that gives all of the answers."""
    if not all(case.answers and case.comparable for case in cases):
        return None
    exact = _explaining([(m,) for m in misconceptions], cases, solution)
    return Diagnosis(exact[0]) if len(exact) == 1 else None


def _explaining(
    candidates: Iterable[Candidate], cases: Sequence[Case], solution: Any
) -> list[Candidate]:
    return [
        candidate
        for candidate in candidates
        if all(case.matches(solution, candidate) for case in cases)
    ]


def _near(
    cases: Sequence[Case], solution: Any, misconceptions: Sequence[Misconception]
) -> Diagnosis | None:
    distances = np.array(
        [[case.distance(solution, (m,)) for m in misconceptions] for case in cases]
    )
    nearest = int(np.argmin(distances.sum(axis=0)))
    # One that gives the same answers to a draw, as two scales may, says nothing against it there.
    same = np.isclose(distances, distances[:, [nearest]], rtol=SAME, atol=0.0)
    if same.all(axis=0).sum() > 1:
        return None
    others = np.where(same, np.inf, distances).min(axis=1)
    bounds = [
        NEAR * min(other, case.from_right, case.size)
        for other, case in zip(others, cases, strict=True)
    ]
    if np.all(distances[:, nearest] <= bounds):
        return Diagnosis((misconceptions[nearest],), near=True)
    return None


def _distance(actual: Answers, candidate: Answers) -> float:
    if actual is None or candidate is None:
        return 0.0 if actual is candidate else np.inf
    if len(actual) != len(candidate):
        return np.inf
    return max(map(_difference, actual, candidate))


def _difference(actual: NDArray[Any], candidate: NDArray[Any]) -> float:
    values = as_expected_shape(actual, candidate.shape)
    if values is None:
        return np.inf
    with np.errstate(invalid="ignore"):
        largest = float(np.max(np.abs(values - candidate)))
    return largest if np.isfinite(largest) else np.inf


def _largest(arrays: Iterable[NDArray[Any]]) -> float:
    return max((float(np.max(np.abs(array))) for array in arrays), default=0.0)
