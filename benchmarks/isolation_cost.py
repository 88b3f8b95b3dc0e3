"""What does isolation cost? Under 40 ms a worker, from its start to its end.

    python -m benchmarks.isolation_cost --rounds 100

A worker is started from the warm fork server, asked "hello", which it answers when every layer is
entered and student code could run, and ended. That is timed as the grader does it, with its own
``ForkServer``, ``Conversation`` and scratch folder: isolated, unisolated, and isolated but for one
layer. Each round has one worker of each kind, in an order that turns from round to round, so that
what else goes on in the machine meets all kinds alike; differences are those within a round.

Exits with code 1 when isolation costs more than the bar.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.machine import machine
from grader.rubric import Rubric
from grader.sandbox import ForkServer, layers
from grader.sandbox.conversation import Bounds, Conversation
from grader.sandbox.scratch import make_scratch, remove_scratch
from grader.sandbox.spec import WorkerSpec
from grader.wire import Message

BAR_MS = 40.0
WIDTH = 110
WARM_UP = 3
"""Rounds that are not counted: the first fork waits until the server has imported torch."""
ISOLATED, UNISOLATED = "isolated", "unisolated"
LEFT_OUT = (
    layers.PID_NAMESPACE,
    layers.USER_ID,
    layers.CAPABILITIES,
    layers.LANDLOCK,
    layers.SECCOMP,
)
"""The layers that can be left out. The network's namespace goes with that of the processes."""


@dataclass
class Times:
    """The times of one kind of worker, in ms, by round."""

    kind: str
    ready: list[float] = field(default_factory=list)
    """From the call that starts it to its first reply."""
    ended: list[float] = field(default_factory=list)
    """From there until it and its scratch folder are gone."""
    layers: dict[str, bool] = field(default_factory=dict)
    """Which layers it said were in force."""

    @property
    def whole(self) -> list[float]:
        return [ready + ended for ready, ended in zip(self.ready, self.ended, strict=True)]


class Measurement:
    """Starts and ends workers of every kind from one server."""

    def __init__(self, server: ForkServer, folder: Path) -> None:
        self.kinds = [Times(ISOLATED), Times(UNISOLATED), *(Times(layer) for layer in LEFT_OUT)]
        self._server = server
        self._folder = folder
        self._limits = Rubric.load().limits

    def round(self, number: int, *, counted: bool) -> None:
        """One worker of each kind."""
        turn = number % len(self.kinds)
        for times in self.kinds[turn:] + self.kinds[:turn]:
            ready, ended = self._worker(times)
            if counted:
                times.ready.append(1000 * ready)
                times.ended.append(1000 * ended)

    def _worker(self, times: Times) -> tuple[float, float]:
        limits = self._limits
        scratch = self._folder / "scratch"
        start = time.perf_counter()
        make_scratch(scratch)
        spec = WorkerSpec(
            code_dir=str(self._folder),
            scratch_dir=str(scratch),
            isolate=times.kind != UNISOLATED,
            max_message_bytes=limits.reply_mb << 20,
            threads=1,
            cpu_s=limits.cpu_s,
            file_bytes=limits.file_mb << 20,
            open_files=limits.open_files,
            processes=limits.processes,
            omit=(times.kind,) if times.kind in LEFT_OUT else (),
        )
        bounds = Bounds(
            memory_bytes=limits.memory_mb << 20,
            processes=limits.processes,
            threads=limits.threads,
            scratch_bytes=limits.scratch_mb << 20,
            reply_bytes=limits.reply_mb << 20,
            output_bytes=limits.output_kb << 10,
        )
        conversation = Conversation(self._server.start(spec), scratch, bounds)
        try:
            reply = conversation.ask(Message("hello", {}), 60.0, "The worker")
            ready = time.perf_counter()
        finally:
            conversation.close()
            remove_scratch(scratch)
        ended = time.perf_counter()
        times.layers = dict(reply.fields["isolation"])
        return ready - start, ended - ready


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper quartile."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def differences(one: list[float], other: list[float]) -> list[float]:
    """``one`` minus ``other``, round by round."""
    return [a - b for a, b in zip(one, other, strict=True)]


def shown(values: list[float]) -> str:
    """The median, and the quartiles in brackets."""
    low, middle, high = quartiles(values)
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


def table(kinds: list[Times]) -> Table:
    """Times of each kind, and what isolation, or the layer left out, adds to both."""
    isolated, unisolated, *others = kinds
    result = Table("worker", title="ms: median (quartiles)", title_justify="left")
    for column in ("start to first reply", "its end", "both", "cost of the rest"):
        result.add_column(column, justify="right")
    rows = [(ISOLATED, isolated), (UNISOLATED, unisolated)]
    # A layer that this machine lacks costs nothing: its figure is noise.
    rows += [(f"without {times.kind}", times) for times in others if isolated.layers[times.kind]]
    for name, times in rows:
        cost = differences(isolated.whole, times.whole)
        figures = [shown(times.ready), shown(times.ended), shown(times.whole)]
        result.add_row(name, *figures, "" if times is isolated else shown(cost))
    return result


def rounds_of(measurement: Measurement, rounds: int, console: Console) -> Iterator[int]:
    """Run the rounds, those to warm up first."""
    for number in range(WARM_UP):
        measurement.round(number, counted=False)
    for number in track(range(rounds), "rounds", console=console):
        measurement.round(number, counted=True)
        yield number


def main(
    rounds: Annotated[int, typer.Option(min=2, help="Workers of each kind.")] = 100,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Where the figures go as JSON.")
    ] = None,
) -> None:
    """Time isolated and unisolated workers, and those that lack one layer."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    load_before = os.getloadavg()[0]
    server = ForkServer()
    try:
        with tempfile.TemporaryDirectory(prefix="grader-cost-") as folder:
            Path(folder).chmod(0o711)
            measurement = Measurement(server, Path(folder))
            for _ in rounds_of(measurement, rounds, Console(stderr=True)):
                pass
    finally:
        server.close()

    kinds = measurement.kinds
    isolated, unisolated = kinds[:2]
    low, cost, high = quartiles(differences(isolated.whole, unisolated.whole))
    in_force = [layer for layer, there in isolated.layers.items() if there]
    missing = [layer for layer, there in isolated.layers.items() if not there]
    held = cost < BAR_MS
    # On a machine that is busy otherwise, every figure is larger.
    load = f"{load_before:.1f} before, {os.getloadavg()[0]:.1f} after"
    facts = machine() | {"load average": load}
    console.print(table(kinds))
    console.print(
        f"Isolation costs {cost:.1f} ms a worker ({low:.1f} to {high:.1f}); the bar is {BAR_MS:g} "
        f"ms: {'held' if held else 'not held'}. {rounds} rounds.\n"
        f"In force: {', '.join(in_force)}. Missing here: {', '.join(missing) or 'none'}.\n"
        + ", ".join(f"{name} {value}" for name, value in facts.items())
    )
    if json_file is not None:
        figures = {
            "rounds": rounds,
            "bar_ms": BAR_MS,
            "cost_ms": {"lower": low, "median": cost, "upper": high},
            "layers": isolated.layers,
            "machine": facts,
            "kinds": [asdict(times) for times in kinds],
        }
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if not held:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
