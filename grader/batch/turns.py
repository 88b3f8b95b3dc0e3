"""How many language models may be loaded at once, so that all find room."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import psutil
import torch

from grader.grading import MODEL_QUESTION
from grader.rubric import Rubric


def model_turns(device: str, rubric: Rubric) -> int:
    """As many as fit into the memory that is free, and onto the GPU where one is used; at least 1.

    A worker that the system kills for want of memory looks as if its student were at fault.
    """
    memory_mb = rubric.limits_for(MODEL_QUESTION).memory_mb
    fit = psutil.virtual_memory().available // (memory_mb << 20)
    if device != "cpu" and torch.cuda.is_available():
        free, _ = torch.cuda.mem_get_info()
        fit = min(fit, free // (rubric.language_model.gpu_mb << 20))
    return max(1, int(fit))


class Turns:
    """A context that at most ``count`` processes are in at a time.

    The kernel frees the turn of a process that was killed, as it does not free a semaphore.
    """

    def __init__(self, folder: Path, count: int) -> None:
        """``folder`` is shared by all who wait for each other."""
        self._files = [folder / f"turn-{number}" for number in range(count)]
        self._held: int | None = None

    def __enter__(self) -> None:
        for file in self._files:
            self._held = _locked(file, wait=False)
            if self._held is not None:
                return
        self._held = _locked(self._files[os.getpid() % len(self._files)], wait=True)

    def __exit__(self, *_: object) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _locked(file: Path, *, wait: bool) -> int | None:
    """A descriptor that holds the file's lock; None if another has it and one should not wait."""
    fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd
