"""On how many threads a model runs: on all that it may have, unless one is clearly faster.

On a busy machine it is, by a factor of ten and more: threads wait for each other by spinning. How
far a training comes in its time would depend on what else runs there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch

CLEARLY = 0.8
"""A part of the time on all threads: on a quiet machine trials differ by less than the rest."""
SLUMP = 0.5
"""A part of the best rate so far, below which it is tried again."""
ENOUGH_S = 2.0
"""After this no further trial of a number of threads is begun."""
TRIALS = 3


def better_threads(most: int, seconds_on: Callable[[int], float]) -> int:
    """All of ``most`` threads, or one where what is timed is clearly faster on it."""
    on_all, on_one = seconds_on(most), seconds_on(1)
    return 1 if on_one < CLEARLY * on_all else most


class Threads:
    """Chooses for one training by its ``trial``: that takes as long as a step, if it can be run."""

    def __init__(
        self, trial: Callable[[], bool], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._trial = trial
        self._clock = clock
        self._all = torch.get_num_threads()
        self._best_rate = 0.0

    def choose(self) -> None:
        """Try all threads and one, and go on with the better."""
        if self._all == 1:
            return
        torch.set_num_threads(better_threads(self._all, self._seconds))
        self._best_rate = 0.0

    def note(self, rate: float) -> None:
        """Take note of how fast it goes; choose anew where that is far less than it was."""
        if rate < SLUMP * self._best_rate:
            self.choose()
        else:
            self._best_rate = max(rate, self._best_rate)

    def _seconds(self, threads: int) -> float:
        """The least that a trial takes: the first one with other threads also starts them."""
        torch.set_num_threads(threads)
        begin = start = self._clock()
        least = math.inf
        for _ in range(TRIALS):
            if not self._trial():
                return math.inf
            start, before = self._clock(), start
            least = min(least, start - before)
            if start - begin > ENOUGH_S:
                break
        return least
