"""Shapes are taken as the notebooks take them, and what differs is found and described."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from grader.compare import (
    Expected,
    Float64,
    as_expected_shape,
    closeness,
    describe,
    mismatch,
)

B, T, H = 4, 12, 2
Shape = tuple[int, ...]


def expected(value: Any, allowed: Any = 0.1) -> Expected:
    values = np.asarray(value, np.float64)
    return Expected("outputs", values, np.broadcast_to(np.float64(allowed), values.shape), "[n]")


def numbered(shape: Shape, dtype: Any = np.float32) -> NDArray[Any]:
    return np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)


@pytest.mark.parametrize(
    ("actual", "wanted"),
    [
        ((B, T, H), (B, T, H)),
        ((1, B, H), (1, B, H)),
        ((B, H), (1, B, H)),
        ((1, 1, B, H), (1, B, H)),
        ((1, B, T, H), (B, T, H)),
        ((T, H), (1, T, H)),
        ((H,), (1, 1, H)),
        ((1, 1, 1, 1), (1, 1)),
        ((), (1, 1, 1)),
    ],
)
def test_shapes_that_the_notebook_takes(actual: Shape, wanted: Shape) -> None:
    came = as_expected_shape(numbered(actual), wanted)
    assert came is not None
    assert came.shape == wanted
    assert came.dtype == np.float64
    assert came.ravel().tolist() == numbered(actual).ravel().tolist()


@pytest.mark.parametrize(
    ("actual", "wanted"),
    [
        ((T, B, H), (B, T, H)),
        ((B, H, T), (B, T, H)),
        ((B * T, H), (B, T, H)),
        ((B * T * H,), (B, T, H)),
        ((B, T, 1), (B, T, H)),
        ((B, 1, H), (B, T, H)),
        ((1, T, H), (B, T, H)),
        ((B, T, H, 1), (B, T, H)),
        ((2, B, T, H), (B, T, H)),
        ((B, T - 1, H), (B, T, H)),
        ((B, 1, H), (1, B, H)),
        ((H, B), (1, B, H)),
        ((1, H), (1, B, H)),
        ((H,), (1, B, H)),
        ((), (1, B, H)),
        ((0,), (1, B, H)),
        ((B, T, 0), (B, T, H)),
    ],
)
def test_other_shapes_are_refused(actual: Shape, wanted: Shape) -> None:
    assert as_expected_shape(numbered(actual), wanted) is None


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int64, np.uint8, np.bool_])
def test_any_real_numbers_are_taken(dtype: Any) -> None:
    came = as_expected_shape(np.array([[0, 1]], dtype), (2,))
    assert came is not None
    assert came.tolist() == [0.0, 1.0]


def test_equal_arrays_have_no_mismatch() -> None:
    assert mismatch(numbered((2, 3), np.float64), expected(numbered((2, 3)), 1e-9)) is None


def test_exactly_what_is_allowed_passes() -> None:
    right = expected([1.0, 2.0], [0.5, 0.25])
    assert mismatch(np.array([1.5, 1.75]), right) is None
    assert mismatch(np.array([np.nextafter(1.5, 2), 1.75]), right) is not None


def test_first_bad_index_in_row_major_order() -> None:
    right = expected(np.zeros((2, 3, 2)))
    actual = np.zeros((2, 3, 2))
    actual[1, 0, 0] = 9.0
    actual[0, 2, 1] = -0.5
    actual[0, 0, 0] = 0.05
    found = mismatch(actual, right)
    assert found is not None
    assert found.at == (0, 2, 1)
    assert (found.expected, found.actual, found.error) == (0.0, -0.5, 0.5)
    assert found.allowed == pytest.approx(0.1)
    assert (found.differing, found.total) == (2, 12)
    assert found.what == "outputs"


def test_each_value_has_its_own_allowance() -> None:
    found = mismatch(np.array([0.5, 0.5]), expected([0.0, 0.0], [1.0, 0.1]))
    assert found is not None
    assert found.at == (1,)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("allowed", [1e-9, 1e300])
def test_only_finite_numbers_are_allowed(bad: float, allowed: float) -> None:
    actual = np.array([0.0, bad, 0.0])
    found = mismatch(actual, expected(np.zeros(3), allowed))
    assert found is not None
    assert found.at == (1,)
    assert found.differing == 1
    measured = closeness(actual, expected(np.zeros(3), allowed))
    assert measured.at == (1,)
    assert measured.error == found.error == np.inf
    assert measured.ratio == np.inf


def test_closeness_is_relative_to_what_is_allowed() -> None:
    measured = closeness(np.array([[5.0, 0.02]]), expected([[0.0, 0.0]], [[100.0, 0.1]]))
    assert measured.at == (0, 1)
    assert measured.error == pytest.approx(0.02)
    assert measured.allowed == pytest.approx(0.1)
    assert measured.ratio == pytest.approx(0.2)


numbers = hnp.arrays(np.float64, (3, 2), elements=st.floats(-1e6, 1e6, width=32))


@settings(deadline=None)
@given(actual=numbers, value=numbers, allowed=st.floats(1e-6, 1e6))
def test_mismatch_and_closeness_agree(actual: Float64, value: Float64, allowed: float) -> None:
    right = expected(value, allowed)
    found, measured = mismatch(actual, right), closeness(actual, right)
    within = bool((np.abs(actual - value) <= allowed).all())
    assert (found is None) == within
    assert measured.error == np.abs(actual - value).max()
    if found is not None:
        assert found.error is not None
        assert found.allowed is not None
        assert found.error > found.allowed


def test_description_names_place_and_numbers() -> None:
    actual = np.array([[1.0, 2.25], [3.0, 9.0]])
    found = mismatch(actual, expected([[1.0, 2.0], [3.0, 4.0]]))
    assert found is not None
    words = describe(found, 5.0)
    assert words.startswith("outputs: 2 of 4 values differ.")
    assert "[0, 1]" in words
    assert "expected 2, came 2.25" in words
    assert "off by 0.25, allowed 0.1" in words
    assert "largest difference is 5" in words


def test_description_of_a_number_before_what_is_none() -> None:
    found = mismatch(np.array([3.0, np.inf]), expected([2.0, 2.0]))
    assert found is not None
    assert describe(found, float("inf")).endswith(
        "(off by 1, allowed 0.1); others are no finite numbers."
    )


@pytest.mark.parametrize(
    ("bad", "words"), [(np.nan, "came NaN"), (np.inf, "came infinity"), (-np.inf, "came infinity")]
)
def test_description_of_what_is_not_finite(bad: float, words: str) -> None:
    found = mismatch(np.array([bad]), expected([2.0]))
    assert found is not None
    text = describe(found, float("nan"))
    assert words in text
    assert "expected 2" in text
    assert "largest" not in text
    assert "inf," not in text
