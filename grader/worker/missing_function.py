"""Why a file that can be imported has not the function that is asked for."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from grader.handed_in.naming import FUNCTIONS
from grader.remedies import A_NOTEBOOK
from grader.source import parsed
from grader.worker.values import describe

SPELLING = "Is it missing, or spelt otherwise than in the given file?"
EMPTY = "There is no code in the file: was it saved before it was handed in?"
AT_THE_TOP = "The notebook imports the function itself: put it at the top level of the file"
ALIKE = 0.6
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def why_missing(name: str, names: Mapping[str, Any], source: bytes) -> str:
    """A sentence for the student, by what the imported module holds and what its source says."""
    tree = parsed(source)
    if name in names:
        return _overwritten(name, names[name], tree)
    if tree is None:
        return _alike(name, names)
    code = [node for node in tree.body if not _is_text(node)]
    if not code:
        return EMPTY
    if len(code) == 1 and _is_notebook(code[0]):
        return A_NOTEBOOK
    return _inside(tree, name) or _alike(name, names)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_notebook(node: ast.stmt) -> bool:
    """Whether this is a notebook's JSON, which may happen to be Python, too."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Dict):
        return False
    return {"cells", "nbformat"} <= {
        key.value for key in node.value.keys if isinstance(key, ast.Constant)
    }


def _inside(tree: ast.Module, name: str) -> str:
    """What to do where the function is inside of something else; '' where it is not."""
    for outer in ast.walk(tree):
        inside = (node.name for node in ast.iter_child_nodes(outer) if isinstance(node, FUNCTION))
        if not isinstance(outer, ast.stmt) or name not in inside:
            continue
        if isinstance(outer, ast.ClassDef):
            return f"It is a method of the class {outer.name}. {AT_THE_TOP}, without self."
        if isinstance(outer, FUNCTION):
            return f"It is inside of the function {outer.name}. {AT_THE_TOP}."
        return (
            f"It is inside of what begins in line {outer.lineno}, which may not have been run. "
            f"{AT_THE_TOP}."
        )
    return ""


def _overwritten(name: str, value: Any, tree: ast.Module | None) -> str:
    """What the name means instead, and where it was given that, as far as is seen."""
    is_now = f"{name} is {describe(value)}, not a function"
    lines = [n.lineno for n in _at_the_top(tree) if _gives(n, name)] if tree else []
    if not lines:
        return f"{is_now}: something gives the name another value. Look for where."
    return f"{is_now}: line {max(lines)} gives the name another value. Use another name there."


def _at_the_top(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes that are not inside of a function or a class."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTION, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def _gives(node: ast.AST, name: str) -> TypeGuard[ast.Name | ast.alias]:
    if isinstance(node, ast.alias):
        return (node.asname or node.name.split(".")[0]) == name
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)


def _alike(name: str, names: Mapping[str, Any]) -> str:
    """What the function may be called instead, if anything is like it."""
    others = {n: value for n, value in names.items() if n not in FUNCTIONS}
    functions = [n for n, value in others.items() if inspect.isfunction(value)]
    lower = {function.lower(): function for function in functions}
    found = difflib.get_close_matches(name, lower, 1, ALIKE)
    return f"There is {lower[found[0]]}: is that it?" if found else SPELLING
