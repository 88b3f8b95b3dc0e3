"""The cut around a first difference is small, right and never trips over what is not finite."""

from __future__ import annotations

import json

import numpy as np
import pytest

from grader.compare import Expected, mismatch
from grader.excerpt import MOST_CELLS, MOST_VALUES, excerpt_of
from grader.model import Excerpt, Mismatch

AXES = "[batch, steps, hidden]"


def differing(shape: tuple[int, ...], at: tuple[int, ...], value: float = 9.0) -> Excerpt:
    """The excerpt of arrays that differ at one place."""
    numbers = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    actual = numbers.copy()
    actual[at] = value
    expected = Expected("outputs", numbers, np.full(shape, 1e-3), AXES)
    found = mismatch(actual, expected)
    assert found is not None
    assert found.excerpt is not None
    return found.excerpt


def test_small_arrays_are_there_whole() -> None:
    cut = differing((2, 4, 3), (1, 2, 1))
    assert (cut.rows, cut.columns, cut.where) == ("steps", "hidden", "batch 1")
    assert cut.expected[2] == (18.0, 19.0, 20.0)
    assert cut.actual[2] == (18.0, 9.0, 20.0)
    assert cut.marked == (2, 1)
    assert (cut.first_row, cut.first_column) == (0, 0)
    assert cut.ratios[2] == (0.0, 10000.0, 0.0)
    assert cut.overview == cut.ratios


@pytest.mark.parametrize("at", [(0, 0, 0), (2, 99, 70), (1, 50, 3), (0, 7, 64)])
def test_cut_and_overview_are_bounded_and_show_the_difference(at: tuple[int, ...]) -> None:
    cut = differing((3, 100, 71), at)
    assert len(cut.expected) == len(cut.actual) == len(cut.ratios) == MOST_VALUES
    assert {len(row) for row in (*cut.expected, *cut.actual, *cut.ratios)} == {MOST_VALUES}
    assert len(cut.overview) == MOST_CELLS
    assert {len(row) for row in cut.overview} == {MOST_CELLS}
    row, column = cut.marked
    assert cut.actual[row][column] == 9.0
    assert (cut.first_row + row, cut.first_column + column) == at[1:]
    far = [(r, c) for r, line in enumerate(cut.overview) for c, x in enumerate(line) if x]
    assert len(far) == 1
    [(block_row, block_column)] = far
    assert block_row * 100 // MOST_CELLS <= at[1] < (block_row + 1) * 100 // MOST_CELLS
    assert block_column * 71 // MOST_CELLS <= at[2] < (block_column + 1) * 71 // MOST_CELLS
    assert cut.shape == (100, 71)


def test_overview_is_the_largest_over_the_batch() -> None:
    ratios = np.zeros((3, 2, 2))
    ratios[0, 0, 0], ratios[2, 1, 0] = 2.0, 7.0
    cut = excerpt_of(ratios, np.zeros((3, 2, 2)), ratios, (0, 0, 0), AXES)
    assert cut is not None
    assert cut.overview == ((2.0, 0.0), (7.0, 0.0))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_becomes_null(value: float) -> None:
    cut = differing((1, 2, 2), (0, 1, 1), value)
    assert cut.where == ""
    data = json.loads(cut.model_dump_json())
    assert data["actual"][1][1] is None
    assert data["ratios"][1][1] is None
    assert data["overview"][1][1] is None
    assert Excerpt.model_validate(data).overview[1][1] is None


def test_arrays_of_one_axis_are_one_row() -> None:
    cut = differing((30,), (20,))
    assert (cut.rows, cut.columns, cut.where) == ("", "", "")
    assert len(cut.expected) == 1
    assert cut.actual[0][cut.marked[1]] == 9.0


def test_one_number_has_no_excerpt() -> None:
    one = np.ones(())
    assert excerpt_of(one, one, one, (), "") is None


def test_axis_of_one_has_no_name() -> None:
    state = np.ones((1, 4, 2))
    cut = excerpt_of(state, state, state, (0, 3, 1), "[1, batch, hidden]")
    assert cut is not None
    assert (cut.rows, cut.columns, cut.where) == ("batch", "hidden", "")


def test_numbers_are_rounded() -> None:
    third = np.full((2, 2), 1 / 3)
    cut = excerpt_of(third, third, third, (0, 0), "[steps, hidden]")
    assert cut is not None
    assert cut.expected[0][0] == 0.333333
    assert cut.ratios[0][0] == 0.333


def test_report_stays_small() -> None:
    shape = (2, 500, 400)
    expected = Expected("outputs", np.zeros(shape), np.full(shape, 1e-9), AXES)
    found = mismatch(np.random.default_rng(1).normal(size=shape), expected)
    assert isinstance(found, Mismatch)
    assert len(found.model_dump_json()) < 20_000
