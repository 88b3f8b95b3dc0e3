"""Lets a model that makes one-hot vectors of whatever tokens there are take any sentences.

``one_hot(x)`` makes as many columns as the largest id in ``x`` needs. Each batch of the notebook
has PAD, which is the largest; a beginning that is asked for by itself has not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.overrides import TorchFunctionMode

NAME = "one_hot"
CLASSES = "num_classes"
NONE_NAMED = -1
"""The default of that."""


class OneHotOfAll(TorchFunctionMode):
    """While active, ``one_hot`` without ``num_classes`` makes columns for so many ``tokens``."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.was_asked = False
        """Whether it was called so."""
        self._tokens = tokens

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        if getattr(func, "__name__", "") == NAME:
            wanted = args[1] if len(args) > 1 else named.get(CLASSES, NONE_NAMED)
            if wanted == NONE_NAMED:
                self.was_asked = True
                args, named[CLASSES] = args[:1], self._tokens
        return func(*args, **named)
