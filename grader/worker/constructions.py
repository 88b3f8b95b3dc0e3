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
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from grader.worker.notebook_code import is_definition, is_simple, run_definitions

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
            is_known = is_definition(node)
            if not is_known or run_definitions(ast.Module([node], []), known, label):
                # What the name was before is not what it is now.
                for variable in _assigned(node) - given.keys():
                    known.pop(variable, None)
        elif isinstance(node, ast.Call) and _called(node) == name:
            with suppress(Exception):  # a value that is not known here, of whatever kind
                found.append(_arguments(node, first, known, label))
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


def _assigned(node: ast.Assign | ast.AnnAssign) -> set[str]:
    """The variables that an assignment gives another value."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):  # rnn_lm.SentenceModel
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _arguments(call: ast.Call, first: str, known: Mapping[str, Any], label: str) -> Arguments:
    """Raises whatever it is that keeps a value from being known; freq itself need not be."""
    try:
        values, options = _gathered(call.args, call.keywords, known, label)
    except Exception:
        named = [keyword for keyword in call.keywords if keyword.arg != first]
        values, options = _gathered(call.args[1:], named, known, label)
        options.pop(first, None)
        return Arguments(values, options, label)
    in_place_of_freq = options.pop(first, None)
    if values:
        in_place_of_freq, values = values[0], values[1:]
    is_number = isinstance(in_place_of_freq, (int, np.integer))
    is_size = is_number and not isinstance(in_place_of_freq, bool)
    return Arguments(values, options, label, int(in_place_of_freq) if is_size else None)


def _gathered(
    positional: list[ast.expr], named: list[ast.keyword], known: Mapping[str, Any], label: str
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if not all(map(is_simple, (*positional, *(keyword.value for keyword in named)))):
        raise ValueError("a value takes more than constants")
    gather = ast.Call(ast.Name(GATHER, ast.Load()), positional, named)
    code = compile(ast.fix_missing_locations(ast.Expression(gather)), label, "eval")
    environment = {**known, GATHER: lambda *values, **options: (values, options)}
    gathered: tuple[tuple[Any, ...], dict[str, Any]] = eval(code, environment)
    return gathered
