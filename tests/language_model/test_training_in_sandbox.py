"""A hand-in's model is trained in a real worker, behind all layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.errors import CheckFailed
from grader.language_model.corpus import Corpus
from grader.language_model.training import (
    TrainedModel,
    train,
)
from grader.model import Outcome
from grader.plugin import Silent
from grader.student import Student
from tests.conftest import Handing
from tests.language_model.conftest import PLAN, corpus_of

MODEL = """
import torch
class SentenceModel(torch.nn.Module):
    def __init__(self, freq):
        super().__init__()
        self.embedding = torch.nn.Embedding(len(freq) + 3, 8)
        self.rnn = torch.nn.GRU(8, 16, batch_first=True)
        self.linear = torch.nn.Linear(16, len(freq) + 3)
    def forward(self, tokens):
        return self.linear(self.rnn(self.embedding(tokens))[0])
"""


def with_model(hand_in: Handing, model: str | None, rubric: str = "") -> Student:
    """A handle on a hand-in with the text of rnn_lm.py, or without one."""
    files: dict[str, Any] = {} if model is None else {"rnn_lm": model}
    return hand_in("", limits=rubric, question="q7", **files)


def train_in_sandbox(student: Student, corpus: Corpus, **changes: Any) -> TrainedModel:
    return train(
        student,
        corpus,
        replace(PLAN, **{"epochs": 3, "batch_size": 16, **changes}),
        seed=1,
        device="cpu",
        why="",
        progress=Silent().progress,
    )


def test_in_the_sandbox(hand_in: Handing, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcd"), 4)) for _ in range(8)]
    corpus = corpus_of(tmp_path / "many", [" ".join(rng.choice(words, 4)) for _ in range(200)])
    trained = train_in_sandbox(with_model(hand_in, MODEL), corpus)
    assert trained.run.stopped == "finished"
    assert [e.number for e in trained.run.epochs] == [1, 2, 3]
    losses = [e.validation_loss for e in trained.run.epochs]
    assert losses[2] < losses[0] < np.log(len(corpus.vocabulary.characters) + 3)
    assert trained.run.best_epoch == 3
    # A zip, as torch.save writes it, of 4 bytes for each of the weights at least.
    assert trained.weights.tobytes().startswith(b"PK")
    assert trained.weights.size > 4 * 1500


@pytest.mark.parametrize(
    ("model", "outcome", "words"),
    [
        (None, Outcome.MISSING, "SentenceModel"),
        ("import torch\nprint('no class')", Outcome.MISSING, "SentenceModel"),
        (MODEL.replace("(self, freq)", "(self)"), Outcome.MISSING, "SentenceModel(freq)"),
        (MODEL.replace("tokens))[0])", "tokens)))"), Outcome.EXCEPTION, "line 10 of rnn_lm.py"),
        (MODEL.replace("tokens))[0])", "tokens))[0])[0]"), Outcome.WRONG, "output has shape"),
    ],
)
def test_what_goes_wrong_in_the_sandbox(
    hand_in: Handing, corpus: Corpus, model: str | None, outcome: Outcome, words: str
) -> None:
    with pytest.raises(CheckFailed) as error:
        train_in_sandbox(with_model(hand_in, model), corpus)
    assert error.value.outcome is outcome
    assert words in error.value.message


def test_weights_that_are_too_large_to_come_back(hand_in: Handing, corpus: Corpus) -> None:
    model = MODEL.replace("(8, 16,", "(8, 300,").replace("(16,", "(300,")
    student = with_model(hand_in, model, "[limits.questions.q7]\nreply_mb = 2")
    with pytest.raises(
        CheckFailed, match=r"weights of SentenceModel take 1\.\d MB, and at most 1\.0 MB"
    ):
        train_in_sandbox(student, corpus)
