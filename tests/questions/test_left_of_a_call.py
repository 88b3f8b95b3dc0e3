"""A function that is right once is told what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.checking import KEEPS_STATE
from tests.conftest import Grade

ONCE = """
import numpy as np

def rnn(wt_h, wt_x, bias, init_state, input_data, outputs=[]):
    state = init_state[0]
    for t in range(input_data.shape[1]):
        state = np.tanh(input_data[:, t] @ wt_x + state @ wt_h + bias)
        outputs.append(state)
    return np.stack(outputs, axis=1), state
"""
"""All calls have the same list."""
CACHED = """
import numpy as np
known = {}

def rnn(wt_h, wt_x, bias, init_state, input_data):
    state, outputs = init_state[0], []
    for t in range(input_data.shape[1]):
        x = known.setdefault((t, input_data.shape), input_data[:, t])
        state = np.tanh(x @ wt_x + state @ wt_h + bias)
        outputs.append(state)
    return np.stack(outputs, axis=1), state
"""

KEPT = """
import numpy as np

def rnn(wt_h, wt_x, bias, init_state, input_data):
    if not hasattr(rnn, "kept"):
        rnn.kept = wt_h, wt_x, bias
    (wt_h, wt_x, bias), state, outputs = rnn.kept, init_state[0], []
    for t in range(input_data.shape[1]):
        state = np.tanh(input_data[:, t] @ wt_x + state @ wt_h + bias)
        outputs.append(state)
    return np.stack(outputs, axis=1), state
"""
"""Most sizes do not fit what was kept: that raises something."""


def told(grading: Grade, folder: Path, code: str, *only: str) -> dict[str, bool]:
    """Of the graded checks of rnn that failed, whether they say so."""
    (folder / "implementation.py").write_text(code)
    [question] = [each for each in grading(folder, *only).questions if each.id == "q2"]
    assert question.score == 0
    assert question.notes == ()
    failed = [check for check in question.checks if check.graded and not check.passed]
    return {check.name: check.message.endswith(KEEPS_STATE) for check in failed}


@pytest.mark.parametrize("code", [ONCE, CACHED, KEPT])
def test_what_is_left_of_a_call(grading: Grade, tmp_path: Path, code: str) -> None:
    found = told(grading, tmp_path, code, "q2")
    assert found["notebook_case"]
    assert all(found.values())


def test_call_that_is_wrong_in_a_new_process_too(grading: Grade, tmp_path: Path) -> None:
    of_size = ONCE.replace("append(state)", "append(state + 0.1 * (wt_h.shape[0] > 2))")
    found = told(grading, tmp_path, of_size, "q2")
    assert found.pop("notebook_case")
    assert found
    assert not any(found.values())
    wrong = ONCE.replace("append(state)", "append(-state)")
    assert not any(told(grading, tmp_path, wrong, "q2").values())
