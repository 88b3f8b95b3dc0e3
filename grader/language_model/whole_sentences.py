"""One pass over a test set with whole sentences in view."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from grader.encoded import Encoded, Int64
from grader.errors import CheckFailed
from grader.language_model.batching import TokenBudget, by_length, window
from grader.language_model.corpus import Vocabulary
from grader.language_model.loaded_model import LoadedModel
from grader.language_model.scoring import score_batch
from grader.language_model.totals import LossTotals
from grader.model import Outcome

Float64 = NDArray[np.float64]
Stop = Callable[[LossTotals, float], str | None]
"""Asked before each further window, which may take so many seconds: a reason to stop, or None."""


class WholeSentences:
    """Scores sentences of a test set with one model, as fast as that model can be run."""

    def __init__(
        self,
        test: Encoded,
        vocabulary: Vocabulary,
        budget: TokenBudget,
        *,
        notebook_batch: int,
        kept: Int64,
        most_kept: int | None = None,
    ) -> None:
        """``kept`` are numbers of sentences whose log-probabilities are remembered, and of those
        that were scored the first ``most_kept``: where they are in random order, those are a random
        sample at any time.
        """
        self.totals = LossTotals(len(test), notebook_batch)
        self.bounded_totals = LossTotals(len(test), notebook_batch)
        """As ``totals``, with ``MOST_SURPRISE`` at the most for each target."""
        self.budget = budget
        self.log_probabilities: dict[int, Float64] = {}
        """Of the kept sentences that were scored: one for each target, END among them."""
        self.seconds = 0.0
        self.stopped = "finished"
        self._test = test
        self._vocabulary = vocabulary
        self._notebook_batch = notebook_batch
        self._most_rows = len(test)
        # By sentence, its place among the kept. An array: a test set may be large.
        self._rank = np.full(len(test), -1)
        self._rank[kept] = np.arange(len(kept))
        self._most_kept = len(kept) if most_kept is None else most_kept

    def score(
        self,
        model: LoadedModel,
        reload: Callable[[], LoadedModel],
        rng: np.random.Generator,
        stop: Stop,
        numbers: Int64 | None = None,
    ) -> LoadedModel:
        """Score all sentences, or those of ``numbers``, in random order, or what ``stop`` allows.

        When a batch larger than the notebook's was too much for the model, ``reload`` is called
        and smaller ones are made. Returns the model that is loaded in the end.
        """
        order = rng.permutation(len(self._test) if numbers is None else numbers)
        start = 0
        while start < len(order):
            some = window(order, start, self._test.lengths, self.budget.window_tokens)
            try:
                self._score_window(model, some)
            except CheckFailed as failure:
                if failure.outcome is Outcome.TIMEOUT or self._most_rows <= self._notebook_batch:
                    raise
                # Nobody promised to take more sentences at a time than the notebook gives.
                self._most_rows = self._notebook_batch
                self.budget.settle()
                model = reload()
                continue
            start += len(some)
            expected_s = self.budget.window_tokens * self.seconds / self.totals.tokens
            reason = stop(self.totals, expected_s) if start < len(order) else None
            if reason is not None:
                self.stopped = reason
                break
        return model

    def _score_window(self, model: LoadedModel, numbers: Int64) -> None:
        chosen = by_length(numbers, self._test.lengths, self.budget.tokens, self._most_rows)
        self.score_batches(model, list(chosen))

    def score_batches(self, model: LoadedModel, chosen: Sequence[Int64]) -> None:
        """Score these sentences, together as they come; none of them where the model fails."""
        lengths, begin = self._test.lengths, time.monotonic()
        batches = [self._test.batch(members) for members in chosen]
        scored = []
        # Closed at once also after a failure: what it left pending must not end a later worker.
        with closing(model.stream(batch[:, :-1] for batch in batches)) as answers:
            for members, batch, logits in zip(chosen, batches, answers, strict=True):
                scored.append((members, score_batch(logits, batch, self._vocabulary)))
        # Only now, so that a window which fails half-way leaves nothing behind.
        for members, result in scored:
            self.totals.add(members, result)
            self.bounded_totals.add(members, result.bounded)
            for number, row in zip(members.tolist(), result.log_probabilities, strict=True):
                if self._rank[number] >= 0:
                    # A copy: a view would keep the whole batch.
                    self.log_probabilities[number] = row[: lengths[number] + 1].copy()
        for number in sorted(self.log_probabilities, key=self._rank.__getitem__)[self._most_kept :]:
            del self.log_probabilities[number]
        seconds = time.monotonic() - begin
        self.seconds += seconds
        self.budget.measured(int(self._test.tokens[np.concatenate(chosen)].sum()), seconds)
