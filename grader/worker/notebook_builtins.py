"""The names that a notebook gives to all code that runs in it, imported modules included."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any


class Shell:
    """Stands in for IPython's shell. A script made from a notebook tells it to run magics."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None


def provide_notebook_builtins() -> None:
    """Give all modules of this process what IPython's builtins are beside Python's."""
    names: dict[str, Any] = {"get_ipython": Shell, "display": print}
    vars(builtins).update(names)
