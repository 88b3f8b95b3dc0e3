"""Batches of encoded sentences are those of the assignment's contract."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.encoded import Encoded

V = 7
BEGIN, END, PAD = V, V + 1, V + 2
NEWLINE = 0
SENTENCES = [[3, 1, NEWLINE], [NEWLINE], [6, 6, 6, 2, NEWLINE], [4, NEWLINE]]


def encoded(sentences: Sequence[Sequence[int]]) -> Encoded:
    flat = [id for sentence in sentences for id in sentence]
    lengths = np.array([len(sentence) for sentence in sentences], np.int64)
    return Encoded(np.array(flat, np.uint8), lengths, V)


def collate(sentences: Sequence[Sequence[int]]) -> list[list[int]]:
    """The contract's batch, put down in the plainest way."""
    rows = [[BEGIN, *sentence, END] for sentence in sentences]
    longest = max(map(len, rows))
    return [row + [PAD] * (longest - len(row)) for row in rows]


characters = st.lists(st.integers(1, V - 1), max_size=9).map(lambda ids: [*ids, NEWLINE])
some_sentences = st.lists(characters, min_size=1, max_size=7)


@settings(deadline=None, max_examples=200)
@given(sentences=some_sentences, data=st.data())
def test_batch_is_that_of_the_contract(sentences: list[list[int]], data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(0, len(sentences) - 1), min_size=1, max_size=9))
    batch = encoded(sentences).batch(numbers)
    assert batch.dtype == np.int64
    assert batch.tolist() == collate([sentences[number] for number in numbers])


@settings(deadline=None, max_examples=100)
@given(sentences=some_sentences, data=st.data())
def test_selection_is_those_sentences_in_that_order(
    sentences: list[list[int]], data: st.DataObject
) -> None:
    numbers = data.draw(st.lists(st.integers(0, len(sentences) - 1), max_size=9))
    selected = encoded(sentences).select(numbers)
    assert len(selected) == len(numbers)
    assert selected.characters == V
    wanted = [sentences[number] for number in numbers]
    assert [selected.sentence(i).tolist() for i in range(len(selected))] == wanted
    if numbers:
        every = np.arange(len(selected))
        assert selected.batch(every).tolist() == collate(wanted)


def test_batch_of_one_has_no_padding() -> None:
    assert encoded(SENTENCES).batch([2]).tolist() == [[BEGIN, 6, 6, 6, 2, NEWLINE, END]]


def test_short_last_sentence_beside_a_long_one() -> None:
    """Beyond the last sentence there is no text to read."""
    batch = encoded(SENTENCES).batch([3, 2])
    assert batch[0].tolist() == [BEGIN, 4, NEWLINE, END, PAD, PAD, PAD]


def test_batch_is_the_callers_own() -> None:
    sentences = encoded(SENTENCES)
    sentences.batch([0, 1])[:] = 5
    assert sentences.sentence(0).tolist() == SENTENCES[0]
    assert sentences.batch([0, 1]).tolist() == collate(SENTENCES[:2])


def test_tokens_are_the_targets() -> None:
    sentences = encoded(SENTENCES)
    targets = sentences.batch(range(len(SENTENCES)))[:, 1:]
    assert sentences.tokens.tolist() == (targets != PAD).sum(1).tolist() == [4, 2, 6, 3]


def test_number_that_no_sentence_has() -> None:
    with pytest.raises(IndexError):
        encoded(SENTENCES).batch([4])
