"""The names that a notebook gives to all code that runs in it, imported modules included."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable
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


class Bars(ModuleType):
    """Stands in for tqdm's bars of a notebook, which need one: a terminal's do the same."""

    def __getattr__(self, name: str) -> Any:
        if name not in BARS_HERE:
            raise AttributeError(name)
        return getattr(importlib.import_module("tqdm.std"), BARS_HERE[name])


def provide_notebook_builtins() -> None:
    """Give all modules of this process what a notebook has: IPython's builtins, and its bars."""
    sys.modules[BARS] = Bars(BARS)
    names: dict[str, Any] = {"get_ipython": Shell, "display": print}
    vars(builtins).update(names)
