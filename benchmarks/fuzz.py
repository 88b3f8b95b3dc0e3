"""Does anything that a worker sends, or a student hands in, get past the parsers? Nothing may.

    python -m benchmarks.fuzz --inputs 1000000 --seed 0

Nine inputs of ten are streams of bytes as a worker could send them; they go through the reader of
messages and through what the grader makes of a reply's value and traceback. The tenth goes to the
reader of submissions: damaged zips and, because they are expensive, few folders. Last come zip
bombs, one of each method. With atheris (``pip install atheris``) half of the inputs are guided by
coverage; the others, or all of them without it, are made by mutation that knows the formats.

An input fails when it raises anything but WireError or SubmissionError, when a promise is broken
(``fuzz_targets`` has them), or when it takes more memory than its bound: resident memory is looked
at after every input, and every 250th is traced exactly. Exits with code 1 when any input failed;
each different failure is printed with its smallest input as hexadecimal digits, which

    python -m benchmarks.fuzz --reproduce zip:504b0506…

runs again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from benchmarks import fuzz_guided
from benchmarks.fuzz_inputs import WireInputs, ZipInputs, bombs, folder
from benchmarks.fuzz_run import Runner, Tally
from benchmarks.fuzz_targets import Folder, Place, Target, Wire, Zip
from benchmarks.machine import machine

WIDTH = 110
WIRE_SHARE = 0.9
MAX_FOLDERS = 3000
FOLDER_SHARE = 0.02
"""Of the inputs that go to the reader of submissions."""
TICK = 500
HEX_SHOWN = 4000
MADE = "mutated"


def shares(inputs: int) -> dict[str, int]:
    """How many inputs each target gets."""
    wire = round(inputs * WIRE_SHARE)
    folders = min(MAX_FOLDERS, round((inputs - wire) * FOLDER_SHARE))
    return {"wire": wire, "zip": inputs - wire - folders, "folder": folders}


def mutated(target: Target, make: Callable[[], bytes], count: int) -> Iterator[Tally]:
    """Run ``count`` inputs that ``make`` makes; yields the tally now and then, and at the end."""
    runner = Runner(target, MADE)
    for i in range(count):
        runner.run(make())
        if i % TICK == TICK - 1:
            yield runner.tally
    yield runner.tally


def bombed(target: Target) -> Tally:
    """Run the zip bombs, once as they are and once with their memory traced."""
    runner = Runner(target, "bombs")
    for bomb in bombs():
        runner.run(bomb)
        runner.run(bomb, traced=True)
    return runner.tally


def guided(name: str, count: int, seed: int) -> Tally:
    """Run ``count`` inputs guided by coverage, in a process of their own."""
    with tempfile.TemporaryDirectory(prefix="grader-fuzz-") as place:
        result = Path(place) / "tally.json"
        options = [name, str(count), str(seed), str(result)]
        command = [sys.executable, "-m", "benchmarks.fuzz_guided", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not result.exists():
            # libFuzzer ends the process when an input takes too long, and prints that input.
            raise RuntimeError(f"the guided run ended early: {done.stderr[-4000:]}")
        return Tally.from_json(json.loads(result.read_text()))


def runs(inputs: int, seed: int, guide: bool) -> Iterator[list[Tally]]:
    """Everything; yields the tallies so far."""
    tallies: list[Tally] = []
    count = shares(inputs)
    if guide:
        for name in ("wire", "zip"):
            half = count[name] // 2
            count[name] -= half
            if half:
                tallies.append(guided(name, half, seed))
                yield tallies
    rng = Random(seed)
    with Place() as place:
        makers: list[tuple[Target, Callable[[], bytes]]] = [
            (Wire(place), WireInputs(rng).make),
            (Zip(place), ZipInputs(rng).make),
            (Folder(place), lambda: folder(rng)),
        ]
        for target, make in makers:
            for tally in mutated(target, make, count[target.name]):
                yield [*tallies, tally]
            tallies.append(tally)
        tallies.append(bombed(Zip(place)))
    yield tallies


def table(tallies: list[Tally]) -> Table:
    """One line for each target and way of making inputs."""
    result = Table("target", "inputs made")
    columns = "inputs accepted refused failed inputs/s slowest traced growth peak"
    for column in columns.split():
        result.add_column(column, justify="right")
    for tally in tallies:
        result.add_row(
            tally.target,
            tally.made,
            f"{tally.inputs:,}",
            f"{tally.accepted:,}",
            f"{tally.refused:,}",
            f"{tally.crashed:,}",
            f"{tally.inputs / max(tally.seconds, 1e-9):,.0f}",
            f"{tally.slowest_ms:,.0f} ms",
            f"{tally.traced_bytes / 1e6:.1f} MB",
            f"{tally.growth_bytes / 1e6:.1f} MB",
            f"{tally.peak_bytes / 1e6:.0f} MB",
        )
    return result


def reasons(tallies: list[Tally]) -> Table:
    """Why inputs were refused, and how often."""
    result = Table("target", "what became of it")
    result.add_column("inputs", justify="right")
    for names in (("wire",), ("zip", "folder")):
        outcomes: Counter[str] = Counter()
        for tally in tallies:
            if tally.target in names:
                outcomes.update(tally.outcomes)
        result.add_section()
        for outcome, count in outcomes.most_common():
            result.add_row(" and ".join(names), outcome, f"{count:,}")
    return result


def reproduce(text: str, console: Console) -> None:
    """Run one input, given as target and hexadecimal digits, and let its exception through."""
    name, _, digits = text.partition(":")
    with Place() as place:
        targets: dict[str, Target] = {t.name: t for t in (Wire(place), Zip(place), Folder(place))}
        console.print(targets[name](bytes.fromhex(digits)))


def main(
    inputs: Annotated[int, typer.Option(min=1, help="Inputs over all targets.")] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random choices.")] = 0,
    guide: Annotated[
        bool | None, typer.Option(help="Guide by coverage; else only if atheris is installed.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Where the figures go as JSON.")
    ] = None,
    again: Annotated[
        str | None, typer.Option("--reproduce", help="Run one input: its target, ':' and its hex.")
    ] = None,
) -> None:
    """Give the parsers a million hostile inputs; any failure is a defect of the grader."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    if again is not None:
        reproduce(again, console)
        return
    start = time.perf_counter()
    tallies: list[Tally] = []
    guide = fuzz_guided.available() if guide is None else guide
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("guided" if guide else MADE, total=inputs)
        for tallies in runs(inputs, seed, guide):
            last = tallies[-1]
            done = sum(tally.inputs for tally in tallies)
            progress.update(bar, completed=done, description=f"{last.target}, {last.made}")
    seconds = time.perf_counter() - start
    cpu_seconds = sum(os.times()[:4])  # this process and those that it started

    crashes = [(tally, crash) for tally in tallies for crash in tally.crashes.values()]
    console.print(table(tallies), reasons(tallies))
    for tally, crash in crashes:
        digits = crash.input
        if len(digits) > HEX_SHOWN:
            digits = f"{digits[:HEX_SHOWN]}… ({len(digits) // 2:,} bytes; --json has all of it)"
        console.print(f"{crash.count:,}x {crash.error} ({crash.where})", style="red", markup=False)
        console.print(f"  {tally.target}:{digits}", soft_wrap=True, markup=False)
    facts = machine()
    total = sum(tally.inputs for tally in tallies)
    peak = max(tally.peak_bytes for tally in tallies)
    console.print(
        f"{total:,} inputs; {len(crashes)} different failures; {seconds:.0f} s "
        f"({cpu_seconds:.0f} s of CPU), {total / seconds:,.0f} inputs/s; peak resident memory "
        f"{peak / 1e6:.0f} MB; an input may take {Wire.bound / 1e6:.0f} MB, or "
        f"{Zip.bound / 1e6:.0f} MB as a submission.\n"
        + ", ".join(f"{name} {value}" for name, value in facts.items())
        + ", ".join(f"{name} {value}" for name, value in facts.items())
    )
    if json_file is not None:
        figures = {
            "inputs": total,
            "seed": seed,
            "guided": guide,
            "seconds": round(seconds, 1),
            "cpu_seconds": round(cpu_seconds, 1),
            "machine": facts,
            "bounds": {"wire": Wire.bound, "submission": Zip.bound},
            "runs": [asdict(tally) for tally in tallies],
        }
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if crashes:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
