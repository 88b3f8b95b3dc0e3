"""How long one grading of Q2 to Q6 takes from a cold start, against what no grader can be without.

    python -m benchmarks.cold_start --rounds 7

The floor is ``import torch``; beside it stands a plain pytest file that imports the same student's
code into its own process and checks it by ``plain_checks``. All commands run in turn, in an order
that changes from round to round, so that a busy machine slows all alike. The goal is 1.5 times the
floor; over three times it, the exit code is 1.
"""

from __future__ import annotations

import json
import os
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

from benchmarks import peer_pytest
from benchmarks.handed_in_copies import EXAMPLES, ROOT, Copy
from benchmarks.machine import machine
from benchmarks.spread import spread

GOAL, MOST = 1.5, 3.0
FLOOR, PLAIN, GRADE, ALL = (
    "import torch",
    "plain pytest file",
    "grade Q2 to Q6",
    "grade all, fixture corpus",
)


def seconds(command: list[str]) -> float:
    """Wall-clock seconds of a command that must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - start


def ratios(times: dict[str, list[float]], name: str, floor: str) -> list[float]:
    """How many times the floor's seconds, round by round."""
    return [own / other for own, other in zip(times[name], times[floor], strict=True)]


def measure(rounds: int, *, warm_up: bool) -> dict[str, list[float]]:
    """The seconds of each command by round."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alice = Copy(EXAMPLES / "alice", "alice", hostile=False)
        plain = peer_pytest.prepare(alice, folder / "plain")
        grade = [sys.executable, "-m", "grader", "submissions/alice", "--out", str(folder / "out")]
        commands = {
            FLOOR: [sys.executable, "-c", "import torch"],
            PLAIN: peer_pytest.command(plain),
            GRADE: [*grade, "--only", "q2,q3,q4,q5,q6"],
            ALL: grade,
        }
        for command in commands.values() if warm_up else ():
            seconds(command)  # fills the page cache
        times: dict[str, list[float]] = {name: [] for name in commands}
        names = list(commands)
        for number in range(rounds):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                times[name].append(seconds(commands[name]))
    return times


def main(
    rounds: Annotated[int, typer.Option(min=1)] = 7,
    warm_up: Annotated[bool, typer.Option(help="Run each once before, uncounted.")] = True,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Measure, print the medians with their spread, and exit with 1 over the bar."""
    times = measure(rounds, warm_up=warm_up)
    table = Table("", "s: median (least to greatest)", "times import torch", "times plain pytest")
    for name, values in times.items():
        shown = (spread(ratios(times, name, floor)) for floor in (FLOOR, PLAIN))
        table.add_row(name, spread(values), *shown)
    Console(width=120).print(table)
    if out is not None:
        facts = {"machine": machine(), "load_average": os.getloadavg()[0], "goal": GOAL}
        out.write_text(json.dumps({**facts, "seconds": times}, indent=1) + "\n", encoding="utf-8")
    if statistics.median(ratios(times, GRADE, FLOOR)) > MOST:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
