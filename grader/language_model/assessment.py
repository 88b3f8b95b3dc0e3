"""Which model is scored: the one that was handed in, or one that the grader trains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import CheckFailed, NotLoadable
from grader.handed_in.naming import MODEL_CODE, NOTEBOOK
from grader.handed_in.submission import Submission
from grader.language_model.clock import Progress
from grader.language_model.corpus import Corpus
from grader.language_model.evaluation import Evaluation, Evaluator, Wanted
from grader.language_model.flags import flags_of_training
from grader.language_model.loaded_model import ModelSource
from grader.language_model.training import ANSWER_S, TrainedModel, TrainingPlan, train
from grader.model import Outcome
from grader.modes import ModelMode
from grader.rubric import LanguageModel
from grader.student import Student

TRAINABLE = frozenset({Outcome.MISSING, Outcome.EXCEPTION})
"""Failures of loading after which there may still be good code. What hangs or crashes may not."""
ASKED_FOR = "the grader was asked to train it"


@dataclass(frozen=True)
class ModelRequest:
    """What a user asks for in question 7; None stands for the rubric's value."""

    mode: ModelMode = ModelMode.AUTO
    quick: bool = False
    private_test: Path | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    max_time_s: float | None = None

    def plan(self, rubric: LanguageModel) -> TrainingPlan:
        return TrainingPlan.of(
            rubric.training,
            epochs=self.epochs,
            batch_size=self.batch_size,
            lr=self.learning_rate,
            max_time_s=self.max_time_s,
        )


class Assessment:
    """Gets one submission's model by the way that was asked for, and evaluates it.

    Raises DataError, before anything is trained, when the private test set cannot be used.
    """

    def __init__(
        self,
        new_student: Callable[[], Student],
        submission: Submission,
        corpus: Corpus,
        rubric: LanguageModel,
        request: ModelRequest,
        *,
        device: str,
        seed: int,
        limit_s: float,
        progress: Progress,
    ) -> None:
        self._new_student = new_student
        self._submission = submission
        self._corpus = corpus
        self._rubric = rubric
        self._request = request
        self._device = device
        self._seed = seed
        private = request.private_test
        self._wanted = Wanted(
            limit_s, request.quick, corpus.encoded_private_test_set(private) if private else None
        )
        self._progress = progress

    def evaluate(self) -> Evaluation:
        """Raises CheckFailed when there is no model that can be scored."""
        if self._request.mode is ModelMode.TRAIN:
            return self._trained(ASKED_FOR)
        try:
            return self._evaluated(None)
        except NotLoadable as failure:
            if self._request.mode is ModelMode.LOAD or not self._may_train(failure):
                raise
            try:
                return self._trained(failure.message)
            except CheckFailed as second:
                first = failure.message.removesuffix(".")
                why = f"either: {second.message}"
                if _reason(second) in failure.message:
                    why = "for the same reason."
                told = NotLoadable.of(
                    second,
                    f"{first}. So the grader tried to train it, which did not work {why}",
                )
                told.traceback = second.traceback or failure.traceback
                raise told from None

    def _may_train(self, failure: CheckFailed) -> bool:
        has_code = self._submission.has(MODEL_CODE) or any(
            file.endswith(NOTEBOOK) for file in self._submission.files
        )
        return has_code and failure.outcome in TRAINABLE

    def _trained(self, why: str) -> Evaluation:
        trained = train(
            self._new_student(),
            self._corpus,
            self._request.plan(self._rubric),
            seed=self._seed,
            device=self._device,
            why=why,
            progress=self._progress,
            answer_s=min(ANSWER_S, self._wanted.limit_s),
        )
        evaluation = self._evaluated(trained)
        flags = flags_of_training(
            trained.run,
            asked_for=why == ASKED_FOR,
            in_train_mode=trained.validated_in_train_mode,
        )
        return replace(evaluation, flags=(*flags, *evaluation.flags))

    def _evaluated(self, trained: TrainedModel | None) -> Evaluation:
        weights = None if trained is None else trained.weights
        evaluator = Evaluator(
            self._new_student,
            self._corpus,
            self._rubric,
            ModelSource(self._device, self._seed, weights),
            self._wanted,
            self._progress,
        )
        return evaluator.evaluate(None if trained is None else trained.run)


def _reason(failure: CheckFailed) -> str:
    """Its message without what was done when an exception was raised."""
    return failure.message.partition(" raised ")[2] or failure.message
