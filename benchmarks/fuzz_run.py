"""Runs inputs through a target of ``benchmarks.fuzz`` and keeps count of what becomes of them."""

from __future__ import annotations

import os
import time
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path
from traceback import extract_tb
from typing import Any

import psutil

from benchmarks.fuzz_targets import ACCEPTED, Target

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")
TRACED_EVERY = 250
"""How many inputs there are to one whose memory is traced exactly, which takes longer."""
LARGE = 100_000
LARGE_TRACED_EVERY = 3
"""The same for inputs of ``LARGE`` bytes and more."""
CRASHES_KEPT = 50


class Memory:
    """The peak of this process's resident memory since ``restart``, where the system tells it."""

    def __init__(self) -> None:
        self._status = STATUS.open("rb", buffering=0) if STATUS.exists() else None
        self._clear = CLEAR.open("wb", buffering=0) if CLEAR.exists() else None
        self._start = 0
        self.restart()

    def restart(self) -> None:
        """Forget the peak so far, which becomes what is resident now."""
        if self._clear is not None:
            os.write(self._clear.fileno(), b"5")
        self._start = self.peak()

    def peak(self) -> int:
        """The highest resident memory, in bytes; outside of Linux, the present one."""
        if self._status is None:
            return int(psutil.Process().memory_info().rss)
        text = os.pread(self._status.fileno(), 4096, 0)
        at = text.index(b"VmHWM:") + 6
        return int(text[at : text.index(b"kB", at)]) << 10

    def growth(self) -> int:
        """How far the peak lies above what was resident at the start."""
        return max(0, self.peak() - self._start)


@dataclass
class Crash:
    """What must not have been raised, the first input that did it, and how many others did."""

    error: str
    where: str
    input: str
    """The input as hexadecimal digits."""
    count: int = 0


@dataclass
class Tally:
    """What became of the inputs of one target, made in one way."""

    target: str
    made: str
    inputs: int = 0
    seconds: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)
    crashes: dict[str, Crash] = field(default_factory=dict)
    crashed: int = 0
    slowest_ms: float = 0.0
    traced_bytes: int = 0
    """The most memory that one of the traced inputs took."""
    growth_bytes: int = 0
    """How far resident memory rose for one input, at most."""
    peak_bytes: int = 0

    @property
    def accepted(self) -> int:
        return self.outcomes.get(ACCEPTED, 0)

    @property
    def refused(self) -> int:
        return self.inputs - self.accepted - self.crashed

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Tally:
        """The tally of which ``dataclasses.asdict`` made the values."""
        crashes = {key: Crash(**crash) for key, crash in values.pop("crashes").items()}
        return cls(**values, crashes=crashes)


class Runner:
    """Gives a target one input after the other; whatever it raises is counted, not let through."""

    def __init__(self, target: Target, made: str) -> None:
        self.tally = Tally(target.name, made)
        self._target = target
        self._memory = Memory()

    def run(self, data: bytes, *, traced: bool = False) -> None:
        """Run one input."""
        tally = self.tally
        every = TRACED_EVERY if len(data) < LARGE else LARGE_TRACED_EVERY
        traced |= tally.inputs % every == every - 1
        tally.inputs += 1
        if traced:
            tracemalloc.start()
        self._memory.restart()
        start = time.perf_counter()
        try:
            outcome = self._target(data)
            tally.outcomes[outcome] = tally.outcomes.get(outcome, 0) + 1
        except Exception as error:
            self._crashed(error, data)
        seconds = time.perf_counter() - start
        tally.seconds += seconds
        tally.slowest_ms = max(tally.slowest_ms, 1000 * seconds)
        if traced:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            tally.traced_bytes = max(tally.traced_bytes, peak)
            if peak > self._target.bound_for(data):
                self._count(f"{peak >> 20} MB were taken", "memory", data)
        tally.peak_bytes = max(tally.peak_bytes, self._memory.peak())
        # Tracing takes memory of its own.
        growth = 0 if traced else self._memory.growth()
        tally.growth_bytes = max(tally.growth_bytes, growth)
        if growth > self._target.bound:
            self._count(f"resident memory grew by {growth >> 20} MB", "memory", data)

    def _crashed(self, error: Exception, data: bytes) -> None:
        self.tally.crashed += 1
        frames = extract_tb(error.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).parent.name == "grader"]
        last = own[-1] if own else frames[-1]
        where = f"{Path(last.filename).name}:{last.lineno} in {last.name}"
        self._count(f"{type(error).__name__}: {error}", where, data)

    def _count(self, error: str, where: str, data: bytes) -> None:
        crashes = self.tally.crashes
        key = f"{error.partition(':')[0] if where != 'memory' else ''} {where}"
        if key not in crashes and len(crashes) >= CRASHES_KEPT:
            return
        crash = crashes.setdefault(key, Crash(ascii(error)[1:-1][:300], where, data.hex()))
        if len(data) * 2 < len(crash.input):
            crash.input, crash.error = data.hex(), ascii(error)[1:-1][:300]
        crash.count += 1
