"""Runs the benchmarks: python -m benchmarks.

    python -m benchmarks --quick                     see that all of them work (under 3 minutes)
    python -m benchmarks --data DIR --out figures    measure all, with the course's data
    python -m benchmarks --only course,kills         measure these
    python -m benchmarks --readme --out figures      keep what was measured, write README's table

Exits with code 1 when a benchmark fails, or a goal is not reached; the goals of speed do not count
in a quick run, which measures next to nothing.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.machine import machine
from benchmarks.suite.kept import described, keep, results_in, write_readme
from benchmarks.suite.plots import plot
from benchmarks.suite.record import Result
from benchmarks.suite.registry import BENCHMARKS

WIDTH = 120
QUICK_AT_ONCE = 2


def chosen(only: str) -> list[str]:
    """The names that are asked for, in the suite's order."""
    names = {name for name in only.replace(" ", "").split(",") if name}
    if strangers := names - BENCHMARKS.keys():
        known = ", ".join(BENCHMARKS)
        raise typer.BadParameter(f"no {', '.join(sorted(strangers))}; there are {known}")
    return [name for name in BENCHMARKS if not names or name in names]


def shown(result: Result) -> Table | Text:
    """A result in the terminal."""
    if result.passed_over:
        return Text(f"{result.name}: passed over, {result.passed_over}", style="yellow")
    table = Table(title=f"{result.name}, {result.seconds:.0f} s", title_justify="left")
    for column in ("what", "figure", "goal", ""):
        table.add_column(column)
    for figure in result.figures:
        verdict = {True: "reached", False: "not reached", None: ""}[figure.reached]
        table.add_row(figure.what, figure.text, figure.goal, verdict)
    return table


def good(result: Result) -> bool:
    """Whether a result leaves nothing to look at."""
    if result.failed:
        return False
    return result.quick or not any(figure.reached is False for figure in result.figures)


def main(
    only: Annotated[str, typer.Option(help="Names, such as course,kills.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Tiny sizes: does all work?")] = False,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with train.csv and test.csv.", exists=True, file_okay=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for a JSON file and pictures of each.")
    ] = None,
    readme: Annotated[
        bool,
        typer.Option(
            "--readme",
            help="Measure nothing: keep the results in --out, and write the README's table.",
        ),
    ] = False,
) -> None:
    """Run the benchmarks one after the other, and print their figures."""
    console = Console(width=WIDTH, highlight=False)
    if readme:
        refused = keep(results_in(out)) if out is not None else []
        write_readme()
        console.print(f"README.md is written; not kept: {', '.join(refused) or 'none'}")
        return
    names = chosen(only)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    console.print(f"{described(machine())}")
    results, start = [], time.perf_counter()
    # Where nothing is measured, two at a time: most of them wait for some library to be imported.
    with ThreadPoolExecutor(QUICK_AT_ONCE if quick else 1) as pool:
        folder = data and data.resolve()
        runs = pool.map(lambda name: BENCHMARKS[name].run(quick=quick, data=folder), names)
        for result in runs:
            results.append(result)
            console.print(shown(result))
            if result.failed:
                console.print(Text(result.failed, style="red"))
            if out is not None:
                (out / f"{result.name}.json").write_text(result.to_json(), encoding="utf-8")
                plot(result, out)
    seconds = time.perf_counter() - start
    bad = [result.name for result in results if not good(result)]
    over = [result.name for result in results if result.passed_over]
    console.print(
        f"{len(results)} benchmarks in {seconds:.0f} s; passed over: {', '.join(over) or 'none'}; "
        f"failed, or under their goal: {', '.join(bad) or 'none'}"
    )
    if bad:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
