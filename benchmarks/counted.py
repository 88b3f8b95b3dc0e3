"""What a command costs: wall clock, CPU of everything that it starts, peak memory of itself.

``counted`` runs the command below a small process of its own. That one adopts whatever the command
leaves without a parent and waits for it, so the kernel's own account of ended children holds the
CPU seconds of the whole tree, of each process that lived for a millisecond, too. Nothing is
sampled but the command's own peak memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOOK_S = 0.02
LEFT_S = 10.0
"""How long the command's descendants may take to end after it."""


@dataclass(frozen=True)
class Cost:
    """What one run of a command cost."""

    wall_s: float
    """Until the command itself ended."""
    cpu_s: float
    """Of all processes of its tree."""
    peak_mb: float
    """Of the command's own process, resident, in MB (2^20)."""
    exit_code: int
    said: str
    """The end of what it printed."""


def counted(command: Sequence[str], variables: dict[str, str] | None = None) -> Cost:
    """Run a command in the repository's root, with further environment variables."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "cost.json"
        subprocess.run(
            [sys.executable, "-m", "benchmarks.counted", str(result), *command],
            check=True,
            cwd=ROOT,
            env={**os.environ, **(variables or {})},
        )
        return Cost(**json.loads(result.read_text("utf-8")))


def measured(command: Sequence[str]) -> Cost:
    """Run a command as a child of this process, which must have no other children."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, peak_kb(process.pid))
            time.sleep(LOOK_S)
        wall = time.perf_counter() - start
        wait_for_all()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    cpu = used.ru_utime + used.ru_stime
    return Cost(wall, cpu, peak / 1024, process.returncode, text[-2000:])


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    import pyprctl

    pyprctl.set_child_subreaper(True)


def wait_for_all(limit_s: float = LEFT_S) -> bool:
    """Reap all children of this process; False when some still run after ``limit_s``."""
    deadline = time.monotonic() + limit_s
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(LOOK_S)
        return False
    return True


def peak_kb(pid: int) -> int:
    """The most resident memory that a running process has had; 0 when it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def main() -> None:
    """Run the command and write its cost into a file: FILE COMMAND…"""
    result, *command = sys.argv[1:]
    adopt_orphans()
    cost = measured(command)
    Path(result).write_text(json.dumps(asdict(cost)), encoding="utf-8")


if __name__ == "__main__":
    main()
