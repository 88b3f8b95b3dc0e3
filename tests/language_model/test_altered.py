"""A model that looks sentences up is told from one that has learnt from them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from grader.encoded import Encoded, Int64
from grader.language_model.altered import (
    CHANGED,
    FEWEST,
    FURTHER_ON,
    LEAST_CHARACTERS,
    Altered,
    altered,
)
from grader.language_model.flags import NEEDS_EACH_CHARACTER
from tests.language_model.evaluating import TEST, TRAINING, Evaluating, thresholds
from tests.language_model.fakes import VOCABULARY, FakeStudent, Pairs, loaded, random_sentences

LETTERS = len(VOCABULARY.characters)


class ByHeart(nn.Module):
    """Looks up what came next after the beginning of a sentence, in all that students have."""

    def __init__(self) -> None:
        super().__init__()
        self.table: dict[tuple[int, ...], int] = {}
        for sentences in (TEST, TRAINING):
            for number in range(len(sentences)):
                row = [VOCABULARY.begin_id, *sentences.sentence(number).tolist()]
                self.table |= {tuple(row[:end]): row[end] for end in range(1, len(row))}

    def forward(self, x: Tensor) -> Tensor:
        logits = torch.zeros(*x.shape, VOCABULARY.size)
        for row, place in np.ndindex(*x.shape):
            known = self.table.get(tuple(x[row, : place + 1].tolist()))
            if known is not None:
                logits[row, place, known] = 2.0
        return logits


def test_model_that_looks_its_sentences_up_is_told_of(evaluating: Evaluating) -> None:
    evaluation = evaluating(ByHeart, probes=5)
    [flag] = evaluation.flags
    assert flag.startswith(NEEDS_EACH_CHARACTER.partition("{")[0])
    assert f"becomes {np.log(VOCABULARY.size):.2f})" in flag  # at random


def test_model_that_earns_no_points_has_gained_nothing(evaluating: Evaluating) -> None:
    assert evaluating(ByHeart, probes=5, thresholds=thresholds(0.5)).flags == ()


def ask(sentences: Encoded) -> tuple[Altered | None, list[Int64]]:
    student = FakeStudent(Pairs)
    found = altered(loaded(student), sentences, VOCABULARY, np.random.default_rng(1), 50)
    return found, student.answered[-2:]


def test_one_character_of_each_sentence_is_another_one() -> None:
    found, (before, after) = ask(random_sentences(300))
    assert found is not None
    assert len(before) == 50
    differs = before != after
    assert differs[:, 1 + CHANGED].all()
    assert differs.sum() == len(before)
    assert after.max() <= VOCABULARY.pad_id
    assert (after[:, 1 + CHANGED] < LETTERS).all()
    assert (before[:, LEAST_CHARACTERS] < LETTERS).all()


def test_change_costs_nothing_further_on_where_the_last_character_alone_counts() -> None:
    found, _ = ask(random_sentences(300))
    assert found is not None
    assert found.altered_loss == pytest.approx(found.loss)
    assert CHANGED + 1 < FURTHER_ON


def test_few_long_sentences_tell_nothing() -> None:
    short = random_sentences(300, longest=LEAST_CHARACTERS - 2)  # and a line's end
    assert ask(short)[0] is None
    long = VOCABULARY.encode(["ab" * LEAST_CHARACTERS] * (FEWEST - 1))
    assert ask(long)[0] is None
