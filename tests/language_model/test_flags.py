"""What a person is told to look at, and what not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grader.language_model.flags import (
    BETTER_IN_TEST,
    BY_HEART,
    BY_HEART_NATS,
    IN_SAVED_MODE,
    LEAST_NATS,
    NO_TRAINING_LOSS,
    TOO_GOOD,
    TOO_GOOD_ALONE,
    flags_of_columns,
    flags_of_mode,
    flags_of_size,
    flags_of_test_set,
    flags_of_training,
)
from grader.language_model.loaded_model import Loading
from grader.language_model.scoring import Scored
from grader.language_model.totals import LossTotals
from grader.measures import Signs
from grader.rubric import Rubric
from tests.language_model.fakes import VOCABULARY
from tests.reports.builders import training_run

RUBRIC = Rubric.load().language_model


@pytest.mark.parametrize(("more", "is_told"), [(-1, False), (0, False), (1, True)])
def test_model_that_knows_other_data(more: int, is_told: bool) -> None:
    size = VOCABULARY.size
    told = flags_of_columns(Loading(columns=size + more), VOCABULARY)
    words = (
        f"gives {size + 1} logits for each position, and the data that it is scored on has {size}"
    )
    assert [words in flag for flag in told] == [True] * is_told


def test_all_logits_are_told_where_few_came() -> None:
    [told] = flags_of_columns(Loading(columns=132, all_columns=11_000), VOCABULARY)
    assert "gives 11000 logits" in told


@pytest.mark.parametrize(
    ("rows", "sentences", "words"),
    [
        (None, 100, ""),
        (50, 40_000, ""),
        (50, 105, "50 at once, with 5 in its last batch, and fails"),
        (64, 40_000, "takes 64 sentences at once and no other number"),
    ],
)
def test_number_of_sentences_at_which_the_notebook_fails(
    rows: int | None, sentences: int, words: str
) -> None:
    told = flags_of_size(Loading(rows=rows), sentences, RUBRIC)
    assert len(told) == bool(words)
    assert words in " ".join(told)


def some_signs(loss: float, loss_in_train_mode: float | None) -> Signs:
    return Signs.model_construct(loss=loss, loss_in_train_mode=loss_in_train_mode)


@pytest.mark.parametrize(
    ("in_eval", "in_train", "is_told"),
    [
        (2.1, 1.9, True),
        (4.4, 2.3, True),
        (2.0, 2.0 - 1.1 * LEAST_NATS, True),
        (2.0, 2.0 - 0.9 * LEAST_NATS, False),
        (1.9, 1.6, False),
        (1.9, 2.1, False),
        (1.2, 1.1, False),
    ],
)
def test_mode_that_would_earn_more(in_eval: float, in_train: float, is_told: bool) -> None:
    signs = some_signs(loss=in_eval + 0.5, loss_in_train_mode=in_train + 0.5)
    assert bool(flags_of_mode("", in_eval, signs, RUBRIC)) == is_told


def test_mode_that_is_not_known_or_was_left_alone() -> None:
    assert flags_of_mode("", 2.1, None, RUBRIC) == []
    assert flags_of_mode("", 2.1, some_signs(loss=2.1, loss_in_train_mode=None), RUBRIC) == []
    better = some_signs(loss=2.1, loss_in_train_mode=1.9)
    assert flags_of_mode("it fails", 2.1, better, RUBRIC) == [IN_SAVED_MODE]


def totals(loss: float, standard_error: float = 0.01) -> LossTotals:
    """Of a hundred sentences of ten targets each, half of them better than the others."""
    count, targets = 100, 10
    spread = standard_error * (count - 1) ** 0.5
    nats = np.full((count, targets), loss) + spread * np.resize([[1.0], [-1.0]], (count, 1))
    found = LossTotals(count, 50)
    found.add(np.arange(count), Scored(-nats, np.ones_like(nats, bool)))
    assert found.loss == pytest.approx(loss)
    assert found.standard_error == pytest.approx(standard_error)
    return found


@pytest.mark.parametrize(
    ("loss", "training", "standard_error", "words"),
    [
        (0.592, 3.356, 0.01, BY_HEART),
        (0.98, 0.98 + 1.1 * BY_HEART_NATS, 0.01, BY_HEART),
        (1.0, 3.356, 0.01, BETTER_IN_TEST),
        (2.4, 2.4 + 1.1 * BY_HEART_NATS, 0.01, BETTER_IN_TEST),
        (2.4, 2.4 + 0.9 * BY_HEART_NATS, 0.01, ""),
        # Chance with few sentences, or nothing to compare with.
        (1.4, 2.4, 0.3, ""),
        (1.4, 9.0, math.inf, ""),
        # Earns no points.
        (2.5, 9.0, 0.01, ""),
        (50.0, 900.0, 0.01, ""),
        # As models are.
        (1.3, 1.0, 0.01, ""),
        (1.681, 1.67, 0.01, ""),
        (0.76, 0.7, 0.01, ""),
        # Nothing that was learnt from sentences alone is so good.
        (0.523, 0.523, 0.01, TOO_GOOD),
        (0.356, 0.438, 0.01, TOO_GOOD),
    ],
)
def test_far_better_on_the_test_set(
    loss: float, training: float, standard_error: float, words: str
) -> None:
    told = flags_of_test_set(loss, standard_error, totals(training), RUBRIC)
    named = words.format(loss, totals(training).loss, RUBRIC.baselines.literature)
    assert told == ([named] if words else [])


@pytest.mark.parametrize(("loss", "is_told"), [(2.4, True), (2.6, False)])
def test_no_loss_on_training_sentences(loss: float, is_told: bool) -> None:
    assert flags_of_test_set(loss, 0.01, None, RUBRIC) == [NO_TRAINING_LOSS] * is_told


def test_loss_that_is_too_good_without_one_on_training_sentences() -> None:
    literature = RUBRIC.baselines.literature
    told = flags_of_test_set(0.4, 0.01, None, RUBRIC)
    assert told == [NO_TRAINING_LOSS, TOO_GOOD_ALONE.format(0.4, literature)]


@pytest.mark.parametrize("stopped", ["finished", "time"])
@pytest.mark.parametrize("asked_for", [True, False])
def test_training(stopped: str, asked_for: bool) -> None:
    why = "The weights do not fit. Only in the class: x"
    run = training_run().model_copy(update={"stopped": stopped, "why": why})
    told = " ".join(flags_of_training(run, asked_for=asked_for))
    assert ("handed in: The weights do not fit" in told) != asked_for
    assert "Only in" not in told
    assert ("stopped in epoch" in told) == (stopped == "time")
