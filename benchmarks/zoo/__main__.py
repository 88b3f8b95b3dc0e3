"""Lists the zoo and checks that its records are true.

    python -m benchmarks.zoo --vocabulary 60 --seed 0

lists how many models there are of each kind, and checks by experiments that each depends on what
its record says and on nothing else. Exits with code 1 when one does not.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.zoo import zoo
from benchmarks.zoo.experiments import Experiments


def described(truth: frozenset[str]) -> str:
    """The kinds in words."""
    return ", ".join(sorted(truth)) or "correct"


def main(
    vocabulary: Annotated[int, typer.Option(min=8, help="Characters of the models.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights and sentences.")] = 0,
    only: Annotated[str, typer.Option(help="A part of the names of the models to check.")] = "",
    verbose: Annotated[bool, typer.Option(help="Print the largest differences.")] = False,
) -> None:
    """Check the zoo against experiments."""
    torch.set_num_threads(1)
    console = Console(highlight=False)
    models = [model for model in zoo() if only in model.name]
    table = Table("depends on", "models", "mainly")
    for truth, count in Counter(model.truth for model in models).most_common():
        mains = Counter(model.main or "-" for model in models if model.truth == truth)
        table.add_row(described(truth), str(count), ", ".join(f"{k} {n}" for k, n in mains.items()))
    console.print(table)
    start, wrong = time.perf_counter(), 0
    for model in track(models, console=Console(stderr=True), description="experiments"):
        began = time.perf_counter()
        experiments = Experiments(model, model.instance(vocabulary, seed), vocabulary, seed)
        observed = experiments.observed()
        took = time.perf_counter() - began
        differences = ", ".join(f"{k} {v:.2g}" for k, v in experiments.largest.items())
        if observed != model.truth:
            wrong += 1
            console.print(
                f"{model.name}: depends on {described(observed)}, and its record says "
                f"{described(model.truth)} ({differences})",
                style="red",
            )
        elif verbose:
            console.print(f"{model.name}: {differences} ({took:.2f} s)")
    seconds = time.perf_counter() - start
    console.print(f"{len(models)} models, {wrong} of them other than recorded; {seconds:.0f} s")
    if wrong:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
