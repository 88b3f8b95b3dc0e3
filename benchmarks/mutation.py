"""Does the grader notice every small change of a right solution?

    pip install -c constraints.txt -e '.[mutation]'
    python -m benchmarks.mutation

Two tools make mutants of ``reference/implementation.py``: cosmic-ray with all of its operators, and
``benchmarks.mutants``, which also exchanges variables and functions and leaves out operands and
statements. Each mutant is handed in, and the graded checks of the questions whose functions it
changes judge it. A mutant that passes them all with several seeds must be listed below under
EQUIVALENT, with the reason why it is as right as the original.

Exits with code 1 when some other mutant passes.
"""

from __future__ import annotations

import ast
import difflib
import json
import signal
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Annotated, Any, NoReturn

import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.as_student import QUESTIONS, Judged, new_check
from benchmarks.machine import machine
from benchmarks.mutants import mutants
from grader.errors import CheckFailed

REFERENCE = Path(__file__).parents[1] / "reference" / "implementation.py"
SEEDS = 5

LIMIT_S = 5
"""A few mutants never end, which a worker's limit would find too."""

_SATURATED = "beside a gate's bias of 1000, another one of the size of a weight changes nothing"
_IDLE = "with the update gate open, the other gates have no part in the state"
_ONE_LAYER = "init_state has one layer, which is its first and its last"
_AXIS = "the notebook accepts a final state without its leading axis"
_ALIAS = "a name for annotations, with which nothing is computed"
_LENGTHS = "the lists of kernels are of one length"
_HEAD = "the kernels of a head have one shape, and all parameters one type"
_PRODUCT = "a product of a tensor and an array is that of two arrays"
_SCALE = " / np.sqrt(w_q.shape[1]).astype(x.dtype)"
_SCORES = "scores = x @ w_q @ (x @ w_k).swapaxes(1, 2)"
_SIZES = "(input_size, hidden_size)"
_ONES = {
    "wt_x, np.zeros_like(wt_h), np.zeros_like(bias)",
    "np.ones_like(wt_x), np.zeros_like(wt_h), np.zeros_like(bias)",
    "np.zeros_like(wt_x), wt_h, np.zeros_like(bias)",
    "np.zeros_like(wt_x), np.ones_like(wt_h), np.zeros_like(bias)",
}
EQUIVALENT: dict[str, str] = {
    "SATURATED = 1001.0": _SATURATED,
    "SATURATED = 999.0": _SATURATED,
    **{f"no_x, no_h, none = ({line})": _SATURATED for line in _ONES},
    "open_reset = (wt_x, none + SATURATED, no_h, none)": _SATURATED,
    "open_reset = (no_x, bias + SATURATED, no_h, none)": _SATURATED,
    "open_reset = (no_x, none + SATURATED, wt_h, none)": _SATURATED,
    "open_reset = (no_x, none + SATURATED, no_h, bias)": _SATURATED,
    "closed_update = (wt_x, none - SATURATED, no_h, none)": _SATURATED,
    "closed_update = (no_x, bias - SATURATED, no_h, none)": _SATURATED,
    "closed_update = (no_x, none - SATURATED, wt_h, none)": _SATURATED,
    "closed_update = (no_x, none - SATURATED, no_h, bias)": _SATURATED,
    f"no_x, no_h = (np.ones({_SIZES}), np.zeros((hidden_size, hidden_size)))": _IDLE,
    f"no_x, no_h = (np.zeros({_SIZES}), np.ones((hidden_size, hidden_size)))": _IDLE,
    "none = np.ones(hidden_size)": _IDLE,
    "state = init_state[-1]": _ONE_LAYER,
    "return (np.stack(states, axis=1), state)": _AXIS,
    "Array = NDArray": _ALIAS,
    "Gate = tuple": _ALIAS,
    "without Array = NDArray[np.floating]": _ALIAS,
    "without Gate = tuple[Array, Array, Array, Array]": _ALIAS,
    "for w_q, w_k, w_v in zip(Wq, Wk, Wv, strict=False):": _LENGTHS,
    "for w_q, w_k, w_v in zip(Wq, Wk, Wv):": _LENGTHS,
    f"{_SCORES} / np.sqrt(w_k.shape[1]).astype(x.dtype)": _HEAD,
    f"{_SCORES} / np.sqrt(w_v.shape[1]).astype(x.dtype)": _HEAD,
    **{
        f"{_SCORES} / np.sqrt(w_q.shape[1]).astype({name}.dtype)": _HEAD
        for name in ("Wo", "w_k", "w_q", "w_v")
    },
    f"scores = x @ w_q @ (x @ w_k).swapaxes(2, 1){_SCALE}": "two axes can be exchanged either way",
    f"scores = input_data @ w_q @ (x @ w_k).swapaxes(1, 2){_SCALE}": _PRODUCT,
}
"""The reason, by what the changed line says, or "without " and the line that is left out."""


@dataclass(frozen=True)
class Mutated:
    """One mutant and what became of it."""

    tool: str
    line: str
    """The first line that is not the original's, or the one that is left out."""
    killed_by: str
    """How the first check that it does not pass ended; empty when it passes all of them."""

    @property
    def reason(self) -> str | None:
        """Why it is right, if it is."""
        return None if self.killed_by else EQUIVALENT.get(self.line)


def sources(source: str) -> Iterator[tuple[str, str]]:
    """The tool's name and the mutated source, for each mutant."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    for name in operator_names():
        operator = get_operator(name)
        if operator.arguments():
            continue
        occurrence = 0
        while (mutated := mutate_code(source, operator(), occurrence)) is not None:
            occurrence += 1
            # As ast.unparse writes it, so that lines of both tools can be compared.
            yield "cosmic-ray", ast.unparse(ast.parse(mutated))
    for mutant in mutants(source):
        yield "benchmarks.mutants", mutant.source


def judged(tool: str, original: str, source: str) -> Mutated:
    """What becomes of a mutant."""
    lines = list(difflib.ndiff(original.splitlines(), source.splitlines()))
    old, new = (
        next((line[2:].strip() for line in lines if line.startswith(sign)), "") for sign in "-+"
    )
    signal.alarm(LIMIT_S)
    try:
        killed_by = _killed_by(original, source)
    except TimeoutError:
        killed_by = "timeout"
    finally:
        signal.alarm(0)
    return Mutated(tool, f"without {old}" if new in ("", "pass") else new, killed_by)


def _out_of_time(number: int, frame: FrameType | None) -> NoReturn:
    raise TimeoutError


def _killed_by(original: str, source: str) -> str:
    module = ModuleType("implementation")
    try:
        exec(compile(source, "<mutant>", "exec"), module.__dict__)
    except Exception as error:
        return f"import: {type(error).__name__}"
    for question in QUESTIONS:
        if not _changed(question.function, original, source):
            continue
        code = getattr(module, question.function, None)
        if code is None:
            return "missing"
        for seed in range(SEEDS):
            if ended := _first_failure(question, code, seed):
                return ended
    return ""


def _first_failure(question: Judged, code: Any, seed: int) -> str:
    for check in question.checks():
        if check.graded:
            try:
                check.run(new_check(code, f"{question.id}.{check.name}", seed))
            except CheckFailed as failure:
                return str(failure.outcome)
    return ""


def _changed(function: str, original: str, source: str) -> bool:
    """Whether the function, or what stands outside of all functions, differs."""

    def relevant(text: str) -> list[str]:
        return [
            ast.dump(node)
            for node in ast.parse(text).body
            if not isinstance(node, ast.FunctionDef) or node.name == function
        ]

    return relevant(original) != relevant(source)


def table(of: list[Mutated]) -> Table:
    """The counts for each tool."""
    result = Table(box=None, pad_edge=False)
    result.add_column("tool")
    for column in ("mutants", "wrong answer", "exception or timeout", "equivalent", "not noticed"):
        result.add_column(column, justify="right")
    for tool in dict.fromkeys(m.tool for m in of):
        own = [m for m in of if m.tool == tool]
        passed = [m for m in own if not m.killed_by]
        equivalent = sum(m.reason is not None for m in passed)
        wrong = sum(m.killed_by == "wrong" for m in own)
        counts = (len(own), wrong, len(own) - wrong - len(passed), equivalent)
        result.add_row(tool, *map(str, (*counts, len(passed) - equivalent)))
    return result


def main(
    every: Annotated[int, typer.Option(min=1, help="Judge only every so-manieth mutant.")] = 1,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Mutate the reference, and count the mutants that the grader does not notice."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    signal.signal(signal.SIGALRM, _out_of_time)
    console = Console(highlight=False, width=None if Console().is_terminal else 100)
    start = time.perf_counter()
    source = REFERENCE.read_text(encoding="utf-8")
    original = ast.unparse(ast.parse(source))
    wanted = list(sources(source))[::every]
    results = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for tool, mutated in progress.track(wanted, description="mutants"):
            results.append(judged(tool, original, mutated))
    console.print(table(results))
    by_reason = Counter(m.reason for m in results if m.reason)
    for reason, count in by_reason.most_common():
        console.print(f"{count} equivalent: {reason}")
    unnoticed = [m for m in results if not m.killed_by and m.reason is None]
    for m in unnoticed:
        console.print(f"not noticed ({m.tool}): {m.line}", style="red")
    console.print(f"{time.perf_counter() - start:.0f} s")
    if out is not None:
        figures = {
            "machine": machine(),
            "mutants": len(results),
            "rejected": sum(bool(m.killed_by) for m in results),
            "equivalent": sum(by_reason.values()),
            "unnoticed": [m.line for m in unnoticed],
        }
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if unnoticed:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
