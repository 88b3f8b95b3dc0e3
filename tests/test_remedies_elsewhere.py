"""What fails for want of something that is elsewhere: in a notebook, another file, at the top."""

from __future__ import annotations

import json

import pytest

from grader.handed_in.left_out import why_not_found
from grader.worker.absent_modules import MOST as MOST_STOOD_IN_FOR
from tests.conftest import Handing
from tests.student_support import ARRAY, array, failure


@pytest.mark.parametrize(
    ("file", "as_what"),
    [("sub/deep/steps.py", "sub.deep.steps"), ("sub/steps/__init__.py", "sub.steps")],
)
@pytest.mark.parametrize("others", [0, MOST_STOOD_IN_FOR])
def test_module_that_is_elsewhere_in_the_hand_in_is_not_called_missing(
    hand_in: Handing, file: str, as_what: str, others: int
) -> None:
    """Neither where it is used, nor where so many are missing that none stands in for it."""
    imports = "".join(f"import absent{number}\n" for number in range(others))
    code = f"{imports}import steps\ndef rnn(x): return steps.step(x)\n"
    message = failure(hand_in(code, {file: "def step(x): return x\n"})).message
    assert f"{file} is in the hand-in, but not where Python looks for it" in message
    assert f"import it as {as_what}, or put it beside implementation.py." in message
    assert "neither in the hand-in" not in message


@pytest.mark.parametrize("file", ["steps.ipynb", "sub/steps.ipynb"])
def test_notebook_is_no_module(hand_in: Handing, file: str) -> None:
    code = "import import_ipynb\nfrom steps import step\ndef rnn(x): return step(x)\n"
    message = failure(hand_in(code, {file: "{}"})).message
    assert f"{file} is in the hand-in, but a notebook is no module" in message
    assert "neither in the hand-in" not in message


def test_helper_that_only_the_notebook_has_is_found_there(hand_in: Handing) -> None:
    cells = [{"cell_type": "markdown"}, {"cell_type": "code", "source": "def sigmoid(x): pass\n"}]
    files = {"work.ipynb": json.dumps({"cells": cells}), "other.ipynb": "{"}
    student = hand_in("def rnn(x): return sigmoid(x)\ndef gru(x): return tanh(x)", files)
    words = "Cell 2 of the notebook work.ipynb defines it: copy that into this file."
    assert failure(student).message.endswith(words)
    assert "Cell" not in failure(student, "gru").message


def test_function_that_only_the_notebook_has_is_found_there(hand_in: Handing) -> None:
    cells = [{"cell_type": "code", "source": "def rnn(x):\n    return x", "outputs": []}]
    notebook = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    message = failure(hand_in("def gru(x): return 2 * x\n", {"hw.ipynb": notebook})).message
    assert "has no function rnn" in message
    assert message.endswith("Cell 1 of the notebook hw.ipynb defines it: copy that into this file.")


def test_function_that_only_another_file_has_is_found_there(hand_in: Handing) -> None:
    files = {"part1.py": "def rnn(x): return sigm(x)\n", "more.py": "def sigm(x): return x\n"}
    student = hand_in("from part1 import rnn as mine\ndef gru(x): return mine(x)\n", files)
    assert failure(student).message.endswith(
        "part1.py defines it: import it from there, or copy it."
    )
    assert failure(student, "gru").message.endswith(
        "more.py defines it: import it from there, or copy it."
    )


def test_module_that_another_of_that_name_comes_before(hand_in: Handing) -> None:
    student = hand_in("from test import rnn", {"test.py": "def rnn(x): return x\n"})
    message = failure(student).message
    assert "cannot import name 'rnn' from 'test' (line 1 of implementation.py). Python" in message
    assert message.endswith("test.py, in the notebook as well: give that file another name.")


def test_own_module_that_lacks_a_name(hand_in: Handing) -> None:
    student = hand_in("from helper import rnn", {"helper.py": "def gru(x): return x\n"})
    message = failure(student).message
    assert "cannot import name 'rnn' from 'helper'" in message
    assert "another name" not in message


def test_what_was_handed_in_and_is_not_given_is_named(hand_in: Handing) -> None:
    code = "two = open('consts.xyz')\ndef rnn(x): return two\ndef gru(x): open('consts.xyz')\n"
    student = hand_in(code, {"consts.xyz": "1", "notconsts.xyz": "1"})
    words = "consts.xyz is in your hand-in, but files of this kind are not given to it here."
    for function in ("rnn", "gru"):
        assert f" {words}" in failure(student, function).message
    assert "Line 1 was passed over" in failure(student, "rnn").message


def test_own_table_is_read_from_the_current_folder(hand_in: Handing) -> None:
    student = hand_in(
        "import numpy as np\n"
        "two = np.loadtxt('consts.csv', delimiter=',')[1]\n"
        "def rnn(x): return two * x\n",
        {"consts.csv": "1,2"},
    )
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("a.xyz not found.", "a.xyz is in your hand-in, but files of this kind"),
        ("[Errno 2] No such file or directory: 'd/a.xyz'", "files of this kind"),
        ("no 'test.csv'", "a table with the word test in its name"),
        ("no 'big.json'", "files of more than 1 MB"),
        ("no 'steps.py'", "Put it beside implementation.py."),
        ("no 'ba.xyz' and 'a.xyzs'", ""),
    ],
)
def test_why_a_file_is_not_found(message: str, words: str) -> None:
    said = why_not_found(message, ("a.xyz", "big.json", "steps.py", "test.csv"))
    assert words in said
    assert bool(words) == bool(said)


def test_settings_are_read_from_where_they_were_handed_in(hand_in: Handing) -> None:
    student = hand_in(
        "import json, pathlib\n"
        "here = json.load(open('config.json'))\n"
        "beside = json.loads((pathlib.Path(__file__).parent / 'config.json').read_text())\n"
        "open('config.json', 'w').write('{}')\n"
        "def rnn(x): return x * here['two'] * beside['two']\n",
        {"config.json": '{"two": 2}'},
    )
    assert array(student.call("rnn", (ARRAY,), 0)) == (4 * ARRAY).tolist()
    assert (student.submission.folder / "config.json").read_text() == '{"two": 2}'
