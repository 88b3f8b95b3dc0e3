"""Imports a module some of whose statements only work on the machine where it was written.

A script made from a notebook goes to a folder of Colab's, opens the training data, or prints the
name of the GPU. Where that fails here and would not there, it must not cost the functions below.
"""

from __future__ import annotations
import __future__

import ast
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from grader.worker.devices import is_of_devices
from grader.worker.notebook_code import DEFINITIONS, name_given_by, run_code, script_tree

MOST_OF_A_REASON = 150
"""Characters of an exception's text."""


@dataclass(frozen=True)
class PassedOver:
    """A statement at the top level that fails here, and would not there."""

    line: int
    why: str
    names: frozenset[str]
    """The variables that it would have given."""

    @property
    def note(self) -> str:
        """What is added to an exception that it may have led to."""
        return f"Line {self.line} was passed over before, when it failed with {self.why}"


def is_of_the_machine(error: BaseException) -> bool:
    """Whether files, programs, a network or a GPU are what code lacks here."""
    return isinstance(error, OSError) or is_of_devices(error)


def import_without_what_fails(
    name: str, file: Path, stand_in_for: Callable[[ModuleNotFoundError], bool]
) -> tuple[ModuleType, list[PassedOver]]:
    """The module, and the statements at its top level that were passed over.

    They fail for want of something of another machine's, or of a variable that one of them would
    have given; no import, function or class is among them. Raises what any other statement raises.
    """
    module = ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module
    passed_over: list[PassedOver] = []
    flags = 0
    try:
        for statement in script_tree(file).body:
            tree = ast.Module([statement], [])
            code = compile(tree, str(file), "exec", flags, dont_inherit=True)
            flags |= _future_of(statement)
            try:
                run_code(code, vars(module), stand_in_for)
            except Exception as error:
                follows = cause_of(error, passed_over) is not None
                if isinstance(statement, DEFINITIONS) or not (follows or is_of_the_machine(error)):
                    for one in passed_over:
                        error.add_note(one.note)
                    raise
                why = f"{type(error).__name__}: {str(error)[:MOST_OF_A_REASON]}"
                passed_over.append(PassedOver(statement.lineno, why, _names_given_by(statement)))
    except BaseException:
        del sys.modules[name]
        raise
    return module, passed_over


def cause_of(error: BaseException, passed_over: Iterable[PassedOver]) -> PassedOver | None:
    """The one that would have given the name that ``error`` says is not defined, if any."""
    if not isinstance(error, NameError):
        return None
    return next((one for one in passed_over if error.name in one.names), None)


def _future_of(statement: ast.stmt) -> int:
    """What an import of Python's future changes for the statements after it."""
    if not isinstance(statement, ast.ImportFrom) or statement.module != "__future__":
        return 0
    features = (getattr(__future__, alias.name) for alias in statement.names)
    return sum(feature.compiler_flag for feature in features)


def _names_given_by(statement: ast.stmt) -> frozenset[str]:
    return frozenset(name for node in ast.walk(statement) if (name := name_given_by(node)))
