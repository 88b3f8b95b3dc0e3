"""Runs code in the place of a student's, in this process, through the grader's own checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, cast

from benchmarks.in_process import InProcess
from grader.answers import Answer
from grader.checking import Check
from grader.errors import CheckFailed
from grader.model import Outcome
from grader.questions import (
    test_q2_rnn,
    test_q3_gru,
    test_q4_gru_as_rnn,
    test_q5_long_memory,
    test_q6_mha,
)
from grader.questions.misconceptions import q2, q3, q4, q5, q6
from grader.questions.misconceptions.matching import Diagnosis
from grader.questions.misconceptions.record import Misconception
from grader.questions.parity import Parity
from grader.rubric import Rubric
from grader.student import Student

Implementation = Callable[..., Any]
NOT_OF_VALUES = {"own_work", "inputs_unchanged"}
"""Checks that look at the source or at the arguments, and not at what is returned."""


class AsStudent(InProcess):
    """As from a worker, an exception of the code is the student's."""

    def call(
        self, function: str, arguments: Sequence[Any], depth: int, *, spoil_layers: bool = False
    ) -> Answer:
        """See ``InProcess``; raises CheckFailed where the code raises anything."""
        try:
            return super().call(function, arguments, depth)
        except Exception as error:
            raise CheckFailed(Outcome.EXCEPTION, f"{type(error).__name__}: {error}") from error

    def where_else(self, function: str) -> str:
        """There is no hand-in in which it could be."""
        return ""


@dataclass(frozen=True)
class NamedCheck:
    """One check of a question, with its sizes where it has several."""

    name: str
    graded: bool
    run: Callable[[Check], None]


@dataclass(frozen=True)
class Judged:
    """A question whose answers can be judged by values alone."""

    id: str
    module: ModuleType
    misconceptions: Sequence[Misconception]
    solution: Any
    parity: type[Parity] | None = None
    """The class of its checks, where they are those of ``Parity``."""

    @property
    def function(self) -> str:
        """The function of ``implementation.py``."""
        return str(self.module.QUESTION.function)

    def checks(self) -> Iterator[NamedCheck]:
        """The checks of the question, in their order."""
        if self.parity is not None:
            checks = self.parity()
            own = dict.fromkeys([*vars(Parity), *vars(self.parity)])
            names = [name for name in own if name.startswith("test_")]
            yield from _named([(n, getattr(checks, n)) for n in names], self.parity.other)
        else:
            tests = [(n, f) for n, f in vars(self.module).items() if n.startswith("test_")]
            yield from _named(tests, self.module.OTHER)

    def diagnosed(self, code: Implementation, seed: int) -> Diagnosis | None:
        """What the grader finds misunderstood in the code."""
        check = new_check(code, f"{self.id}.diagnosis", seed)
        found: Diagnosis | None = self.module.diagnose(check)
        return found

    def rejecting(self, code: Implementation, seed: int) -> Iterator[NamedCheck]:
        """The checks that the code does not pass; they run as they are asked for."""
        for check in self.checks():
            try:
                check.run(new_check(code, f"{self.id}.{check.name}", seed))
            except CheckFailed:
                yield check

    def rejected(self, code: Implementation, seed: int) -> bool:
        """Whether the code loses points."""
        return any(check.graded for check in self.rejecting(code, seed))


def _named(tests: Sequence[tuple[str, Any]], other: Sequence[Any]) -> Iterator[NamedCheck]:
    for name, test in tests:
        short = name.removeprefix("test_")
        if short in NOT_OF_VALUES:
            continue
        marks = [mark.name for mark in getattr(test, "pytestmark", ())]
        graded = "advisory" not in marks
        if short == "other_sizes":
            for sizes in other:
                yield NamedCheck(f"{short}[{sizes}]", graded, _with_sizes(test, sizes))
        else:
            yield NamedCheck(short, graded, test)


def _with_sizes(test: Callable[..., None], sizes: Any) -> Callable[[Check], None]:
    return lambda check: test(check, sizes)


def new_check(code: Implementation, name: str, seed: int) -> Check:
    """A check whose student is the code."""
    return Check(cast(Student, AsStudent(code)), RUBRIC, name, seed)


RUBRIC = Rubric.load()
QUESTIONS = (
    Judged("q2", test_q2_rnn, q2.MISCONCEPTIONS, q2.SOLUTION, test_q2_rnn.TestRnn),
    Judged("q3", test_q3_gru, q3.MISCONCEPTIONS, q3.SOLUTION, test_q3_gru.TestGru),
    Judged("q4", test_q4_gru_as_rnn, q4.MISCONCEPTIONS, q4.SOLUTION),
    Judged("q5", test_q5_long_memory, q5.MISCONCEPTIONS, q5.SOLUTION),
    Judged("q6", test_q6_mha, q6.MISCONCEPTIONS, q6.SOLUTION, test_q6_mha.TestMha),
)
