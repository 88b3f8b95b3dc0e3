"""A function in which nothing is done yet is told from one that is written."""

from __future__ import annotations

import ast

import pytest

from grader.unfinished import is_unfinished


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "'''What it does.'''",
        "raise NotImplementedError",
        "print('todo')",
        "return None",
        "return [None, None]",
        "outputs, state = None, None\n    return outputs, state",
        "outputs: object\n    ...",
    ],
)
def test_nothing_is_done(body: str) -> None:
    assert is_unfinished(ast.parse(f"def f(x):\n    {body}\n").body[0])


@pytest.mark.parametrize("body", ["return x + 1", "x[0] = 1", "print(x)", "outputs = g(x)"])
def test_something_is_done(body: str) -> None:
    assert not is_unfinished(ast.parse(f"def f(x):\n    {body}\n").body[0])


def test_function_that_is_wrapped_may_be_done_elsewhere() -> None:
    assert not is_unfinished(ast.parse("@wrapped\ndef f(x): pass\n").body[0])
