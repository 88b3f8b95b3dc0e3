"""What a model's predictions depend on, by experiments that change one thing at a time.

Two passes have the same shape, the same random numbers and all the same tokens but for some that
should not matter. The predictions that should not change then come out of the very same sums, so
that no rounding is to be allowed for; only padding, which changes the shape, also of what a model
leaves out by itself, needs a control.
The sentences are training sentences: nothing of the test set is given away here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum

import numpy as np
import torch
from numpy.typing import NDArray

from grader.encoded import Encoded, Int64
from grader.errors import CheckFailed
from grader.language_model.loaded_model import LoadedModel

Float64 = NDArray[np.float64]
ROWS = 8
CUTS = (1 / 20, 1 / 6, 1 / 2, 5 / 6)
"""Where, along the sentences, what follows is changed."""
PADDING = 7
FLOOR_NATS = -50.0
"""Below this, a log-probability says 'never', and how strongly makes no difference."""
EXACT = 0.1
"""The part of the usual allowance that two passes of one shape may differ by."""
CONTROL = 10.0
"""How many times what a mere change of shape does counts as a dependency."""
SEED = 1


class Kind(StrEnum):
    """What a prediction depends on beside the tokens before it."""

    FUTURE = "future"
    NEXT = "next character"
    """Of what follows, only the very character that is to be predicted."""
    BATCH = "batch"
    PADDING = "padding"
    STATE = "state"
    """What the model was asked before."""
    RANDOMNESS = "randomness"


AHEAD = frozenset({Kind.FUTURE, Kind.NEXT})
OF_BATCHES = frozenset({Kind.BATCH, Kind.PADDING, Kind.STATE})
"""By these the loss is another in other batches than the notebook's."""


def dependencies(
    model: LoadedModel, training: Encoded, allowed_nats: float, rng: np.random.Generator
) -> frozenset[Kind]:
    """The kinds that are found; a model that fails or is too slow has those found before.

    What looks ahead sees the padding, too, which is not told apart then.
    """
    found: set[Kind] = set()
    with contextlib.suppress(CheckFailed):
        found.update(_Experiments(model, training, allowed_nats, rng).kinds())
    if Kind.FUTURE in found:
        found.discard(Kind.NEXT)
    if found & AHEAD:
        found.discard(Kind.PADDING)
    return frozenset(found)


class _Experiments:
    def __init__(
        self, model: LoadedModel, training: Encoded, allowed_nats: float, rng: np.random.Generator
    ) -> None:
        self._model = model
        self._allowed = allowed_nats
        self._characters = training.characters
        self._rng = rng
        length = int(np.median(training.lengths))
        long_enough = np.flatnonzero(training.lengths >= length)
        chosen = rng.choice(long_enough, ROWS, replace=len(long_enough) < ROWS)
        # BEGIN and characters only: each row is as long as any other.
        self._tokens = training.batch(chosen)[:, : length + 1]

    def kinds(self) -> Iterator[Kind]:
        plain = self._predict(self._tokens)
        yield from self._ahead(plain)
        if self._differ(plain[::2], self._predict(self._other_rows())[::2]):
            yield Kind.BATCH
        random = self._differ(plain, self._predict(self._tokens, seed=SEED + 1))
        if random:
            yield Kind.RANDOMNESS
        if self._remembers():
            yield Kind.STATE
        elif not random and self._minds_padding(plain):
            yield Kind.PADDING

    def _ahead(self, plain: Float64) -> Iterator[Kind]:
        """Change what follows a cut: the next token alone, and all but the next token."""
        length = self._tokens.shape[1]
        for part in CUTS:
            cut = max(int(part * length), 1)
            following, beyond = self._tokens.copy(), self._tokens.copy()
            following[:, cut] = self._others(following[:, cut])
            beyond[:, cut + 1 :] = self._others(beyond[:, cut + 1 :])
            if self._differ(plain[:, :cut], self._predict(beyond)[:, :cut]):
                yield Kind.FUTURE
            if self._differ(plain[:, :cut], self._predict(following)[:, :cut]):
                yield Kind.NEXT

    def _other_rows(self) -> Int64:
        """The same sentences in the even rows, others in the odd ones."""
        tokens = self._tokens.copy()
        tokens[1::2, 1:] = self._others(tokens[1::2, 1:])
        return tokens

    def _remembers(self) -> bool:
        """Whether the same question gets another answer after another question.

        Of the others, one is of the same kind, and one is not: random characters may leave what a
        model keeps, such as a mean, as it was.
        """
        alike = self._tokens.copy()
        alike[:, 1:] = 0
        answers = []
        for before in (self._tokens, self._other_rows(), alike):
            self._predict(before, fresh=False)
            answers.append(self._predict(self._tokens, fresh=False))
        return any(self._differ(answers[0], answer) for answer in answers[1:])

    def _minds_padding(self, plain: Float64) -> bool:
        """Whether a prediction changes where the sentence ends earlier, or more padding follows.

        A model that counts characters up to PAD minds the former alone.
        """
        # The same rows twice are as much work, and no other tokens.
        twice = self._predict(np.vstack([self._tokens, self._tokens]))[: len(plain)]
        by_shape = float(np.max(np.abs(twice - plain) / (1 + np.abs(plain))))
        allowed = max(self._allowed, CONTROL * by_shape)
        length, pad = plain.shape[1], self._characters + 2
        cut = max(length // 2, 1)
        ended = self._tokens.copy()
        ended[:, cut:] = pad
        if self._differ(plain[:, :cut], self._predict(ended)[:, :cut], allowed):
            return True
        more = np.full((len(self._tokens), PADDING), pad, np.int64)
        padded = self._predict(np.hstack([self._tokens, more]))[:, :length]
        return self._differ(plain, padded, allowed)

    def _others(self, ids: Int64) -> Int64:
        """For each character another one, at random."""
        step = self._rng.integers(1, max(self._characters, 2), ids.shape)
        return (ids + step) % self._characters

    def _differ(self, first: Float64, second: Float64, allowed: float | None = None) -> bool:
        """Whether any log-probability differs, relative to one plus its size."""
        if allowed is None:
            allowed = EXACT * self._allowed
        return bool((np.abs(first - second) > allowed * (1 + np.abs(first))).any())

    def _predict(self, tokens: Int64, *, fresh: bool = True, seed: int = SEED) -> Float64:
        """The log-probabilities [B,L,C] of all that could come next."""
        logits = torch.from_numpy(self._model.logits(tokens, fresh=fresh, seed=seed))
        result: Float64 = logits.double().log_softmax(-1).numpy()
        return np.maximum(result, FLOOR_NATS)
