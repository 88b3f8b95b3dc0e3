"""Of an answer that is wrong in part it is said in which."""

from __future__ import annotations

import numpy as np
import pytest

from grader.wrong_part import (
    FADES,
    FIRST_WRONG,
    LAST_STEP,
    NEXT_STEP,
    NOT_FILLED,
    STORED,
    fade,
    wrong_part,
)

OUTPUTS, STATE, ATTENTION = "[batch, steps, hidden]", "[1, batch, hidden]", "[batch, steps, embed]"


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (np.s_[:, 1:], f"Only the first step is right.{NEXT_STEP}"),
        (np.s_[:, 3:], f"Only the first 3 steps are right.{NEXT_STEP}"),
        (np.s_[:, 5:], f"Only the last 2 steps are wrong.{FIRST_WRONG.format(5)}"),
        (np.s_[:, -1], f"Only the last step is wrong.{LAST_STEP}"),
        (np.s_[:, 0], f"Only the first step is wrong.{STORED}"),
        (np.s_[:, :3], "Only the first 3 steps are wrong."),
        (np.s_[:, :6], "Only the last step is right."),
        (np.s_[1:, 3:], f"Only the first 3 steps are right.{NEXT_STEP}"),
        (np.s_[:, [0, 2, 3, 4, 6]], "Only steps 1, 5 are right."),
        (np.s_[:, ::2], "Only steps 1, 3, 5 are right."),
        (np.s_[1:], "Only the first sequence of the batch is right."),
        (np.s_[2], "Only sequence 2 of the batch is wrong."),
        (np.s_[..., 0], "Only the first hidden unit is wrong."),
        (np.s_[..., 1:], "Only the last hidden unit is wrong."),
        (np.s_[0, 1, 0], "Only step 1 is wrong."),
        (np.s_[:0], ""),
        (np.s_[:], ""),
    ],
)
def test_part_of_the_outputs(where: tuple[slice, ...], said: str) -> None:
    differs = np.zeros((4, 7, 2), bool)
    differs[where] = True
    assert wrong_part(differs, OUTPUTS) == said


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (np.s_[:, :3], f"Only the first 3 steps are wrong.{FADES}"),
        (np.s_[:, :1], f"Only the first step is wrong.{STORED}"),
        (np.s_[1:, :6], "Only the first sequence of the batch is right."),
        (np.s_[:, [0, 2]], "Only steps 0, 2 are wrong."),
    ],
)
def test_errors_that_fade_come_of_the_first_state(where: tuple[slice, ...], said: str) -> None:
    differs = np.zeros((4, 7, 2), bool)
    differs[where] = True
    assert wrong_part(differs, OUTPUTS, fades=True) == said


def test_what_fades() -> None:
    errors = np.ones((2, 6, 3)) * (0.3 ** np.arange(6))[:, None]
    assert fade(errors, OUTPUTS)
    assert not fade(errors[:, ::-1], OUTPUTS)
    assert not fade(np.ones((2, 6, 3)), OUTPUTS)
    assert not fade(errors[:, :1], OUTPUTS)
    assert not fade(errors, "mean")


def test_long_lists_are_cut() -> None:
    differs = np.zeros((1, 20, 2), bool)
    differs[:, 1:20:2] = True
    assert wrong_part(differs, OUTPUTS) == "Only steps 1, 3, 5, … are wrong."


def test_steps_of_attention_follow_from_nothing() -> None:
    differs = np.ones((2, 5, 4), bool)
    differs[:, 0] = False
    assert wrong_part(differs, ATTENTION) == "Only the first step is right."
    differs[:] = True
    differs[..., 2:] = False
    assert wrong_part(differs, ATTENTION) == "Only the first 2 columns of the last axis are wrong."


def test_places_that_are_not_filled() -> None:
    differs = np.zeros((2, 5, 4), bool)
    differs[:, 2:] = True
    told = wrong_part(differs, OUTPUTS, are_zero=True)
    assert told == f"Only the first 2 steps are right.{NOT_FILLED}"


@pytest.mark.parametrize("are_zero", [True, False])
def test_where_to_look_may_be_left_out(are_zero: bool) -> None:
    differs = np.zeros((2, 5, 4), bool)
    differs[:, 2:] = True
    told = wrong_part(differs, OUTPUTS, are_zero=are_zero, advise=False)
    assert told == "Only the first 2 steps are right."


def test_other_arrays() -> None:
    differs = np.zeros((1, 3, 2), bool)
    differs[0, 1] = True
    assert wrong_part(differs, STATE) == "Only sequence 1 of the batch is wrong."
    assert wrong_part(differs, "mean") == ""
