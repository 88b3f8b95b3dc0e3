"""Lets modules of the hand-in find themselves in the current folder, where they can write.

A notebook runs beside ``implementation.py``, so ``Path(__file__).parent / "plots"`` is ``plots``
there. Here the code lies where nobody writes; the current folder has a copy of it, or a link.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, shown: str) -> None:
        super().__init__(name, path)
        self._shown = shown

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self._shown
        super().exec_module(module)


class _Finder:
    def __init__(self, code_dir: Path, folder: Path) -> None:
        self._code_dir = code_dir
        self._folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader:
            return spec
        file = Path(spec.loader.path)
        if file.is_relative_to(self._code_dir):
            shown = self._folder / file.relative_to(self._code_dir)
            if os.path.lexists(shown):
                spec.loader = _Loader(fullname, spec.loader.path, str(shown))
        return spec


def file_of(module: ModuleType) -> str:
    """The file that a module was really made from; '' where there is none."""
    spec = getattr(module, "__spec__", None)
    file = getattr(spec, "origin", None) or getattr(module, "__file__", None)
    return file if isinstance(file, str) else ""


def show_in(folder: str, code_dir: str) -> None:
    """From now on, ``__file__`` of what is imported from ``code_dir`` is its like in ``folder``.

    Where Python's code objects say that they come from stays true, as tracebacks need it.
    """
    if folder != code_dir:
        place = sys.meta_path.index(PathFinder)
        sys.meta_path.insert(place, _Finder(Path(code_dir), Path(folder)))
