"""How long one grading of Q2 to Q6 takes from a cold start, against the time to import torch.

    python -m benchmarks.cold_start --rounds 7

Both commands run in turn, so that a busy machine slows both alike. The bar is three times.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
MOST = 3.0


def seconds(command: list[str]) -> float:
    """Wall-clock seconds of a command that must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - start


def main(rounds: Annotated[int, typer.Option(min=1)] = 7) -> None:
    """Measure, print the medians with their quartiles, and exit with 1 over the bar."""
    with tempfile.TemporaryDirectory() as out:
        grade = [sys.executable, "-m", "grader", "submissions/alice", "--out", out]
        commands = {
            "import torch": [sys.executable, "-c", "import torch"],
            "grade Q2 to Q6": [*grade, "--only", "q2,q3,q4,q5,q6"],
            "grade all, fixture corpus": grade,
        }
        for command in commands.values():
            seconds(command)  # fills the page cache
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(seconds(command))
    table = Table("", "median s", "fastest", "slowest", "times import torch")
    floor = statistics.median(times["import torch"])
    for name, values in times.items():
        median = statistics.median(values)
        figures = [f"{v:.2f}" for v in (median, min(values), max(values), median / floor)]
        table.add_row(name, *figures)
    Console().print(table)
    if statistics.median(times["grade Q2 to Q6"]) > MOST * floor:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
