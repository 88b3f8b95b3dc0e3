"""A notebook's cells as code: which files they write, and what they define.

A cell comes from a student. It is parsed and never run, within the bounds of ``grader.source``.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import PureWindowsPath

from grader.handed_in.naming import FUNCTIONS, IMPLEMENTATION_STEM
from grader.scopes import NOTHING_LEFT_OUT, names_of
from grader.source import TOO_DEEP, parsed
from grader.unfinished import is_unfinished
from grader.worker.notebook_code import (
    FUNCTION_DEFS,
    MAKES_A_FUNCTION,
    cell_code,
    is_definition,
    last_part,
    name_given_by,
)

WRITE = ("%%writefile", "%%file")
APPEND = ("-a", "--append")
MOST_NAME_BYTES = 255
"""Of a file's name, on nearly every file system: a longer one was never written."""
DEFINED = (*FUNCTION_DEFS, ast.ClassDef)


class Function(Enum):
    """How a name may come to be one of the assignment's functions."""

    WRITTEN = auto()
    """By ``def``, a lambda, or what makes a function of one, such as ``np.vectorize``."""
    NAMED = auto()
    """By another name, such as a method's, which may be something else."""
    UNFINISHED = auto()
    """By a ``def`` in which nothing is done yet."""


BY_DEF = frozenset({Function.WRITTEN, Function.UNFINISHED})


@dataclass(frozen=True)
class Definition:
    """A statement at the top level that may be run without the rest, and the names it is about."""

    text: str
    gives: frozenset[str]
    """``from torch import *`` gives a star."""
    uses: frozenset[str]
    function: Function | None


def written_files(cells: Iterable[str]) -> dict[str, str]:
    """The Python files that cells write with ``%%writefile``, by name, as the last one leaves them.

    Of a path only the name counts: it leads to a place where the notebook ran.
    """
    files: dict[str, str] = {}
    for cell in cells:
        magic, _, text = cell.lstrip().partition("\n")
        words = magic.split()
        if not words or words[0] not in WRITE:
            continue
        path = " ".join(word for word in words[1:] if word not in APPEND).strip("\"'")
        name = PureWindowsPath(path).name
        if name.lower().endswith(".py") and _can_be_written(name):
            before = files.get(name, "") if not {*APPEND}.isdisjoint(words) else ""
            files[name] = f"{before}{text}".rstrip("\n") + "\n"
    return files


def _can_be_written(name: str) -> bool:
    return len(name.encode("utf-8", "replace")) <= MOST_NAME_BYTES


def definitions_in(cell: str) -> list[Definition] | None:
    """What a cell defines, in order; None where it is no Python."""
    with warnings.catch_warnings():  # of a student's backslashes
        warnings.simplefilter("ignore")
        code = cell_code(cell.replace("\r\n", "\n").replace("\r", "\n"))
        if code is None:
            return None
        tree, text = code
        pairs = zip(tree.body, _texts(tree.body, text), strict=True)
        return [_definition(node, own) for node, own in pairs if own and _is_taken(node)]


def functions_of(definitions: Iterable[Definition]) -> list[str]:
    """Those of the assignment's functions that are defined, in its order."""
    given = {name for one in definitions if one.function for name in one.gives}
    return [name for name in FUNCTIONS if name in given]


def finished_of(definitions: Iterable[Definition]) -> list[str]:
    """Those of them of which the last definition does something."""
    last = {name: one.function for one in definitions if one.function for name in one.gives}
    return [name for name in FUNCTIONS if last.get(name) not in (None, Function.UNFINISHED)]


def reached(definitions: list[Definition], functions: Iterable[str]) -> list[Definition]:
    """The definitions that the functions need, in order, with all that may bring a name of theirs.

    Without them a notebook's data, models and tests would only be what can fail.
    """
    written = {n for one in definitions if one.function in BY_DEF for n in one.gives}
    # Of a function that is written out, a later result of the same name takes nothing away.
    definitions = [
        one
        for one in definitions
        if one.function in BY_DEF
        or (one.function is Function.NAMED and one.uses <= written - {*FUNCTIONS})
        or one.gives.isdisjoint(written & {*FUNCTIONS})
    ]
    by_name: dict[str, list[Definition]] = {}
    for one in definitions:
        for name in one.gives:
            by_name.setdefault(name, []).append(one)
    waiting = ["*", *functions]
    seen, found = set(waiting), set()
    while waiting:
        for one in by_name.get(waiting.pop(), ()):
            if id(one) not in found:
                found.add(id(one))
                waiting += one.uses - seen
                seen |= one.uses
    return [one for one in definitions if id(one) in found]


def _is_taken(node: ast.stmt) -> bool:
    """Whether it may be run alone, and is no import of what is to be made of it."""
    if isinstance(node, ast.ImportFrom) and node.module:
        return node.module.split(".")[-1] != IMPLEMENTATION_STEM
    return is_definition(node)


def _definition(node: ast.stmt, text: str) -> Definition:
    if isinstance(node, DEFINED):
        gives = {node.name}
    else:
        gives = {name for inner in ast.walk(node) if (name := name_given_by(inner))}
    return Definition(text, frozenset(gives), frozenset(_used_by(node)), _function_of(node))


def _used_by(node: ast.stmt) -> set[str]:
    """The names that a statement may look up in the module."""
    try:
        return names_of(node, NOTHING_LEFT_OUT).looked_up
    except TOO_DEEP:
        return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _function_of(node: ast.stmt) -> Function | None:
    if isinstance(node, ast.FunctionDef):
        return Function.UNFINISHED if is_unfinished(node) else Function.WRITTEN
    if isinstance(node, ast.If):  # such as ``if True:`` around all of a cell
        inside = (_function_of(inner) for inner in (*node.body, *node.orelse))
        return Function.WRITTEN if Function.WRITTEN in inside else None
    if not isinstance(node, ast.Assign):
        return None
    value = node.value
    makes_one = isinstance(value, ast.Call) and last_part(value.func) in MAKES_A_FUNCTION
    if isinstance(value, ast.Lambda) or makes_one:
        return Function.WRITTEN
    return Function.NAMED if isinstance(value, (ast.Attribute, ast.Name)) else None


def _texts(body: list[ast.stmt], text: str) -> Iterator[str]:
    """The lines of each statement as they stand there, with the comments above it."""
    data = text.encode()
    starts = [0]
    for line in data.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    end = 0
    for node in body:
        begin, end = end, starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
        own = data[begin:end].decode().lstrip(" \t;\\\n").strip("\n")
        # What follows a semicolon and a line that goes on may not stand alone.
        yield own if parsed(own) is not None else _unparsed(node)


def _unparsed(node: ast.stmt) -> str:
    try:
        return ast.unparse(node)
    except RecursionError:
        return ""
