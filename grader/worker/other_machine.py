"""Imports a module some of whose statements only work on the machine where it was written.

A script made from a notebook goes to a folder of Colab's, opens the training data, or prints the
name of the GPU. Where that fails here and would not there, it must not cost the functions below.
"""

from __future__ import annotations
import __future__

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from grader.worker.devices import is_of_devices
from grader.worker.notebook_code import DEFINITIONS, run_code, script_tree


def is_of_the_machine(error: BaseException) -> bool:
    """Whether files, programs, a network or a GPU are what code lacks here."""
    return isinstance(error, OSError) or is_of_devices(error)


def import_without_what_fails(
    name: str, file: Path, stand_in_for: Callable[[ModuleNotFoundError], bool]
) -> tuple[ModuleType, list[int]]:
    """The module, and the lines in which the statements begin that were passed over.

    Those are statements at the top level that fail for want of something of another machine's, or
    of a variable that one of them would have given; no import, function or class is among them.
    Raises what any other statement raises.
    """
    module = ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module
    passed_over: list[int] = []
    lacking: set[str] = set()
    flags = 0
    try:
        for statement in script_tree(file).body:
            tree = ast.Module([statement], [])
            code = compile(tree, str(file), "exec", flags, dont_inherit=True)
            flags |= _future_of(statement)
            try:
                run_code(code, vars(module), stand_in_for)
            except Exception as error:
                follows = isinstance(error, NameError) and error.name in lacking
                if isinstance(statement, DEFINITIONS) or not (follows or is_of_the_machine(error)):
                    raise
                lacking |= _names_given_by(statement)
                passed_over.append(statement.lineno)
    except BaseException:
        del sys.modules[name]
        raise
    return module, passed_over


def _future_of(statement: ast.stmt) -> int:
    """What an import of Python's future changes for the statements after it."""
    if not isinstance(statement, ast.ImportFrom) or statement.module != "__future__":
        return 0
    features = (getattr(__future__, alias.name) for alias in statement.names)
    return sum(feature.compiler_flag for feature in features)


def _names_given_by(statement: ast.stmt) -> set[str]:
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}
