"""Small random changes of a function's source, made in its syntax tree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[tuple[str, int | None], ...]
"""From the tree's root to a node: the fields, and where a field is a list the place in it."""

OPERATORS: tuple[type[ast.operator], ...] = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult,
)  # fmt: skip
FUNCTIONS = {
    "tanh": ("sin", "sign", "exp"),
    "zeros": ("ones",),
    "zeros_like": ("ones_like",),
    "zip": ("reversed",),
    "stack": ("concatenate",),
    "concatenate": ("stack",),
    "cat": ("stack",),
    "sqrt": ("square", "exp"),
}
NAMES = {"expit": ("tanh",), "sigmoid": ("softmax",), "softmax": ("sigmoid",), "range": ("list",)}


@dataclass(frozen=True)
class Mutant:
    """A source that differs from the original in one place."""

    line: int
    change: str
    source: str


def mutants(source: str, function: str | None = None) -> Iterator[Mutant]:
    """Every single change of the source, or of one of its functions."""
    tree = ast.parse(source)
    original = ast.unparse(tree)
    for path, node in list(_nodes(tree, ())):
        if function is not None and not _inside(tree, path, function):
            continue
        for change in _changes(node, _variables(tree, path)):
            changed = copy.deepcopy(tree)
            _put(changed, path, change)
            before, after = ast.unparse(node), ast.unparse(change)
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text == original:
                continue
            yield Mutant(getattr(node, "lineno", 0), f"{before} -> {after}", text)


def _nodes(node: ast.AST, path: Path) -> Iterator[tuple[Path, ast.AST]]:
    """All nodes that are computed with: neither annotations nor docstrings."""
    yield path, node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "args") and isinstance(
            node, (ast.FunctionDef, ast.AnnAssign, ast.arg)
        ):
            continue
        if isinstance(value, ast.AST):
            yield from _nodes(value, (*path, (field, None)))
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if isinstance(item, ast.AST) and not _docstring(item):
                    yield from _nodes(item, (*path, (field, i)))


def _docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _inside(tree: ast.Module, path: Path, function: str) -> bool:
    (field, index), *_ = path or (("", None),)
    if field != "body" or index is None:
        return False
    top = tree.body[index]
    return isinstance(top, ast.FunctionDef) and top.name == function


def _variables(tree: ast.Module, path: Path) -> list[str]:
    """The parameters and variables of the function around a node."""
    if not path or path[0][1] is None:
        return []
    top = tree.body[path[0][1]]
    if not isinstance(top, ast.FunctionDef):
        return []
    own = {argument.arg for argument in top.args.args}
    stored = (n for n in ast.walk(top) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return sorted(own | {name.id for name in stored})


def _changes(node: ast.AST, variables: list[str]) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp):
        for operator in OPERATORS:
            if not isinstance(node.op, operator):
                yield ast.BinOp(node.left, operator(), node.right)
        yield node.left
        yield node.right
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Constant) and _number(node.value):
        value: Any = node.value
        yield from (ast.Constant(v) for v in {value + 1, value - 1, 0} - {value})
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from (ast.Name(name, node.ctx) for name in variables if name != node.id)
        yield from (ast.Name(name, node.ctx) for name in NAMES.get(node.id, ()))
    elif isinstance(node, ast.Attribute):
        yield from (
            ast.Attribute(node.value, name, node.ctx) for name in FUNCTIONS.get(node.attr, ())
        )
        if node.attr == "T":
            yield node.value
    elif isinstance(node, ast.Call):
        yield from node.args[:1]
        if len(node.args) > 1:
            yield ast.Call(node.func, node.args[::-1], node.keywords)
        if node.keywords:
            yield ast.Call(node.func, node.args, node.keywords[:-1])
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        for i in range(len(node.elts) - 1):
            a, b = node.elts[i : i + 2]
            yield ast.Tuple([*node.elts[:i], b, a, *node.elts[i + 2 :]], node.ctx)
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)):
        yield ast.Pass()


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _put(tree: ast.AST, path: Path, new: ast.AST) -> None:
    *way, (field, index) = path
    parent = tree
    for step, place in way:
        value = getattr(parent, step)
        parent = value if place is None else value[place]
    if index is None:
        setattr(parent, field, new)
    else:
        getattr(parent, field)[index] = new
