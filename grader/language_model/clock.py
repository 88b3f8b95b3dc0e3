"""The time that a model may take, the parts of it, and how it is told."""

from __future__ import annotations

import time
from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with what is going on and the fraction of it that is done."""


class Clock:
    """Counts down from ``limit_s`` seconds of wall clock."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._start = time.monotonic()

    @property
    def used_s(self) -> float:
        return time.monotonic() - self._start

    @property
    def left_s(self) -> float:
        """Seconds until the limit; never less than a hundredth, so that messages can be sent."""
        return max(self.limit_s - self.used_s, 0.01)

    def past(self, fraction: float) -> bool:
        """Whether this fraction of the limit is used up."""
        return self.used_s > fraction * self.limit_s
