"""A small corpus and a short plan to train on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.language_model.corpus import Corpus
from grader.language_model.training import TrainingPlan
from tests.language_model.evaluating import Evaluating
from tests.language_model.fakes import FakeTime

PLAN = TrainingPlan(epochs=2, batch_size=4, lr=0.01, max_time_s=100.0, validation_fraction=0.1)
SENTENCES = [f"{first} {second}" for first in ("ab", "ba", "aab") for second in ("cd", "dc", "ddc")]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return corpus_of(tmp_path / "data", SENTENCES)


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    return FakeTime().replace(monkeypatch)


@pytest.fixture
def evaluating(tmp_path: Path) -> Evaluating:
    return Evaluating(tmp_path / "corpus")


def corpus_of(folder: Path, sentences: list[str]) -> Corpus:
    folder.mkdir()
    rows = "".join(f"{sentence},1\n" for sentence in sentences)
    (folder / "train.csv").write_text(f"text,humor\n{rows}")
    (folder / "test.csv").write_text("text\nab cd\n")
    return Corpus.open(folder)
