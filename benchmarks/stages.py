"""How long each stage of something takes, by wrapping the functions that do them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock


class Stages:
    """Seconds by stage, each without the stages within it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What happens meanwhile is of this stage."""
        self._turn()
        self._open.append(name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def _turn(self) -> None:
        now = time.perf_counter()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now

    def wrap(self, owner: Any, function: str, name: str) -> Any:
        """A patch of a function whose time is a stage's."""
        return mock.patch.object(owner, function, self.around(name, getattr(owner, function)))

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose time is a stage's."""

        def timed(*arguments: Any, **options: Any) -> Any:
            with self.stage(name):
                return function(*arguments, **options)

        return timed
