"""Scores a student's model on a test set: all figures of it, and the loss that gives the points."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from grader.encoded import Encoded, Int64
from grader.errors import CheckFailed
from grader.language_model.altered import Altered, altered
from grader.language_model.baselines import frequency_loss, zip_loss
from grader.language_model.batching import TokenBudget
from grader.language_model.causality import held_back
from grader.language_model.clock import Clock, Progress
from grader.language_model.corpus import Corpus
from grader.language_model.dependencies import AHEAD, OF_BATCHES, Kind
from grader.language_model.flags import (
    IN_DOUBT,
    NEAR_A_THRESHOLD,
    NO_PRIVATE,
    flags_of_altered,
    flags_of_columns,
    flags_of_findings,
    flags_of_mode,
    flags_of_private,
    flags_of_size,
    flags_of_speed,
    flags_of_test_set,
)
from grader.language_model.generation import generate
from grader.language_model.judged import FirstPass, Judged, measures_of
from grader.language_model.loaded_model import LoadedModel, ModelSource
from grader.language_model.model_workers import ModelWorkers
from grader.language_model.notebook_batches import NotebookBatches, why_scored_so
from grader.language_model.probing import Findings, Prober
from grader.language_model.signs import LEAST_WIDTH, signs_of
from grader.language_model.totals import Z_95, LossTotals
from grader.language_model.whole_sentences import Stop, WholeSentences
from grader.measures import Baselines, Interval, ModelMeasures, Signs, TrainingRun
from grader.model import Outcome
from grader.rubric import LanguageModel
from grader.student import Student

SCORED_BY = 0.5
"""The fraction of the time limit at which scoring ends with what it has by then."""
SIDE_FIGURES_BY = 0.6
COMPLETED_BY = 0.95
Z_QUICK = 4.4
"""Standard errors for a confidence of 1 in 10,000 in all looks together: they are at most ten."""


@dataclass(frozen=True)
class Evaluation:
    """What a model scores; ``measures.loss`` gives the points."""

    measures: ModelMeasures
    flags: tuple[str, ...] = ()
    """What a person should look at; it changes no points."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of an evaluation."""

    limit_s: float
    """Seconds for loading and scoring together."""
    quick: bool = False
    """Stop as soon as the points are all but certain."""
    private_test: Encoded | None = None
    """A second test set, which no student has seen."""


class Evaluator:
    """Evaluates one model; ``new_student`` gives a handle whose worker is no other's.

    ``secret`` draws what the model must not foresee, as a ``Prober``'s does.
    """

    def __init__(
        self,
        new_student: Callable[[], Student],
        corpus: Corpus,
        rubric: LanguageModel,
        source: ModelSource,
        wanted: Wanted,
        progress: Progress,
        secret: np.random.Generator | None = None,
    ) -> None:
        self._corpus = corpus
        self._rubric = rubric
        self._seed = source.seed
        self._wanted = wanted
        self._progress = progress
        self._secret = np.random.default_rng(secret)
        self._clock = Clock(wanted.limit_s)
        self._test = corpus.encoded_test_set()
        self._held_back, self._open = held_back(len(self._test), rubric.held_back, self._secret)
        self._workers = ModelWorkers(
            new_student, corpus.vocabulary, source, self._clock, int(self._test.lengths.max())
        )

    def evaluate(self, training: TrainingRun | None = None) -> Evaluation:
        """Raises CheckFailed when the model cannot be loaded or does not give usable logits.

        ``training`` tells how the grader trained the model, if it did.
        """
        scored = self._scored()
        judged = self._judged(scored.whole)
        if Kind.STATE in judged.findings.kinds:
            # What is asked of the same sentences several times shows nothing but what has stayed.
            scored = replace(scored, signs=None, altered=None)
        measures = measures_of(
            scored,
            judged,
            given_characters=self._rubric.given_characters,
            baselines=self._baselines,
            training=training,
        )
        return Evaluation(measures, tuple(self._flags(scored, judged)))

    def _scored(self) -> FirstPass:
        """What one worker gives for whole sentences."""
        self._progress("loading the model", 0.0)
        with self._workers.fresh() as load:
            model, generated = self._generated(load)
            # Of a later worker even this could tell what the first was given.
            loading = model.loading
            # A random sample of what was scored, without the sentences held back and with them.
            kept = self._secret.permutation(len(self._test))
            whole = self._pass_over(self._test, kept)
            model = whole.score(model, load, self._order, self._stop_at(SCORED_BY), self._open)
            self._require_enough(whole)
            private = self._private(model, load)
            training_sample = self._side_totals(model, load, self._training_sample)
            signs = self._looked_into(model, whole.totals.loss)
            altered = self._altered(model, whole.totals.loss)
        seen = (training_sample, private, signs, altered)
        return FirstPass(whole, loading, model.loading, generated, *seen)

    def _judged(self, whole: WholeSentences) -> Judged:
        """What counts, when other workers have had the sentences' beginnings."""
        probing = (
            self._workers,
            self._corpus.vocabulary,
            self._test,
            self._rubric,
            self._clock,
            self._progress,
            self._secret,
        )
        prober = Prober(*probing)
        findings = prober.probe(whole, self._training_sample, self._held_back)
        self._complete(whole, findings)
        in_notebook = NotebookBatches(*probing)
        if again := in_notebook.judge(whole, findings.kinds):
            return Judged(*again, in_notebook_batches=True)
        findings = prober.complete(findings, whole, self._training_sample)
        # What sees the end of a sentence sees its padding, too.
        minds_batches = findings.kinds & (OF_BATCHES | AHEAD) and whole.stopped == "finished"
        as_notebook = in_notebook.whole_sentences() if minds_batches else None
        return Judged(whole, findings, as_notebook=as_notebook)

    def _flags(self, scored: FirstPass, judged: Judged) -> Iterator[str]:
        findings, whole, rubric = judged.findings, judged.whole, self._rubric
        loss, interval = judged.counted()
        # What other sentences are compared with: in the notebook's batches those were not scored.
        alike = scored.whole.totals if judged.in_notebook_batches else whole.totals
        if whole.stopped == "quick" and self._in_doubt(judged.counted(Z_QUICK)[1]):
            yield IN_DOUBT
        elif findings.beginnings_count and self._in_doubt(interval):
            yield NEAR_A_THRESHOLD
        as_notebook = judged.as_notebook.totals if judged.as_notebook else None
        yield from flags_of_findings(findings, as_notebook)
        yield from flags_of_speed(whole)
        yield from self._flags_of_private(scored.private, alike)
        yield from flags_of_columns(scored.after, self._corpus.vocabulary)
        yield from flags_of_size(scored.after, len(self._test), rubric)
        fails_in_eval = scored.loading.fails_in_eval
        yield from flags_of_mode(fails_in_eval, whole.totals.loss, scored.signs, rubric)
        if judged.in_notebook_batches:
            yield why_scored_so(findings.kinds)
        if judged.in_notebook_batches:
            loss, interval = alike.loss, alike.interval()
        error = (interval.high - loss) / Z_95
        of_test_set = flags_of_test_set(loss, error, scored.training_sample, rubric)
        yield from of_test_set or flags_of_altered(scored.altered)

    def _generated(self, load: Callable[[], LoadedModel]) -> tuple[LoadedModel, tuple[str, ...]]:
        """The model, loaded, and sentences of it: none where it fails, which costs nothing else."""
        model, longest = load(), int(self._test.lengths.max())
        try:
            return model, generate(model, self._corpus.vocabulary, self._seed, longest)
        except CheckFailed:
            return load(), ()

    def _pass_over(self, sentences: Encoded, kept: Int64) -> WholeSentences:
        return WholeSentences(
            sentences,
            self._corpus.vocabulary,
            TokenBudget(self._rubric.most_batch_tokens),
            notebook_batch=self._rubric.batch_size,
            kept=kept,
            most_kept=self._rubric.prefix_loss_positions,
        )

    def _complete(self, whole: WholeSentences, findings: Findings) -> None:
        """Score the sentences that were held back, too, unless the time or ``quick`` ended it.

        Nor where there was no time for their beginnings: a model could be slow at will just there,
        and nothing would tell what it gained by the whole.
        """
        if whole.stopped != "finished" or not len(self._held_back):
            return
        if findings.unseen is None or not findings.unseen.suffices:
            whole.stopped = "time"
            return
        with self._workers.fresh() as load:
            stop = self._stop_at(COMPLETED_BY)
            try:
                whole.score(load(), load, self._order, stop, self._held_back)
            except CheckFailed as failure:
                if failure.outcome is not Outcome.TIMEOUT:
                    raise
                whole.stopped = "time"

    @property
    def _order(self) -> np.random.Generator:
        return np.random.default_rng(self._seed)

    def _stop_at(self, fraction: float) -> Stop:
        def stop(totals: LossTotals, expected_s: float) -> str | None:
            done = totals.sentences / totals.all_sentences
            self._progress(f"scoring, loss {totals.loss:.3f} so far", done)
            if self._clock.used_s + expected_s > fraction * self._clock.limit_s:
                return "time"
            if self._wanted.quick and not self._in_doubt(totals.interval(Z_QUICK)):
                return "quick"
            return None

        return stop

    def _in_doubt(self, interval: Interval) -> bool:
        """Whether a threshold lies between the bounds of the loss."""
        bounds = (threshold.below for threshold in self._rubric.thresholds)
        return any(interval.low < bound <= interval.high for bound in bounds)

    def _require_enough(self, whole: WholeSentences) -> None:
        scored, least = whole.totals.sentences, self._rubric.least_sentences
        if whole.stopped == "time" and scored < least:
            raise CheckFailed(
                Outcome.TIMEOUT,
                f"The model is too slow to be scored: it took {self._clock.used_s:.0f} s for "
                f"{scored} sentences, and at least {least} are needed. Is it much larger than the "
                "given one, or is there a loop over characters?",
            )

    def _private(self, model: LoadedModel, load: Callable[[], LoadedModel]) -> LossTotals | None:
        """The figures on the private test set, if there is one and the model is good for it."""
        if self._wanted.private_test is None:
            return None
        return self._side_totals(model, load, self._wanted.private_test)

    def _flags_of_private(self, private: LossTotals | None, public: LossTotals) -> list[str]:
        if self._wanted.private_test is None:
            return []
        return [NO_PRIVATE] if private is None else flags_of_private(private, public, self._rubric)

    def _side_totals(
        self, model: LoadedModel, load: Callable[[], LoadedModel], sentences: Encoded
    ) -> LossTotals | None:
        """The figures on other sentences; None where the model fails or is too slow for them."""
        side = self._pass_over(sentences, np.array([], np.int64))
        try:
            side.score(model, load, self._order, self._stop_at(SIDE_FIGURES_BY))
        except CheckFailed:
            return None
        return side.totals

    def _may_ask_more(self, model: LoadedModel) -> bool:
        """Whether all logits came, and there is time for more than the loss."""
        return not model.loading.all_columns and not self._clock.past(SIDE_FIGURES_BY)

    def _looked_into(self, model: LoadedModel, loss: float) -> Signs | None:
        """What may explain the loss, from one batch.

        Nothing where the loss earns all points, the model fails, or not all logits came.
        """
        if loss < min(threshold.below for threshold in self._rubric.thresholds):
            return None
        if not self._may_ask_more(model):
            return None
        sentences = self._order.permutation(self._open)[: self._rubric.batch_size]
        batch = self._test.batch(sentences)
        if batch.shape[1] < LEAST_WIDTH:
            return None
        with contextlib.suppress(CheckFailed):
            return signs_of(model, batch, self._corpus.vocabulary, self._order)
        return None

    def _altered(self, model: LoadedModel, loss: float) -> Altered | None:
        """What one changed character costs, where the loss earns points; None where it fails."""
        if not (self._rubric.earns_points(loss) and self._may_ask_more(model)):
            return None
        sentences = self._test.select(self._open)
        with contextlib.suppress(CheckFailed):
            return altered(
                model, sentences, self._corpus.vocabulary, self._order, self._rubric.batch_size
            )
        return None

    @cached_property
    def _training_sample(self) -> Encoded:
        """Some training sentences, the same ones for the same seed."""
        everything = self._corpus.encoded_training_set()
        count = min(self._rubric.training_sample, len(everything))
        return everything.select(self._order.choice(len(everything), count, replace=False))

    @property
    def _baselines(self) -> Baselines:
        return Baselines(
            frequency=frequency_loss(self._corpus.vocabulary, self._test),
            zip=zip_loss(self._test),
            given_model=self._rubric.baselines.given_model,
            literature=self._rubric.baselines.literature,
        )
