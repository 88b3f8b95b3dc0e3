"""Memory that a worker writes results into and the grader reads, instead of a socket.

What is read is a copy. A worker can change the memory at any time, also between two looks at it:
logits that grow after their logarithm of the sum was taken would make any guess a sure one. The
size is sealed, or a worker that shrank the memory would make the grader's next look a bus error.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SLOTS = 2
"""While the grader reads one, the worker fills the other."""


def available() -> bool:
    """Whether the platform has memory that can be sealed (Linux)."""
    return hasattr(os, "memfd_create") and hasattr(fcntl, "F_ADD_SEALS")


class SharedMemory:
    """The grader's side: ``SLOTS`` parts of ``slot_bytes`` each, as float32."""

    def __init__(self, slot_bytes: int) -> None:
        self._slot_bytes = slot_bytes
        self.fd = os.memfd_create("logits", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.fd, self.size)
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, seals)

    @property
    def size(self) -> int:
        return SLOTS * self._slot_bytes

    def read(self, slot: int, shape: Sequence[int]) -> NDArray[np.float32] | None:
        """A copy of the array of that shape in a slot; None when no slot holds such an array.

        An empty one is none: NumPy cannot make every empty shape.
        """
        count = math.prod(shape)
        if not 0 <= slot < SLOTS or not 0 < 4 * count <= self._slot_bytes:
            return None
        flat = np.empty(count, np.float32)
        # Memory that was mapped here would count as the grader's own.
        os.preadv(self.fd, [flat.data], slot * self._slot_bytes)
        return flat.reshape(shape)

    def close(self) -> None:
        os.close(self.fd)


def slots_in_worker(fd: int, size: int) -> list[NDArray[np.float32]]:
    """The worker's side: an array over each slot. ``fd`` can be closed afterwards."""
    memory = mmap.mmap(fd, size)
    everything = np.frombuffer(memory, np.float32)
    return np.split(everything, SLOTS)
