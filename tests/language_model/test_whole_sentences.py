"""Whole sentences are scored once each, and as plain formulas have it, whatever the batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from torch import Tensor, nn

from grader.encoded import Encoded, Int64
from grader.errors import CheckFailed
from grader.language_model.batching import FIRST_TOKENS, TokenBudget
from grader.language_model.totals import LossTotals
from grader.language_model.whole_sentences import Stop, WholeSentences
from grader.model import Outcome
from grader.rubric import Rubric
from tests.language_model.fakes import (
    NOTEBOOK_BATCH,
    REHEARSED,
    START_S,
    VOCABULARY,
    FakeStudent,
    FakeTime,
    Limited,
    Pairs,
    loaded,
    plain_log_probabilities,
    random_sentences,
)

RUBRIC = Rubric.load().language_model


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    return FakeTime().replace(monkeypatch)


class Pass:
    """A pass of a model over sentences, and what came of it."""

    def __init__(
        self,
        test: Encoded,
        make: Callable[[], nn.Module] = Pairs,
        *,
        budget: TokenBudget | None = None,
        stop: Stop = lambda *_: None,
        seed: int = 0,
        kept: Sequence[int] = (),
        before: Callable[[Int64], None] = lambda _: None,
    ) -> None:
        self.test = test
        self.student = FakeStudent(make, before)
        self.whole = WholeSentences(
            test,
            VOCABULARY,
            budget or TokenBudget(RUBRIC.most_batch_tokens),
            notebook_batch=NOTEBOOK_BATCH,
            kept=np.array(kept, np.int64),
        )
        self.first = loaded(self.student)
        self.student.answered.clear()
        self._stop = stop
        self._rng = np.random.default_rng(seed)

    def run(self) -> LossTotals:
        self.last = self.whole.score(
            self.first, lambda: loaded(self.student), self._rng, self._stop
        )
        return self.whole.totals

    def sentences_asked(self) -> list[list[int]]:
        """The sentences in the order in which the model got them, BEGIN and END removed."""
        rows = [row for tokens in self.student.answered for row in tokens.tolist()]
        return [[id for id in row if id < VOCABULARY.begin_id] for row in rows]


def as_rows(test: Encoded) -> list[list[int]]:
    return [test.sentence(number).tolist() for number in range(len(test))]


def test_figures_are_the_plain_ones() -> None:
    test = random_sentences(430)
    scored = Pass(test)
    totals = scored.run()
    plain = plain_log_probabilities(Pairs, test)
    assert totals.loss == pytest.approx(-np.concatenate(plain).mean(), rel=1e-6)
    batches = [np.concatenate(plain[i : i + NOTEBOOK_BATCH]) for i in range(0, 430, NOTEBOOK_BATCH)]
    assert totals.notebook_loss == pytest.approx(-np.mean([b.mean() for b in batches]), rel=1e-6)
    assert totals.tokens == sum(map(len, plain))
    assert scored.whole.stopped == "finished"
    assert scored.last is scored.first
    assert scored.student.loads == 1


@pytest.mark.parametrize("tokens", [100, 700, 1 << 16])
def test_every_sentence_is_scored_once(tokens: int) -> None:
    test = random_sentences(300)
    scored = Pass(test, budget=TokenBudget(tokens))
    totals = scored.run()
    assert totals.sentences == totals.all_sentences == 300
    assert sorted(scored.sentences_asked()) == sorted(as_rows(test))
    assert min(map(len, scored.student.answered)) >= 2


@pytest.mark.parametrize("count", [2, 5, 7, 13])
def test_long_sentences_come_in_company(count: int) -> None:
    """Two of these have more tokens than a batch."""
    test = random_sentences(count, longest=4)
    long = Encoded(np.tile(test.ids[:1], count * 3000), np.full(count, 3000), test.characters)
    scored = Pass(long)
    scored.run()
    assert min(map(len, scored.student.answered)) >= 2


def test_order_is_random_and_follows_the_seed() -> None:
    test = random_sentences(300)
    orders = []
    for seed in (0, 0, 1):
        scored = Pass(test, budget=TokenBudget(40), seed=seed)
        scored.run()
        orders.append(scored.sentences_asked())
    assert orders[0] == orders[1] != orders[2]
    # The first windows are a sample of the file, neither its beginning nor the shortest sentences.
    first, in_file = orders[0][:80], as_rows(test)
    assert 20 < sum(row in first for row in in_file[:150]) < 60
    assert np.mean(list(map(len, first))) == pytest.approx(test.lengths.mean(), abs=3)


def test_kept_sentences_are_remembered() -> None:
    test = random_sentences(120)
    kept = [0, 7, 119]
    scored = Pass(test, kept=kept)
    scored.run()
    plain = plain_log_probabilities(Pairs, test)
    assert sorted(scored.whole.log_probabilities) == kept
    for number, found in scored.whole.log_probabilities.items():
        assert found == pytest.approx(plain[number], rel=1e-6)


def test_batches_grow_while_that_is_faster(fake_time: FakeTime) -> None:
    def before(tokens: Int64) -> None:
        fake_time.now += 1.0 + 1e-6 * tokens.size  # the batch itself costs, its tokens do not

    test = random_sentences(6000)
    scored = Pass(test, before=before, budget=TokenBudget(2 * FIRST_TOKENS))
    scored.run()
    largest = [tokens.size for tokens in scored.student.answered]
    assert max(largest[:2]) <= FIRST_TOKENS
    assert 1.5 * FIRST_TOKENS < max(largest) <= 1.25 * 2 * FIRST_TOKENS
    assert scored.whole.budget.tokens == 2 * FIRST_TOKENS
    assert scored.whole.seconds == pytest.approx(fake_time.now - START_S - REHEARSED, abs=0.1)


def test_large_batch_that_fails_is_made_smaller() -> None:
    test = random_sentences(430)
    scored, without = Pass(test, Limited), Pass(test)
    totals, expected = scored.run(), without.run()
    assert scored.student.loads == 2
    assert scored.last is not scored.first
    assert max(map(len, scored.student.answered)) == NOTEBOOK_BATCH
    assert max(map(len, without.student.answered)) > NOTEBOOK_BATCH
    assert totals.sentences == 430
    assert totals.loss == pytest.approx(expected.loss, rel=1e-9)
    assert totals.notebook_loss == pytest.approx(expected.notebook_loss, rel=1e-9)
    assert totals.by_position == expected.by_position
    assert totals.standard_error == pytest.approx(expected.standard_error, rel=1e-6)


def test_window_that_fails_half_way_leaves_nothing_behind() -> None:
    class FailsOnce(Pairs):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            FailsOnce.calls += 1
            if FailsOnce.calls == 5:
                raise ValueError("once")
            return super().forward(x)

    test = random_sentences(300)
    # Four batches a window: this one fails in its third, when the rehearsal is counted too.
    scored = Pass(test, FailsOnce, budget=TokenBudget(1000))
    totals = scored.run()
    assert scored.student.loads == 2
    assert totals.sentences == 300
    assert totals.tokens == test.tokens.sum()


class Refusing(Pairs):
    """Fails in a batch of any size once there is an END in it, which rehearsals never have."""

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > 3:
            raise ValueError("never works")
        return super().forward(x)


@pytest.mark.parametrize(("count", "loads"), [(430, 2), (NOTEBOOK_BATCH, 1)])
def test_batch_of_the_notebooks_size_must_work(count: int, loads: int) -> None:
    scored = Pass(random_sentences(count), Refusing)
    with pytest.raises(CheckFailed, match="never works"):
        scored.run()
    assert scored.student.loads == loads
    assert scored.whole.totals.sentences == 0


def test_time_that_is_over_is_not_tried_again(fake_time: FakeTime) -> None:
    scored = Pass(random_sentences(430), before=fake_time.spend)
    fake_time.per_token_s = 1e6
    with pytest.raises(CheckFailed) as failure:
        scored.run()
    assert failure.value.outcome is Outcome.TIMEOUT
    assert "loop over characters" in failure.value.message
    assert scored.student.loads == 1


@pytest.mark.parametrize("wrong", ["narrow", "NaN", "rows"])
def test_logits_that_cannot_be_used(wrong: str) -> None:
    class Wrong(Pairs):
        def forward(self, x: Tensor) -> Tensor:
            logits = super().forward(x)
            if len(x) == 3:
                return logits
            if wrong == "NaN":
                return logits * float("nan")
            return logits[..., :-3] if wrong == "narrow" else logits[:-1]

    with pytest.raises(CheckFailed) as failure:
        Pass(random_sentences(80), Wrong).run()
    assert failure.value.outcome is Outcome.WRONG


def test_stop_is_asked_between_windows_and_obeyed(fake_time: FakeTime) -> None:
    told: list[tuple[int, float]] = []

    def stop(totals: LossTotals, expected_s: float) -> str | None:
        told.append((totals.sentences, expected_s))
        return "quick" if len(told) == 3 else None

    test = random_sentences(400)
    fake_time.per_token_s = 0.25
    scored = Pass(test, budget=TokenBudget(100), stop=stop, before=fake_time.spend)
    totals = scored.run()
    assert scored.whole.stopped == "quick"
    assert totals.sentences == told[-1][0] < totals.all_sentences
    assert [count for count, _ in told] == sorted({count for count, _ in told})
    # Of what is known by then: the seconds for a window, which some padding adds to.
    window_s = 0.25 * scored.whole.budget.window_tokens
    assert all(window_s <= expected_s < 1.2 * window_s for _, expected_s in told)


def test_stop_is_not_asked_when_all_is_done() -> None:
    asked: list[int] = []

    def stop(totals: LossTotals, _: float) -> str:
        asked.append(totals.sentences)
        return "time"

    scored = Pass(random_sentences(30), stop=stop)
    scored.run()
    assert (asked, scored.whole.stopped) == ([], "finished")


class Broken(Pairs):
    """As a model whose training has diverged."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (math.nan if len(x) > 3 else 1)


def test_logits_that_are_no_numbers_are_told_of_whatever_else_was_asked() -> None:
    """Batches that were sent ahead must not end the worker that smaller ones are tried in."""
    scored = Pass(random_sentences(900), Broken)
    with pytest.raises(CheckFailed, match="logits are NaN or infinite"):
        scored.run()
    assert scored.student.loads == 2
