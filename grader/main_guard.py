"""What of a file runs in a script alone, and not where it is imported, as a hand-in is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard


def as_imported(tree: ast.Module) -> ast.Module:
    """The module without what runs in a script alone, unless its name may be another one."""
    has_script = any(map(_is_guard, tree.body))
    return without_script(tree) if has_script and not may_change_its_name(tree) else tree


def without_script(tree: ast.Module) -> ast.Module:
    """The module without what stands under ``if __name__ == "__main__":`` at its top."""
    body = [part for statement in tree.body for part in _imported(statement)]
    return ast.Module(body=body, type_ignores=[])


def may_change_its_name(tree: ast.Module) -> bool:
    """Whether the file gives a module another name, so that what is imported runs like a script.

    Whatever else than a guard, a look at a name, or a text that stands alone, as a docstring does,
    has one of the two words in it may do so.
    """
    guards = {id(part) for node in filter(_is_guard, tree.body) for part in ast.walk(node.test)}
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return any(
        "__name__" in word or "__main__" in word or word == "runpy"
        for node in ast.walk(tree)
        if id(node) not in guards and not _only_looks(node)
        if not (isinstance(node, ast.Constant) and id(node) in alone)
        for word in _words_in(node)
    )


def _imported(statement: ast.stmt) -> list[ast.stmt]:
    return statement.orelse if _is_guard(statement) else [statement]


def _is_guard(statement: ast.stmt) -> TypeGuard[ast.If]:
    match statement:
        case ast.If(
            test=ast.Compare(
                left=ast.Name(id="__name__"),
                ops=[ast.Eq()],
                comparators=[ast.Constant(value="__main__")],
            )
            | ast.Compare(
                left=ast.Constant(value="__main__"),
                ops=[ast.Eq()],
                comparators=[ast.Name(id="__name__")],
            )
        ):
            return True
    return False


def _only_looks(node: ast.AST) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load)


def _words_in(node: ast.AST) -> Iterator[str]:
    for _, value in ast.iter_fields(node):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield item
