"""A notebook's cells as code: which files they write, and what they define.

A cell comes from a student. It is parsed and never run, within the bounds of ``grader.source``.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PureWindowsPath

from grader.naming import FUNCTIONS, IMPLEMENTATION_STEM
from grader.source import parsed
from grader.worker.notebook_code import cell_code, is_definition

WRITE = ("%%writefile", "%%file")
APPEND = ("-a", "--append")
MOST_NAME_BYTES = 255
"""Of a file's name, on nearly every file system: a longer one was never written."""
DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Definition:
    """A statement at the top level that may be run without the rest, and the names it is about."""

    text: str
    gives: frozenset[str]
    """``from torch import *`` gives a star."""
    uses: frozenset[str]
    is_function: bool


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
    given = {name for one in definitions if one.is_function for name in one.gives}
    return [name for name in FUNCTIONS if name in given]


def reached(definitions: list[Definition], functions: Iterable[str]) -> list[Definition]:
    """The definitions that the functions need, in order, with all that may bring a name of theirs.

    Without them a notebook's data, models and tests would only be what can fail.
    """
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
        gives = {name for inner in ast.walk(node) for name in _given_by(inner)}
    uses = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    is_function = isinstance(node, ast.FunctionDef) or _names_a_function(node)
    return Definition(text, frozenset(gives), frozenset(uses), is_function)


def _names_a_function(node: ast.stmt) -> bool:
    """Whether a name is given to what may be a function: a lambda, a method, part of a call."""
    kinds = (ast.Lambda, ast.Attribute, ast.Call)
    return isinstance(node, ast.Assign) and isinstance(node.value, kinds)


def _given_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.split(".")[0]
    elif isinstance(node, DEFINED):
        yield node.name


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
