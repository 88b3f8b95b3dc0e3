"""Probes a model at random places, after its predictions for whole sentences are known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from grader.encoded import Encoded, Int64
from grader.errors import CheckFailed
from grader.language_model.causality import (
    LEAST_UNSEEN,
    Comparison,
    Gain,
    Place,
    Probe,
    compare,
    filled_up,
    gain_of,
    gain_of_all,
    gain_unseen,
    group_by_cut,
    keep_as_many_first,
    looks_ahead,
    one_place_each,
    places_in_rounds,
)
from grader.language_model.clock import Clock, Progress
from grader.language_model.corpus import Vocabulary
from grader.language_model.dependencies import AHEAD, Kind, dependencies
from grader.language_model.loaded_model import LoadedModel
from grader.language_model.model_workers import ModelWorkers
from grader.language_model.scoring import check_finite, target_log_probabilities
from grader.language_model.totals import LossTotals
from grader.language_model.whole_sentences import WholeSentences
from grader.model import Outcome
from grader.rubric import LanguageModel
from grader.wire import Array

Float64 = NDArray[np.float64]
PROBED_BY, GAIN_KNOWN_BY, ALL_KNOWN_BY = 0.75, 0.9, 0.95
"""The fractions of the time limit at which probing ends with what it has by then."""
LEAST_COMPARED = 2
DOING = "predicting from beginnings alone"


@dataclass(frozen=True)
class Unseen:
    """Places [n] in sentences that no worker had seen whole by then, the log-probabilities of their
    targets, and the tokens of each of these sentences."""

    places: Sequence[Place]
    alone: Float64
    weights: Float64
    tokens_seen: int
    """Of the sentences that had been seen whole by then, together."""

    @property
    def suffices(self) -> bool:
        """Whether there was time for so much of it that what comes later can be judged by it."""
        return bool(np.isfinite(self.alone).sum() >= min(LEAST_UNSEEN, len(self.alone)))


@dataclass(frozen=True)
class Findings:
    """What was found about one model. ``gain`` is measured when something is not as it should."""

    comparison: Comparison
    kinds: frozenset[Kind]
    gain: Gain | None
    unseen: Unseen | None = None
    same_company: bool = False
    """Whether beginnings came with those of the sentences that the whole ones came with."""

    @property
    def looks_ahead(self) -> bool:
        """Not where, for all that is known, other company is what a model gains by."""
        minds_company = Kind.BATCH in self.kinds and not self.kinds & AHEAD
        return self._gains and (self.same_company or not minds_company)

    @property
    def beginnings_count(self) -> bool:
        """Whether the loss is that from beginnings alone: not where what looks ahead does worse by
        that, for which it is not rewarded."""
        if self.gain is None or (self.looks_ahead and self.gain.counted < 0):
            return False
        return self._gains or self.gain.may_matter

    def against(self, totals: LossTotals) -> Findings:
        """The findings, once all sentences have been seen whole, with these ``totals``."""
        if self.unseen is None:
            return self
        counted = self.gain.counted if self.gain is not None and self.beginnings_count else 0.0
        gain = gain_unseen(self.unseen.alone, self.unseen.weights, totals, counted)
        return self if gain is None else replace(self, gain=gain)

    @property
    def _gains(self) -> bool:
        return self.gain is not None and looks_ahead(self.kinds, self.comparison, self.gain)


class Judge:
    """What a judgement of a model by sentences' beginnings works with.

    ``secret`` draws the places, and is the system's randomness unless it is given: any seed that a
    worker is told, or that follows from the hand-in, could tell the model which places are probed.
    """

    def __init__(
        self,
        workers: ModelWorkers,
        vocabulary: Vocabulary,
        test: Encoded,
        rubric: LanguageModel,
        clock: Clock,
        progress: Progress,
        secret: np.random.Generator | None = None,
    ) -> None:
        self._workers = workers
        self._vocabulary = vocabulary
        self._test = test
        self._rubric = rubric
        self._clock = clock
        self._progress = progress
        self._secret = np.random.default_rng(secret)


class Prober(Judge):
    """Compares what a model predicts from beginnings alone with what it predicted before."""

    def probe(self, whole: WholeSentences, training: Encoded, unseen: Int64) -> Findings:
        """Draw places among the sentences that ``whole`` has kept, and ask at them; and at one of
        each of those that no worker has seen whole.

        Raises CheckFailed when the model fails there, or is too slow for any judgement.
        """
        secret = self._secret
        among = secret.permutation(np.array(sorted(whole.log_probabilities)))
        places = one_place_each(self._test, among[: self._rubric.probes], secret)
        with self._workers.fresh() as load:
            model = load()
            committed = self._from_beginnings(model, places, secret, PROBED_BY)
            not_told = one_place_each(self._test, unseen, secret)
            honest = self._from_beginnings(model, not_told, secret, PROBED_BY)
            kinds = dependencies(model, training, self._rubric.look_ahead_nats, secret)
        known = self._enough(committed)
        comparison = compare(
            committed[known], _revealed(places, whole)[known], self._rubric.look_ahead_nats
        )
        # What keeps a state from one call to the next has that of whole sentences on both sides.
        before = training if Kind.STATE in kinds else None
        if before is not None:
            honest = self._in_new_worker(not_told, before, GAIN_KNOWN_BY)
        later = Unseen(not_told, honest, self._weights(not_told), whole.totals.tokens)
        if not comparison.changed and not kinds:
            return Findings(comparison, kinds, None, later)
        count = self._rubric.prefix_loss_positions
        more, alone = self._in_rounds(among, count, before, GAIN_KNOWN_BY)
        if before is None:
            more, alone = [*places, *more], np.concatenate([committed, alone])
        self._enough(alone)
        gain = gain_of(alone, _revealed(more, whole), self._weights(more))
        return Findings(comparison, kinds, gain, later)

    def complete(self, findings: Findings, whole: WholeSentences, training: Encoded) -> Findings:
        """The findings of ``probe``, once ``whole`` has the sentences that were unseen by then.

        Their worker can tell that it scores just these: so what it says is put against what was
        said before, at the same places, and counts no more than what the first one said.
        """
        if findings.unseen is not None:
            findings = self._compared(findings, findings.unseen, whole, training)
        return findings.against(whole.bounded_totals)

    def _compared(
        self, findings: Findings, later: Unseen, whole: WholeSentences, training: Encoded
    ) -> Findings:
        kept = [i for i, p in enumerate(later.places) if p.sentence in whole.log_probabilities]
        places, alone = [later.places[i] for i in kept], later.alone[kept]
        known = np.isfinite(alone)
        if known.sum() < LEAST_COMPARED:  # one by itself has no spread
            return findings
        comparison = compare(
            alone[known], _revealed(places, whole)[known], self._rubric.look_ahead_nats
        )
        findings = replace(findings, comparison=findings.comparison.and_at(comparison))
        if not comparison.changed and findings.gain is None:
            return findings
        share = 1 - later.tokens_seen / whole.totals.tokens
        among = np.array([place.sentence for place in places])
        count = round(share * self._rubric.prefix_loss_positions) - len(places)
        before = training if Kind.STATE in findings.kinds else None
        more, of_more = self._in_rounds(among, count, before, ALL_KNOWN_BY)
        places, alone = [*places, *more], np.concatenate([alone, of_more])
        gain = gain_of(alone, _revealed(places, whole), self._weights(places))
        return replace(findings, gain=gain_of_all(findings.gain, gain, share))

    def _weights(self, places: Sequence[Place]) -> Float64:
        return self._test.tokens[[place.sentence for place in places]].astype(np.float64)

    def _in_rounds(
        self, among: Int64, count: int, before: Encoded | None, by: float
    ) -> tuple[list[Place], Float64]:
        """Random places of the sentences ``among``, a worker for each round, and their targets'
        log-probabilities."""
        rounds = places_in_rounds(self._test, among, count, self._secret)
        alone = [self._in_new_worker(some, before, by) for some in rounds]
        return list(chain(*rounds)), np.concatenate([np.empty(0), *alone])

    def _in_new_worker(self, places: Sequence[Place], before: Encoded | None, by: float) -> Float64:
        if self._clock.past(by):
            return np.full(len(places), math.nan)
        with self._workers.fresh() as load:
            return self._from_beginnings(load(), places, self._secret, by, before)

    def _from_beginnings(
        self,
        model: LoadedModel,
        places: Sequence[Place],
        rng: np.random.Generator,
        by: float,
        before: Encoded | None = None,
    ) -> Float64:
        """The log-probabilities of the places' targets, by a model that sees beginnings alone.

        NaN where time did not suffice: the fraction ``by`` of the limit is when it must end. Some
        of the whole sentences ``before`` come before each batch, if they are given.
        """
        probes = group_by_cut(places, self._test, rng, self._rubric.batch_size)
        result = np.full(len(places), math.nan)
        fewest = model.loading.fewest
        longer = [probe for probe in probes if probe.tokens.shape[1] >= fewest]
        done = len(places) - sum(len(probe.members) for probe in longer)
        for probe in (probe for probe in probes if probe.tokens.shape[1] < fewest):
            cut = probe.tokens.shape[1]
            if cut > 1 and self._clock.past(by):
                continue
            filled = filled_up(probe.tokens, fewest, self._vocabulary.begin_id, rng)
            tokens = _in_company(filled)
            if before is not None:
                model.logits(_some_of(before, len(tokens), rng))
            self._note(probe, model.logits(tokens)[:, cut - 1], result)

        def batches() -> Iterator[Int64]:
            for probe in longer:
                if self._clock.past(by):
                    return
                tokens = _in_company(probe.tokens)
                if before is not None:
                    yield _some_of(before, len(tokens), rng)
                yield tokens

        answers: Iterator[Array] = model.stream(batches(), last_only=True)
        if before is not None:
            answers = islice(answers, 1, None, 2)
        for probe, logits in zip(longer, answers, strict=False):
            self._note(probe, logits, result)
            done += len(probe.members)
            self._progress(DOING, done / len(places))
        keep_as_many_first(result, places, rng, fewest)
        return result

    @staticmethod
    def _note(probe: Probe, logits: Array, result: Float64) -> None:
        members = list(probe.members)
        found = target_log_probabilities(logits[: len(members)], probe.targets)
        check_finite(found)
        result[members] = found

    def _enough(self, log_probabilities: Float64) -> NDArray[np.bool_]:
        """Which places were reached; raises CheckFailed when those are too few."""
        known = np.isfinite(log_probabilities)
        if known.sum() < min(self._rubric.least_probes, len(known)):
            raise CheckFailed(
                Outcome.TIMEOUT,
                f"The model is too slow to be judged: within {self._clock.limit_s:g} s it "
                f"predicted at {int(known.sum())} places only. Is there a loop over characters?",
            )
        return known


def _in_company(tokens: Int64) -> Int64:
    """Never a batch of one: the notebook scores none, and a model may not take it."""
    return np.resize(tokens, (max(len(tokens), 2), tokens.shape[1]))


def _some_of(sentences: Encoded, count: int, rng: np.random.Generator) -> Int64:
    """A batch of random sentences, as the model gets those that are scored."""
    return sentences.batch(rng.integers(0, len(sentences), count))[:, :-1]


def _revealed(places: Sequence[Place], whole: WholeSentences) -> Float64:
    """What was predicted at the places with whole sentences in view."""
    return np.array([whole.log_probabilities[place.sentence][place.cut - 1] for place in places])
