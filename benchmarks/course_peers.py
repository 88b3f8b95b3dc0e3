"""The course's peers: how their processes are run, sampled and scaled to a whole course."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import peer_otter, peer_pytest, plain_checks
from benchmarks.handed_in_copies import Copy


@dataclass
class Peer:
    """One way to grade the course with a process for each hand-in."""

    name: str
    course_s: list[float] = field(default_factory=list)
    """Of each round: seconds for the whole course."""
    honest_s: list[float] = field(default_factory=list)
    """Of one hand-in of the sample, with as many at once as the grader has jobs."""
    hostile_s: list[float] = field(default_factory=list)
    why_not: str = ""


def sample(copies: Sequence[Copy], honest: int) -> list[Copy]:
    """Honest hand-ins from all over the course, and a hostile one of each kind."""
    good = [copy for copy in copies if not copy.hostile]
    picked = [good[i] for i in np.linspace(0, len(good) - 1, min(honest, len(good)), dtype=int)]
    kinds = {copy.example: copy for copy in reversed(copies) if copy.hostile}
    return [*picked, *kinds.values()]


def timed(run: Callable[[Any], object], item: object) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    run(item)
    return time.perf_counter() - start


def pytest_round(
    peer: Peer, copies: list[Copy], course: list[Copy], folder: Path, jobs: int
) -> None:
    """Run the copies, and scale to the course unless they are all of it."""
    files = [peer_pytest.prepare(copy, folder / copy.folder.name) for copy in copies]
    start = time.perf_counter()
    with ThreadPoolExecutor(jobs) as pool:
        seconds = list(pool.map(lambda file: timed(peer_pytest.passes, file), files))
    whole = time.perf_counter() - start
    honest = [s for s, copy in zip(seconds, copies, strict=True) if not copy.hostile]
    hostile = [s for s, copy in zip(seconds, copies, strict=True) if copy.hostile]
    peer.honest_s += honest
    peer.hostile_s += hostile
    if len(copies) < len(course):
        bad = sum(copy.hostile for copy in course)
        mean_bad = statistics.mean(hostile) if hostile else 0.0
        whole = ((len(course) - bad) * statistics.mean(honest) + bad * mean_bad) / jobs
    peer.course_s.append(whole)


def otter_round(
    peer: Peer, copies: list[Copy], course: list[Copy], folder: Path, jobs: int
) -> None:
    """Run the honest copies, and count the hostile ones as if they took no longer."""
    otter = peer_otter.Otter(folder)
    honest = [copy for copy in copies if not copy.hostile]
    places = [otter.prepare(copy) for copy in honest]
    with ThreadPoolExecutor(jobs) as pool:
        seconds = list(pool.map(lambda place: timed(otter.passed, place), places))
    peer.honest_s += seconds
    peer.course_s.append(len(course) * statistics.mean(seconds) / jobs)


def check_peers(right: Copy, folder: Path, *, otter: bool) -> str:
    """Raises SystemExit when a peer fails right work: then it would measure nothing.

    Returns why otter cannot run here, if it cannot.
    """
    if not peer_pytest.passes(peer_pytest.prepare(right, folder / "pytest")):
        raise SystemExit("the pytest file fails right work")
    if not otter:
        return "left out"
    try:
        program = peer_otter.Otter(folder / "otter")
        passed = program.passed(program.prepare(right))
    except peer_otter.NotHere as error:
        return str(error)
    if passed != plain_checks.QUESTIONS.keys():
        raise SystemExit(f"otter fails right work: it passes {', '.join(sorted(passed))}")
    return ""
