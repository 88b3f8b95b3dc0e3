"""Python's builtins as they are before any student code, for this program's modules in a worker.

Student code may change ``builtins.sorted``, say, and so what every function in its process does
that calls it. A function looks its builtins up in what its module had when it was defined, though,
and modules that are imported after ``keep`` have a copy that nobody else has.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

_PACKAGE = Path(__file__).parent
_KEPT = dict(vars(builtins))


def keep() -> None:
    """Give all modules of this program that are imported from now on builtins of their own."""
    sys.meta_path.insert(0, _Finder())


def copy_of(name: str) -> Any:
    """A module of Python's library once more, which nobody else has and can change."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ImportError(f"there is no source of {name}", name=name)
    module = ModuleType(name)
    _Loader(name, spec.origin).exec_module(module)
    return module


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = _KEPT
        super().exec_module(module)


class _Finder(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where Python would find it; None for what is not this program's, as a student's is."""
        if name.split(".")[0] != _PACKAGE.name:
            return None
        spec = PathFinder.find_spec(name, path, target)
        file = spec.origin if spec and type(spec.loader) is SourceFileLoader else None
        if spec is None or file is None or not Path(file).is_relative_to(_PACKAGE):
            return None
        spec.loader = _Loader(name, file)
        return spec
