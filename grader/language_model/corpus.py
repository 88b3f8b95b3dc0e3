"""The corpus of question 7, read exactly as the assignment's notebook reads it, but streamed.

A sentence loses its non-ASCII characters to spaces and gains a final newline. The vocabulary is the
sorted set of the characters of the training sentences; three more ids follow it: BEGIN, END and
PAD. A batch is an int64 array [B, L]: BEGIN, the characters, END, then PAD.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.errors import DataError

EMBEDDED_CORPUS = Path(__file__).resolve().parents[2] / "fixtures" / "corpus"
TRAIN_FILE = "train.csv"
TEST_FILE = "test.csv"
CHUNK = 4096
"""Sentences that are in memory at a time while a file is read."""


@dataclass(frozen=True)
class Vocabulary:
    """The characters that a model knows, and the ids of the three tokens beside them."""

    characters: str
    counts: NDArray[np.int64]
    """``freq`` of the assignment: how often each character occurs in the training sentences."""

    @property
    def begin_id(self) -> int:
        return len(self.characters)

    @property
    def end_id(self) -> int:
        return len(self.characters) + 1

    @property
    def pad_id(self) -> int:
        return len(self.characters) + 2

    @property
    def size(self) -> int:
        """How many logits a model gives for each position: V + 3."""
        return len(self.characters) + 3

    @classmethod
    def of(cls, sentences: Iterable[str]) -> Vocabulary:
        """The vocabulary of training sentences; raises DataError when there are none."""
        counts = np.zeros(128, np.int64)
        for chunk in _chunks(sentences, CHUNK):
            counts += np.bincount(_ascii_codes(chunk), minlength=128)
        used = np.flatnonzero(counts)
        if used.size == 0:
            raise DataError("the training file has a header but no sentences")
        return cls("".join(map(chr, used)), counts[used])

    def encode(self, sentences: Sequence[str]) -> list[NDArray[np.int64]]:
        """The character ids of each sentence, its final newline included, without BEGIN and END.

        Raises DataError when a character never occurs in the training sentences.
        """
        lookup = np.full(128, -1, np.int64)
        lookup[[ord(c) for c in self.characters]] = np.arange(len(self.characters))
        ids = lookup[_ascii_codes(sentences)]
        if ids.size and ids.min() < 0:
            self._reject_unknown(sentences)
        ends = np.cumsum([len(s) + 1 for s in sentences])
        return np.split(ids, ends[:-1]) if len(ends) else []

    def _reject_unknown(self, sentences: Sequence[str]) -> None:
        known = set(self.characters)
        for sentence in sentences:
            unknown = sorted({c for c in as_ascii(sentence) if c not in known})
            if unknown:
                raise DataError(
                    f"the test sentence {sentence!r} has the character {unknown[0]!r}, which no "
                    "training sentence has, so no model can have learnt it; use the train.csv and "
                    "test.csv that belong together"
                )

    def pad(self, encoded: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
        """The batch [B, L] of some encoded sentences, as the notebook's ``collate_fn`` makes it."""
        lengths = np.array([len(ids) for ids in encoded])
        batch = np.full((len(encoded), int(lengths.max()) + 2), self.pad_id, np.int64)
        batch[:, 0] = self.begin_id
        columns = np.arange(batch.shape[1])
        batch[(columns >= 1) & (columns <= lengths[:, None])] = np.concatenate(encoded)
        batch[np.arange(len(encoded)), lengths + 1] = self.end_id
        return batch


@dataclass(frozen=True)
class Corpus:
    """A folder with ``train.csv`` and ``test.csv``, and the vocabulary of the former."""

    folder: Path
    vocabulary: Vocabulary

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """Read the vocabulary; raises DataError when a file is missing or has no such format."""
        if not (folder / TEST_FILE).is_file():
            raise DataError(f"there is no {TEST_FILE} in {folder}")
        return cls(folder, Vocabulary.of(train_sentences(folder)))

    def train_sentences(self) -> Iterator[str]:
        return train_sentences(self.folder)

    def test_sentences(self) -> Iterator[str]:
        return _column(self.folder / TEST_FILE, columns=1)

    def test_batches(self, size: int) -> Iterator[NDArray[np.int64]]:
        """The test set in file order as batches [<= size, L]; never all of it in memory."""
        for chunk in _chunks(self.test_sentences(), size):
            yield self.vocabulary.pad(self.vocabulary.encode(chunk))


def train_sentences(folder: Path) -> Iterator[str]:
    """The first column of ``train.csv``, one sentence at a time."""
    return _column(folder / TRAIN_FILE, columns=2)


def as_ascii(sentence: str) -> str:
    """The sentence with a space for each character that is not ASCII, as the notebook has it."""
    return "".join(c if ord(c) < 128 else " " for c in sentence)


def _ascii_codes(sentences: Sequence[str]) -> NDArray[np.uint32]:
    text = "".join([s + "\n" for s in sentences])
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return np.where(codes < 128, codes, np.uint32(ord(" ")))


def _column(path: Path, columns: int) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as file:
            reader = csv.reader(file)
            next(reader, None)
            for row in reader:
                if not row:
                    continue
                if len(row) < columns:
                    raise DataError(
                        f"{path}, line {reader.line_num}: {columns} columns were expected, and "
                        f"there is {len(row)}"
                    )
                yield row[0]
    except FileNotFoundError:
        raise DataError(f"there is no {path.name} in {path.parent}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV file in UTF-8: {error}") from None


def _chunks(items: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
