"""The sums are those of plain formulas, and the interval holds what it says."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grader.language_model.scoring import Scored
from grader.language_model.totals import POSITIONS, LossTotals

Float64 = NDArray[np.float64]
NOT_LOOKED_AT = math.nan


def scored(rows: Iterable[Iterable[float]]) -> Scored:
    """A batch of sentences, by the nats of their targets; padding holds what nobody may read."""
    nats = [list(row) for row in rows]
    longest = max(map(len, nats))
    padded = np.full((len(nats), longest), NOT_LOOKED_AT)
    counted = np.zeros((len(nats), longest), bool)
    for row, values in enumerate(nats):
        padded[row, : len(values)] = -np.array(values)
        counted[row, : len(values)] = True
    return Scored(padded, counted)


def totals_of(nats: list[list[float]], batch_size: int, groups: list[list[int]]) -> LossTotals:
    totals = LossTotals(len(nats), batch_size)
    for group in groups:
        totals.add(np.array(group), scored(nats[i] for i in group))
    return totals


nats_of_sentences = st.lists(
    st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=6), min_size=2, max_size=14
)


@settings(deadline=None, max_examples=150)
@given(nats=nats_of_sentences, batch_size=st.integers(2, 5), size=st.integers(1, 6))
def test_figures_are_those_of_plain_formulas(
    nats: list[list[float]], batch_size: int, size: int
) -> None:
    """In whatever order and batches the sentences come, the notebook's are made in file order."""
    order = np.random.default_rng(len(nats)).permutation(len(nats)).tolist()
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    totals = totals_of(nats, batch_size, groups)
    everything = [value for sentence in nats for value in sentence]
    starts = range(0, len(nats), batch_size)
    batches = [[v for s in nats[i : i + batch_size] for v in s] for i in starts]
    assert totals.loss == pytest.approx(np.mean(everything))
    assert totals.notebook_loss == pytest.approx(np.mean([np.mean(batch) for batch in batches]))
    assert totals.tokens == len(everything)
    assert totals.characters == len(everything) - len(nats)
    assert totals.sentences == totals.all_sentences == len(nats)
    longest = max(map(len, nats))
    positions = [[s[i] for s in nats if len(s) > i] for i in range(longest)]
    assert totals.by_position == pytest.approx([np.mean(p) for p in positions], abs=6e-5)
    for first in range(longest):
        later = [value for sentence in nats for value in sentence[first:]]
        assert totals.loss_from(first) == pytest.approx(np.mean(later))
    assert totals.loss_from(longest) is None


def test_some_of_the_sentences() -> None:
    """The notebook's figure is the mean over the batches that any sentence was scored of."""
    nats = [[1.0], [3.0, 5.0], [100.0], [100.0], [7.0], [100.0]]
    totals = totals_of(nats, 2, [[4, 1, 0]])
    assert (totals.sentences, totals.all_sentences) == (3, 6)
    assert totals.loss == pytest.approx(4)
    assert totals.notebook_loss == pytest.approx(np.mean([3.0, 7.0]))


def test_last_batch_of_the_notebook_is_smaller() -> None:
    totals = totals_of([[1.0], [1.0], [4.0]], 2, [[0, 1, 2]])
    assert totals.notebook_loss == pytest.approx(2.5)
    assert totals.loss == pytest.approx(2)


def test_sentences_longer_than_the_positions_told_apart() -> None:
    totals = totals_of([[1.0] * (POSITIONS + 3), [2.0]], 2, [[0, 1]])
    assert totals.tokens == POSITIONS + 4
    assert totals.loss == pytest.approx((POSITIONS + 5) / (POSITIONS + 4))
    assert len(totals.by_position) == POSITIONS
    assert totals.by_position[:2] == (1.5, 1.0)
    assert totals.loss_from(1) == 1.0
    far = totals_of([[1.0] * POSITIONS + [9.0] * POSITIONS], 2, [[0]])
    assert far.loss_from(0) == 5.0


def population(rng: np.random.Generator, sentences: int) -> tuple[NDArray[np.int64], Float64]:
    """Tokens and nats of sentences: hard ones are short, so that the ratio's own error counts."""
    tokens = rng.integers(1, 12, sentences)
    nats = tokens * (1.5 + 3.0 / tokens + rng.normal(0, 0.5, sentences))
    return tokens, nats


def spread(tokens: NDArray[np.int64], nats: Float64) -> LossTotals:
    """Totals of sentences with these sums, each spread evenly over its targets."""
    totals = LossTotals(len(tokens), 50)
    counted = np.arange(int(tokens.max())) < tokens[:, None]
    log_probabilities = np.where(counted, -(nats / tokens)[:, None], NOT_LOOKED_AT)
    totals.add(np.arange(len(tokens)), Scored(log_probabilities, counted))
    return totals


def test_standard_error_is_that_of_a_bootstrap() -> None:
    rng = np.random.default_rng(1)
    tokens, nats = population(rng, 300)
    drawn = rng.integers(0, len(tokens), (4000, len(tokens)))
    bootstrap = (nats[drawn].sum(1) / tokens[drawn].sum(1)).std()
    assert spread(tokens, nats).standard_error == pytest.approx(bootstrap, rel=0.06)
    # Were all targets independent, or the numbers of tokens fixed, it would be another.
    naive = (nats / tokens).std() / math.sqrt(len(tokens))
    assert abs(naive / bootstrap - 1) > 0.15


def test_standard_error_of_a_few_sentences() -> None:
    nats = [[1.0, 2.0], [4.0], [3.0, 3.0, 2.0]]
    totals = totals_of(nats, 2, [[0, 1, 2]])
    loss = 15 / 6
    residuals = [sum(sentence) - loss * len(sentence) for sentence in nats]
    variance = 3 * sum(r**2 for r in residuals) / (3 - 1)
    assert totals.standard_error == pytest.approx(math.sqrt(variance) / 6)


def test_interval_holds_the_truth_95_times_in_100() -> None:
    rng = np.random.default_rng(2)
    tokens, nats = population(rng, 400_000)
    truth = nats.sum() / tokens.sum()
    repeats, size = 1000, 200
    held = 0
    for start in range(0, repeats * size, size):
        part = slice(start, start + size)
        interval = spread(tokens[part], nats[part]).interval()
        held += interval.low <= truth <= interval.high
    assert held / repeats == pytest.approx(0.95, abs=0.025)


def test_interval_grows_with_the_confidence() -> None:
    totals = spread(*population(np.random.default_rng(3), 100))
    interval = totals.interval(3.0)
    assert interval.high - totals.loss == pytest.approx(3 * totals.standard_error)
    assert totals.loss - interval.low == pytest.approx(3 * totals.standard_error)


def test_one_sentence_tells_nothing_of_the_others() -> None:
    totals = totals_of([[1.0, 2.0], [3.0]], 2, [[0]])
    assert totals.standard_error == math.inf
    assert (totals.interval().low, totals.interval().high) == (-math.inf, math.inf)


def test_sentences_that_are_all_alike() -> None:
    totals = totals_of([[1.1, 1.1, 1.1]] * 7, 2, [[0, 1, 2, 3, 4, 5, 6]])
    assert totals.standard_error == pytest.approx(0, abs=1e-6)
