"""Every sentence is in one batch, of a size that the memory and the model can take."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grader.language_model.batching import (
    FIRST_TOKENS,
    LEAST_BATCHES,
    MOST_BATCHES,
    TokenBudget,
    by_length,
    window,
)

Int64 = NDArray[np.int64]
lengths_of_sentences = st.lists(st.integers(1, 100), min_size=1, max_size=80).map(
    lambda lengths: np.array(lengths, np.int64)
)


def padded(batch: Int64, lengths: Int64) -> int:
    """The input tokens of a batch: BEGIN, or END, comes to each sentence's characters."""
    return len(batch) * (int(lengths[batch].max()) + 1)


@settings(deadline=None, max_examples=300)
@given(
    lengths=lengths_of_sentences,
    tokens=st.integers(202, 3000),
    most_rows=st.integers(3, 60),
    seed=st.integers(0, 9),
)
def test_batches(lengths: Int64, tokens: int, most_rows: int, seed: int) -> None:
    numbers = np.random.default_rng(seed).permutation(len(lengths))
    batches = list(by_length(numbers, lengths, tokens, most_rows))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= most_rows
        assert len(batch) >= min(2, len(lengths))
        # One sentence more, or a quarter of the rows, when these would be left over.
        assert padded(batch, lengths) <= tokens + max(tokens // 4, int(lengths[batch].max()) + 1)
    # Of like length: no batch holds a sentence that is longer than one of the batch before.
    for before, after in itertools.pairwise(batches):
        assert lengths[before].min() >= lengths[after].max()


def test_batches_are_as_large_as_they_may_be() -> None:
    lengths = np.full(100, 9)
    assert [len(b) for b in by_length(np.arange(100), lengths, 200, 50)] == [20] * 5
    assert [len(b) for b in by_length(np.arange(100), lengths, 200, 8)] == [8] * 12 + [4]
    assert [len(b) for b in by_length(np.arange(55), lengths, 10_000, 50)] == [50, 5]


def test_one_very_long_sentence_makes_its_own_batch_small_alone() -> None:
    lengths = np.append(np.full(1000, 9), 999)
    first, *others = [len(b) for b in by_length(np.arange(1001), lengths, 200, 50)]
    assert first == 2
    assert set(others[:-1]) == {20}


def test_few_that_would_be_left_over_go_with_the_last_batch() -> None:
    lengths = np.full(24, 9)
    assert [len(b) for b in by_length(np.arange(24), lengths, 200, 50)] == [24]
    assert [len(b) for b in by_length(np.arange(25), np.full(25, 9), 200, 50)] == [20, 5]


def test_only_the_given_sentences_are_batched() -> None:
    lengths = np.arange(1, 31)
    numbers = np.array([7, 3, 20, 11])
    [batch] = by_length(numbers, lengths, 1000, 50)
    assert batch.tolist() == [3, 7, 11, 20]  # in the order of the file


@pytest.mark.parametrize("most_rows", [4, 5, 50])
def test_one_sentence_is_never_left_alone(most_rows: int) -> None:
    for count in range(2, 40):
        sizes = [len(b) for b in by_length(np.arange(count), np.full(count, 9), 50, most_rows)]
        assert sum(sizes) == count
        assert min(sizes) >= 2
        assert max(sizes) <= most_rows


def test_sentences_too_long_for_two_of_them_in_a_batch() -> None:
    sizes = [len(b) for b in by_length(np.arange(5), np.full(5, 3000), 4096, 50)]
    assert min(sizes) >= 2


def test_window_ends_when_it_has_the_tokens() -> None:
    order, lengths = np.arange(60)[::-1], np.full(60, 9)
    for tokens, count in ((100, 10), (101, 11), (109, 11)):
        assert window(order, 3, lengths, tokens).tolist() == order[3 : 3 + count].tolist()


@settings(deadline=None, max_examples=200)
@given(lengths=lengths_of_sentences, tokens=st.integers(20, 2000), seed=st.integers(0, 9))
def test_windows_have_every_sentence_once(lengths: Int64, tokens: int, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(lengths))
    start, windows = 0, []
    while start < len(order):
        windows.append(window(order, start, lengths, tokens))
        assert len(windows[-1]) > 0
        start += len(windows[-1])
    assert np.concatenate(windows).tolist() == order.tolist()
    for numbers in windows[:-1]:
        sizes = lengths[numbers] + 1
        assert tokens <= sizes.sum()
        assert sizes[:-2].sum() < tokens
    # The last may take what is not worth a window of its own.
    assert (lengths[windows[-1]] + 1).sum() <= 1.25 * tokens + 3 * 101


class Machine:
    """Scores windows at a rate that depends on the tokens of a batch."""

    def __init__(self, rates: dict[int, float], most: int) -> None:
        self.budget = TokenBudget(most)
        self.tried: list[int] = []
        self._rates = rates

    def score(self, windows: int = 12) -> int:
        for _ in range(windows):
            tokens = self.budget.tokens
            self.tried.append(tokens)
            window = self.budget.window_tokens
            self.budget.measured(window, window / self._rates[tokens])
        return self.budget.tokens


FASTER = {FIRST_TOKENS << i: 1000.0 * 1.5**i for i in range(6)}


def test_budget_doubles_while_that_is_faster() -> None:
    machine = Machine(FASTER, FIRST_TOKENS << 5)
    assert machine.score() == FIRST_TOKENS << 5
    assert machine.tried[:8] == [FIRST_TOKENS << i for i in (0, 0, 1, 2, 3, 4, 5, 5)]


def test_first_window_tells_nothing() -> None:
    budget = TokenBudget(FIRST_TOKENS * 16)
    budget.measured(budget.window_tokens, 1000.0)  # a model's first calls
    for _ in range(2):
        budget.measured(budget.window_tokens, 1.0 * budget.tokens / FIRST_TOKENS)
    assert budget.tokens == FIRST_TOKENS


@pytest.mark.parametrize("most", [FIRST_TOKENS * 4, FIRST_TOKENS * 8 - 1, FIRST_TOKENS * 4 + 1])
def test_budget_keeps_to_the_most(most: int) -> None:
    machine = Machine(FASTER, most)
    assert machine.score() == FIRST_TOKENS * 4
    assert max(machine.tried) <= most


@pytest.mark.parametrize("most", [100, FIRST_TOKENS - 1, FIRST_TOKENS, 2 * FIRST_TOKENS - 1])
def test_budget_with_no_room_to_grow(most: int) -> None:
    machine = Machine(dict.fromkeys((most, FIRST_TOKENS), 1000.0), most)
    assert machine.score() == min(most, FIRST_TOKENS)
    assert set(machine.tried) == {min(most, FIRST_TOKENS)}
    # Nothing is sought, so it looks as seldom from the beginning as a budget that has settled.
    assert TokenBudget(most).window_tokens == LEAST_BATCHES * min(most, FIRST_TOKENS)


def test_budget_settles_back_when_more_is_not_worth_it() -> None:
    rates = {FIRST_TOKENS: 1000.0, FIRST_TOKENS * 2: 1500.0, FIRST_TOKENS * 4: 1510.0}
    machine = Machine(rates, FIRST_TOKENS * 16)
    assert machine.score() == FIRST_TOKENS * 2
    assert machine.tried[:5] == [FIRST_TOKENS * i for i in (1, 1, 2, 4, 2)]
    assert set(machine.tried[4:]) == {FIRST_TOKENS * 2}


def test_budget_never_falls_below_the_first() -> None:
    rates = {FIRST_TOKENS: 1000.0, FIRST_TOKENS * 2: 500.0}
    assert Machine(rates, FIRST_TOKENS * 16).score() == FIRST_TOKENS


def test_small_remainder_says_nothing_of_the_rate() -> None:
    budget = TokenBudget(FIRST_TOKENS * 16)
    budget.measured(budget.window_tokens // 2 - 1, 1.0)
    assert budget.tokens == FIRST_TOKENS
    budget.measured(budget.window_tokens, 1.0)
    assert budget.tokens == FIRST_TOKENS * 2


def test_settled_budget_stays_and_looks_less_often() -> None:
    budget = TokenBudget(FIRST_TOKENS * 16)
    before = budget.window_tokens
    budget.settle()
    assert budget.window_tokens > before
    budget.measured(budget.window_tokens, 1e-6)
    assert budget.tokens == FIRST_TOKENS


@pytest.mark.parametrize(
    ("rate", "batches"), [(10.0, LEAST_BATCHES), (500.0, 10), (1000.0, 20), (1e6, MOST_BATCHES)]
)
def test_settled_budget_looks_after_the_same_time(rate: float, batches: int) -> None:
    machine = Machine({100: rate}, 100)
    machine.score()
    assert machine.budget.window_tokens == batches * 100
    # What is left over in the end says nothing of the rate.
    machine.budget.measured(1, 1.0)
    assert machine.budget.window_tokens == batches * 100


def test_no_time_at_all_is_no_error() -> None:
    budget = TokenBudget(1 << 15)
    for _ in range(2):  # The first is not counted.
        budget.measured(10**6, 0.0)
