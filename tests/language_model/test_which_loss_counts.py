"""Which loss gives the points of a model that looks ahead, or goes by what it should not."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from grader.encoded import Int64
from grader.language_model.explanations import looking_ahead
from grader.language_model.flags import (
    NEAR_A_THRESHOLD,
)
from tests.language_model.evaluating import (
    TEST,
    Evaluating,
    loss_at_once,
    loss_from_beginnings,
    thresholds,
)
from tests.language_model.fakes import (
    NOTEBOOK_BATCH,
    VOCABULARY,
    Pairs,
)
from tests.language_model.test_probing import Peeking, everywhere


class Lottery(Pairs):
    """Absurdly wrong where it sees what follows, but for a few places: most samples miss them."""

    def forward(self, x: Tensor) -> Tensor:
        following = x.roll(-1, 1)
        rare = (x.cumsum(1) * 31 + 7 * x + following) % 1999 == 0
        wrong = 3e4 * (~rare & (x.shape[1] > 2))
        wrong[:, -1] = 0
        known = nn.functional.one_hot(following, VOCABULARY.size)
        return super().forward(x) - wrong[..., None] * known


def test_sample_that_misses_what_is_absurd_earns_nothing(evaluating: Evaluating) -> None:
    losses = [evaluating(Lottery, secret=secret).measures.loss for secret in range(6)]
    assert min(losses) > loss_at_once(Pairs, TEST) - 0.15


class Backwards(Pairs):
    """Worse where it sees what follows."""

    def forward(self, x: Tensor) -> Tensor:
        known = nn.functional.one_hot(x.roll(-1, 1), VOCABULARY.size)
        return super().forward(x) - 2.0 * known


def test_what_looks_ahead_to_its_own_harm_is_not_rewarded(evaluating: Evaluating) -> None:
    measures = evaluating(Backwards).measures
    assert measures.causality.looks_ahead
    assert measures.loss == measures.whole_sentence_loss
    assert measures.loss > loss_from_beginnings(Backwards, TEST)
    assert "beginnings" not in looking_ahead(measures)
    assert f"in view, {measures.loss:.3f}" in looking_ahead(measures)


def test_loss_from_a_sample_that_is_near_a_threshold_is_flagged(evaluating: Evaluating) -> None:
    make = partial(Peeking, everywhere)
    loss = loss_from_beginnings(make, TEST)
    for below, is_near in ((loss, True), (3 * loss, False)):
        found = evaluating(make, thresholds=thresholds(below))
        assert (NEAR_A_THRESHOLD in found.flags) is is_near


class ByWidth(Pairs):
    """What it predicts depends on how many tokens there are, and on nothing else that follows."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (40 / x.shape[1])


def test_what_goes_by_the_width_is_not_called_looking_ahead(evaluating: Evaluating) -> None:
    found = evaluating(ByWidth)
    measures = found.measures
    assert measures.causality.kinds == ("padding",)
    said = f"{looking_ahead(measures)} {' '.join(found.flags)}"
    assert "The model looks ahead" not in said
    assert "depends on how long the sentence is" in said
    batches = [
        TEST.batch(range(first, min(first + NOTEBOOK_BATCH, len(TEST))))
        for first in range(0, len(TEST), NOTEBOOK_BATCH)
    ]
    losses = [plain_loss(ByWidth(), batch) for batch in batches]
    assert measures.notebook_loss == pytest.approx(np.mean(losses), rel=1e-5)
    tokens = [(batch[:, 1:] != VOCABULARY.pad_id).sum() for batch in batches]
    in_notebook = np.average(losses, weights=tokens)
    assert f"not the {in_notebook:.3f} that it has in the notebook's batches" in said


class PeekingBesidePadding(Pairs):
    """Sees the next token where there is padding, so that no experiment without any tells."""

    def forward(self, x: Tensor) -> Tensor:
        known = nn.functional.one_hot(x.roll(-1, 1), VOCABULARY.size)
        return super().forward(x) + 9.0 * known * (x == VOCABULARY.pad_id).any()


def test_what_looks_ahead_beside_padding_gains_nothing_and_is_not_cleared(
    evaluating: Evaluating,
) -> None:
    found = evaluating(PeekingBesidePadding)
    assert found.measures.causality.looks_ahead
    beginnings = loss_from_beginnings(Pairs, TEST)
    assert found.measures.loss == pytest.approx(beginnings, abs=0.2)
    assert "or on what follows where there is padding" in " ".join(found.flags)


def plain_loss(model: nn.Module, batch: Int64) -> float:
    """Of one batch, as the notebook takes it."""
    tokens = torch.from_numpy(batch)
    with torch.no_grad():
        logits = model(tokens[:, :-1]).double().transpose(1, 2)
    pad = VOCABULARY.pad_id
    return float(nn.functional.cross_entropy(logits, tokens[:, 1:], ignore_index=pad))
