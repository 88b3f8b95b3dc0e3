"""A course of 200 hand-ins: the grader against a pytest process, and against otter, for each.

    python -m benchmarks.course

The course is made of copies of the examples, a tenth of them hostile (``handed_in_copies``), and
graded for Q2 to Q6. In each round the grader grades all of it, then the peers have their turn with
as many processes at once: a fresh pytest for each hand-in (``peer_pytest``) and ``otter run`` for
each (``peer_otter``), both on ``plain_checks``. Of a peer only a sample is run, unless --all is
given, and scaled: the sample's mean seconds of a hand-in, with so many at once, times the course's
hand-ins. The honest and the hostile are sampled and scaled apart. Otter gets honest ones alone, as
it cannot end the others, and its hostile tenth is counted as if it were honest.

Then courses of other sizes: time, CPU and the grader's own peak memory by size, and a line through
the times; and the course once more by a single job. CPU is that of the whole process tree by the
kernel's account (``counted``).

Exits with code 1 unless the grader is 20 times as fast as pytest and 10 times as fast as otter,
takes under 150 ms of CPU for a hand-in, and neither its memory nor its time for a hand-in grows.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.counted import Cost, counted
from benchmarks.course_peers import Peer, check_peers, otter_round, pytest_round, sample
from benchmarks.handed_in_copies import CALL_S, MEMORY_MB, Copy, make_course, write_rubric
from benchmarks.machine import machine
from benchmarks.spread import spread

QUESTIONS = "q2,q3,q4,q5,q6"
RIGHT = "alice"
"""The example in which all is right."""
TIMES_PYTEST, TIMES_OTTER, CPU_MS = 20.0, 10.0, 150.0
MEMORY_GROWTH, OFF_THE_LINE = 1.1, 0.1
"""What counts as flat, and as a straight line: 10 % more memory, or time off the line."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    count: int
    counts: tuple[int, ...]
    sample: int
    rounds: int
    jobs: int
    all: bool
    otter: bool


def grade(course: Path, out: Path, jobs: int) -> Cost:
    """The grader's own command on a course, with nothing graded yet."""
    rubric = write_rubric(course.parent)
    options = ["--many", "--only", QUESTIONS, "--jobs", str(jobs), "--rubric", str(rubric)]
    cost = counted([sys.executable, "-m", "grader", str(course), *options, "--out", str(out)])
    if cost.exit_code:
        raise SystemExit(f"the grader ended with {cost.exit_code}:\n{cost.said}")
    return cost


def line(counts: Sequence[int], seconds: Sequence[float]) -> tuple[float, float, float]:
    """Seconds for a hand-in, seconds for none, and the largest part by which a time is off."""
    if len(counts) < 2:
        return seconds[0] / counts[0], 0.0, 0.0
    slope, start = np.polyfit(counts, seconds, 1)
    expected = np.polyval([slope, start], counts)
    return float(slope), float(start), float(np.max(np.abs(expected - seconds) / seconds))


def compared(course: list[Copy], place: Path, of: Sizes, console: Console) -> dict[str, Any]:
    """The rounds: the grader, then its peers."""
    pytest, otter = Peer("pytest"), Peer("otter")
    right = next(copy for copy in course if copy.example == RIGHT)
    otter.why_not = check_peers(right, place / "check", otter=of.otter)
    picked = course if of.all else sample(course, of.sample)
    costs = []
    for number in range(of.rounds):
        here = place / f"round{number}"
        costs.append(grade(place / "course", here / "results", of.jobs))
        console.print(f"round {number + 1}, grader: {costs[-1].wall_s:.1f} s")
        pytest_round(pytest, picked, course, here / "pytest", of.jobs)
        console.print(f"round {number + 1}, pytest: {pytest.course_s[-1]:.1f} s")
        if not otter.why_not:
            otter_round(otter, picked, course, here / "otter", of.jobs)
            console.print(f"round {number + 1}, otter: {otter.course_s[-1]:.1f} s")
    return {
        "count": len(course),
        "sampled": None if of.all else len(picked),
        "grader": [asdict(cost) for cost in costs],
        "peers": [asdict(pytest), asdict(otter)],
    }


def by_count(place: Path, of: Sizes, console: Console) -> dict[str, Any]:
    """Courses of several sizes."""
    costs = []
    for count in of.counts:
        folder = place / f"of{count}"
        make_course(folder / "course", count)
        costs.append(grade(folder / "course", folder / "results", of.jobs))
        console.print(f"{count} hand-ins: {costs[-1].wall_s:.1f} s")
    slope, start, off = line(of.counts, [cost.wall_s for cost in costs])
    alone = grade(place / "course", place / "alone" / "results", 1)
    console.print(f"{of.count} hand-ins, one at a time: {alone.wall_s:.1f} s")
    return {
        "one_job": asdict(alone),
        "counts": list(of.counts),
        "costs": [asdict(cost) for cost in costs],
        "line": {"s_each": slope, "s_start": start, "largest_part_off": off},
    }


def verdicts(found: dict[str, Any]) -> dict[str, bool | None]:
    """Which bars are reached; None where a side was not measured."""
    own = found["grader"]
    wall = [cost["wall_s"] for cost in own]
    ratios = {
        peer["name"]: statistics.median(p / w for p, w in zip(peer["course_s"], wall, strict=True))
        for peer in found["peers"]
        if peer["course_s"]
    }
    memory = [cost["peak_mb"] for cost in found["costs"]]
    cpu_ms = 1000 * statistics.median(cost["cpu_s"] for cost in own) / found["count"]
    return {
        "pytest": ratios["pytest"] >= TIMES_PYTEST,
        "otter": ratios["otter"] >= TIMES_OTTER if "otter" in ratios else None,
        "cpu": cpu_ms < CPU_MS,
        "memory": max(memory) <= MEMORY_GROWTH * min(memory),
        "linear": found["line"]["largest_part_off"] <= OFF_THE_LINE,
    }


def show(found: dict[str, Any], console: Console) -> None:
    """Two tables: against the peers, and by size."""
    own = [cost["wall_s"] for cost in found["grader"]]
    peers = Table("", title=f"{found['count']} hand-ins", title_justify="left")
    for column in ("s for the course", "honest, s each", "hostile, s each", "times the grader's"):
        peers.add_column(column, justify="right")
    cpu = [1000 * cost["cpu_s"] / found["count"] for cost in found["grader"]]
    peers.add_row("grader", spread(own, "", 1), f"{spread(cpu, 'ms', 0)} of CPU", "", "1")
    for peer in found["peers"]:
        if not peer["course_s"]:
            peers.add_row(peer["name"], peer["why_not"])
            continue
        ratios = [p / w for p, w in zip(peer["course_s"], own, strict=True)]
        each = [spread(peer[key]) if peer[key] else "" for key in ("honest_s", "hostile_s")]
        peers.add_row(peer["name"], spread(peer["course_s"], "", 1), *each, spread(ratios, "", 1))
    sizes = Table("hand-ins", "s", "ms of CPU each", "peak MB of the grader's process")
    for count, cost in zip(found["counts"], found["costs"], strict=True):
        figures = (cost["wall_s"], 1000 * cost["cpu_s"] / count, cost["peak_mb"])
        sizes.add_row(str(count), *(f"{figure:.1f}" for figure in figures))
    console.print(peers, sizes)
    fit = found["line"]
    console.print(
        f"{1000 * fit['s_each']:.0f} ms a hand-in and {fit['s_start']:.1f} s once; at most "
        f"{fit['largest_part_off']:.0%} off that line. One at a time, {found['count']} took "
        f"{found['one_job']['wall_s']:.1f} s. Limits: {CALL_S:g} s a call, {MEMORY_MB} MB."
    )


def main(
    count: Annotated[int, typer.Option(min=1, help="Hand-ins, against the peers.")] = 200,
    counts: Annotated[str, typer.Option(help="Sizes of further courses.")] = "50,100,200,400",
    sample: Annotated[int, typer.Option(min=1, help="Honest hand-ins that a peer gets.")] = 10,
    all_: Annotated[bool, typer.Option("--all", help="Give the peers all hand-ins.")] = False,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    jobs: Annotated[int, typer.Option(min=1, help="At once, on all sides.")] = 2,
    otter: Annotated[bool, typer.Option(help="Compare with otter-grader.")] = True,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Measure, print, and exit with 1 where a bar is not reached."""
    console = Console(width=120)
    sizes = tuple(int(size) for size in counts.split(","))
    of = Sizes(count, sizes, sample, rounds, jobs, all_, otter)
    with tempfile.TemporaryDirectory(prefix="benchmark-course-") as name:
        place = Path(name)
        course = make_course(place / "course", count)
        found = compared(course, place, of, console) | by_count(place, of, console)
    found |= {"machine": machine(), "jobs": jobs, "load_average": os.getloadavg()[0]}
    found["reached"] = verdicts(found)
    show(found, console)
    if out is not None:
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if False in found["reached"].values():
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
