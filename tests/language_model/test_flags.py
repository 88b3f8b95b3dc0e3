"""What a person is told to look at, and what not."""

from __future__ import annotations

import pytest

from grader.language_model.flags import (
    LEAST_NATS,
    flags_of_columns,
    flags_of_mode,
    flags_of_training,
)
from grader.rubric import Rubric
from tests.language_model.fakes import VOCABULARY
from tests.reports.builders import training_run

RUBRIC = Rubric.load().language_model


@pytest.mark.parametrize(("more", "is_told"), [(-1, False), (0, False), (1, True)])
def test_model_that_knows_other_data(more: int, is_told: bool) -> None:
    size = VOCABULARY.size
    told = flags_of_columns(size + more, VOCABULARY)
    words = (
        f"gives {size + 1} logits for each position, and the data that it is scored on has {size}"
    )
    assert [words in flag for flag in told] == [True] * is_told


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
    assert bool(flags_of_mode(in_eval, in_train, RUBRIC)) == is_told


@pytest.mark.parametrize("stopped", ["finished", "time"])
@pytest.mark.parametrize("asked_for", [True, False])
def test_training(stopped: str, asked_for: bool) -> None:
    run = training_run().model_copy(update={"stopped": stopped})
    told = " ".join(flags_of_training(run, asked_for=asked_for))
    assert ("the grader trained the language model itself" in told) != asked_for
    assert ("came to epoch" in told) == (stopped == "time")
