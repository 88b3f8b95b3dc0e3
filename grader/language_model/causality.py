"""Whether a model looks ahead: the same prediction from a beginning and from the whole sentence.

A model sees its targets in its input, so attention without a mask, or a bidirectional RNN, scores
near zero unless it is caught. One worker gets the whole sentences, and what it predicts is kept.
Only then are random places of random sentences drawn, and another worker gets the sentences'
beginnings up to there, alone. Where the two predictions differ, the first had seen what follows.

The order matters. Were the beginnings sent first, their worker could tell the other, by any covert
channel that is left (such as the access times of files), which few places to be honest at. This way
round it would have to be told the whole test set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.language_model.corpus import Vocabulary

Float64 = NDArray[np.float64]
MOST_NATS = 5.0
"""A larger gain counts as this much: one absurd prediction must not drown all others in noise."""
SHORTEST = 2
"""Tokens of the shortest beginning that is probed, BEGIN among them."""


@dataclass(frozen=True)
class Probe:
    """Beginnings [n, t] of sentences, all of one length, and the token that follows each."""

    sentences: NDArray[np.int64]
    """Which test sentences they are from, by their number."""
    tokens: NDArray[np.int64]
    targets: NDArray[np.int64]

    @property
    def position(self) -> int:
        """The index along the whole sentence's logits that predicts the same token."""
        return int(self.tokens.shape[1]) - 1


def sample_sentences(
    sentences: Iterable[str], count: int, rng: np.random.Generator
) -> list[tuple[int, str]]:
    """A uniform sample with the sentences' numbers, from a stream of unknown length."""
    sample: list[tuple[int, str]] = []
    for number, sentence in enumerate(sentences):
        if len(sample) < count:
            sample.append((number, sentence))
        elif (slot := int(rng.integers(number + 1))) < count:
            sample[slot] = (number, sentence)
    return sample


def make_probes(
    sample: Sequence[tuple[int, str]], vocabulary: Vocabulary, rng: np.random.Generator
) -> list[Probe]:
    """Cut each sampled sentence at a random length of its own; cuts of one length go together."""
    encoded = vocabulary.encode([sentence for _, sentence in sample])
    # A beginning of `cut` tokens is BEGIN and cut - 1 characters; at most, END follows.
    cuts = [int(rng.integers(SHORTEST, len(ids) + 2)) for ids in encoded]
    return group_by_cut([number for number, _ in sample], encoded, cuts, vocabulary)


def group_by_cut(
    numbers: Sequence[int],
    encoded: Sequence[NDArray[np.int64]],
    cuts: Sequence[int],
    vocabulary: Vocabulary,
) -> list[Probe]:
    """The beginnings of encoded sentences, each cut to its number of tokens, as probes."""
    probes = []
    for cut in sorted(set(cuts)):
        members = [i for i, own in enumerate(cuts) if own == cut]
        batch = vocabulary.pad([encoded[i] for i in members])
        probes.append(Probe(np.array([numbers[i] for i in members]), batch[:, :cut], batch[:, cut]))
    return probes


@dataclass(frozen=True)
class CausalityVerdict:
    """How many probed predictions changed once the model could see what follows."""

    probes: int
    changed: int
    mean_gain: float
    """By how much, in nats, seeing the whole sentence raised the targets' log-probabilities."""
    repeatable: bool
    """Whether the same beginning twice gave the same prediction."""
    looks_ahead: bool


def judge(
    committed: Float64, repeated: Float64, revealed: Float64, allowed_nats: float
) -> CausalityVerdict:
    """Compare log-probabilities [n] of the probed targets, in nats.

    ``committed`` and ``repeated`` come from the beginnings alone, ``revealed`` from the whole
    sentences. A repeatable model looks ahead when any prediction changed by more than
    ``allowed_nats`` times (1 + its size): rounding is relative to the logits. For one that is not
    repeatable, such as with dropout left on, only a gain of the mean beyond three standard errors
    counts: noise raises no mean. (What such a model could hide in its noise, the loss from
    beginnings alone shows; see ``evaluation``.)
    """
    gain = np.clip(revealed - committed, -MOST_NATS, MOST_NATS)
    tolerance = allowed_nats * (1 + np.abs(committed))
    repeatable = bool((np.abs(repeated - committed) <= tolerance / 10).all())
    changed = int((np.abs(gain) > tolerance).sum())
    mean = float(gain.mean())
    if repeatable:
        looks_ahead = changed > 0
    else:
        spread = float(gain.std(ddof=1)) / np.sqrt(len(gain)) if len(gain) > 1 else np.inf
        looks_ahead = bool(mean > allowed_nats + 3 * spread)
    return CausalityVerdict(len(gain), changed, mean, repeatable, looks_ahead)
