"""The names that a notebook gives to all code that runs in it, imported modules included."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

BARS = "tqdm.notebook"
BARS_HERE = {"tqdm": "tqdm", "tqdm_notebook": "tqdm", "trange": "trange", "tnrange": "trange"}
"""What a notebook's progress bars are called, and those of a terminal."""


class Shell:
    """Stands in for IPython's shell. A script made from a notebook tells it to run magics."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None


class Bars(MetaPathFinder, Loader):
    """Finds a terminal's bars for tqdm's bars of a notebook: they do the same without one."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Of that module alone."""
        return ModuleSpec(BARS, self) if fullname == BARS else None

    def exec_module(self, module: ModuleType) -> None:
        """Give the names of the one module what the other one has."""
        bars = importlib.import_module("tqdm.std")
        names = {name: getattr(bars, here) for name, here in BARS_HERE.items()}
        vars(module).update(names, __all__=list(names))


def provide_notebook_builtins() -> None:
    """Give all modules of this process what a notebook has: IPython's builtins, and its bars."""
    sys.meta_path.insert(0, Bars())
    names: dict[str, Any] = {"get_ipython": Shell, "display": print}
    vars(builtins).update(names)
