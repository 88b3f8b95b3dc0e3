"""Looking ahead that no experiment shows, and what else may be tried to hide it, gains nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.language_model.fakes import VOCABULARY, Pairs, plain_log_probabilities
from tests.language_model.test_probing import (
    ENDED,
    NEWLINE,
    TEST,
    Peeking,
    Probing,
    before_some_j,
    everywhere,
    first_only,
)


@pytest.mark.parametrize(("when", "least"), [(everywhere, 400), (before_some_j, 3)])
def test_hidden_peeking_shows_in_the_gain(
    when: Callable[[Tensor, Tensor], Tensor], least: int
) -> None:
    probing = Probing(lambda: Peeking(when))
    found = probing.findings()
    assert found.kinds == frozenset()
    assert found.comparison.changed >= least
    assert found.looks_ahead
    assert found.gain is not None
    # What it gains is the honest loss less that with whole sentences in view.
    honest = -np.concatenate(plain_log_probabilities(Pairs, TEST)).mean()
    gained = honest - probing.whole.totals.loss
    assert gained > 0.03
    assert found.gain.standard_error < 0.1
    assert found.gain.mean == pytest.approx(gained, abs=6 * found.gain.standard_error)


def test_hidden_peeking_at_the_first_character() -> None:
    """Its nats are 1 in 15 of all here, and 1 in 67 of the course's data: 0.04 nats a character."""
    probing = Probing(lambda: Peeking(first_only))
    honest = Probing(Pairs)
    assert probing.whole.totals.loss < honest.whole.totals.loss - 0.1
    assert probing.findings().looks_ahead


class Remembering(Peeking):
    """Peeks at whole sentences; of a beginning it knows what a longer one that came before had."""

    def __init__(self) -> None:
        super().__init__(everywhere)
        self.known: dict[tuple[int, ...], int] = {}

    def forward(self, x: Tensor) -> Tensor:
        logits = super().forward(x)
        if not (x == ENDED).any():
            for row, tokens in enumerate(x.tolist()):
                following = self.known.get(tuple(tokens))
                if following is not None:
                    logits[row, -1, following] += self.sure
                for end in range(8, len(tokens)):
                    self.known[tuple(tokens[:end])] = tokens[end]
        return logits


def test_no_longer_beginning_tells_what_a_shorter_one_is_asked_for() -> None:
    probing = Probing(Remembering)
    honest = -np.concatenate(plain_log_probabilities(Pairs, TEST)).mean()
    gain = probing.findings().gain
    assert gain is not None
    gained = honest - probing.whole.totals.loss
    assert gain.mean == pytest.approx(gained, abs=6 * gain.standard_error)
    assert gain.standard_error < 0.1 < gained


class Drowning(Peeking):
    """Sure of some of what follows, and so wrong on purpose elsewhere that no gain is certain."""

    def __init__(self) -> None:
        super().__init__(lambda x, following: (7 * x + following) % 5 == 0, sure=30.0)

    def forward(self, x: Tensor) -> Tensor:
        following = x.roll(-1, 1)
        logits = super().forward(x)
        spoilt = ((7 * x + following) % 5 == 1) & (x == ENDED).any(1, keepdim=True)
        known = nn.functional.one_hot(following, VOCABULARY.size)
        return logits - 3.65 * spoilt[..., None] * known


def test_gain_that_drowns_in_variance_is_not_given() -> None:
    found = Probing(Drowning).findings()
    assert not found.looks_ahead
    assert found.beginnings_count


class AbsurdlySure(nn.Module):
    """Peeks at whole sentences, which end in a newline, where a batch has an END.

    Of beginnings it predicts one character, right or wrong, with all of 10,000 nats: 1 % of that,
    which counts as rounding, is more than any gain.
    """

    def __init__(self) -> None:
        super().__init__()
        self.honest = Pairs()

    def forward(self, x: Tensor) -> Tensor:
        honest: Tensor = self.honest(x)
        if not (x == ENDED).any():
            return 1e4 * nn.functional.one_hot(honest.argmax(-1), VOCABULARY.size).float()
        following = torch.where(x == NEWLINE, ENDED, x.roll(-1, 1))
        whole = (x == NEWLINE).any(1)[:, None, None]
        return honest + 30 * whole * nn.functional.one_hot(following, VOCABULARY.size)


def test_hidden_peeking_of_a_model_that_is_absurdly_sure() -> None:
    probing = Probing(AbsurdlySure)
    assert probing.whole.totals.loss < 0.01
    assert probing.findings().looks_ahead
