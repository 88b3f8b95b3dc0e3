"""What a model writes is drawn by the grader, repeatably, and always comes to an end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grader.encoded import Int64
from grader.errors import CheckFailed
from grader.language_model.clock import Clock
from grader.language_model.corpus import Vocabulary
from grader.language_model.generation import (
    MOST_CHARACTERS,
    PATIENCE_S,
    SENTENCES,
    START,
    generate,
)
from grader.language_model.loaded_model import LoadedModel
from grader.model import Outcome
from grader.student import Student
from tests.language_model.fakes import SOURCE, FakeStudent, FakeTime

VOCABULARY = Vocabulary.of(["I have abc"])
V = len(VOCABULARY.characters)
Float32 = NDArray[np.float32]


class FakeModel:
    """A LoadedModel that is a function from token ids [B,L] to the logits [B,V+3] of the next."""

    def __init__(self, function: Callable[[Int64], Float32]) -> None:
        self.asked: list[Int64] = []
        self._function = function

    def logits(self, tokens: Int64, *, last_only: bool) -> Float32:
        assert last_only
        self.asked.append(tokens)
        return self._function(tokens)

    def writes(self, seed: int = 0, vocabulary: Vocabulary = VOCABULARY) -> tuple[str, ...]:
        return generate(cast(LoadedModel, self), vocabulary, seed)


def always(chances: Mapping[int, float]) -> Callable[[Int64], Float32]:
    """These tokens, by their logits, and no others."""
    row = np.full(V + 3, -np.inf, np.float32)
    row[list(chances)] = list(chances.values())
    return lambda tokens: np.tile(row, (len(tokens), 1))


def id_of(character: str) -> int:
    return VOCABULARY.characters.index(character)


NEWLINE, A, B, C = map(id_of, "\nabc")
ANYTHING = always(dict.fromkeys(range(1, V), 0.0))


def test_sentences_begin_as_the_notebooks_do() -> None:
    model = FakeModel(ANYTHING)
    written = model.writes()
    assert len(written) == SENTENCES
    assert all(text.startswith(START) for text in written)
    first = model.asked[0]
    assert first.dtype == np.int64
    assert first.tolist() == [[VOCABULARY.begin_id, *map(id_of, START)]] * SENTENCES


def test_same_seed_gives_the_same_sentences() -> None:
    assert FakeModel(ANYTHING).writes(3) == FakeModel(ANYTHING).writes(3)
    assert FakeModel(ANYTHING).writes(3) != FakeModel(ANYTHING).writes(4)
    assert len(set(FakeModel(ANYTHING).writes(3))) == SENTENCES


def test_what_is_asked_is_what_was_written() -> None:
    model = FakeModel(ANYTHING)
    written = model.writes()
    for tokens in model.asked:
        for row, text in zip(tokens.tolist(), written, strict=True):
            assert "".join(VOCABULARY.characters[id] for id in row[1:]) == text[: len(row) - 1]


def test_model_that_never_ends_is_ended() -> None:
    model = FakeModel(always({A: 0.0}))
    assert model.writes() == (START + "a" * (MOST_CHARACTERS - len(START)),) * SENTENCES
    assert len(model.asked) == MOST_CHARACTERS - len(START)


@pytest.mark.parametrize("end", [NEWLINE, VOCABULARY.end_id])
def test_sentence_ends_at_its_newline_and_at_end(end: int) -> None:
    def function(tokens: Int64) -> Float32:
        length = tokens.shape[1] - 1 - len(START)
        return always({A: 0.0} if length < 4 else {end: 0.0})(tokens)

    model = FakeModel(function)
    assert model.writes() == (START + "aaaa",) * SENTENCES
    assert len(model.asked) == 5


def test_each_sentence_ends_for_itself() -> None:
    """The one that ends first goes on being asked about, and nothing more of it is shown."""

    def function(tokens: Int64) -> Float32:
        logits = np.full((len(tokens), V + 3), -np.inf, np.float32)
        for row, taken in enumerate(logits):
            taken[NEWLINE if tokens.shape[1] == 8 + row else B] = 0
        return logits

    model = FakeModel(function)
    written = model.writes()
    assert written == tuple(START + "b" * (2 + row) for row in range(SENTENCES))
    assert len(model.asked) == 3 + SENTENCES - 1


@pytest.mark.parametrize("token", [VOCABULARY.begin_id, VOCABULARY.pad_id])
def test_begin_and_pad_are_never_drawn(token: int) -> None:
    written = FakeModel(always({token: 50.0, A: 0.0})).writes()
    assert set("".join(written)) == set(START + "a")


def test_characters_are_drawn_by_their_chances_at_half_the_temperature() -> None:
    """Logits that are ln 2 apart: 2 to 1 by themselves, 4 to 1 when they are halved."""
    model = FakeModel(always({A: math.log(2), B: 0.0}))
    text = "".join(t[len(START) :] for seed in range(10) for t in model.writes(seed))
    assert len(text) == 10 * SENTENCES * (MOST_CHARACTERS - len(START))
    assert text.count("a") / len(text) == pytest.approx(0.8, abs=0.04)


def test_one_character_more_depends_on_those_before() -> None:
    """a and b in turn, as a model has it that looks at its input."""
    model = FakeModel(lambda tokens: always({B if tokens[0, -1] == A else A: 0.0})(tokens))
    assert model.writes()[0].startswith(START + "abababab")


def test_letter_that_is_not_known() -> None:
    model = FakeModel(ANYTHING)
    assert model.writes(vocabulary=Vocabulary.of(["i have abc"])) == ()
    assert model.asked == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_logits_that_are_no_numbers(value: float) -> None:
    model = FakeModel(lambda tokens: np.full((len(tokens), V + 3), value, np.float32))
    assert model.writes() == ()


def test_model_without_a_column_for_pad() -> None:
    model = FakeModel(lambda tokens: always({A: 0.0})(tokens)[:, :-1])
    assert model.writes() == (START + "a" * (MOST_CHARACTERS - len(START)),) * SENTENCES


def test_slow_model_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    time = FakeTime().replace(monkeypatch)

    def function(tokens: Int64) -> Float32:
        time.now += PATIENCE_S / 4
        return always({C: 0.0})(tokens)

    assert FakeModel(function).writes() == (START + "cccc",) * SENTENCES


@pytest.mark.parametrize(
    "shape", [(SENTENCES,), (1, V + 3), (2, 6, V + 3), (SENTENCES, 6, 2, V + 3)]
)
def test_logits_of_another_shape_are_no_failure_of_the_grader(shape: tuple[int, ...]) -> None:
    """They were right for the made-up input that the model was tried on."""

    class Changing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            made_up = x.shape[1] != len(START) + 1
            return torch.zeros(*x.shape, V + 3) if made_up else torch.zeros(shape)

    model = LoadedModel(cast(Student, FakeStudent(Changing)), VOCABULARY, Clock(1e6))
    model.load(SOURCE)
    with pytest.raises(CheckFailed, match="shape") as failure:
        generate(model, VOCABULARY, 0)
    assert failure.value.outcome is Outcome.WRONG
