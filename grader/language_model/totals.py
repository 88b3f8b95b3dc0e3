"""Sums over a test set, from batches as they come: what the reports' losses are made of."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from grader.language_model.scoring import Scored
from grader.measures import Interval

Float64 = NDArray[np.float64]
Z_95 = 1.96
POSITIONS = 128
"""Targets by their place in the sentence, as far as that is told apart."""


class LossTotals:
    """Sums of nats and tokens; but for one number a batch of the notebook's, none grows."""

    def __init__(self, sentences: int, batch_size: int) -> None:
        """For a test set of ``sentences``, of which the notebook makes batches in file order."""
        self.sentences = 0
        self.all_sentences = sentences
        self._batch_size = batch_size
        batches = -(-sentences // batch_size)
        self._batch_nats = np.zeros(batches)
        self._batch_tokens = np.zeros(batches)
        # The last is of all targets beyond.
        self._position_nats = np.zeros(POSITIONS + 1)
        self._position_tokens = np.zeros(POSITIONS + 1)
        self._nats = self._tokens = 0.0
        self._nats_squared = self._tokens_squared = self._nats_by_tokens = 0.0
        self._squares_of_nats = 0.0

    def add(self, numbers: NDArray[np.int64], scored: Scored) -> None:
        """Add the sentences ``numbers`` of the test set, one for each row."""
        all_nats = np.where(scored.counted, -scored.log_probabilities, 0.0)
        nats, tokens = all_nats.sum(1), scored.counted.sum(1).astype(np.float64)
        self.sentences += len(numbers)
        self._nats += float(nats.sum())
        self._tokens += float(tokens.sum())
        self._squares_of_nats += float(np.square(all_nats).sum())
        self._nats_squared += float(nats @ nats)
        self._tokens_squared += float(tokens @ tokens)
        self._nats_by_tokens += float(nats @ tokens)
        np.add.at(self._batch_nats, numbers // self._batch_size, nats)
        np.add.at(self._batch_tokens, numbers // self._batch_size, tokens)
        told_apart = min(all_nats.shape[1], POSITIONS)
        self._position_nats[:told_apart] += all_nats[:, :told_apart].sum(0)
        self._position_tokens[:told_apart] += scored.counted[:, :told_apart].sum(0)
        self._position_nats[POSITIONS] += all_nats[:, POSITIONS:].sum()
        self._position_tokens[POSITIONS] += scored.counted[:, POSITIONS:].sum()

    @property
    def tokens(self) -> int:
        return int(self._tokens)

    @property
    def characters(self) -> int:
        """Each sentence's last target is END, which is no character."""
        return self.tokens - self.sentences

    @property
    def loss(self) -> float:
        """Cross-entropy in nats, each target counted once: the number that gives the points."""
        return self._nats / self._tokens

    @property
    def deviation(self) -> float:
        """The standard deviation of a single target's nats."""
        return math.sqrt(max(self._squares_of_nats / self._tokens - self.loss**2, 0.0))

    @property
    def standard_error(self) -> float:
        """Of ``loss``, over sentences: the linearised error of a ratio of two means."""
        if self.sentences < 2:
            return math.inf
        loss = self.loss
        residuals = (
            self._nats_squared - 2 * loss * self._nats_by_tokens + loss**2 * self._tokens_squared
        )
        # The sum of squares of a difference can come out below zero by rounding alone.
        variance = max(residuals, 0.0) * self.sentences / (self.sentences - 1)
        return math.sqrt(variance) / self._tokens

    def interval(self, z: float = Z_95) -> Interval:
        """The loss plus and minus ``z`` standard errors."""
        margin = z * self.standard_error
        return Interval(low=self.loss - margin, high=self.loss + margin)

    @property
    def notebook_loss(self) -> float:
        """The notebook's figure: the mean over batches of each batch's mean."""
        reached = self._batch_tokens > 0
        return float((self._batch_nats[reached] / self._batch_tokens[reached]).mean())

    @property
    def by_position(self) -> tuple[float, ...]:
        """The mean loss of the sentences' first, second, … target, as far as any sentence goes."""
        reached = int(np.count_nonzero(self._position_tokens[:POSITIONS]))
        means = self._position_nats[:reached] / self._position_tokens[:reached]
        return tuple(round(float(mean), 4) for mean in means)

    def loss_from(self, position: int) -> float | None:
        """The loss of the targets after the first ``position`` ones of each sentence.

        ``position`` is ``POSITIONS`` at the most.
        """
        tokens = self._position_tokens[position:].sum()
        if tokens == 0:
            return None
        return float(self._position_nats[position:].sum() / tokens)
