"""A model that takes no short input, which the notebook never gives, is scored all the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from grader.encoded import Encoded
from grader.language_model.causality import filled_up
from grader.language_model.flags import LONG_ALONE
from tests.language_model.evaluating import Evaluating, loss_at_once, loss_from_beginnings
from tests.language_model.fakes import VOCABULARY, Pairs
from tests.language_model.test_notebook_batches import less_the_mean

rng = np.random.default_rng(0)
LETTERS = list(VOCABULARY.characters[1:])
TEST: Encoded = VOCABULARY.encode(
    "".join(rng.choice(LETTERS, length)) for length in rng.integers(12, 25, 520)
)


def honest(x: Tensor, logits: Tensor) -> Tensor:
    return logits


def peeking(x: Tensor, logits: Tensor) -> Tensor:
    """Knows most of the next character wherever there is one."""
    known = 3.0 * torch.nn.functional.one_hot(x.roll(-1, 1), VOCABULARY.size)
    known[:, -1] = 0
    return logits + known


class LongAlone(Pairs):
    def __init__(self, does: Callable[[Tensor, Tensor], Tensor], least: int = 11) -> None:
        super().__init__()
        self.does = does
        self.least = least

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[1] >= self.least
        return self.does(x, super().forward(x))


def test_such_a_model_has_its_loss_and_a_person_is_told(evaluating: Evaluating) -> None:
    found = evaluating(lambda: LongAlone(honest), TEST, probes=100)
    measures = found.measures
    assert measures.loss == pytest.approx(loss_at_once(Pairs, TEST))
    assert measures.causality.probes >= 100
    assert not measures.causality.looks_ahead
    assert found.flags == (LONG_ALONE.format(11),)


def test_what_looks_ahead_is_found_all_the_same(evaluating: Evaluating) -> None:
    measures = evaluating(lambda: LongAlone(peeking), TEST, probes=200).measures
    assert measures.causality.looks_ahead
    assert measures.whole_sentence_loss < loss_from_beginnings(Pairs, TEST) - 1
    assert measures.loss > loss_from_beginnings(Pairs, TEST) - 0.1


def test_one_that_mixes_sentences_as_well(evaluating: Evaluating) -> None:
    measures = evaluating(
        lambda: LongAlone(lambda _, logits: less_the_mean(logits)), TEST, probes=50
    ).measures
    assert measures.in_notebook_batches
    assert not measures.causality.looks_ahead


def test_what_beginnings_are_filled_up_with_is_random() -> None:
    tokens = np.full((50, 3), 7)
    one, other = (filled_up(tokens, 11, 5, np.random.default_rng(seed)) for seed in (1, 2))
    assert one.shape == (50, 11)
    assert (one[:, :3] == 7).all()
    assert one[:, 3:].max() < 5
    assert (one != other).any()
    assert filled_up(tokens, 3, 5, np.random.default_rng(1)).tolist() == tokens.tolist()
