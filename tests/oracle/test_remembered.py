"""What every hand-in is asked is computed once, and nobody can change it for the next."""

import numpy as np
import pytest

from grader.oracle import RecurrentSizes, gru_draw, remembered, rnn_to_copy, state_to_keep
from grader.oracle.draws import Allowance

SIZES = RecurrentSizes(batch=2, steps=3, inputs=4, hidden=5)
ALLOWANCE = Allowance(safety=1.0, activation_ulps=2.0)


def test_same_arguments_give_the_same_draw_and_others_another() -> None:
    draw = remembered(gru_draw)
    first = draw(SIZES, 1, ALLOWANCE)
    assert draw(SIZES, 1, ALLOWANCE) is first
    assert draw(SIZES, 2, ALLOWANCE) is not first
    fresh = gru_draw(SIZES, 1, ALLOWANCE)
    assert np.array_equal(first.arguments[-1], fresh.arguments[-1])
    assert np.array_equal(first.expected[0].value, fresh.expected[0].value)


def test_what_is_remembered_cannot_be_written_to() -> None:
    draw = remembered(gru_draw)(SIZES, 1, ALLOWANCE)
    rnn = rnn_to_copy(SIZES, 1)
    arrays = [
        *(array for gate in draw.arguments[:3] for array in gate),
        *draw.arguments[3:],
        *(array for expected in draw.expected for array in (expected.value, expected.allowed)),
        *(rnn.wt_h, rnn.wt_x, rnn.bias, rnn.init_state, rnn.inputs, rnn.outputs),
        *state_to_keep(SIZES, 1),
    ]
    assert len(arrays) == 26
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
