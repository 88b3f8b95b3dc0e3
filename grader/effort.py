"""What the calls of one question have taken, and whether more of them are worth trying."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from grader.errors import CheckFailed
from grader.model import Outcome
from grader.rubric import Limits

COSTLY = {
    Outcome.TIMEOUT: "did not finish in time",
    Outcome.OUT_OF_MEMORY: "took too much memory",
}
"""How a call may end that takes seconds, or all memory, each time that it is tried."""


class Effort:
    """Of one question's calls: how many ended in a costly way, and how long all of them took."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._costly: Counter[Outcome] = Counter()
        self._spent_s = 0.0

    def ended(self, outcome: Outcome) -> None:
        """A call has ended so."""
        self._costly[outcome] += 1

    @contextmanager
    def timed(self) -> Iterator[None]:
        """A call is under way."""
        start = monotonic()
        try:
            yield
        finally:
            self._spent_s += monotonic() - start

    def allow(self, doing: str) -> None:
        """Return where there may be another call; ``doing`` is the subject of what else is said.

        Raises CheckFailed.
        """
        for outcome, what in COSTLY.items():
            count = self._costly[outcome]
            if count >= self._limits.timeouts:
                raise CheckFailed(
                    outcome,
                    f"{doing} was not tried: {count} earlier calls of this question {what}; what "
                    "failed may have been tried twice.",
                )
        if self._spent_s >= self._limits.question_s:
            raise CheckFailed(
                Outcome.TIMEOUT,
                f"{doing} was not tried: earlier calls of this question took {self._spent_s:.0f} s "
                f"together, and {self._limits.question_s:g} s are allowed. One call should take a "
                "part of a second: is there work in it, or a sleep, that the answer does not need?",
            )

    @property
    def timed_out(self) -> bool:
        """Whether some call did not finish in time."""
        return self._costly[Outcome.TIMEOUT] > 0

    @property
    def is_half_spent(self) -> bool:
        """Whether the calls have taken half of what they may take together."""
        return self._spent_s >= self._limits.question_s / 2
