"""Has a student's model trained in a worker, under a time budget, when that is what is graded.

The worker gets the training sentences once and is then asked to go on for a second at a time, so
that there is a progress bar, and so that the budget is kept by the grader's clock and not by the
worker's word. Its weights come back as bytes, which are never unpickled here.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import CheckFailed, DataError
from grader.language_model.clock import Progress
from grader.language_model.corpus import TRAIN_FILE, Corpus
from grader.language_model.loaded_model import LONGEST, require_device
from grader.language_model.rehearsal import in_words_of_a_model
from grader.measures import Epoch, TrainingRun
from grader.model import Outcome
from grader.rubric import Training
from grader.student import Student
from grader.wire import Message, sequence, text

SLICE_S = 1.0
VALIDATION_S = 30.0
"""For the epoch that the end of the time interrupts."""
ANSWER_S = 60.0
"""How much longer than it was asked to the worker may take; no batch should take that long."""
LARGEST = sys.float_info.max


@dataclass(frozen=True)
class TrainingPlan:
    """How to train: the rubric's values, and those that a user has given in their place."""

    epochs: int
    batch_size: int
    lr: float
    max_time_s: float
    validation_fraction: float

    @classmethod
    def of(
        cls,
        rubric: Training,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        lr: float | None = None,
        max_time_s: float | None = None,
    ) -> TrainingPlan:
        return cls(
            epochs=epochs or rubric.epochs,
            batch_size=batch_size or rubric.batch_size,
            lr=lr or rubric.learning_rate,
            max_time_s=max_time_s or rubric.max_time_s,
            validation_fraction=rubric.validation_fraction,
        )


@dataclass(frozen=True)
class TrainedModel:
    """What came of it. ``weights`` is a state_dict in torch's format, for a worker to load."""

    weights: NDArray[np.uint8]
    run: TrainingRun
    validated_in_train_mode: bool = False
    """The worker's word for it, which serves for a message alone."""


def train(
    student: Student,
    corpus: Corpus,
    plan: TrainingPlan,
    *,
    seed: int,
    device: str,
    why: str,
    progress: Progress,
    answer_s: float = ANSWER_S,
    clock: Callable[[], float] = time.monotonic,
) -> TrainedModel:
    """Train the hand-in's ``SentenceModel`` in the student's worker, which is ended afterwards.

    Takes at most ``plan.max_time_s``, the time to send and build everything, ``VALIDATION_S`` and
    one batch; to build, and each batch, may take ``answer_s``. Raises CheckFailed when the model
    cannot be built or trained, or never has a loss that is a number.
    """
    try:
        return _Run(student, plan, progress, answer_s, clock).result(corpus, seed, device, why)
    finally:
        student.restart()


class _Run:
    def __init__(
        self,
        student: Student,
        plan: TrainingPlan,
        progress: Progress,
        answer_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._student = student
        self._plan = plan
        self._tell = progress
        self._answer_s = answer_s
        self._clock = clock

    def result(self, corpus: Corpus, seed: int, device: str, why: str) -> TrainedModel:
        characters = self._begin(corpus, seed, device)
        start = self._clock()
        stopped, done = self._until_done(start, characters)
        elapsed = self._clock() - start
        self._tell("training: keeping the best epoch", 1.0)
        reply = self._ask(
            "train_end", {"seconds": VALIDATION_S}, VALIDATION_S, "Validating the model"
        )
        epochs = tuple(_epochs(reply.fields, self._plan.epochs))
        run = TrainingRun(
            why=why,
            epochs=epochs,
            best_epoch=_count(reply.fields, "best_epoch", 1, len(epochs)),
            planned_epochs=self._plan.epochs,
            stopped=stopped,
            batch_size=self._plan.batch_size,
            learning_rate=self._plan.lr,
            characters_per_s=done / max(elapsed, 1e-3),
        )
        if len(reply.arrays) != 1 or reply.arrays[0].dtype != np.uint8:
            raise _no_answer()
        in_train_mode = reply.fields.get("in_train_mode") is True
        return TrainedModel(reply.arrays[0].reshape(-1), run, in_train_mode)

    def _begin(self, corpus: Corpus, seed: int, device: str) -> int:
        """Send what the worker needs; returns the number of characters to train on."""
        encoded = corpus.encoded_training_set()
        if len(encoded) < 2:
            raise DataError(f"{corpus.folder / TRAIN_FILE} has too few sentences to train on")
        require_device(device, lambda: self._ask("devices", {}, 0.0, "The worker"))
        self._tell("training: building the model", 0.0)
        fields = {
            "device": device,
            "seed": seed % 2**31,
            "epochs": self._plan.epochs,
            "batch_size": self._plan.batch_size,
            "learning_rate": self._plan.lr,
            "validation_fraction": self._plan.validation_fraction,
            "characters": corpus.vocabulary.characters,
        }
        arrays = (corpus.vocabulary.counts, encoded.ids, encoded.lengths.astype(np.int32))
        self._ask("train_begin", fields, 0.0, "Building SentenceModel(freq)", arrays)
        return int(encoded.lengths.sum())

    def _until_done(self, start: float, characters: int) -> tuple[str, int]:
        """Train until that is over; returns why it is, and how many characters were read."""
        doing = f"Training on a batch of {self._plan.batch_size} sentences"
        while True:
            left = start + self._plan.max_time_s - self._clock()
            seconds = min(SLICE_S, left)
            reply = self._ask("train_more", {"seconds": seconds}, seconds, doing)
            elapsed = self._clock() - start
            fields = reply.fields
            done = _count(fields, "characters", 0, self._plan.epochs * characters)
            self._show(fields, done, elapsed)
            if fields.get("diverged") is True:
                return "diverged", done
            if fields.get("done") is True:
                return "finished", done
            if elapsed >= self._plan.max_time_s:
                return "time", done

    def _show(self, fields: Mapping[str, Any], done: int, elapsed: float) -> None:
        epoch = _count(fields, "epoch", 1, self._plan.epochs)
        fraction = _number(fields, "fraction", 0.0, 1.0)
        of_time = min(elapsed / self._plan.max_time_s, 1.0)
        left = self._plan.max_time_s - elapsed
        if fraction > 0:
            left = min(left, elapsed / fraction - elapsed)
        loss = ""
        if fields.get("loss") is not None:
            loss = f", loss {_number(fields, 'loss', 0.0, LARGEST):.3f}"
        self._tell(
            f"training: epoch {epoch}/{self._plan.epochs}{loss}, "
            f"{done / max(elapsed, 1e-3):,.0f} characters/s, {_minutes(left)} left",
            max(fraction, of_time),
        )

    def _ask(
        self,
        op: str,
        fields: dict[str, Any],
        seconds: float,
        doing: str,
        arrays: tuple[NDArray[Any], ...] = (),
    ) -> Message:
        try:
            reply = self._student.ask(Message(op, fields, arrays), seconds + self._answer_s, doing)
        except CheckFailed as failure:
            if failure.outcome is not Outcome.TIMEOUT:
                raise in_words_of_a_model(failure, LONGEST) from None
            raise CheckFailed(
                Outcome.TIMEOUT,
                f"{doing} took more than {self._answer_s:g} s. Is the model much larger than the "
                "given one, or is there a loop over characters that could be one call of torch?",
            ) from None
        if reply.op == "untrainable":
            raise CheckFailed(Outcome.WRONG, text(reply.fields.get("message")))
        return reply


def _epochs(fields: Mapping[str, Any], planned: int) -> list[Epoch]:
    listed = sequence(fields.get("epochs"), planned)
    if not listed or not all(isinstance(epoch, dict) for epoch in listed):
        raise _no_answer()
    return [
        Epoch(
            number=_count(epoch, "number", number, number),
            training_loss=_number(epoch, "training_loss", 0.0, LARGEST),
            validation_loss=_number(epoch, "validation_loss", 0.0, LARGEST),
            seconds=_number(epoch, "seconds", 0.0, LARGEST),
        )
        for number, epoch in enumerate(listed, start=1)
    ]


def _number(fields: Mapping[str, Any], name: str, least: float, most: float) -> float:
    value: Any = fields.get(name)
    if type(value) not in (int, float) or not least <= value <= most:
        raise _no_answer()
    return float(value)


def _count(fields: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = fields.get(name)
    if type(value) is not int or not least <= value <= most:
        raise _no_answer()
    return value


def _no_answer() -> CheckFailed:
    return CheckFailed(
        Outcome.CRASH, "Training the model made the worker send something that is no answer."
    )


def _minutes(seconds: float) -> str:
    whole = math.ceil(max(seconds, 0.0))
    return f"{whole // 60}:{whole % 60:02d}"
