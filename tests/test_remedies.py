"""An exception that says too little is told with what to do about it."""

from __future__ import annotations

import pytest

from grader.remedies import REMEDIES, remedy_for
from tests.conftest import Handing
from tests.student_support import ARRAY, array, failure


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (b"from my_layers import *\n", "neither in the hand-in nor installed"),
        (b"from google.colab import *\n", "in Colab alone"),
        (b"open('train.csv')\n", "there are only the hand-in's own code"),
        (b"import subprocess\nsubprocess.run(['ls'])\n", "starts no other program"),
        ("x = 1\n".encode("utf-16"), "Save the file as UTF-8"),
        ("'''Für'''\n".encode("latin-1"), "Save the file as UTF-8"),
        (b"%matplotlib inline\n", "for notebooks alone"),
        (b'{"cells": [], "nbformat": null}\n', "a notebook under another name"),
    ],
)
def test_import_that_fails_says_what_to_do(hand_in: Handing, code: bytes, words: str) -> None:
    student = hand_in("")
    (student.submission.folder / "implementation.py").write_bytes(code)
    message = failure(student).message
    assert words in message
    assert message.endswith(".")


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


def test_every_remedy_is_a_sentence() -> None:
    assert all(remedy.words.endswith(".") and remedy.kinds for remedy in REMEDIES)


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
