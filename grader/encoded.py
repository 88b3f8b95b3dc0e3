"""Sentences as character ids, one byte each, and batches of them as the notebook makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Encoded:
    """Sentences, one after the other, each with its final newline, without BEGIN and END."""

    ids: NDArray[np.uint8]
    lengths: Int64
    """Characters of each sentence, its newline included."""
    characters: int
    """V, the size of the vocabulary: BEGIN is V, END V + 1 and PAD V + 2."""

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def _starts(self) -> Int64:
        return np.cumsum(self.lengths) - self.lengths

    @property
    def tokens(self) -> Int64:
        """The targets of each sentence: its characters and END."""
        return self.lengths + 1

    def sentence(self, number: int) -> NDArray[np.uint8]:
        start = self._starts[number]
        return self.ids[start : start + self.lengths[number]]

    def batch(self, numbers: Sequence[int] | Int64) -> Int64:
        """The batch [B, L] of these sentences: BEGIN, the characters, END, then PAD."""
        chosen = np.asarray(numbers, np.int64)
        lengths = self.lengths[chosen]
        columns = np.arange(int(lengths.max()))
        places = self._starts[chosen, None] + columns
        batch = np.full((len(chosen), len(columns) + 2), self.characters + 2, np.int64)
        batch[:, 0] = self.characters
        # Beyond a sentence's end is the next one's text, or nothing at all.
        within = columns < lengths[:, None]
        batch[:, 1:-1][within] = self.ids[places[within]]
        batch[np.arange(len(chosen)), lengths + 1] = self.characters + 1
        return batch

    def select(self, numbers: Sequence[int] | Int64) -> Encoded:
        """Only these sentences, in this order."""
        parts = [self.sentence(int(number)) for number in numbers]
        ids = np.concatenate(parts) if parts else self.ids[:0]
        return Encoded(ids, self.lengths[np.asarray(numbers, np.int64)], self.characters)
