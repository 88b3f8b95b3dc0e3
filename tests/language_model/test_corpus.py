"""The corpus is read as the notebook reads it; data that no model can be scored on is refused."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import DataError, UsageError
from grader.language_model.corpus import CHUNK, Corpus, Vocabulary, as_ascii
from tests.conftest import ROOT

FIXTURE = ROOT / "fixtures" / "corpus"


def write(folder: Path, train: Sequence[str], test: Sequence[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (
        ("train.csv", [("text", "label"), *((sentence, "1") for sentence in train)]),
        ("test.csv", [("text",), *((sentence,) for sentence in test)]),
    ):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    return folder


def joined(sentences: Sequence[str]) -> str:
    return "".join(sentence + "\n" for sentence in sentences)


def corpus_of(tmp_path: Path, train: Sequence[str], test: Sequence[str] = ("a",)) -> Corpus:
    return Corpus.open(write(tmp_path / "data", train, test))


class Contract:
    """The assignment's text, put down in the plainest way."""

    def __init__(self, folder: Path) -> None:
        self.train = self._read(folder / "train.csv")
        self.test = self._read(folder / "test.csv")
        self.vocabulary = sorted(set("".join(self.train)))
        count = Counter("".join(self.train))
        self.freq = [count[character] for character in self.vocabulary]

    def _read(self, path: Path) -> list[str]:
        with path.open(encoding="utf-8") as file:
            rows = list(csv.reader(file, delimiter=","))
        return [
            "".join(c if ord(c) < 128 else " " for c in row[0]) + "\n" for row in rows[1:] if row
        ]

    def batch(self, sentences: Sequence[str]) -> list[list[int]]:
        v = len(self.vocabulary)
        rows = [[v, *map(self.vocabulary.index, sentence), v + 1] for sentence in sentences]
        longest = max(map(len, rows))
        return [row + [v + 2] * (longest - len(row)) for row in rows]


def assert_as_in_the_contract(folder: Path, size: int) -> None:
    corpus, contract = Corpus.open(folder), Contract(folder)
    vocabulary = corpus.vocabulary
    assert vocabulary.characters == "".join(contract.vocabulary)
    assert vocabulary.counts.tolist() == contract.freq
    assert np.issubdtype(vocabulary.counts.dtype, np.integer)
    v = len(contract.vocabulary)
    assert (vocabulary.begin_id, vocabulary.end_id, vocabulary.pad_id) == (v, v + 1, v + 2)
    assert vocabulary.size == v + 3
    for encoded, sentences in (
        (corpus.encoded_test_set(), contract.test),
        (corpus.encoded_training_set(), contract.train),
    ):
        assert len(encoded) == len(sentences)
        for start in range(0, len(sentences), size):
            numbers = range(start, min(start + size, len(sentences)))
            expected = contract.batch([sentences[number] for number in numbers])
            assert encoded.batch(numbers).tolist() == expected


def test_fixture_corpus() -> None:
    assert_as_in_the_contract(FIXTURE, 50)
    assert Corpus.open(FIXTURE).vocabulary.size == 98


sentences = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)
    | st.text("ab,\"'é\n 😀", max_size=12),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=100)
@given(train=sentences, size=st.integers(1, 9))
def test_any_sentences(train: list[str], size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_as_in_the_contract(write(Path(folder), train, train[::-1]), size)


def test_every_character_that_is_not_ascii_becomes_a_space(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["caf\xe9 \x7f\x80\u2019\U0001f600!"])
    assert corpus.vocabulary.characters == "\n !acf\x7f"
    assert corpus.vocabulary.counts.tolist() == [1, 5, 1, 1, 1, 1, 1]
    assert as_ascii("na\xefve \U0001f600") == "na ve  "


def test_quoted_commas_quotes_and_newlines(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    rows = 'text,label\n"a, ""b""\nc",True\nplain,False\n'
    (folder / "train.csv").write_text(rows)
    (folder / "test.csv").write_text('text\n"b,\na"\n')
    corpus = Corpus.open(folder)
    assert list(corpus.train_sentences()) == ['a, "b"\nc', "plain"]
    assert list(corpus.test_sentences()) == ["b,\na"]
    ids = corpus.encoded_test_set().sentence(0)
    assert [corpus.vocabulary.characters[id] for id in ids] == list("b,\na\n")


def test_batch_is_begin_characters_end_pad(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["abc"], ["b", "cab"])
    begin, end, pad = 4, 5, 6
    batch = corpus.encoded_test_set().batch([0, 1])
    assert batch.tolist() == [[begin, 2, 0, end, pad, pad], [begin, 3, 1, 2, 0, end]]


def test_encode_leaves_the_tokens_out(tmp_path: Path) -> None:
    vocabulary = corpus_of(tmp_path, ["abc"]).vocabulary
    encoded = vocabulary.encode(["ca", ""])
    assert [encoded.sentence(i).tolist() for i in range(2)] == [[3, 1, 0], [0]]
    assert encoded.characters == len(vocabulary.characters) == 4
    assert len(vocabulary.encode([])) == 0


def test_more_sentences_than_are_encoded_at_a_time(tmp_path: Path) -> None:
    """Two chunks and one sentence, of different lengths, come out in order."""
    sentences = ["abc"[: i % 4] for i in range(2 * CHUNK + 1)]
    encoded = corpus_of(tmp_path, ["abc"], ["abc"]).vocabulary.encode(iter(sentences))
    assert encoded.lengths.tolist() == [len(sentence) + 1 for sentence in sentences]
    # Newline is 0, and sorts before the letters.
    assert encoded.ids.tolist() == [ord(c) % 32 if c != "\n" else 0 for c in joined(sentences)]


def test_order_of_the_test_set(tmp_path: Path) -> None:
    sentences = ["a", "b", "c", "ab", "bc"]
    corpus = corpus_of(tmp_path, ["abc"], sentences)
    assert list(corpus.test_sentences()) == sentences
    assert corpus.encoded_test_set().lengths.tolist() == [2, 2, 2, 3, 3]


def test_another_test_set(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["abc"], ["a"])
    private = tmp_path / "private.csv"
    private.write_text("text\ncc\nb\n")
    encoded = corpus.encoded_private_test_set(private)
    assert [encoded.sentence(i).tolist() for i in range(2)] == [[3, 3, 0], [2, 0]]
    private.write_text("text\nabX\n")
    with pytest.raises(DataError, match=r"private\.csv \(--private-test\) cannot .* 'X'"):
        corpus.encoded_private_test_set(private)


@pytest.mark.parametrize("content", ["", "text\n", "text\n\n"])
def test_test_set_without_sentences(tmp_path: Path, content: str) -> None:
    corpus = corpus_of(tmp_path, ["abc"], ["a"])
    (corpus.folder / "test.csv").write_text(content)
    with pytest.raises(DataError, match=r"test\.csv has no sentences"):
        corpus.encoded_test_set()


def test_another_test_set_that_is_missing(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["abc"], ["a"])
    with pytest.raises(DataError, match=r"--private-test\) cannot .* no private\.csv"):
        corpus.encoded_private_test_set(tmp_path / "private.csv")


def test_more_training_sentences_than_are_read_at_a_time(tmp_path: Path) -> None:
    vocabulary = corpus_of(tmp_path, ["ab"] * 9000 + ["c"]).vocabulary
    assert vocabulary.characters == "\nabc"
    assert vocabulary.counts.tolist() == [9001, 9000, 9000, 1]


def test_character_that_no_training_sentence_has(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["abc"], ["abc", "abXc"])
    with pytest.raises(DataError, match="'X'") as error:
        corpus.encoded_test_set()
    assert "'abXc'" in str(error.value)
    assert isinstance(error.value, UsageError)


def test_space_that_stands_for_an_unknown_character(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["abc"], ["ab\xe9"])
    with pytest.raises(DataError, match="character ' '"):
        corpus.encoded_test_set()


@pytest.mark.parametrize("name", ["train.csv", "test.csv"])
def test_file_that_is_missing(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "data", ["abc"], ["abc"])
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"there is no {name}"):
        Corpus.open(folder)


def test_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no test\.csv"):
        Corpus.open(tmp_path / "none")


@pytest.mark.parametrize("name", ["train.csv", "test.csv"])
def test_folder_in_place_of_a_file(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "data", ["abc"], ["abc"])
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(DataError, match=name):
        Corpus.open(folder)


@pytest.mark.parametrize("content", ["", "text,label\n", "text,label\n\n\n"])
def test_training_file_without_sentences(tmp_path: Path, content: str) -> None:
    folder = write(tmp_path / "data", ["abc"], ["abc"])
    (folder / "train.csv").write_text(content)
    with pytest.raises(DataError, match="no sentences"):
        Corpus.open(folder)


def test_missing_column(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", ["abc"], ["abc"])
    (folder / "train.csv").write_text("text\nabc\n")
    with pytest.raises(DataError, match=r"train\.csv, line 2: 2 columns were expected"):
        Corpus.open(folder)


def test_file_that_is_no_utf8(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", ["abc"], ["abc"])
    (folder / "train.csv").write_bytes(b"text,label\ncaf\xe9,1\n")
    with pytest.raises(DataError, match="UTF-8"):
        Corpus.open(folder)


def test_field_without_end(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", ["abc"], ["abc"])
    (folder / "train.csv").write_text('text,label\n"' + "a" * 200_000)
    with pytest.raises(DataError, match="CSV"):
        Corpus.open(folder)


def test_end_of_a_test_set_that_is_no_utf8(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["abc"], ["abc"] * 20_000)
    with (corpus.folder / "test.csv").open("ab") as file:
        file.write(b"\xff\n")
    with pytest.raises(DataError, match="UTF-8"):
        corpus.encoded_test_set()


def test_vocabulary_of_a_stream() -> None:
    vocabulary = Vocabulary.of(sentence for sentence in ("ab", "b"))
    assert vocabulary.characters == "\nab"
    assert vocabulary.counts.tolist() == [2, 1, 2]
