"""Mistakes in how a model's class is written that show elsewhere, in a student's words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from torch import nn

from grader.worker.failures import IN_A_PACKAGE

INIT, FORWARD = "__init__", "forward"
SLIPS = ("_init_", "__init", "init__", "_init__", "__init_", "__int__", "init")
NO_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
NOT_BEGUN = re.compile(r"before Module\.__init__\(\) call|has no attribute '_[a-z_]+'")
"""What torch says where a model sets or asks for parts before ``super().__init__()``."""
RELATIVE = "attempted relative import"
AN_IMPORT = re.compile(r"from \.(\w+) import (\w+)")


def mistake_in(model_class: ast.ClassDef, error: BaseException | None = None) -> str:
    """A slip in the class by which a method of it is not what it looks like; '' for none.

    ``error`` is what came of building it: it tells whether torch's own part was begun before.
    """
    methods = {n.name: n for n in model_class.body if isinstance(n, ast.FunctionDef)}
    if all(ast.unparse(base).split(".")[-1] == "Module" for base in model_class.bases) and (
        mistake := _lacking_in(methods)  # Of another class it may be inherited.
    ):
        return mistake
    if NOT_BEGUN.search(str(error)) and INIT in methods and not _calls_init(methods[INIT]):
        return f"its {INIT} must call super().{INIT}(), before it sets any layer"
    return ""


def _lacking_in(methods: Mapping[str, ast.FunctionDef]) -> str:
    """A method of another name, or in another place, than one that is not there; '' for none."""
    slip = next((name for name in SLIPS if name in methods), None)
    if slip and INIT not in methods:
        return f"its method {slip} must be called {INIT}, with two underscores on each side"
    if FORWARD not in methods:
        for name, method in methods.items():
            if any(isinstance(n, ast.FunctionDef) and n.name == FORWARD for n in ast.walk(method)):
                return (
                    f"its def {FORWARD} stands inside of {name}, and is gone when that ends: it is "
                    f"indented too far, and must begin where def {name} does"
                )
        if found := get_close_matches(FORWARD, methods, 1, 0.75):
            return f"its method {found[0]} must be called {FORWARD}"
    return ""


def hidden_class(tree: ast.Module, name: str) -> str:
    """Where a file's class stands that an import does not find; '' where there is none."""
    for node in tree.body:
        if isinstance(node, ast.If) and _defines(node, name):
            return f"under 'if {ast.unparse(node.test)}:', which is not run where it is imported"
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and _defines(node, name):
            return f"inside of {node.name}"
    return ""


def did_you_mean(error: BaseException, model: object) -> str:
    """What a misspelt attribute of the model, or of a part of it, was meant to be; or ''."""
    found = NO_ATTRIBUTE.search(str(error)) if isinstance(error, AttributeError) else None
    if found is None or not isinstance(model, nn.Module):
        return ""
    for module in model.modules():
        if type(module).__name__ == found[1]:
            parts = (*module._modules, *module._parameters, *module._buffers, *vars(module))
            names = [name for name in parts if not name.startswith("_")]
            if near := get_close_matches(found[2], names, 1):
                return f"It has an attribute {near[0]}, which may be meant"
    return ""


def relative_import(name: str, notes: Iterable[str]) -> str:
    """What to write in place of a relative import by which a name would have come; or ''."""
    for note in notes:
        for module, imported in AN_IMPORT.findall(note) if RELATIVE in note else ():
            if imported == name:
                return (
                    f"It is imported by 'from .{module} import {name}', {IN_A_PACKAGE}: "
                    f"write 'from {module} import {name}', without the dot"
                )
    return ""


def _calls_init(method: ast.FunctionDef) -> bool:
    calls = (node.func for node in ast.walk(method) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr == INIT for call in calls)


def _defines(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.ClassDef) and n.name == name for n in ast.walk(node))
