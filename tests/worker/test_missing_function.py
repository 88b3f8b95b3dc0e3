"""A function that is not there: what the student is told of where it may be."""

from __future__ import annotations

import textwrap
from types import ModuleType
from typing import Any

import pytest

from grader.source import MAX_SOURCE
from grader.worker.missing_function import AT_THE_TOP, EMPTY, SPELLING, why_missing


def why(code: str, name: str = "rnn") -> str:
    source = textwrap.dedent(code)
    module: dict[str, Any] = vars(ModuleType("implementation"))
    exec(compile(source, "implementation.py", "exec"), module)
    return why_missing(name, module, source.encode())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", EMPTY),
        ("# import numpy as np\n'''To do.'''\n", EMPTY),
        ('{"cells": [], "metadata": {}, "nbformat": 4}', "a notebook under another name"),
        ("class Model:\n    def rnn(self, x): return x", "a method of the class Model"),
        ("class A:\n  class B:\n    def rnn(self): pass", "a method of the class B"),
        ("def main():\n    def rnn(x): return x", "inside of the function main"),
        ("x = 1\nif x > 1:\n    def rnn(x): return x", "inside of what begins in line 2"),
        ("def RNN(x): return x", "There is RNN: is that it?"),
        ("x = 1", SPELLING),
        ("def gru(x): return x", SPELLING),
        ("def gru(x): return x\ndef run(x): return x", "There is run: is that it?"),
        ("{'cells': 1}", SPELLING),
        ("class Model:\n    def gru(self, x): return x", SPELLING),
        ("def f(): return lambda rnn: rnn", SPELLING),
        ("def rnn(x): return x\ndel rnn", SPELLING),
    ],
)
def test_where_it_may_be(code: str, words: str) -> None:
    assert words in why(code)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "def rnn(x): return x, x\nrnn = rnn(1)",
            "is a tuple of 2 items, not a function: line 2 ",
        ),
        ("rnn = 1\nif rnn:\n    rnn, x = None, 1", "rnn is None, not a function: line 3 "),
        ("for rnn in [1]:\n    pass\ndef f():\n    rnn = 2", "type int, not a function: line 1 "),
        ("import os as rnn", "type module, not a function: line 1 "),
        ("def rnn(x): return x\nglobals()['rnn'] = 3", "another value. Look for where."),
    ],
)
def test_name_that_was_given_another_value(code: str, words: str) -> None:
    assert words in why(code)


def test_a_method_loses_its_self_and_a_function_has_none() -> None:
    assert why("class A:\n    def rnn(self): pass").endswith(f"{AT_THE_TOP}, without self.")
    assert why("def f():\n    def rnn(x): pass").endswith(f"{AT_THE_TOP}.")


def test_source_that_cannot_be_read_is_no_reason_to_fail() -> None:
    def rnns() -> None: ...

    for source in (b"\x00", b"(" * 10_000, b"x = 1\n" * MAX_SOURCE, b"\xff"):
        assert why_missing("mha", {}, source) == SPELLING
        assert "There is rnns" in why_missing("rnn", {"rnns": rnns}, source)
