"""Which sentences are scored together: alike in length, and as many as make it fast.

Sentences come in a random order, window by window, so that what has been scored at any time is a
random sample of all. Within a window they are sorted by length: little of a batch is padding.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.encoded import Int64

FIRST_TOKENS = 64 * 101
"""64 of the assignment's longest sentences, a little more than the notebook's 50."""
WINDOW_BATCHES = 4
"""While the budget is sought; of the course's sentences 9 % are padding then. It is 5 % with 8, 2 %
with 16, 1 % with 32."""
LEAST_BATCHES, MOST_BATCHES = 8, 32
"""Afterwards, as many as take ``WINDOW_S``: only between windows is it asked whether to stop."""
WINDOW_S = 2.0
WORTHWHILE = 1.1
"""Doubling a batch must save more than the noise of a measurement, or it only takes memory. On a
GPU it saves far more."""


class TokenBudget:
    """How many tokens a batch may have: doubled while the measured rate grows."""

    def __init__(self, most: int) -> None:
        """``most``: tokens that no batch may exceed."""
        self.tokens = min(FIRST_TOKENS, most)
        self._most = most
        self._settled = self.tokens * 2 > most
        self._rate = 0.0
        self._is_warm = False

    @property
    def window_tokens(self) -> int:
        """How many tokens are scored with this budget before it is looked at again."""
        if not self._settled:
            return WINDOW_BATCHES * self.tokens
        batches = int(self._rate * WINDOW_S / self.tokens)
        return max(LEAST_BATCHES, min(MOST_BATCHES, batches)) * self.tokens

    def measured(self, tokens: int, seconds: float) -> None:
        """Take note of the rate of a window; a model's first calls are slower, and tell nothing."""
        if not self._is_warm:
            self._is_warm = True
            return
        before, rate = self._rate, tokens / max(seconds, 1e-9)
        if tokens < self.window_tokens / 2:
            return
        self._rate = rate
        if self._settled:
            return
        if rate < before * WORTHWHILE:
            self.tokens //= 2
            self._settled = True
        elif self.tokens * 2 > self._most:
            self._settled = True
        else:
            self.tokens *= 2

    def settle(self) -> None:
        """Stay at what it is from now on."""
        self._settled = True


def by_length(numbers: Int64, lengths: Int64, tokens: int, most_rows: int) -> Iterator[Int64]:
    """The sentences ``numbers`` in batches of like length, of at most ``tokens`` with padding.

    But for some of very long ones, and the last, all have as many sentences, because how fast a
    step's matrix product is depends on its rows; at most ``most_rows`` (2 or more), and, if there
    are two and more than 2 may go together, never one alone.
    """
    rows_each = max(2, min(most_rows, tokens // (int(np.quantile(lengths, 0.99)) + 1)))
    ordered = numbers[np.argsort(lengths[numbers], kind="stable")[::-1]]
    start = 0
    while start < len(ordered):
        # The first is the longest, and one very long sentence must not make all batches small.
        rows = max(2, min(rows_each, tokens // (int(lengths[ordered[start]]) + 1)))
        # The few that would be left over go with it.
        if len(ordered) - start - rows < rows // 4:
            rows = min(most_rows, len(ordered) - start)
        # Never one alone: the notebook scores no such batch, and a model may not take it.
        if len(ordered) - start - rows == 1:
            rows += 1 if rows < most_rows else -1
        # In the order of the file, as in the notebook: a model that sorts its input by length, and
        # does not undo that, must not find it sorted.
        yield np.sort(ordered[start : start + rows])
        start += rows


def window(order: Int64, start: int, lengths: Int64, tokens: int) -> Int64:
    """The next sentences of ``order``, from ``start`` on, that have about ``tokens`` together."""
    total = np.cumsum(lengths[order[start : start + tokens // 2]] + 1)
    count = int(np.searchsorted(total, tokens)) + 1
    # A last window that is too short to be worth one goes with this.
    if len(order) - start - count < max(count // 4, 2):
        count = len(order) - start
    return order[start : start + count]
