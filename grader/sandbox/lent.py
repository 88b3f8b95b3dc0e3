"""What a grading needs of a sandbox, and a sandbox that another process started."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.model import Isolation
from grader.modes import IsolationMode
from grader.sandbox.forkserver import ForkClient


class SandboxUse(Protocol):
    """What a grading needs of a sandbox, whoever started it."""

    @property
    def mode(self) -> IsolationMode: ...

    @property
    def server(self) -> ForkClient: ...

    @property
    def folder(self) -> Path:
        """Where hand-ins are staged."""

    @property
    def cores(self) -> int:
        """How many a language model may use."""

    @property
    def model_turn(self) -> AbstractContextManager[object]:
        """Held while a language model is loaded: where a GPU is shared, by as many as fit."""

    def isolation(self) -> Isolation:
        """What is known of what workers are kept from."""


@dataclass(frozen=True)
class LentSandbox:
    """A sandbox of another process; see ``SandboxUse``."""

    mode: IsolationMode
    server: ForkClient
    folder: Path
    cores: int
    model_turn: AbstractContextManager[object]
    known: Isolation

    def isolation(self) -> Isolation:
        return self.known


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
