"""The figures that need no model are those of their definitions."""

from __future__ import annotations

import math
import zlib
from collections import Counter

import pytest

from grader.language_model.baselines import SAMPLE_BYTES, frequency_loss, zip_loss
from grader.language_model.corpus import EMBEDDED_CORPUS, Corpus, Vocabulary

TRAIN = ["the cat sat", "on the mat", "a cat"]
TEST = ["a mat", "the cat", ""]
VOCABULARY = Vocabulary.of(TRAIN)


def test_frequency_loss_is_the_mean_of_what_each_character_costs() -> None:
    train = "".join(sentence + "\n" for sentence in TRAIN)
    count = Counter(train)
    test = "".join(sentence + "\n" for sentence in TEST)
    expected = -sum(math.log(count[character] / len(train)) for character in test) / len(test)
    assert frequency_loss(VOCABULARY, VOCABULARY.encode(TEST)) == pytest.approx(expected)


def test_frequency_loss_of_one_character_alone() -> None:
    vocabulary = Vocabulary.of(["aaa", "ab"])  # a: 4, b: 1, newline: 2
    # A test set is never without newlines.
    expected = -(math.log(4 / 7) + math.log(2 / 7)) / 2
    assert frequency_loss(vocabulary, vocabulary.encode(["a"])) == pytest.approx(expected)


@pytest.mark.parametrize("times", [1, 40])
def test_zip_loss_is_the_compressed_size_in_nats(times: int) -> None:
    text = "".join(sentence + "\n" for sentence in TEST * times)
    ids = bytes(VOCABULARY.characters.index(character) for character in text)
    expected = 8 * len(zlib.compress(ids, 9)) / len(text) * math.log(2)
    assert zip_loss(VOCABULARY.encode(TEST * times)) == pytest.approx(expected)


def test_zip_loss_of_more_text_than_is_compressed() -> None:
    """The first megabyte repeats itself, what follows does not and is not looked at."""
    vocabulary = Vocabulary.of(["abcdefgh"])
    alike = ["a" * 99] * (SAMPLE_BYTES // 100 + 1)
    different = ["abcdefgh"[i % 7 :] for i in range(1000)]
    both, first = vocabulary.encode(alike + different), vocabulary.encode(alike)
    assert zip_loss(both) == zip_loss(first) < 0.05


def test_embedded_corpus() -> None:
    """English is at 3.1 nats by frequency and between 2 and 3 by zip, as the assignment has it."""
    corpus = Corpus.open(EMBEDDED_CORPUS)
    test = corpus.encoded_test_set()
    assert frequency_loss(corpus.vocabulary, test) == pytest.approx(3.13, abs=0.1)
    assert 2.0 < zip_loss(test) < 3.0
