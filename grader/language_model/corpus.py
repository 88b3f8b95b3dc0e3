"""The corpus of question 7, read exactly as the assignment's notebook reads it, but streamed.

A sentence loses its non-ASCII characters to spaces and gains a final newline. The vocabulary is the
sorted set of the characters of the training sentences; three more ids follow it: BEGIN, END and
PAD. See ``grader.encoded`` for batches.
"""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.encoded import Encoded
from grader.errors import DataError

EMBEDDED_CORPUS = Path(__file__).resolve().parents[2] / "fixtures" / "corpus"
TRAIN_FILE = "train.csv"
TEST_FILE = "test.csv"
CHUNK = 4096
"""Sentences whose text is in memory at a time while a file is read."""
UNKNOWN = b"\xff"


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
            counts += np.bincount(np.frombuffer(_ascii(chunk), np.uint8), minlength=128)
        used = np.flatnonzero(counts)
        if used.size == 0:
            raise DataError("the training file has a header but no sentences")
        return cls("".join(map(chr, used)), counts[used])

    def encode(self, sentences: Iterable[str]) -> Encoded:
        """The character ids of sentences, their final newlines included.

        Raises DataError when a character never occurs in the training sentences.
        """
        table = bytearray(UNKNOWN * 256)
        for id, character in enumerate(self.characters):
            table[ord(character)] = id
        ids, lengths = [], [np.empty(0, np.int64)]
        for chunk in _chunks(sentences, CHUNK):
            ids.append(_ascii(chunk).translate(table))
            if UNKNOWN in ids[-1]:
                self._reject_unknown(chunk)
            lengths.append(np.fromiter(map(len, chunk), np.int64, len(chunk)) + 1)
        flat = np.frombuffer(b"".join(ids), np.uint8)
        return Encoded(flat, np.concatenate(lengths), len(self.characters))

    def _reject_unknown(self, sentences: Sequence[str]) -> None:
        known = set(self.characters)
        for sentence in sentences:
            unknown = sorted({c for c in as_ascii(sentence) if c not in known})
            if unknown:
                raise DataError(
                    f"the test sentence {sentence!r} has the character {unknown[0]!r}, which no "
                    "training sentence has, so no model can have learnt it; use a training and a "
                    "test set that belong together"
                )


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

    def encoded_training_set(self) -> Encoded:
        return self.vocabulary.encode(self.train_sentences())

    def encoded_test_set(self) -> Encoded:
        """The test set; raises DataError when nothing can be scored on it."""
        return self._encoded(self.folder / TEST_FILE)

    def encoded_private_test_set(self, file: Path) -> Encoded:
        """Another file of the test set's format; raises DataError as that does, and names it."""
        try:
            return self._encoded(file)
        except DataError as error:
            raise DataError(
                f"the private test set {file} (--private-test) cannot be used: {error}"
            ) from None

    def _encoded(self, file: Path) -> Encoded:
        encoded = self.vocabulary.encode(_column(file, columns=1))
        if not len(encoded):
            raise DataError(f"{file} has no sentences")
        return encoded


def train_sentences(folder: Path) -> Iterator[str]:
    """The first column of ``train.csv``, one sentence at a time."""
    return _column(folder / TRAIN_FILE, columns=2)


def as_ascii(sentence: str) -> str:
    """The sentence with a space for each character that is not ASCII, as the notebook has it."""
    return sentence.encode("ascii", SPACES).decode()


def _ascii(sentences: Sequence[str]) -> bytes:
    """One sentence or more, one after the other, each with its final newline."""
    return ("\n".join(sentences) + "\n").encode("ascii", SPACES)


def _spaces(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return " " * (error.end - error.start), error.end


SPACES = "grader.spaces"
"""How an encoder replaces what it cannot encode: by a space for each character."""
codecs.register_error(SPACES, _spaces)


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
