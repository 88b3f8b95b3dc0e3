"""What a model's predictions depend on, by direct experiments: one thing is changed at a time.

A prediction is taken at the places whose target is not PAD. Each experiment starts from a copy of
the model that has not been called, and from the same state of all random generators.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.zoo.record import Kind, ZooModel

ROWS, SHORTEST, LONGEST = 12, 24, 45
"""Enough rows and columns for the models that look ahead only in large or long batches."""
CUTS = (2, 6, 9, 13, 19, 26, 33, 41)
MORE_PADDING = 9
BEFORE_CHAOS = 6
"""Columns along which a chaotic model is compared between shapes."""


@dataclass(frozen=True)
class Sentences:
    """A batch [B,L] of made-up sentences, whole."""

    tokens: Tensor
    lengths: Tensor
    """Characters of each, without BEGIN and END."""

    @property
    def counted(self) -> Tensor:
        """Where the target is a character or END."""
        return torch.arange(self.tokens.shape[1]) <= self.lengths[:, None]


def draw(vocabulary: int, rng: np.random.Generator) -> Sentences:
    """Sentences with characters as unevenly frequent as in a text."""
    lengths = rng.integers(SHORTEST, LONGEST, ROWS)
    lengths[ROWS // 2] = LONGEST
    tokens = np.full((ROWS, LONGEST + 2), vocabulary + 2)
    for row, length in zip(tokens, lengths, strict=True):
        row[0] = vocabulary
        row[1 : length + 1] = characters(vocabulary, int(length), rng)
        row[length + 1] = vocabulary + 1
    return Sentences(torch.from_numpy(tokens), torch.from_numpy(lengths))


def characters(vocabulary: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Ids of characters, the low ones more often."""
    return np.minimum(rng.exponential(vocabulary / 5, count).astype(np.int64), vocabulary - 1)


class Experiments:
    """The experiments on one model."""

    def __init__(self, record: ZooModel, model: nn.Module, vocabulary: int, seed: int) -> None:
        self._record, self._model, self._vocabulary = record, model, vocabulary
        self._rng = np.random.default_rng(seed)
        self._batch = draw(vocabulary, self._rng)
        self._other = draw(vocabulary, self._rng)
        self._base = self._logits(self._batch.tokens)
        self.largest: dict[str, float] = {}
        """The largest difference that each experiment made."""

    def observed(self) -> frozenset[Kind]:
        """All that the predictions depend on, as far as the experiments show."""
        kinds: set[Kind] = set()
        if self._sees_from(1):
            kinds.add("future")
            if not self._sees_from(2):
                kinds.add("next character")
        if self._sees_rows():
            kinds.add("batch")
        if self._remembers():
            kinds.add("state")
        if self._differs("randomness", self._logits(self._batch.tokens, seed=1), self._base):
            kinds.add("randomness")
            # Another shape gives other noise, so this cannot be told apart.
            kinds |= self._record.truth & {"padding"}
        elif self._sees_padding():
            kinds.add("padding")
        return frozenset(kinds)

    def _sees_from(self, first: int) -> bool:
        """Whether a prediction changes with the tokens from the ``first`` after it on."""
        changed = False
        for cut in CUTS:
            for tokens in self._with_other_rest(cut + first):
                upto = self._batch.counted & (torch.arange(tokens.shape[1]) <= cut)
                logits = self._logits(tokens)
                changed |= self._differs(f"from {first} on", logits, self._base, upto)
        return changed

    def _with_other_rest(self, start: int) -> Iterator[Tensor]:
        """The batch with other characters from column ``start`` on, and with earlier ends."""
        tokens = self._batch.tokens.clone()
        for row, length in zip(tokens, self._batch.lengths.tolist(), strict=True):
            if start <= length:
                new = characters(self._vocabulary, length + 1 - start, self._rng)
                row[start : length + 1] = torch.from_numpy(new)
        yield tokens
        tokens = tokens.clone()
        for row, length in zip(tokens, self._batch.lengths.tolist(), strict=True):
            if start <= length:
                row[start], row[start + 1 :] = self._vocabulary + 1, self._vocabulary + 2
        yield tokens

    def _sees_rows(self) -> bool:
        changed = False
        for row in (0, ROWS // 2, ROWS - 1):
            tokens = self._other.tokens.clone()
            tokens[row] = self._batch.tokens[row]
            only = self._batch.counted & (torch.arange(ROWS) == row)[:, None]
            changed |= self._differs("batch", self._logits(tokens), self._base, only)
        return changed

    def _sees_padding(self) -> bool:
        pads = torch.full((ROWS, MORE_PADDING), self._vocabulary + 2)
        longer = self._logits(torch.cat([self._batch.tokens, pads], dim=1))
        where = self._batch.counted
        if self._record.chaotic:
            where = where & (torch.arange(where.shape[1]) < BEFORE_CHAOS)
        longer = longer[:, : where.shape[1]]
        return self._differs("padding", longer, self._base, where, rounding=True)

    def _remembers(self) -> bool:
        changed = False
        one_kept = self._other.tokens.clone()
        one_kept[0] = self._batch.tokens[0]
        for other in (self._other.tokens, one_kept):
            alone = self._logits(other)
            model = copy.deepcopy(self._model)
            self._call(model, self._batch.tokens)
            after = self._call(model, other)
            again = self._call(model, self._batch.tokens)
            everywhere = torch.ones_like(self._batch.counted)
            changed |= self._differs("state", after, alone, everywhere, rounding=True)
            changed |= self._differs("state", again, self._base, rounding=True)
        return changed

    def _logits(self, tokens: Tensor, seed: int = 0) -> Tensor:
        return self._call(copy.deepcopy(self._model), tokens, seed)

    def _call(self, model: nn.Module, tokens: Tensor, seed: int = 0) -> Tensor:
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        with torch.no_grad():
            logits: Tensor = model(tokens)
        if logits.shape != (*tokens.shape, self._vocabulary + 3):
            raise ValueError(f"{self._record.name}: logits of shape {tuple(logits.shape)}")
        return logits.double()

    def _differs(
        self,
        experiment: str,
        actual: Tensor,
        expected: Tensor,
        where: Tensor | None = None,
        rounding: bool = False,
    ) -> bool:
        where = self._batch.counted if where is None else where
        one, two = actual[where], expected[where]
        if torch.isnan(one).any() or torch.isnan(two).any():
            raise ValueError(f"{self._record.name}: logits that are NaN ({experiment})")
        # The difference of two infinities of one sign is NaN, and none.
        gaps = torch.nan_to_num((one - two).abs() / (1 + two.abs()), nan=0.0, posinf=torch.inf)
        largest = float(gaps.max()) if gaps.numel() else 0.0
        self.largest[experiment] = max(largest, self.largest.get(experiment, 0.0))
        return largest > (self._record.noise if rounding or not self._record.exact else 0.0)
