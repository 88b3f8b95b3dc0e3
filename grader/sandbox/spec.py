"""What a worker is started with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class WorkerSpec:
    """One worker's place and bounds; it travels to the fork server as JSON."""

    code_dir: str
    """The staged submission: first on ``sys.path``, and the working directory's sibling."""
    scratch_dir: str
    """The working directory, and the only place to write to."""
    max_message_bytes: int
    max_file_bytes: int
    threads: int
    """CPU threads that torch may use."""

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, raw: bytes) -> WorkerSpec:
        return cls(**json.loads(raw))
