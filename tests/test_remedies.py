"""An exception that says too little is told with what to do about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.defined_elsewhere import SET_THERE
from grader.remedies import REMEDIES, remedy_for
from tests.conftest import Grade, Handing
from tests.student_support import failure

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}, "


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (b"from my_layers import *\n", "neither in the hand-in nor installed"),
        (b"from google.colab import *\n", "in Colab alone"),
        (b"def rnn(x=open('train.csv')): ...\n", "leave what reads other data in the notebook"),
        (b"rnn = device\n", "on that of the input, as x.device tells it"),
        (b"from .steps import step\n", "leave out the dot"),
        (b"def f(:\n", "for a bracket, comma, colon or operator"),
        (b"def f(wt_h, wt_x.T, bias): pass\n", "parameters are names alone"),
        (b"x = 1\n<<<<<<< HEAD\nx = 2\n", "could not merge two versions"),
        (b"def f():\n<<<<<<< HEAD\n    x = 2\n", "could not merge two versions"),
        (b"import subprocess\nrnn = subprocess.run(['ls'])\n", "starts no other program"),
        ("x = 1\n".encode("utf-16"), "it is UTF-16"),
        (b"x = 1\n\0\0", "or was damaged on its way"),
        ("\U0001f525 = 1\n".encode(), "cannot be part of a name"),
        ("x = 3 \u2212 1\n".encode(), "Type that part of the line anew"),
        ("'''Für'''\n".encode("latin-1"), "Save the file as UTF-8"),
        (b"%matplotlib inline\n", "for notebooks alone"),
        (b"for t in range(3)\n    pass\n", "ends with a colon"),
        ("x\u00a0= 1\n".encode(), "Type that part of the line anew"),
        ("x = \u201ca\u201d\n".encode(), "Type that part of the line anew"),
        (b"Here is the code:\n```python\nx = 1\n```\n", "lines of ```"),
        (b"```python\nx = 1\n```\n", "lines of ```"),
        (b"if 1:\n\tx = 1\n  y = 1\n", "must begin exactly where an earlier one does"),
        (b'{"cells": [], "nbformat": null}\n', "a notebook under another name"),
        (b"def f():\n\tx = 1\n        return x\n", "Convert indentation to spaces"),
        (b"assert 1 == 2, 'rnn is wrong'\n", "put it under if __name__"),
        (b"import numpy as np\nnp.testing.assert_allclose(1, 2)\n", "put it under if __name__"),
        (b"PK\x03\x04" + bytes(60), "unpack it"),
        (b"%PDF-1.7\n", "hand in the Python file"),
        (b"{\\rtf1\\ansi\n", "save the code as plain text"),
        (b"\n<!DOCTYPE html>\n<html>", "'Raw' gives the file itself"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ],
)
def test_import_that_fails_says_what_to_do(hand_in: Handing, code: bytes, words: str) -> None:
    student = hand_in("")
    (student.submission.folder / "implementation.py").write_bytes(code)
    message = failure(student).message
    assert words in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("since", "code"),
    [
        ((3, 12), "type X = int"),
        ((3, 12), "def f[T](x): return x"),
        ((3, 12), "class C[T](dict): pass"),
        ((3, 12), "f'{x['a']}'"),
        ((3, 12), 'f"{"a"}"'),
        ((3, 12), "f'{\"\\n\".join(a)}'"),
        ((3, 14), "try:\n    x\nexcept A, B: pass"),
        ((3, 14), "t'{x}'"),
        ((99, 0), "match x:\n    case [1, 2, : pass"),
        ((99, 0), "try:\n    pass\nexcept* A B: pass"),
        ((99, 0), "f'{a b}'"),
    ],
)
def test_newer_syntax_is_called_newer_where_it_is(since: tuple[int, int], code: str) -> None:
    try:
        compile(code, "implementation.py", "exec")
    except SyntaxError as error:
        line = code.splitlines()[(error.lineno or 1) - 1].strip()
        said = remedy_for("SyntaxError", error.msg, line)
    else:
        said = ""
    is_newer = since < (99, 0) and sys.version_info < since
    assert (f"graded with Python {PYTHON}" in said) == is_newer


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("def rnn(bias): return biass", "Did you mean bias?"),
        ("def step(x): return x\ndef rnn(x): stepp", "Did you mean step?"),
        ("def rnn(bias): return weights", ""),
        ("def rnn(init_state): return final_state", ""),
        ("def rnn(b_z): return b_r", ""),
        (f"def rnn(bias): return biass\nf = {'lambda: ' * 960}1\n", ""),
        ("def step(weights): pass\ndef rnn(x): return weight", ""),
        ("def rnn(m): return nn", ""),
        ("def rnn(x): return sizes\nif __name__ == '__main__':\n  for size in [2]: pass", ""),
    ],
)
def test_name_that_is_misspelt(hand_in: Handing, code: str, meant: str) -> None:
    said = failure(hand_in(code)).message
    assert "is not defined" in said
    assert said.endswith(meant) if meant else "Did you mean" not in said


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import sys\nif not sys.path:\n  xp = 2\ndef rnn(x): return xp", 2),
        ("x = step(1)\ndef step(x): return x\ndef rnn(x): return x", 2),
        ("def rnn(x): return [y for _ in x]\n\nfor y in []:\n  pass", 3),
    ],
)
def test_name_that_is_set_too_late_or_not_in_every_case(
    hand_in: Handing, code: str, line: int
) -> None:
    said = failure(hand_in(code)).message
    assert said.endswith(SET_THERE.format(line))
    assert "Nothing at the top level" not in said


ARRAYS = "import numpy as np, torch\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def rnn(Wq): return [Wq][0:1].shape", "with one array for each head"),
        ("def rnn(x): return {x: 1}", "can be no keys: look for a cache"),
        ("import math\ndef rnn(x): return math.tanh(x)", "np.tanh, np.exp"),
        ("import os\ndef rnn(x):\n  open('a', 'w')\n  os.remove('a')", "and removes no file"),
        ("from multiprocessing import Lock\ndef rnn(x): return Lock()", "locks and pools"),
        ("class Net:\n  def rnn(x): pass\nrnn = Net().rnn", "a method has self"),
        ("class Net:\n  def rnn(self, x): pass\nrnn = Net.rnn", "called on an object"),
        ("def rnn(x): breakpoint()", "A debugger was called there"),
        (
            "import torch\nfrom torch.nn.functional import one_hot\n"
            "def rnn(x): return one_hot(torch.tensor([3]), 2)",
            "so that there are V + 3",
        ),
        ("def rnn(x): return [Wq for Wq in [[1]]][0][1]", "the loop goes with len(Wq)"),
        ("def rnn(x): return [1][1]", "Is a size of the notebook's"),
        ("def rnn(x):\n  y = []\n  y[0] = x", "see list.append"),
        ("def rnn(x): return [0] * 2 * 1e4", "tuple that is multiplied is repeated"),
        ("def rnn(x): return (1,)[1]", "perhaps a shape, has fewer items"),
        ("def rnn(x): raise NotImplementedError", "write it, and take that line out"),
        ("def rnn(x): return rnn(x)", "calls itself, and what should end that"),
        ("def rnn(x):\n  y = y + x\n  return y", "its own from its first line on"),
        ("def rnn(x): return [0] * range(6 / 2)", "see //, or int(...)"),
        ("def rnn(x): return [1, 2][1.0]", "see //, or int(...)"),
        ("def rnn(x): return xrange(3)", "Python 3 has range in its place"),
        ("def rnn(x): return reduce(max, [x])", "from functools import reduce"),
        ("def rnn(x):\n  @wraps(x)\n  def f(): pass", "from functools import wraps"),
        ("def rnn(x): return chain.from_iterable([x])", "from itertools import chain"),
        ("def rnn(x):\n  max = 3\n  return max(x)", "a variable has a function's name"),
        ("def rnn(x): return {}.iteritems()", "In Python 3 a dict has items()"),
        ("def rnn(x): return zip([1], [2])[0]", "becomes a list by list(...)"),
        ("def rnn(x):\n  assert len(x) == 99\n  return x", "an assert of your own"),
        ("import psutil\ndef rnn(x): psutil.Process().memory_info()", "memory or time out of"),
        ("def rnn(x): return input('n? ')", "nobody answers input()"),
        ("from torch import *\ndef rnn(x): return range(3)", "'from torch import *'"),
        ("from torch import *\ndef rnn(x): return sum([1, 2])", "'from torch import *'"),
        ("from torch import *\ndef rnn(x): return max(1, 2)", "'from torch import *'"),
        ("from numpy import *\ndef rnn(x): return max(1, 2)", "'from numpy import *'"),
        ("def rnn(wt_h, wt_x): return wt_h", "rnn(wt_h, wt_x, bias, init_state, input_data)"),
        ("def rnn(): return 1", "The notebook calls rnn(wt_h, wt_x, bias, init_state, input_data)"),
        ("class A:\n  def rnn(self): pass\nrnn = A().rnn", "The notebook calls rnn(wt_h"),
        ("def rnn(x): return np.tanh(x)", "Import it at the top of this file"),
        ("def rnn(x): return range(time_steps)", "input_data.shape[1] for the steps"),
        ("def rnn(x): return x.reshape(num_heads, -1)", "len(Wq) for the heads"),
        ("def rnn(x): return initial_state[0]", "by the names that stand in its def line"),
        ("def rnn(x): return 1 - sigmoid(x)", "put its def or its import there"),
        ("def g():\n    def f(x): pass\ndef rnn(x): return f(x)", "put its def or its import"),
        (f"{ARRAYS}def rnn(x): return x + np.ones((3, 2))", "Print the shapes"),
        (f"{ARRAYS}def rnn(x): return x @ x", "Print the shapes"),
        (f"{ARRAYS}def rnn(x): return x.dot(x)", "Print the shapes"),
        (f"{ARRAYS}def rnn(x): return x.squeeze(0)", "Print the shapes"),
        (f"{ARRAYS}def rnn(x): return x.transpose(0, 2, 1)", "Print the shapes"),
        (f"{ARRAYS}def rnn(x): x[:] = np.ones((3, 3))", "Print the shapes"),
        (f"{ARRAYS}def rnn(x): return x.sum(axis=2)", "Print the shapes"),
        (f"{ARRAYS}def rnn(x): return torch.zeros(2, 3) @ torch.zeros(2, 3)", "Print the shapes"),
        (f"{ARRAYS}def rnn(x): return torch.zeros(2, 3).view(4, 4)", "Print the shapes"),
        (f"{ARRAYS}def rnn(x): return torch.zeros(2, 3) + torch.zeros(2, 4)", "Print the shapes"),
        (f"{ARRAYS}def rnn(x):\n  y = np.ones((2, 3, 4))\n  return y @ y.T", "numpy.swapaxes"),
        (f"{ARRAYS}def rnn(x): return x + torch.zeros(2, 2)", "mha's input_data is a tensor"),
        ("def rnn(x):\n    B, T, D = x.shape", "Print what is unpacked"),
        ("def rnn(x): return x.permute(1, 0)", "mha's input_data is a tensor"),
        ("def rnn(x): return x.size(0)", "mha's input_data is a tensor"),
        ("def rnn(x): return x.shape(0)", "with square brackets"),
        (f"{ARRAYS}def rnn(x): return torch.tanh(x)", "mha's input_data is a tensor"),
        (f"{ARRAYS}def rnn(x): return x @ torch.zeros(3, 2)", "mha's input_data is a tensor"),
        (f"{ARRAYS}def rnn(x): return torch.from_numpy(x).astype(int)", "mha's input_data is a"),
        (f"{ARRAYS}def rnn(x): return torch.zeros(2, 3, 4).transpose(0, 2, 1)", "mha's input_data"),
        (f"{ARRAYS}def rnn(x): return torch.eye(2) @ torch.eye(2).double()", "float32 and float64"),
        (f"{ARRAYS}def rnn(x): return torch.nn.Embedding(3, 2)(torch.tensor([3]))", "V + 3 ids"),
        (
            "class A:\n  def f(self): return self.b\ndef rnn(x): return A().f()",
            "was the class changed",
        ),
        ("import no_such\ndef rnn(x): return range(no_such.a)", "that is not installed"),
    ],
)
def test_call_that_fails_says_what_to_do(hand_in: Handing, code: str, words: str) -> None:
    message = failure(hand_in(code)).message
    assert words in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("kind", "message", "code"),
    [
        ("AssertionError", "Torch not compiled with CUDA enabled", "x.cuda()"),
        (
            "TypeError",
            "type torch.cuda.FloatTensor not available. Torch not compiled with CUDA",
            "",
        ),
        ("RuntimeError", "No CUDA GPUs are available", "x.to('cuda')"),
        ("RuntimeError", "Found no NVIDIA driver on your system.", "x.to('cuda')"),
        ("AssertionError", "", "assert x.is_cuda"),
        ("AssertionError", "a GPU, please", "assert torch.cuda.is_available(), 'a GPU, please'"),
    ],
)
def test_missing_gpu_is_no_mistake_of_the_students(kind: str, message: str, code: str) -> None:
    assert "There need be no GPU" in remedy_for(kind, message, code)


@pytest.mark.parametrize(
    ("kind", "message", "code"),
    [
        ("AssertionError", "", "assert len(x)"),
        ("EOFError", "Ran out of input", "pickle.load(file)"),
        ("TypeError", "range expected at least 1 argument, got 0", "range()"),
        ("TypeError", "sum() takes at least 1 positional argument (0 given)", "sum()"),
        ("TypeError", "sum(): argument 'input' (position 1) must be Tensor, not list", "t.sum(x)"),
        ("TypeError", "step() takes 1 positional argument but 2 were given", "step(x, h)"),
        ("TypeError", "my_rnn() takes 1 positional argument but 2 were given", "my_rnn(x, h)"),
        ("TypeError", "'Model' object is not callable", "model(2)"),
        ("TypeError", "Model.__init__() missing 1 required positional argument: 'a'", "Model()"),
        ("AttributeError", "'Model' object has no attribute 'b'", "model.b"),
        ("SyntaxError", "'(' was never closed", "x = ("),
        ("RuntimeError", "Class values must be non-negative.", "F.one_hot(x, self.n)"),
        ("ValueError", "Cannot copy out of meta tensor; no data!", "model.to('cpu')"),
        ("NameError", "name 'bais' is not defined", "bais"),
        ("NameError", "name 'product' is not defined", "Wq[product] + model.product(1)"),
        ("NameError", "name 'h' is not defined", "np.tanh(h) + x.h(1)"),
    ],
)
def test_remedy_is_not_given_for_another_mistake(kind: str, message: str, code: str) -> None:
    assert remedy_for(kind, message, code) == ""


def test_own_function_that_is_called_like_one_of_pythons_modules(hand_in: Handing) -> None:
    files = {"more.py": "def accumulate(x): return x\n"}
    message = failure(hand_in("def rnn(x): return accumulate(x)\n", files)).message
    assert message.endswith("more.py defines it: import it from there, or copy it.")
    assert "itertools" not in message


def test_assertion_in_a_function_is_no_test_at_the_top(hand_in: Handing) -> None:
    assert "__name__" not in failure(hand_in("def rnn(x):\n    assert x.ndim == 9\n")).message


def test_other_exceptions_speak_for_themselves(hand_in: Handing) -> None:
    message = failure(hand_in("def rnn(x): return 1 / 0")).message
    assert message.endswith("division by zero (line 1 of implementation.py)")
    assert remedy_for("NameError", "name 'x' is not defined", "x") == ""


@pytest.mark.parametrize("code", ["raise ValueError", "raise ValueError(' ')", "assert not len(x)"])
def test_exception_that_says_nothing_leaves_no_colon(hand_in: Handing, code: str) -> None:
    message = failure(hand_in(f"def rnn(x): {code}")).message
    assert "Error (line 1 of implementation.py)" in message


def test_space_around_an_exceptions_text_is_not_shown(hand_in: Handing) -> None:
    message = failure(hand_in("def rnn(x): raise ValueError(' shapes (2,) (3,) ')")).message
    assert message.startswith("rnn(...) raised ValueError: shapes (2,) (3,) (line 1 of ")


def test_text_with_code_in_it_is_no_text_around_code(hand_in: Handing) -> None:
    student = hand_in('"""As in\n```\nrnn(x)\n```\n"""\ndef rnn(x) return x\n')
    assert "```" not in failure(student).message


def test_name_that_nothing_sets_where_the_file_is_run(hand_in: Handing) -> None:
    """What is set in a function there, or in the other branch, is not meant."""
    deep = f"if {'not ' * 300}rnn: x = 1\n"
    main = "if __name__ == '__main__':\n    def f(): two = 1\nelse:\n    for two in (): pass\n"
    student = hand_in(f"def rnn(x): return two * x\n{deep}{main}")
    assert "It is set under" not in failure(student).message


def test_name_that_is_set_where_the_file_is_run(hand_in: Handing) -> None:
    student = hand_in("def rnn(x): return two * x\nif __name__ == '__main__':\n    two = 2\n")
    assert "It is set under if __name__ == '__main__', which nobody" in failure(student).message


def test_every_remedy_is_a_sentence() -> None:
    assert all(remedy.words.endswith(".") and remedy.kinds for remedy in REMEDIES)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="knows the newest syntax tried here")
def test_staff_are_told_of_a_newer_python(grading: Grade, tmp_path: Path) -> None:
    (tmp_path / "implementation.py").write_text("x = t'{1}'\n")
    assert any(note.startswith("the hand-in seems") for note in grading(tmp_path, "q5").notes)
    (tmp_path / "implementation.py").write_text("x = (\n")
    assert grading(tmp_path, "q5").notes == ()


def test_staff_are_told_of_a_package_that_the_model_needs(grading: Grade, tmp_path: Path) -> None:
    code = "import torch, no_such\nclass SentenceModel(torch.nn.Module):\n"
    code += "    def __init__(self, freq):\n        super().__init__()\n        {}\n"
    (tmp_path / "rnn_lm.py").write_text(code.format("self.layer = no_such.Layer(len(freq))"))
    [note] = grading(tmp_path, "q7").notes
    assert note.startswith("the language model needs what is neither handed in nor installed")
    assert "graded: no_such; where that is a package, install it" in note
    (tmp_path / "rnn_lm.py").write_text(code.format("self.layer = 1 / 0"))
    assert grading(tmp_path, "q7").notes == ()
