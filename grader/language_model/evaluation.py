"""Scores a student's model on a test set: commit, reveal, and what the loss then is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import CheckFailed, DataError, UsageError
from grader.language_model.causality import (
    CausalityVerdict,
    Probe,
    group_by_cut,
    judge,
    make_probes,
    sample_sentences,
)
from grader.language_model.corpus import TEST_FILE, Corpus
from grader.language_model.scoring import (
    LossTotals,
    check_finite,
    check_shape,
    score_batch,
    target_log_probabilities,
)
from grader.model import Outcome
from grader.rubric import LanguageModel
from grader.student import Student
from grader.submission import MODEL, MODEL_CODE
from grader.wire import Array, Message, text

Float64 = NDArray[np.float64]
DEVICE = re.compile(r"cpu|cuda(:\d)?")
ABSURD_NATS = 20.0
"""A loss that says no more than that the model is wrong: it must not drown the others in noise."""
REHEARSAL = (3, 24)
"""Sentences and tokens of made-up input, on which a model may fail in words of its own."""
Progress = Callable[[str, float], None]
"""Called with what is going on and the fraction of it that is done."""


@dataclass(frozen=True)
class Evaluation:
    """What a model scores. ``loss`` gives the points; see ``measured`` for the report's fields."""

    loss: float
    totals: LossTotals
    causality: CausalityVerdict
    prefix_loss: float | None
    """The loss from beginnings alone, when the model looks ahead."""
    device: str

    @property
    def measured(self) -> dict[str, Any]:
        return {
            "loss": self.loss,
            "notebook_loss": self.totals.notebook_loss,
            "whole_sentence_loss": self.totals.loss,
            "prefix_loss": self.prefix_loss,
            "looks_ahead": self.causality.looks_ahead,
            "probes": self.causality.probes,
            "probes_changed": self.causality.changed,
            "repeatable": self.causality.repeatable,
            "sentences": self.totals.sentences,
            "characters": self.totals.characters,
            "tokens": self.totals.tokens,
            "device": self.device,
        }


class Evaluator:
    """Evaluates one model; ``new_student`` gives a handle whose worker is no other's."""

    def __init__(
        self,
        new_student: Callable[[], Student],
        corpus: Corpus,
        rubric: LanguageModel,
        *,
        seed: int,
        device: str,
        limit_s: float,
        progress: Progress,
    ) -> None:
        self._new_student = new_student
        self._corpus = corpus
        self._vocabulary = corpus.vocabulary
        self._rubric = rubric
        self._seed = seed
        self._device = device
        self._limit_s = limit_s
        self._deadline = time.monotonic() + limit_s
        self._progress = progress
        self._used_device = "cpu"

    def evaluate(self) -> Evaluation:
        """Raises CheckFailed when the model cannot be loaded or does not give usable logits."""
        # From the system's randomness: any seed that a worker is given, or that follows from the
        # hand-in, could tell the model which places are probed.
        secret = np.random.default_rng()
        sample = sample_sentences(self._corpus.test_sentences(), self._rubric.probes, secret)
        if not sample:
            raise DataError(f"{self._corpus.folder / TEST_FILE} has no sentences")
        with self._loaded_model() as model:
            totals, kept = self._from_whole_sentences(model, {number for number, _ in sample})
        probes = make_probes(sample, self._vocabulary, secret)
        revealed = np.array([kept[int(n)][p.position] for p in probes for n in p.sentences])
        with self._loaded_model() as model:
            committed = self._from_beginnings(model, probes)
            repeated = self._from_beginnings(model, probes)
        verdict = judge(committed, repeated, revealed, self._rubric.look_ahead_nats)
        if verdict.looks_ahead or not verdict.repeatable:
            places = self._random_places(np.random.default_rng(self._seed))
            with self._loaded_model() as model:
                losses = -self._from_beginnings(model, places)
            prefix_loss = float(losses.mean())
            spread = float(np.minimum(losses, ABSURD_NATS).std()) / len(losses) ** 0.5
            # A model that is not repeatable may hide what it gains from looking ahead in noise.
            hidden = prefix_loss - 3 * spread > totals.loss + self._rubric.look_ahead_nats
            if verdict.looks_ahead or hidden:
                verdict = replace(verdict, looks_ahead=True)
                return Evaluation(prefix_loss, totals, verdict, prefix_loss, self._used_device)
        return Evaluation(totals.loss, totals, verdict, None, self._used_device)

    def _from_beginnings(self, model: Student, probes: Sequence[Probe]) -> Float64:
        """The targets' log-probabilities, by a model that sees nothing but the beginnings."""
        results = []
        for done, probe in enumerate(probes):
            # Never a batch of one: the notebook scores none, and a model may not take it.
            tokens = np.resize(probe.tokens, (max(len(probe.tokens), 2), probe.tokens.shape[1]))
            logits = self._logits(model, tokens, last_only=True)
            check_shape(logits[:, None], (len(tokens), 1), self._vocabulary)
            logits = logits[: len(probe.tokens)]
            results.append(target_log_probabilities(logits, probe.targets))
            check_finite(results[-1])
            self._progress("predicting from beginnings alone", (done + 1) / len(probes))
        return np.concatenate(results)

    def _from_whole_sentences(
        self, model: Student, sampled: set[int]
    ) -> tuple[LossTotals, dict[int, Float64]]:
        """The sums over the test set, and all log-probabilities of the sampled sentences."""
        kept: dict[int, Float64] = {}
        totals = LossTotals()
        count = sum(1 for _ in self._corpus.test_sentences())
        for batch in self._corpus.test_batches(self._rubric.batch_size):
            logits = self._logits(model, batch[:, :-1], last_only=False)
            scored = score_batch(logits, batch, self._vocabulary)
            for row, number in enumerate(range(totals.sentences, totals.sentences + len(batch))):
                if number in sampled:
                    kept[number] = scored.log_probabilities[row]
            totals.add(scored)
            self._progress(f"scoring, loss {totals.loss:.3f} so far", totals.sentences / count)
        return totals, kept

    def _random_places(self, rng: np.random.Generator) -> list[Probe]:
        """Random places of the test set, each as likely as any other, grouped by position."""
        wanted = self._rubric.prefix_loss_positions
        sample = sample_sentences(self._corpus.test_sentences(), wanted, rng)
        # A sentence has a target for each character, for its newline and for END.
        targets = np.array([len(sentence) + 2.0 for _, sentence in sample])
        chosen = rng.choice(len(sample), size=wanted, p=targets / targets.sum())
        encoded = self._vocabulary.encode([sample[i][1] for i in chosen])
        cuts = [int(rng.integers(1, len(ids) + 2)) for ids in encoded]
        return group_by_cut(range(wanted), encoded, cuts, self._vocabulary)

    @contextmanager
    def _loaded_model(self) -> Iterator[Student]:
        """A fresh worker that holds the submission's model."""
        student = self._new_student()
        try:
            self._load_into(student)
            self._rehearse(student)
            yield student
        finally:
            student.restart()

    def _load_into(self, student: Student) -> None:
        submission = student.submission
        if not submission.has(MODEL):
            code = "" if submission.has(MODEL_CODE) else f", and no {MODEL_CODE} either"
            raise CheckFailed(
                Outcome.MISSING,
                f"There is no trained model {MODEL} in the hand-in{code}. Save yours with "
                f'torch.save(model, "{MODEL}") and hand it in too.',
            )
        if (submission.folder / MODEL).stat().st_size == 0:
            raise CheckFailed(Outcome.MISSING, f"{MODEL} is an empty file; save and copy it again.")
        self._progress("loading the model", 0.0)
        request = Message(
            "load_model",
            {"file": MODEL, "device": self._device, "seed": self._seed % 2**31},
            (self._vocabulary.counts,),
        )
        if self._device == "cuda":
            # Asked while the worker runs no student code yet, so its word can be taken.
            devices = self._ask(student, Message("devices", {}), "The worker")
            if devices.fields.get("cuda") is not True:
                raise UsageError("--device cuda: torch finds no CUDA device here")
        reply = self._ask(student, request, f"Loading {MODEL}")
        device = text(reply.fields.get("device"), 20)
        self._used_device = device if DEVICE.fullmatch(device) else "a device without a name"

    def _rehearse(self, model: Student) -> None:
        """Run the model on made-up input, and after that quote nothing that it says.

        What it prints or raises could hold the test sentences that it is given from now on.
        """
        tokens = np.random.default_rng(self._seed).integers(0, self._vocabulary.begin_id, REHEARSAL)
        tokens[:, 0] = self._vocabulary.begin_id
        logits = self._logits(model, tokens, last_only=False)
        check_shape(logits, tokens.shape, self._vocabulary)
        model.quote_no_more()

    def _logits(self, model: Student, tokens: NDArray[np.int64], *, last_only: bool) -> Array:
        request = Message("logits", {"last_only": last_only}, (tokens,))
        reply = self._ask(model, request, "The model")
        if reply.op == "no_tensor":
            raise CheckFailed(
                Outcome.WRONG, "The model returns no tensor; one tensor of logits is expected."
            )
        if len(reply.arrays) != 1 or reply.arrays[0].ndim == 0:
            raise CheckFailed(Outcome.WRONG, "The model's output is no array of logits.")
        return reply.arrays[0]

    def _ask(self, student: Student, request: Message, doing: str) -> Message:
        left = max(self._deadline - time.monotonic(), 0.01)
        try:
            return student.ask(request, left, doing)
        except CheckFailed as failure:
            if failure.outcome is not Outcome.TIMEOUT:
                raise
            raise CheckFailed(
                Outcome.TIMEOUT,
                f"Loading and scoring the model did not end within {self._limit_s:g} s. Is the "
                "model much larger than the given one, or is there a loop over characters?",
            ) from None
