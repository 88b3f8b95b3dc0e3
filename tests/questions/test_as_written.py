"""What a student's code shows as it is written explains a wrong answer, and changes no points."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.handed_in.naming import FUNCTIONS
from grader.model import QuestionResult
from grader.questions.as_written import ORDER, RETURN, TANGENT, TWICE, place_of, seen_in
from tests.conftest import ROOT, Grade

GOOD = "def rnn(wt_h, wt_x, bias, init_state, input_data):\n"
BAD = "def rnn(input_data, init_state, wt_x, wt_h, bias):\n"
LOOP = "    for t in range(9):\n"
EARLY = f"{LOOP}        return t\n"


def title(tmp_path: Path, code: str, function: str = "rnn") -> str:
    (tmp_path / "implementation.py").write_text(code)
    hint = seen_in(function, tmp_path / "implementation.py").hint
    return hint.title if hint else ""


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (f"{GOOD}    pass\n", ""),
        (f"{BAD}    pass\n", ORDER),
        ("def rnn(wt_h, wt_x, b, h, x): pass\n", ""),
        ("def rnn(Wt_H, WT_X, b, h, x): pass\n", ""),
        ("def rnn(x, h, wt_x, wt_h, b): pass\n", ORDER),
        ("def rnn(bias, /, *rest): pass\n", ORDER),
        ("def rnn(wt_h, wt_x, bias, input_data): pass\n", ""),
        ("def gru(bias, wt_h): pass\n", ""),
        (f"{GOOD.replace('(', '(self, ')}    pass\n", ""),
        (f"{BAD.replace(')', ', more=1)')}    pass\n", ORDER),
        (f"{GOOD}{EARLY}", RETURN),
        (f"{GOOD}    if x:\n    {EARLY.replace(chr(10), chr(10) + '    ').rstrip()}\n", RETURN),
        (f"{GOOD}{LOOP}        if t: return t\n", ""),
        (f"{GOOD}    while True:\n        x = 1\n        return x\n", RETURN),
        (f"{GOOD}    def f():\n    {EARLY.replace(chr(10), chr(10) + '    ').rstrip()}\n", ""),
        (f"{GOOD}{LOOP}        pass\n    return 1\n", ""),
        (f"{GOOD}    pass\n{GOOD}    return 1\n", TWICE),
        (f"{BAD}    pass\n{GOOD}    return 1\n", TWICE),
        (f"{GOOD}    pass\nrnn = other\n", TWICE),
        (f"{GOOD}    pass\nrnn = timed(rnn)\n", ""),
        (f"{BAD}    pass\nrnn = other\n", TWICE),
        (f"{BAD}    pass\nrnn = timed(rnn)\n", ORDER),
        (f"{GOOD}{LOOP}        if t < 5: continue\n        return t\n", ""),
        (f"{GOOD}{LOOP}        t += 1\n        return t\n        continue\n", RETURN),
        (f"{GOOD}    return np.tan(bias)\n", TANGENT),
        (f"{GOOD}    f = torch.tan\n    return f(bias)\n", TANGENT),
        (f"{GOOD}    tan = np.tanh(bias)\n    return tan * 2\n", ""),
        (f"{GOOD}    return np.tanh(bias)\n", ""),
        ("rnn = make()\n", ""),
        ("def rnn(:\n", ""),
    ],
)
def test_what_is_seen(tmp_path: Path, code: str, found: str) -> None:
    assert title(tmp_path, code) == found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_arguments_as_the_assignment_has_them_are_in_order(tmp_path: Path, function: str) -> None:
    names = FUNCTIONS[function].split(", ")
    assert title(tmp_path, f"def {function}({', '.join(names)}): pass\n", function) == ""
    turned = f"def {function}({', '.join(reversed(names))}): pass\n"
    assert title(tmp_path, turned, function) == ORDER
    assert seen_in(function, tmp_path / "implementation.py").explains_all


def test_only_where_to_look_is_told_where_the_rubric_wants_that(tmp_path: Path) -> None:
    (tmp_path / "implementation.py").write_text(f"{BAD}    pass\n")
    found = seen_in("rnn", tmp_path / "implementation.py").hint
    assert found is not None
    hint = place_of(found)
    assert hint.title == "Look at the order of the arguments"
    assert not hint.explanation + hint.hint


RNN = """
import numpy as np

def rnn(wt_h, wt_x, bias, init_state, input_data):
    state, outputs = init_state[0], []
    for t in range(input_data.shape[1]):
        state = np.tanh(input_data[:, t] @ wt_x + state @ wt_h + bias)
        outputs.append(state)
    return np.stack(outputs, axis=1), state[None]
"""


def hints(grading: Grade, folder: Path, code: str) -> list[tuple[str, str]]:
    (folder / "implementation.py").write_text(code)
    question: QuestionResult = grading(folder, "q2").questions[0]
    return [(c.hint.title, c.hint.explanation) for c in question.checks if c.hint]


def test_hint_of_a_question(grading: Grade, tmp_path: Path) -> None:
    assert hints(grading, tmp_path, RNN) == []
    # Right, though it is defined twice.
    assert hints(grading, tmp_path, RNN + RNN) == []
    turned = RNN.replace("wt_h, wt_x, bias, init_state, input_data", "input_data, wt_h, wt_x, b, h")
    [(found, why)] = hints(grading, tmp_path, turned)
    assert found == ORDER
    assert "(input_data, wt_h, wt_x, b, h)" in why
    [(found, _)] = hints(grading, tmp_path, RNN.replace("    return", "        return"))
    assert found == RETURN
    [(found, _)] = hints(grading, tmp_path, RNN.replace("np.tanh", "np.tan"))
    assert found == TANGENT
    without_bias = RNN.replace(" + bias", "")
    [(found, why)] = hints(grading, tmp_path, RNN + without_bias)
    assert found == "The bias is not added"
    assert why.endswith("rnn is defined at lines 4 and 13: the last one counts.")


def test_parameters_that_are_exchanged_in_the_line_with_def(grading: Grade, tmp_path: Path) -> None:
    reference = (ROOT / "reference" / "implementation.py").read_text()
    first, second = "    linear_trans_r: Gate,\n", "    linear_trans_z: Gate,\n"
    code = reference.replace(f"def gru(\n{first}{second}", f"def gru(\n{second}{first}")
    (tmp_path / "implementation.py").write_text(code)
    [found] = [c.hint.title for c in grading(tmp_path, "q3").questions[0].checks if c.hint]
    assert found == ORDER


def test_names_in_another_order_that_are_meant_as_they_come(grading: Grade, tmp_path: Path) -> None:
    turned = RNN.replace("wt_h, wt_x, bias", "wt_x, wt_h, bias")
    turned = turned.replace("@ wt_x + state @ wt_h", "@ wt_h + state @ wt_x")
    assert hints(grading, tmp_path, turned) == []
    [(found, _)] = hints(grading, tmp_path, turned.replace(" + bias", ""))
    assert found == "The bias is not added"
