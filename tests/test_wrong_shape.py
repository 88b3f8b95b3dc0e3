"""Of an answer of another shape it is said how that differs, where it tells something."""

from __future__ import annotations

import pytest

from grader.wrong_shape import (
    HEADS_APART,
    OF_THE_LOOP,
    OF_THE_STATE,
    ONE_MORE_AXIS,
    OTHER_ORDER,
    wrong_shape,
)

OUTPUTS, ATTENTION = "[batch, steps, hidden]", "[batch, steps, embed]"


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((12, 4, 2), OTHER_ORDER),
        ((12, 1, 4, 2), f"{ONE_MORE_AXIS}{OF_THE_STATE} {OTHER_ORDER}"),
        ((4, 1, 12, 2), f"{ONE_MORE_AXIS}{OF_THE_STATE}"),
        ((4, 11, 2), f"One step is missing{OF_THE_LOOP}"),
        ((4, 13, 2), f"There is one step too many{OF_THE_LOOP}"),
        ((4, 12, 1), ""),
        ((3, 12, 2), "One sequence is missing."),
        ((4, 10, 2), ""),
        ((3, 11, 2), ""),
        ((4, 2), ""),
        ((), ""),
    ],
)
def test_shape_of_outputs(shape: tuple[int, ...], said: str) -> None:
    assert wrong_shape(shape, (4, 12, 2), OUTPUTS) == said


def test_other_shapes() -> None:
    assert wrong_shape((3, 1, 7, 5), (3, 7, 5), ATTENTION) == f"{ONE_MORE_AXIS}."
    assert wrong_shape((3, 6, 5), (3, 7, 5), ATTENTION) == "One step is missing."
    assert wrong_shape((5, 3, 7, 2), (3, 7, 10), ATTENTION) == HEADS_APART
    assert wrong_shape((5, 3, 7, 2), (3, 7, 11), ATTENTION) == ""
    assert wrong_shape((6,), (7,), "mean") == ""
