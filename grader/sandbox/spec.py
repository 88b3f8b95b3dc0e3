"""What a worker is started with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class WorkerSpec:
    """One worker's place and bounds; it travels to the fork server as JSON."""

    code_dir: str
    """The staged submission, which is last on ``sys.path``; it can be read, not written."""
    scratch_dir: str
    """The working directory, and the only place to write to."""
    isolate: bool
    """Whether to enter the layers that keep a hostile worker in."""
    max_message_bytes: int
    threads: int
    """CPU threads that torch may use."""
    cpu_s: int
    file_bytes: int
    open_files: int
    processes: int
    """Processes that the worker may consist of; with 1 it cannot start any."""
    shared_bytes: int = 0
    """Size of the memory that it shares with the grader; 0 for none."""
    omit: tuple[str, ...] = ()
    """Layers to leave out, by name: for tests of the others, and to measure what each costs."""

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, raw: bytes) -> WorkerSpec:
        return cls(**json.loads(raw))
