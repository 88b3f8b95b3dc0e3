"""Finds with what arguments the hand-in's own notebooks and scripts build the model.

Weights that were saved alone do not tell the sizes that they were made with. Where the class has
no defaults for them, or others, a call such as ``SentenceModel(freq, emb=EMB, hid=160)`` does.
"""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from grader.worker.notebook_code import is_simple, run_definitions

MODULES = {"torch": torch, "np": np, "numpy": np, "math": math}
"""What the values of such arguments may be computed with."""
GATHER = "_gather_arguments"
SHOWN = 30


@dataclass(frozen=True)
class Arguments:
    """What a model is built with beside freq; ``told_by`` is what says so."""

    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    told_by: str = ""
    size: int | None = None
    """A number in the place of freq, such as how many tokens there are."""

    def __bool__(self) -> bool:
        return bool(self.positional or self.named) or self.size is not None

    def as_call(self, name: str) -> str:
        """The call that builds the model, as a student would write it."""
        values = [
            *(str(value)[:SHOWN] for value in self.positional),
            *(f"{name}={str(value)[:SHOWN]}" for name, value in self.named.items()),
        ]
        first = "freq" if self.size is None else str(self.size)
        return f"{name}({', '.join([first, *values])})"


ALONE = Arguments()


def calls_in(
    tree: ast.Module, name: str, first: str, given: Mapping[str, Any], label: str
) -> list[Arguments]:
    """The arguments of the calls of ``name`` whose values are known, as they stand in the code.

    Nothing else of it is run but assignments of constants. ``given`` are variables that are known
    before, ``label`` is the file's name, and ``first`` that of the argument that is freq, whatever
    a call gives for it that is no number.
    """
    known = {**MODULES, **given}
    found = []
    for node in _in_order(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            run_definitions(ast.Module([node], []), known, label)
        elif isinstance(node, ast.Call) and _called(node) == name:
            with suppress(Exception):  # a value that is not known here, of whatever kind
                arguments = _arguments(node, first, known, label)
                # What the number was may have changed since: the later one is tried first.
                found += (
                    [arguments]
                    if arguments.size is None
                    else [replace(arguments, size=None), arguments]
                )
    return [arguments for arguments in found if arguments]


def first_argument(builds: Callable[..., Any]) -> str:
    """The name of the first argument of what builds the model; '' where none can be told."""
    with suppress(TypeError, ValueError):
        return next(iter(inspect.signature(builds).parameters), "")
    return ""


def _in_order(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes, as they stand in the text."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend([*ast.iter_child_nodes(node)][::-1])


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):  # rnn_lm.SentenceModel
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _arguments(call: ast.Call, first: str, known: Mapping[str, Any], label: str) -> Arguments:
    """Raises whatever it is that keeps a value from being known."""
    positional = call.args[1:]
    named = [keyword for keyword in call.keywords if keyword.arg != first]
    if not all(map(is_simple, (*positional, *(keyword.value for keyword in named)))):
        raise ValueError("a value takes more than constants")
    values, options = _gathered(positional, named, known, label)
    options.pop(first, None)
    in_place_of_freq = [*call.args[:1], *(k.value for k in call.keywords if k.arg == first)]
    return Arguments(values, options, label, _size(in_place_of_freq[:1], known, label))


def _size(value: list[ast.expr], known: Mapping[str, Any], label: str) -> int | None:
    """The number that is given where freq should be, if it is a number that is known."""
    if not all(map(is_simple, value)):
        return None
    with suppress(Exception):
        [found], _ = _gathered(value, [], known, label)
        is_number = isinstance(found, (int, np.integer)) and not isinstance(found, bool)
        return int(found) if is_number else None
    return None


def _gathered(
    positional: list[ast.expr], named: list[ast.keyword], known: Mapping[str, Any], label: str
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    gather = ast.Call(ast.Name(GATHER, ast.Load()), positional, named)
    code = compile(ast.fix_missing_locations(ast.Expression(gather)), label, "eval")
    environment = {**known, GATHER: lambda *values, **options: (values, options)}
    gathered: tuple[tuple[Any, ...], dict[str, Any]] = eval(code, environment)
    return gathered
