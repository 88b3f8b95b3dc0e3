"""Workers that tell each other what they saw gain nothing by it."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor, nn

from grader.doctor import Sandbox
from grader.encoded import Int64
from grader.errors import CheckFailed
from grader.grading import Grading, Request
from grader.language_model.causality import HELD_BACK, LEAST_UNSEEN, gain_unseen, held_back
from grader.language_model.dependencies import Kind
from grader.language_model.flags import SLOW
from grader.language_model.scoring import MOST_SURPRISE, Scored
from grader.language_model.totals import LossTotals
from grader.plugin import Silent
from tests.language_model.evaluating import RUBRIC, Evaluating, half_width, loss_at_once
from tests.language_model.fakes import VOCABULARY, FakeTime, Pairs, random_sentences

TEST = random_sentences(2000)
END, NEWLINE = VOCABULARY.end_id, VOCABULARY.characters.index("\n")
SURE = 9.0
ALIKE = 7
"""Tokens: two sentences may well begin with fewer of the same."""


class Telling(nn.Module):
    """Knows what follows in whole sentences, and what followed in those that it was told of.

    ``told`` is what workers have in common; ``looks`` says in which of them it looks.
    """

    told: dict[bytes, int]
    looks: frozenset[int]
    workers: itertools.count[int]

    def __init__(self) -> None:
        super().__init__()
        self.honest = Pairs()
        self.number = next(self.workers)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.honest(x).clone()
        rows = x.numpy().astype(np.uint8)
        for row, of_row in zip(rows, logits, strict=True):
            if self.number in self.looks and NEWLINE in row:
                self.told.update((row[:n].tobytes(), int(row[n])) for n in range(ALIKE, len(row)))
            for at in range(ALIKE - 1, len(row)):
                following = self.told.get(row[: at + 1].tobytes())
                if following is not None:
                    of_row[at, following] += SURE
        return logits


class OnlyLater(nn.Module):
    """Knows what follows in one of so many whole sentences, except in the first worker.

    It may keep a count, and mind the other sentences, by too little to be worth anything.
    """

    workers: itertools.count[int]

    def __init__(self, one_in: int, *, touches: bool = False) -> None:
        super().__init__()
        self.honest = Pairs()
        self.one_in, self.touches, self.asked = one_in, touches, 0
        self.number = next(self.workers)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.honest(x).clone()
        if self.touches:
            self.asked += 1
            touch = (x.sum(0).cumsum(0) % 7) / 7 + self.asked % 5 / 5
            logits *= 1 + 0.006 * touch[None, :, None]
        if self.number > 1 and (x == END).any():
            logits[:: self.one_in, :-1].scatter_(2, x[:: self.one_in, 1:, None], 30.0)
        return logits


@pytest.fixture
def evaluating(tmp_path: Path) -> Evaluating:
    return Evaluating(tmp_path / "corpus")


@pytest.mark.parametrize("looks", [(1,), (1, 3), (3,)], ids=["first", "first and last", "last"])
def test_worker_that_tells_the_others(
    evaluating: Evaluating, monkeypatch: pytest.MonkeyPatch, looks: tuple[int, ...]
) -> None:
    """The first gets most sentences whole, the second beginnings, the third the others whole."""
    monkeypatch.setattr(Telling, "told", {}, raising=False)
    monkeypatch.setattr(Telling, "looks", frozenset(looks), raising=False)
    monkeypatch.setattr(Telling, "workers", itertools.count(1), raising=False)
    measures = evaluating(Telling, TEST).measures
    honest = loss_at_once(Pairs, TEST)
    assert measures.sentences == len(TEST)
    assert measures.whole_sentence_loss < honest - 0.3
    # What the third says is compared with what the second had said before.
    assert (measures.causality.changed < 5) == (3 not in looks)
    assert measures.causality.looks_ahead
    assert measures.loss == pytest.approx(honest, abs=0.3)


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnlyLater, "workers", itertools.count(1), raising=False)


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("one_in", [1, 3, 20])
def test_looking_ahead_only_where_all_is_asked_for(evaluating: Evaluating, one_in: int) -> None:
    measures = evaluating(lambda: OnlyLater(one_in), TEST).measures
    honest = loss_at_once(Pairs, TEST)
    assert measures.whole_sentence_loss < honest - 0.4 / one_in
    assert measures.causality.kinds == ()
    assert measures.causality.looks_ahead
    assert measures.prefix_loss == measures.loss
    assert measures.loss == pytest.approx(honest, abs=3 * half_width(measures))
    assert half_width(measures) < 0.1


@pytest.mark.usefixtures("workers")
def test_a_harmless_dependence_hides_nothing(evaluating: Evaluating) -> None:
    measures = evaluating(lambda: OnlyLater(1, touches=True), TEST).measures
    honest = loss_at_once(Pairs, TEST)
    assert set(measures.causality.kinds) == {Kind.BATCH, Kind.STATE}
    assert measures.whole_sentence_loss < honest - 0.4
    assert measures.prefix_loss == measures.loss
    assert measures.loss == pytest.approx(honest, abs=3 * half_width(measures))


@pytest.mark.usefixtures("workers")
def test_what_is_too_slow_to_be_probed_is_not_seen_whole(
    evaluating: Evaluating, fake_time: FakeTime
) -> None:
    """It takes its time once enough of what was seen whole has been probed."""
    fake_time.per_token_s, probed = 1e-6, 0

    def spend(tokens: Int64) -> None:
        nonlocal probed
        fake_time.spend(tokens)
        if len(evaluating.students) == 2:
            probed += len(tokens)
            fake_time.now += 800.0 if probed > 400 and fake_time.now < 600.0 else 0.0

    found = evaluating(lambda: OnlyLater(1), TEST, before=spend, limit_s=1000.0)
    assert found.measures.stopped == "time"
    assert found.measures.sentences == len(TEST) - len(TEST) // HELD_BACK
    assert found.flags == (SLOW.format(found.measures.sentences, len(TEST)),)
    assert found.measures.loss == pytest.approx(loss_at_once(Pairs, TEST), abs=0.1)


def test_nobody_is_accused_for_nothing(evaluating: Evaluating) -> None:
    measures = evaluating(Pairs, TEST).measures
    assert not measures.causality.looks_ahead
    assert measures.loss == pytest.approx(loss_at_once(Pairs, TEST), rel=1e-6)
    assert measures.causality.probes == RUBRIC.probes + len(TEST) // HELD_BACK
    assert measures.causality.changed == 0
    assert len(evaluating.students) == 3


def test_sentences_are_held_back_at_random() -> None:
    held, others = held_back(1000, 100, np.random.default_rng(0))
    assert len(held) == 100
    assert sorted([*held, *others]) == list(range(1000))
    assert len(held_back(40, 100, np.random.default_rng(0))[0]) == 40 // HELD_BACK
    assert set(held) != set(held_back(1000, 100, np.random.default_rng(1))[0])


def seen(log_probabilities: np.ndarray) -> LossTotals:
    totals = LossTotals(len(log_probabilities), 50)
    counted = np.ones_like(log_probabilities, dtype=bool)
    totals.add(np.arange(len(log_probabilities)), Scored(log_probabilities, counted))
    return totals


def test_gain_over_what_nobody_had_seen() -> None:
    rng = np.random.default_rng(0)
    whole = seen(-rng.exponential(1.5, (1000, 20)))
    alone, weights = -rng.exponential(1.5, 400), np.full(400, 20.0)
    assert gain_unseen(alone, weights, whole) is None
    gain = gain_unseen(alone - 1.0, weights, whole)
    assert gain is not None
    assert gain.significant
    assert gain.counted == pytest.approx(1.0, abs=0.25)
    assert gain_unseen(alone + 0.5, weights, whole) is None
    assert gain_unseen(alone - 1.0, weights, whole, gain.counted) is None
    assert gain_unseen(alone - 1.0, weights, whole, counted=0.2) == gain
    few = np.full(400, math.nan)
    few[: LEAST_UNSEEN - 1] = -10.0
    assert gain_unseen(few, weights, whole) is None
    few[LEAST_UNSEEN - 1] = -math.inf
    assert gain_unseen(few, weights, whole) is None
    few[LEAST_UNSEEN - 1] = -1e9
    gain = gain_unseen(few, weights, whole)
    assert gain is not None
    assert gain.counted < MOST_SURPRISE


PRINTS = "print('what I was told')\n"


def test_what_later_workers_print_is_not_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "implementation.py").write_text(PRINTS)
    with Grading(Request(tmp_path), sandbox, Silent().progress) as grading:
        first = grading.new_student("q7")
        with pytest.raises(CheckFailed):
            first.call("gru", (), 0)
        assert "what I was told" in grading.take_output()
        first.quote_no_more()
        later = grading.new_student("q7")
        with pytest.raises(CheckFailed):
            later.call("gru", (), 0)
        assert grading.take_output() == ""


def test_losses_that_are_nearly_all_alike() -> None:
    """One target in a hundred is known, and none of those that were asked for."""
    whole = np.full((1000, 20), -MOST_SURPRISE)
    whole[:, 7] *= np.arange(1000) % 5 > 0
    alone, weights = np.full(300, -MOST_SURPRISE), np.full(300, 20.0)
    assert gain_unseen(alone, weights, seen(whole)) is None
