"""Beside what a wrong result is, a student is told what explains it where that can be seen."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from grader.checking import CHANGES, MOST_VALUES, OUTPUTS_AGREE, VARIES, alike
from grader.questions.conftest import OF_ONE_SIZE
from grader.wrong_shape import OF_THE_LOOP
from tests.conftest import Grade

RNN = """
import numpy as np

def rnn(wt_h, wt_x, bias, init_state, input_data):
    state, outputs = init_state[0], []
    for t in range(input_data.shape[1]):
        state = np.tanh(input_data[:, t] @ wt_x + state @ wt_h + bias)
        outputs.append(state)
    return np.stack(outputs, axis=1), state
"""
STUB = (
    "def rnn(wt_h, wt_x, bias, init_state, input_data):\n    outputs = None\n    return outputs\n"
)


def messages(grading: Grade, folder: Path, code: str) -> list[str]:
    (folder / "implementation.py").write_text(code)
    [question] = grading(folder, "q2").questions
    return [c.message for c in question.checks if c.graded and not c.passed]


def test_state_that_is_not_the_last_output(grading: Grade, tmp_path: Path) -> None:
    said = messages(grading, tmp_path, RNN.replace("axis=1), state", "axis=1), outputs[0]"))
    assert said
    assert all(message.endswith(OUTPUTS_AGREE) for message in said)
    wrong = messages(grading, tmp_path, RNN.replace("+ bias", "- bias"))
    assert wrong
    assert not any(OUTPUTS_AGREE in message for message in wrong)


def test_argument_that_is_changed_within_a_call(grading: Grade, tmp_path: Path) -> None:
    """The next call gets it anew: it is the steps of the same one that use it again."""
    said = messages(
        grading, tmp_path, RNN.replace("        state =", "        wt_h *= 0.9\n        state =")
    )
    assert len(said) > 1
    assert [CHANGES in message for message in said] == [True, *(False for _ in said[1:])]


def test_argument_that_is_changed_is_no_cause_beside_one_that_is_known(
    grading: Grade, tmp_path: Path
) -> None:
    changing = RNN.replace("        state =", "        state[:] =").replace(
        "(state)", "(state + 0)"
    )
    code = changing.replace(" + bias", "")
    said = messages(grading, tmp_path, code)
    assert said
    assert not any(CHANGES in message for message in said)


def test_function_that_is_still_empty(grading: Grade, tmp_path: Path) -> None:
    empty = "def init_gru_with_long_term_memory(input_size, hidden_size):\n    pass\n"
    (tmp_path / "implementation.py").write_text(f"{RNN}{STUB.replace('rnn', 'gru')}{empty}")
    for question in grading(tmp_path, "q3", "q5").questions:
        said = [check.message for check in question.checks if check.graded and not check.passed]
        assert said
        assert all(message.endswith("nothing is done in it yet.") for message in said)


def test_exception_at_other_sizes_than_the_notebooks(grading: Grade, tmp_path: Path) -> None:
    code = RNN.replace("state, outputs = init_state[0]", "state, outputs = init_state[0][:4, :2]")
    said = messages(grading, tmp_path, code)
    assert said
    assert [message.endswith(OF_ONE_SIZE) for message in said] == [True, *(False for _ in said[1:])]
    assert any("The sizes here are: batch 3, steps 7, inputs 5, hidden" in one for one in said)


def test_sizes_are_no_cause_beside_another_one(grading: Grade, tmp_path: Path) -> None:
    code = RNN.replace("        state =", "        wt_h *= len(wt_h) / 2\n        state =")
    said = messages(grading, tmp_path, code)
    assert said
    assert not any(OF_ONE_SIZE in message for message in said)


def test_exception_that_names_no_sizes_is_told_without_them(grading: Grade, tmp_path: Path) -> None:
    said = messages(grading, tmp_path, RNN.replace("init_state[0],", "init_state[0, 0, 0, 0],"))
    assert len(said) > 1
    assert len(set(said)) == 1
    assert "Print the shapes" in said[0]


def test_shape_tells_what_it_came_by(grading: Grade, tmp_path: Path) -> None:
    said = messages(grading, tmp_path, RNN.replace("in range(", "in range(1, "))
    assert said
    assert all(message.endswith(f"One step is missing{OF_THE_LOOP}") for message in said)


def test_function_that_is_defined_once_more_below(grading: Grade, tmp_path: Path) -> None:
    said = messages(grading, tmp_path, RNN + STUB)
    assert said
    assert all(m.endswith("rnn is defined at lines 4 and 10: the last one counts.") for m in said)


def test_function_whose_work_is_in_the_notebook(grading: Grade, tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": RNN, "outputs": []}]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "hw.ipynb").write_text(json.dumps(notebook))
    said = messages(grading, tmp_path, f"{STUB}def gru(x): return 2 * x\n")
    assert said
    assert all("Cell 1 of the notebook hw.ipynb defines it" in message for message in said)


def test_array_that_happens_to_have_as_many_rows_as_there_should_be_arrays(
    grading: Grade, tmp_path: Path
) -> None:
    said = messages(grading, tmp_path, RNN.replace("axis=1), state", "axis=1)"))
    assert len(said) == 5  # one of them asks for two sequences
    assert all("rnn returned one array of shape" in message for message in said)


def test_answer_that_varies(grading: Grade, tmp_path: Path) -> None:
    dropout = "np.tanh(np.random.rand(2) + input_data"
    said = messages(grading, tmp_path, RNN.replace("np.tanh(input_data", dropout))
    wrong = [message for message in said if "values differ" in message]
    assert wrong
    assert all(message.endswith(VARIES) for message in wrong)
    [*others] = messages(grading, tmp_path, RNN.replace("+ bias", "- bias"))
    assert not any(VARIES in message for message in others)


def test_mistake_that_is_not_known_is_told_where_the_formula_is(
    grading: Grade, tmp_path: Path
) -> None:
    odd = RNN.replace("np.tanh(", "np.sin(3 * ")
    first, *others = messages(grading, tmp_path, odd)
    assert first.endswith(
        "symbol by symbol: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html"
    )
    assert not any("docs.pytorch.org" in message for message in others)
    # Here it is said already.
    zeros = messages(grading, tmp_path, RNN.replace("np.tanh(", "0 * np.sin("))
    assert "All the values are zero" in zeros[0]
    assert not any("docs.pytorch.org" in message for message in zeros)
    known = messages(grading, tmp_path, RNN.replace(" + bias", ""))
    assert not any("docs.pytorch.org" in message for message in known)


def test_answers_of_any_size_are_compared_in_little_memory() -> None:
    large = np.zeros(8 * MOST_VALUES, np.int8)
    other = large.copy()
    tracemalloc.start()
    assert alike([large], [other])
    other[-1] = 1
    assert not alike([large], [other])
    assert not alike([large], [large.astype(np.uint8)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * large.nbytes


Q4 = """
import numpy as np

def init_gru_with_rnn(wt_h, wt_x, bias):
    zeros_x, zeros_h, zeros = np.zeros({}), np.zeros_like(wt_h), np.zeros_like(bias)
    r = z = zeros_x, zeros + 100, zeros_h, zeros
    z = zeros_x, zeros - 100, zeros_h, zeros
    return r, z, (wt_x, bias, wt_h, zeros)
"""


@pytest.mark.parametrize(("shape", "count"), [("(3, 2)", 1), ("wt_x.shape", 0)])
def test_sizes_of_the_notebook_in_parameters(
    grading: Grade, tmp_path: Path, shape: str, count: int
) -> None:
    (tmp_path / "implementation.py").write_text(Q4.format(shape))
    [question] = grading(tmp_path, "q4").questions
    assert sum(OF_ONE_SIZE in check.message for check in question.checks) == count


def test_answer_in_a_tuple(grading: Grade, tmp_path: Path) -> None:
    code = "def mha(Wq, Wk, Wv, Wo, x):\n    return x, [x @ w for w in Wq]\n"
    (tmp_path / "implementation.py").write_text(code)
    [question] = grading(tmp_path, "q6").questions
    said = [check.message for check in question.checks if check.graded and not check.passed]
    assert said[0].endswith("If one of its items is that, return it alone.")
