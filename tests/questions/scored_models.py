"""Models with known mistakes, and the figures that a scoring gives for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from grader.encoded import Encoded
from grader.language_model.clock import Clock
from grader.language_model.corpus import EMBEDDED_CORPUS, Corpus
from grader.language_model.loaded_model import LoadedModel
from grader.language_model.signs import signs_of
from grader.measures import Epoch, ModelMeasures, Signs, TrainingRun
from grader.questions.misconceptions.q7 import (
    what_the_loss_says,
)
from grader.student import Student
from tests.language_model.fakes import SOURCE, FakeStudent
from tests.reports.builders import measures

ROWS = 50
VOCABULARY = Corpus.open(EMBEDDED_CORPUS).vocabulary
SIZE, BEGIN, END, PAD = VOCABULARY.size, VOCABULARY.begin_id, VOCABULARY.end_id, VOCABULARY.pad_id


@cache
def training() -> Encoded:
    return Corpus.open(EMBEDDED_CORPUS).encoded_training_set()


@cache
def log_chances(apart: int = 1, memory: int = 1) -> Tensor:
    """Log-probabilities [C,C] or [C,C,C] of the token ``apart`` places after one or two others."""
    batch = training().batch(range(2000))
    counts = np.full((SIZE,) * (memory + 1), 0.02)
    columns = [batch[:, i : batch.shape[1] - memory - apart + 1 + i] for i in range(memory)]
    target = batch[:, memory + apart - 1 :]
    real = target != PAD
    np.add.at(counts, tuple(c[real] for c in (*columns, target)), 1)
    counts[..., [BEGIN, PAD]] = 1e-4
    return torch.from_numpy(counts / counts.sum(-1, keepdims=True)).log().float()


class Does(nn.Module):
    """A model that is one function of the tokens."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def pairs(x: Tensor) -> Tensor:
    return log_chances()[x]


def triples(x: Tensor) -> Tensor:
    """From the last two tokens: a correct model whose loss is mediocre."""
    before = torch.cat([torch.full_like(x[:, :1], BEGIN), x[:, :-1]], 1)
    return log_chances(memory=2)[before, x]


def smoothed(x: Tensor) -> Tensor:
    """A mixture with what hardly knows anything."""
    return (0.6 * triples(x).exp() + 0.4 * frequencies(x).exp()).log()


def hardly(x: Tensor) -> Tensor:
    """Knows a little more than the frequencies, as the last layer on top of random ones does."""
    return (0.04 * triples(x).exp() + 0.96 * frequencies(x).exp()).log()


def without_spaces(x: Tensor) -> Tensor:
    return triples(x).index_fill(-1, torch.tensor(VOCABULARY.characters.index(" ")), -12.0)


def frequencies(x: Tensor) -> Tensor:
    counts = np.append(VOCABULARY.counts, [0.01, len(training()), 0.01])
    return torch.from_numpy(np.log(counts / counts.sum())).float().expand(*x.shape, -1)


def noise(x: Tensor, size: float) -> Tensor:
    table = torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    return size * table[x]


def pad_after_end(x: Tensor) -> Tensor:
    over = (x == END) | (x == PAD)
    return torch.where(over[..., None], 12.0 * one_hot(torch.tensor(PAD), SIZE), triples(x))


def mixed(known: Tensor, token: Tensor, part: float) -> Tensor:
    """The predictions ``known``, of which the token takes a part."""
    return ((1 - part) * known.exp() + part * one_hot(token, SIZE)).log()


class Rnn(nn.Module):
    """The given model, but small."""

    def __init__(self, *, batch_first: bool = True, layer: type[nn.GRU | nn.RNN] = nn.GRU) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.emb = nn.Embedding(SIZE, 24)
        self.rnn = layer(24, 48, batch_first=batch_first)
        self.linear = nn.Linear(48, SIZE)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.linear(self.rnn(self.emb(x))[0])
        return output


@cache
def trained(steps: int, batch_first: bool = True, ignored: int = PAD, softmax: int = 0) -> Rnn:
    """After so many steps of the notebook's loop, with a higher learning rate."""
    model = Rnn(batch_first=batch_first)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    order = np.random.default_rng(0)
    for _ in range(steps):
        batch = torch.from_numpy(training().batch(order.integers(0, len(training()), 32)))
        logits = model(batch[:, :-1])
        for _ in range(softmax):
            logits = logits.softmax(-1)
        loss = cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten(), ignore_index=ignored)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def signs(model: nn.Module) -> Signs:
    loaded = LoadedModel(cast(Student, FakeStudent(lambda: model)), VOCABULARY, Clock(1e6))
    loaded.load(SOURCE)
    test = Corpus.open(EMBEDDED_CORPUS).encoded_test_set()
    return signs_of(loaded, test.batch(range(ROWS)), VOCABULARY, np.random.default_rng(0))


def measured(model: nn.Module, **values: Any) -> ModelMeasures:
    found = signs(model)
    defaults = {"loss": found.loss, "training_loss": found.loss - 0.05, "signs": found}
    return measures(**{**defaults, **values})


def named(figures: ModelMeasures) -> str | None:
    diagnosis = what_the_loss_says(figures)
    return None if diagnosis is None else diagnosis.id


def explained(figures: ModelMeasures) -> str:
    diagnosis = what_the_loss_says(figures)
    assert diagnosis is not None
    return diagnosis.misconceptions[0].explanation


def run(*validation: float, best: int | None = None) -> TrainingRun:
    return TrainingRun(
        why="",
        epochs=tuple(
            Epoch(number=i, training_loss=loss, validation_loss=loss, seconds=1.0)
            for i, loss in enumerate(validation, start=1)
        ),
        best_epoch=best or len(validation),
        planned_epochs=5,
        stopped="finished",
        batch_size=64,
        learning_rate=0.001,
        characters_per_s=1.0,
    )
