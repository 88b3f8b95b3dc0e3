"""Training batches hold each sentence once, with little padding, as the notebook makes them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grader.worker.batches import POOL, Sentences, groups_of_like_length
from tests.worker.training_support import CPU, PAD, sentences


def test_groups_hold_each_sentence_once() -> None:
    numbers, rng = np.arange(100, 765), np.random.default_rng(0)
    lengths = rng.integers(1, 100, 765)
    groups = groups_of_like_length(numbers, lengths, 64, rng)
    assert sorted(np.concatenate(groups)) == numbers.tolist()
    assert {len(group) for group in groups} == {60, 61}


def test_groups_need_little_padding_and_are_others_each_time() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(32, 101, 20 * POOL * 64)
    first, second = (groups_of_like_length(np.arange(len(lengths)), lengths, 64, rng) for _ in "ab")
    padded = sum(lengths[group].max() * len(group) for group in first)
    assert padded < 1.1 * lengths.sum()  # it would be 1.5 times in random order
    assert {tuple(sorted(g)) for g in first}.isdisjoint(tuple(sorted(g)) for g in second)
    means = np.array([lengths[group].mean() for group in first])
    assert abs(np.corrcoef(means[1:], means[:-1])[0, 1]) < 0.1  # no order by length is left


@pytest.mark.parametrize("group", [[5], [0, 1, 2], [42, 3], list(range(43))])
def test_tokens_are_the_notebooks(group: list[int]) -> None:
    encoded = sentences()
    stream = Sentences(encoded, CPU)
    [batch] = stream.batches([np.array(group)])
    tokens = stream.tokens(batch)
    assert tokens.dtype == torch.int64
    assert tokens.tolist() == encoded.batch(group).tolist()
    assert batch.targets == int((tokens[:, 1:] != PAD).sum())
