"""Whether a model looks ahead: the same prediction from a beginning and from the whole sentence.

A model sees its targets in its input, so attention without a mask, or a bidirectional RNN, scores
near zero unless it is caught. One worker gets the whole sentences, and what it predicts is kept.
Only then are random places of random sentences drawn, and another worker gets the sentences'
beginnings up to there, alone. Where the two predictions differ, the first had seen what follows,
or depends on something else that it should not (``dependencies`` tells which).

Workers that find a way to tell each other what they saw, as by the kernel's memory of which files
were asked for, could agree all the same. So some sentences are held back until their beginnings
have been asked for: nobody can have been told of these, and what the model loses there it would
lose everywhere. Afterwards they are scored whole, too, by a worker that can tell that it does just
this; so what it predicts is put against what was predicted from their beginnings, place by place.

The order matters. Were the beginnings sent first, their worker could tell the other, by any covert
channel that is left (such as the access times of files), which few places to be honest at. This way
round it would have to be told the whole test set. (With what was held back it is the other way
round; there the loss by itself is judged as well.) And no worker gets two beginnings of a sentence,
as the longer one holds what the shorter one is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.encoded import Encoded, Int64
from grader.language_model.dependencies import AHEAD, Kind
from grader.language_model.rehearsal import FEWEST
from grader.language_model.scoring import MOST_SURPRISE
from grader.language_model.totals import LossTotals

Float64 = NDArray[np.float64]
MOST_NATS = 5.0
"""A larger gain counts as this much: one absurd prediction must not drown all others in noise."""
LEAST_NATS = 0.01
"""No smaller gain counts: the errors of a model that keeps a state are not independent, and a mean
of a few thousandths can look certain."""
SIGNIFICANT = 4.0
"""Standard errors that a gain must exceed to count: 1 in 30,000 by chance."""
CERTAIN = 5.0
"""Those for a gain between different sentences, whose losses are skewed."""
HELD_BACK = 4
"""One sentence in so many is held back, at the most."""
LEAST_UNSEEN = 30
"""Of fewer places a standard error says little."""
HARMLESS_NATS = 0.05
"""More than this must be out of the question, or the loss from beginnings counts: a model whose
predictions vary for a show of it could hide a gain in what it varies by."""

MOST_ROUNDS = 16
"""Workers that are started for one measurement; the course's test set needs one."""


@dataclass(frozen=True)
class Place:
    """One place in one sentence: its first ``cut`` tokens, BEGIN among them, predict the next."""

    sentence: int
    cut: int


@dataclass(frozen=True)
class Probe:
    """Beginnings [n, cut] of sentences, all of one length, and the token that follows each."""

    tokens: Int64
    targets: Int64
    members: tuple[int, ...]
    """Which of the places they are, by number."""


def held_back(sentences: int, most: int, rng: np.random.Generator) -> tuple[Int64, Int64]:
    """The numbers of sentences to be held back, ``most`` at the most, and of the others; both in
    random order."""
    order = rng.permutation(sentences)
    count = min(most, sentences // HELD_BACK)
    return order[:count], order[count:]


def places_in_rounds(
    test: Encoded, among: Int64, count: int, rng: np.random.Generator
) -> list[list[Place]]:
    """As many random places as ``count``, in rounds with no sentence twice, each for one worker.

    Fewer where that would take more than ``MOST_ROUNDS``.
    """
    rounds: list[list[Place]] = []
    while count > 0 and len(rounds) < MOST_ROUNDS:
        chosen = rng.permutation(among)[:count]
        rounds.append(one_place_each(test, chosen, rng))
        count -= len(chosen)
    return rounds


def one_place_each(test: Encoded, among: Int64, rng: np.random.Generator) -> list[Place]:
    """One random place of each of the sentences ``among``."""
    return [Place(int(number), _cut(test.tokens[number], rng)) for number in among]


def _cut(tokens: np.int64, rng: np.random.Generator) -> int:
    return int(rng.integers(1, tokens + 1))


def group_by_cut(
    places: Sequence[Place], test: Encoded, rng: np.random.Generator, most_rows: int
) -> list[Probe]:
    """The places' beginnings, those of one length together, in random order of length.

    No more than ``most_rows`` go together.
    """
    probes = []
    for cut in rng.permutation(sorted({place.cut for place in places})):
        members = [i for i, place in enumerate(places) if place.cut == cut]
        for start in range(0, len(members), most_rows):
            some = members[start : start + most_rows]
            batch = test.batch([places[i].sentence for i in some])
            probes.append(Probe(batch[:, :cut], batch[:, cut], tuple(some)))
    return probes


def filled_up(tokens: Int64, to: int, characters: int, rng: np.random.Generator) -> Int64:
    """Beginnings [n, cut] with random characters behind them, which tell a model nothing.

    The notebook never asks what follows BEGIN alone, and a model may not take a single token, or
    needs some more.
    """
    drawn = rng.integers(0, characters, (len(tokens), to - tokens.shape[1]))
    return np.hstack([tokens, drawn])


def keep_as_many_first(
    log_probabilities: Float64,
    places: Sequence[Place],
    rng: np.random.Generator,
    fewest: int = FEWEST,
) -> None:
    """Forget, at random, as large a part of the places after less than ``fewest`` tokens, such as
    BEGIN alone, as was not reached of the others: those are asked first, and a slow model could
    have little else compared.
    """
    first = np.array([place.cut < fewest for place in places], bool)
    if not first.all():
        reached = np.isfinite(log_probabilities[~first]).mean()
        log_probabilities[first & (rng.random(len(places)) >= reached)] = math.nan


@dataclass(frozen=True)
class Comparison:
    """How many probed predictions changed once the model could see the whole sentence."""

    probes: int
    changed: int
    mean_gain: float
    """By how much, in nats, seeing the whole sentence raised the targets' log-probabilities."""

    def and_at(self, others: Comparison) -> Comparison:
        """That of these predictions and of ``others``."""
        probes = self.probes + others.probes
        gains = self.probes * self.mean_gain + others.probes * others.mean_gain
        return Comparison(probes, self.changed + others.changed, gains / max(probes, 1))


def compare(committed: Float64, revealed: Float64, allowed_nats: float) -> Comparison:
    """Compare log-probabilities [n] of the probed targets, in nats.

    ``committed`` come from the beginnings alone, ``revealed`` from the whole sentences. Two
    predictions agree when they differ by no more than ``allowed_nats`` times (1 + their size):
    rounding is relative to the logits.
    """
    allowed = allowed_nats * (1 + np.abs(committed))
    gain = revealed - committed
    return Comparison(
        probes=len(gain),
        changed=int((np.abs(gain) > allowed).sum()),
        mean_gain=float(np.clip(gain, -MOST_NATS, MOST_NATS).mean()) if len(gain) else 0.0,
    )


@dataclass(frozen=True)
class Gain:
    """What seeing whole sentences gains on average, in nats, with standard errors."""

    mean: float
    standard_error: float
    clipped_mean: float
    """That of gains of at most ``MOST_NATS``, either way."""
    clipped_error: float
    bounded_mean: float
    """That with whole sentences of at most ``MOST_SURPRISE`` for each target."""
    bounded_error: float
    is_complete: bool = True
    """Whether there was time for all places."""

    @property
    def significant(self) -> bool:
        return self.clipped_mean > max(LEAST_NATS, SIGNIFICANT * self.clipped_error)

    @property
    def may_matter(self) -> bool:
        """Whether it may be more than ``HARMLESS_NATS``."""
        return self.mean + SIGNIFICANT * self.standard_error > HARMLESS_NATS

    @property
    def counted(self) -> float:
        """What is added to the loss of at most ``MOST_SURPRISE`` for each target; its upper bound
        where a model ended the measurement early by being slow, which it could do at a moment of
        its choice."""
        return self.bounded_mean + (0.0 if self.is_complete else SIGNIFICANT * self.bounded_error)


def gain_of(
    alone: Float64, revealed: Float64, weights: Float64, groups: Int64 | None = None
) -> Gain:
    """The gain from log-probabilities [n] of random targets, without and with what follows.

    NaN in ``alone`` is where time did not suffice. ``weights`` are of the places: one place each of
    sentences that are as likely as each other stands for all of its sentence. ``groups`` are the
    numbers of what was drawn together, where places were not drawn one by one.
    """
    known = np.isfinite(alone)
    groups = (np.arange(len(alone)) if groups is None else groups)[known]
    alone, revealed, weights = alone[known], revealed[known], weights[known]
    gain = revealed - alone
    return Gain(
        *_weighted(gain, weights, groups),
        *_weighted(np.clip(gain, -MOST_NATS, MOST_NATS), weights, groups),
        *_weighted(np.maximum(revealed, -MOST_SURPRISE) - alone, weights, groups),
        is_complete=bool(known.all()),
    )


def gain_of_all(some: Gain | None, others: Gain, share: float) -> Gain:
    """The gain on all sentences from that on ``some``, None where nothing changed, and that on the
    ``others``, which have this ``share`` of all tokens."""
    some = some or Gain(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    left = 1 - share
    return Gain(
        left * some.mean + share * others.mean,
        math.hypot(left * some.standard_error, share * others.standard_error),
        left * some.clipped_mean + share * others.clipped_mean,
        math.hypot(left * some.clipped_error, share * others.clipped_error),
        left * some.bounded_mean + share * others.bounded_mean,
        math.hypot(left * some.bounded_error, share * others.bounded_error),
        is_complete=some.is_complete and others.is_complete,
    )


def gain_unseen(
    alone: Float64, weights: Float64, seen: LossTotals, counted: float = 0.0
) -> Gain | None:
    """The gain by which sentences, ``seen`` whole, have a lower loss than beginnings of some.

    ``alone`` are log-probabilities [n] of one random target of each sentence that nobody had seen
    when they were asked for, NaN where time did not suffice, and ``weights`` the sentences' tokens.
    ``counted`` is what is known to be gained; None where the rest may be chance.
    """
    known = np.isfinite(alone)
    if known.sum() < LEAST_UNSEEN:
        return None
    nats, weights = np.minimum(-alone[known], MOST_SURPRISE), weights[known]
    loss, error = _weighted(nats, weights, np.arange(len(nats)))
    # Of losses that are nearly all alike a sample may have none of the others, and no error.
    as_of_all = seen.deviation * float(np.linalg.norm(weights) / weights.sum())
    mean, error = loss - seen.loss, math.hypot(max(error, as_of_all), seen.standard_error)
    if not mean - counted > max(LEAST_NATS, CERTAIN * error):
        return None
    return Gain(mean, error, mean, error, mean, error)


def _weighted(values: Float64, weights: Float64, groups: Int64) -> tuple[float, float]:
    """A weighted mean, and its standard error over groups."""
    mean = float(np.average(values, weights=weights))
    n = len(np.unique(groups))
    if n < 2:
        return mean, math.inf
    residuals = np.bincount(groups, weights * (values - mean))
    squares = float(np.square(residuals).sum()) * n / (n - 1)
    return mean, math.sqrt(squares) / float(weights.sum())


def looks_ahead(kinds: frozenset[Kind], comparison: Comparison, gain: Gain) -> bool:
    """Whether a model sees what follows.

    It does when experiments show that a prediction depends on what follows, and real sentences
    show it too, or when the model gains from whole sentences, however it does that. One that is
    quantised by the range of its whole input depends on what follows by less than rounding. A model
    whose predictions merely vary, by noise, by the batch or by rounding that an unstable network
    magnifies, gains nothing by it; its loss is taken from beginnings, too, if it varies so much
    that a gain could be hidden there.
    """
    return bool(kinds & AHEAD and comparison.changed) or gain.significant
