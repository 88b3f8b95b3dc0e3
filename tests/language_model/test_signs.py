"""What is read from the logits of one batch, by hand where that is short, and when it is asked."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader.encoded import Int64
from grader.errors import CheckFailed
from grader.language_model.signs import read
from grader.measures import Signs
from grader.model import Outcome
from tests.language_model.evaluating import Evaluating, thresholds
from tests.language_model.fakes import VOCABULARY, random_sentences

SENTENCES = random_sentences(30, seed=4)
BATCH = SENTENCES.batch(range(30))
SIZE, PAD = VOCABULARY.size, VOCABULARY.pad_id


@pytest.fixture
def evaluating(tmp_path: Path) -> Evaluating:
    return Evaluating(tmp_path / "corpus")


def signs(logits: NDArray[np.float32], batch: Int64 = BATCH) -> Signs:
    return read(logits, batch, VOCABULARY, remembers=True)


def random_logits(seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((*BATCH[:, 1:].shape, SIZE), np.float32)


def by_hand(logits: Tensor, shift: int) -> float:
    """The mean loss against the token that stands ``shift`` places after the target."""
    losses = [
        -float(row[i, tokens[i + 1 + shift]])
        for row, tokens in zip(logits.log_softmax(-1), BATCH, strict=True)
        for i in range(2, int((tokens != PAD).sum()) - 3)
    ]
    return math.fsum(losses) / len(losses)


@pytest.mark.parametrize("shift", [-2, -1, 0, 1, 2])
def test_loss_against_targets_that_stand_elsewhere(shift: int) -> None:
    logits = random_logits()
    found = signs(logits).shifted[shift]
    assert found == pytest.approx(by_hand(torch.from_numpy(logits).double(), shift))


def test_equal_logits() -> None:
    found = signs(np.zeros_like(random_logits()))
    assert found.loss == pytest.approx(math.log(SIZE))
    assert found.scaled_loss == pytest.approx(math.log(SIZE))
    assert found.variation == pytest.approx(0, abs=1e-9)
    assert found.never_cost == pytest.approx(math.log(SIZE / (SIZE - 2)))
    assert found.padding_chance == pytest.approx(1 / SIZE)
    assert not found.sum_to_one
    assert not found.bounded


def test_best_scale_is_found() -> None:
    target = torch.from_numpy(BATCH[:, 1:])
    right = torch.nn.functional.one_hot(target, SIZE).numpy()
    logits = (2 * right + random_logits()).astype(np.float32)
    plain, small = signs(logits), signs((logits / 16).astype(np.float32))
    assert small.scale == 16 * plain.scale
    assert small.scaled_loss == pytest.approx(plain.scaled_loss, rel=1e-5)
    assert small.loss > small.scaled_loss + 0.3


def test_probabilities_are_told_from_their_logarithms() -> None:
    chances = torch.from_numpy(random_logits()).softmax(-1)
    found, logs = signs(chances.numpy()), signs(chances.log().numpy())
    assert found.sum_to_one
    assert found.loss_as_probabilities == pytest.approx(logs.loss, rel=1e-5)
    assert not logs.sum_to_one
    assert logs.loss_as_probabilities is None


def test_logits_that_merely_sum_to_one_are_no_probabilities() -> None:
    logits = random_logits()
    assert not signs(logits - logits.mean(-1, keepdims=True) + np.float32(1 / SIZE)).sum_to_one


def test_what_stands_at_padding_need_not_be_a_number() -> None:
    logits = random_logits()
    logits[BATCH[:, 1:] == PAD] = np.nan
    found = signs(logits)
    assert found.padding_chance == 0
    assert math.isfinite(found.loss)


def test_without_padding_there_is_no_chance_of_it() -> None:
    length = int(SENTENCES.lengths.max())
    longest = SENTENCES.batch(np.flatnonzero(SENTENCES.lengths == length))
    logits = random_logits()[: len(longest), : longest.shape[1] - 1]
    assert signs(logits, longest).padding_chance is None
    assert signs(random_logits()[..., :PAD]).padding_chance is None


def test_only_a_loss_that_earns_not_all_points_is_looked_into(evaluating: Evaluating) -> None:
    poor = evaluating()
    assert poor.measures.signs is not None
    assert poor.measures.signs.loss == pytest.approx(poor.measures.loss, abs=0.3)
    assert not poor.measures.signs.remembers
    bounds = thresholds(poor.measures.loss + 0.1)
    assert evaluating(thresholds=bounds).measures.signs is None


EVALUATION = "grader.language_model.evaluation"


def test_late_model_is_not_asked_for_more(
    evaluating: Evaluating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{EVALUATION}.SIDE_FIGURES_BY", 0.0)
    assert evaluating().measures.signs is None


def test_failure_over_signs_costs_nothing_else(
    evaluating: Evaluating, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Signs:
        raise CheckFailed(Outcome.CRASH, "The worker ended.")

    monkeypatch.setattr(f"{EVALUATION}.signs_of", fail)
    found = evaluating().measures
    assert found.signs is None
    assert found.loss > 0
