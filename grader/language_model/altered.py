"""What one changed character costs a model further on in a sentence.

A model that has learnt from sentences predicts what comes some characters after a slip of the pen
nearly as well as without it. What only knows its sentences finds them no more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.encoded import Encoded, Int64
from grader.language_model.corpus import Vocabulary
from grader.language_model.loaded_model import LoadedModel
from grader.language_model.scoring import Float64, score_batch

CHANGED = 3
"""The place of the character that is changed, from 0."""
FURTHER_ON = 12
"""The first place of those that count: a change may cost something where it is, in any model."""
LEAST_CHARACTERS = FURTHER_ON + 8
FEWEST = 20
"""Sentences of so many characters that tell anything."""


@dataclass(frozen=True)
class Altered:
    """Mean losses, in nats, of sentences from ``FURTHER_ON`` on."""

    loss: float
    altered_loss: float
    """The same with one character changed near the beginning."""
    standard_error: float
    """Of the difference."""


def altered(
    model: LoadedModel,
    sentences: Encoded,
    vocabulary: Vocabulary,
    rng: np.random.Generator,
    most: int,
) -> Altered | None:
    """The loss of at most ``most`` sentences from ``FURTHER_ON`` on, as they stand and changed.

    None where there are too few. Raises CheckFailed when the model fails.
    """
    long = np.flatnonzero(sentences.lengths >= LEAST_CHARACTERS)
    if len(long) < FEWEST:
        return None
    batch = sentences.batch(rng.permutation(long)[:most])
    changed = batch.copy()
    at = changed[:, 1 + CHANGED]
    # Such as stand there elsewhere, so that none is rarer than those that were there.
    changed[:, 1 + CHANGED] = _other(at, rng, len(vocabulary.characters))
    before, after = (_losses(model, each, vocabulary) for each in (batch, changed))
    rise = after - before
    return Altered(
        loss=float(before.mean()),
        altered_loss=float(after.mean()),
        standard_error=float(rise.std(ddof=1) / np.sqrt(len(rise))),
    )


def _other(tokens: Int64, rng: np.random.Generator, characters: int) -> Int64:
    """The same tokens in another order; where that leaves one as it is, any other character."""
    mixed = rng.permutation(tokens)
    step = rng.integers(1, max(characters, 2), len(tokens))
    return np.where(mixed == tokens, (tokens + step) % characters, mixed)


def _losses(model: LoadedModel, batch: Int64, vocabulary: Vocabulary) -> Float64:
    """The mean loss of each sentence from ``FURTHER_ON`` on."""
    scored = score_batch(model.logits(batch[:, :-1]), batch, vocabulary).bounded
    counted = scored.counted[:, FURTHER_ON:]
    nats = np.where(counted, -scored.log_probabilities[:, FURTHER_ON:], 0.0)
    result: Float64 = nats.sum(1) / counted.sum(1)
    return result
