"""The results that are kept in the repository, and the README's table, which is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.handed_in_copies import ROOT
from benchmarks.suite.record import Figure, Result, read
from benchmarks.suite.registry import BENCHMARKS

KEPT = ROOT / "benchmarks" / "figures.json"
README = ROOT / "README.md"
BEGIN = "<!-- figures: written by python -m benchmarks --readme -->"
END = "<!-- end of figures -->"
SAID = {
    "cpu": "{}",
    "cores": "{} cores",
    "memory": "{}",
    "gpu": "{}",
    "system": "{}",
    "python": "Python {}",
    "torch": "torch {}",
    "numpy": "NumPy {}",
}
"""How a machine is described, in this order."""


def kept(file: Path = KEPT) -> list[Result]:
    """The kept results: the suite's in its order, then those that other commands gave."""
    results = [Result.from_json(values) for values in json.loads(file.read_text("utf-8"))]
    order = [*BENCHMARKS, *(r.name for r in results if r.name not in BENCHMARKS)]
    return sorted(results, key=lambda result: order.index(result.name))


def keep(results: Iterable[Result], file: Path = KEPT) -> list[str]:
    """Put results in the place of the kept ones; returns the names of those that are not kept.

    A quick run's figures say nothing, and one that was passed over or failed has none.
    """
    all_results = {result.name: result for result in kept(file)}
    refused = []
    for result in results:
        if result.quick or result.failed or not result.figures:
            refused.append(result.name)
        else:
            all_results[result.name] = result
    texts = (result.to_json().rstrip("\n") for result in all_results.values())
    file.write_text("[\n" + ",\n".join(texts) + "\n]\n", encoding="utf-8")
    return refused


def results_in(folder: Path) -> list[Result]:
    """The results that a run has left in its folder."""
    return [read(file) for file in sorted(folder.glob("*.json"))]


def table(results: Sequence[Result]) -> str:
    """Markdown: a table for each machine that something was measured on."""
    parts = []
    for machine in dict.fromkeys(described(result.machine) for result in results):
        rows = [f for r in results if described(r.machine) == machine for f in r.figures]
        lines = [
            f"Measured on {machine}.",
            "",
            "| what | figure | command |",
            "| --- | --- | --- |",
        ]
        parts.append("\n".join([*lines, *map(_row, rows)]))
    return "\n\n".join(parts)


def described(machine: dict[str, str]) -> str:
    """A machine in one line."""
    return ", ".join(text.format(machine[name]) for name, text in SAID.items() if name in machine)


def with_table(readme: str, results: Sequence[Result]) -> str:
    """The README's text with the table in its place."""
    before, _, rest = readme.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"the README has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{table(results)}\n{END}{after}"


def write_readme() -> None:
    """Rewrite the README's table from the kept results."""
    README.write_text(with_table(README.read_text("utf-8"), kept()), encoding="utf-8")


def _row(figure: Figure) -> str:
    missed = f" (goal: {figure.goal}; not reached)" if figure.reached is False else ""
    cells = (figure.what, figure.text + missed, _code(figure.command))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _code(command: str) -> str:
    """Commands stand alone; where more is said, it says itself what of it is code."""
    return command if "`" in command or not command.startswith("python") else f"`{command}`"
