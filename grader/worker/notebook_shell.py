"""What IPython puts among Python's own names, where students run the assignment's code."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any


class Shell:
    """Takes every magic for done: none of them changes what a function computes."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def offer_get_ipython() -> None:
    """Let a notebook that was exported as a file call ``get_ipython()`` as it does there."""
    shell = Shell()

    def get_ipython() -> Any:
        return shell

    builtins.get_ipython = get_ipython  # type: ignore[attr-defined]
