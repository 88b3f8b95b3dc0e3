"""Tells functions of a student's source in which nothing is done yet."""

from __future__ import annotations

import ast


def is_placeholder(node: ast.stmt) -> bool:
    """Whether a statement of a function is a text, ``pass``, or what says that it is to be done."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Raise():
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=texts)):
            return all(isinstance(text, ast.Constant) for text in texts)
    return False


def is_unfinished(node: ast.stmt) -> bool:
    """Whether it is a function that makes nothing and returns nothing."""
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return False
    return all(map(_leaves_undone, node.body))


def _leaves_undone(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return node.value is None or _is_none(node.value)
    if isinstance(node, ast.Return):
        # A variable: of what is assigned there, all is None.
        return node.value is None or _is_none(node.value, ast.Name)
    return is_placeholder(node)


def _is_none(value: ast.expr, *others: type[ast.expr]) -> bool:
    """Whether it is None, or several of it; ``others`` are taken for None, too."""
    if isinstance(value, (ast.Tuple, ast.List)) and value.elts:
        return all(_is_none(item, *others) for item in value.elts)
    return isinstance(value, others) or (isinstance(value, ast.Constant) and value.value is None)
