"""Models evaluated on a small corpus, without a sandbox, and their figures by other means."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from grader.encoded import Encoded, Int64
from grader.language_model.corpus import Corpus
from grader.language_model.evaluation import Evaluation, Evaluator, Wanted
from grader.measures import ModelMeasures, TrainingRun
from grader.rubric import LossThreshold, Rubric
from grader.student import Student
from tests.language_model.fakes import (
    SOURCE,
    VOCABULARY,
    FakeStudent,
    Pairs,
    random_sentences,
)

RUBRIC = Rubric.load().language_model
TEST = random_sentences(520)
TRAINING = random_sentences(80, seed=8)
Make = Callable[[], nn.Module]


def texts(sentences: Encoded) -> list[str]:
    rows = (sentences.sentence(number) for number in range(len(sentences)))
    return ["".join(VOCABULARY.characters[id] for id in row[:-1]) for row in rows]


def write(file: Path, sentences: Sequence[str], *more: str) -> Path:
    """A CSV file with a header, and more columns than one if that is wanted."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("text", *more), *((s, *more) for s in sentences)])
    return file


def write_corpus(folder: Path, test: Encoded, training: Encoded = TRAINING) -> Path:
    folder.mkdir()
    write(folder / "train.csv", texts(training), "label")
    write(folder / "test.csv", texts(test))
    return folder


class Evaluating:
    """Evaluates models on a corpus, without a sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.students: list[FakeStudent] = []

    def __call__(
        self,
        make: Make = Pairs,
        test: Encoded = TEST,
        *,
        before: Callable[[Int64], None] = lambda _: None,
        limit_s: float = 1e6,
        quick: bool = False,
        private: Sequence[str] = (),
        secret: int | None = 0,
        training: Encoded = TRAINING,
        run: TrainingRun | None = None,
        **rubric: Any,
    ) -> Evaluation:
        if not self.folder.exists():
            write_corpus(self.folder, test, training)
        corpus = Corpus.open(self.folder)
        file = write(self.folder / "private.csv", private) if private else None

        def new_student() -> Student:
            self.students.append(FakeStudent(make, before))
            return cast(Student, self.students[-1])

        return Evaluator(
            new_student,
            corpus,
            RUBRIC.model_copy(update=rubric),
            SOURCE,
            Wanted(limit_s, quick, corpus.encoded_private_test_set(file) if file else None),
            lambda *_: None,
            np.random.default_rng(secret),
        ).evaluate(run)


def loss_of(log_probabilities: Sequence[np.ndarray]) -> float:
    return -float(np.concatenate(log_probabilities).mean())


def loss_at_once(make: Make, test: Encoded) -> float:
    """As ``loss_of``, of a model that minds neither the batch nor the padding: quickly."""
    batch = torch.from_numpy(test.batch(range(len(test))))
    with torch.no_grad():
        logits = make()(batch[:, :-1]).double().transpose(1, 2)
    pad = VOCABULARY.pad_id
    return float(nn.functional.cross_entropy(logits, batch[:, 1:], ignore_index=pad))


def loss_from_beginnings(make: Make, test: Encoded) -> float:
    """Of every target, from a pass over nothing but what comes before it."""
    batch = torch.from_numpy(test.batch(range(len(test))))
    model, nats, tokens = make(), 0.0, 0
    with torch.no_grad():
        for cut in range(1, batch.shape[1]):
            rows = torch.from_numpy(test.tokens >= cut)
            logits = model(batch[rows, :cut])[:, -1].double()
            targets = batch[rows, cut]
            nats += float(nn.functional.cross_entropy(logits, targets, reduction="sum"))
            tokens += len(targets)
    return nats / tokens


def half_width(measures: ModelMeasures) -> float:
    return (measures.interval.high - measures.interval.low) / 2


def thresholds(*bounds: float) -> tuple[LossThreshold, ...]:
    return tuple(LossThreshold(below=b, points=1, why="for this test") for b in bounds)
