"""Where a worker's code is at the moment: it is asked by a signal, and answers through its stderr.

A worker whose time is up says nothing through the wire any more. ``faulthandler`` writes the stack
from the signal handler itself, also where the code never returns to Python. What comes is the
worker's word: code that changes the handler, or prints such lines itself, can say anything.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import select
import signal
import time
from dataclasses import dataclass

import psutil

REQUEST = signal.SIGUSR1
WAIT_S = 0.2
"""For the first lines, and at most for all of them."""
SILENCE_S = 0.02
"""After which the answer is taken to be whole: it is written in one go, a frame at a time."""
MOST_BYTES = 1 << 20
MOST_FRAMES = 100
"""As many as faulthandler writes."""
HEADER = b"(most recent call first):"
FRAME = re.compile(rb'^  File "(.{1,500})", line (\d{1,7}) in (.{1,500})$', re.MULTILINE)


@dataclass(frozen=True)
class Frame:
    """One call that has not returned; ``file`` is as Python's code objects have it."""

    file: str
    line: int
    function: str


def answer_requests() -> None:
    """Have this process write its stack to its stderr whenever it is asked."""
    faulthandler.register(REQUEST, file=2, all_threads=False)


def stack_of(worker: psutil.Process, stderr: int) -> tuple[Frame, ...]:
    """The calls that have not returned in a worker, the outermost first; () where it says nothing.

    ``stderr`` is the pipe that it writes to. What was printed there before is lost.
    """
    with contextlib.suppress(psutil.Error):
        worker.send_signal(REQUEST)
    told = bytearray()
    deadline = time.monotonic() + WAIT_S
    while len(told) < MOST_BYTES and (left := deadline - time.monotonic()) > 0:
        patience = min(left, SILENCE_S) if HEADER in told else left
        if not select.select([stderr], [], [], patience)[0]:
            break
        chunk = os.read(stderr, 1 << 16)
        if not chunk:
            break
        told += chunk
    _, _, frames = bytes(told).rpartition(HEADER)
    return tuple(
        Frame(file.decode("utf-8", "replace"), int(line), function.decode("utf-8", "replace"))
        for file, line, function in reversed(FRAME.findall(frames)[:MOST_FRAMES])
    )
