"""How well are copies told from independent right answers?

    python -m benchmarks.similarity

Files are put together from functions that were written independently of each other: each function
of a file by another author. Two files that have no function in common are independent; all of them
are right answers to the same small exercise, so they are as alike as honest hand-ins get. A copy is
one of these files with its names changed, laid out anew, its functions in another order, with
comments, docstrings and annotations put in, with other constants, or all of that at once; also with
one function of the five, or two, replaced by somebody else's.

Prints for each threshold how many independent pairs are over it, and how many copies of each kind.
Exits with code 1 when an independent pair is over THRESHOLD, or a copy of the whole is not.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import typer

from benchmarks import attention_styles, recurrent_styles, student_code
from benchmarks.machine import machine
from grader.rows import Arrival, Row, Status
from grader.similarity import THRESHOLD, fingerprint, groups, similarity

ROOT = Path(__file__).resolve().parents[1]
WRITTEN_IN = (
    ROOT / "submissions/alice/implementation.py",
    ROOT / "submissions/torch_arithmetic/assignment4/Implementation.py",
    ROOT / "reference/implementation.py",
)
FUNCTIONS = ("rnn", "gru", "init_gru_with_rnn", "init_gru_with_long_term_memory", "mha")
OTHER_MHA = ("mixed", "kernels_first", "last_feature_first", "all_heads", "torch_all_heads")
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
Parts = tuple[str, ...]
"""A file's functions, in the order of FUNCTIONS; each is a piece of source."""


def authors() -> dict[str, list[str]]:
    """By function, what each author wrote."""
    sources = [path.read_text(encoding="utf-8") for path in WRITTEN_IN]
    sources.append("".join(student_code.SOURCES.values()))
    written: dict[str, list[str]] = {name: [] for name in FUNCTIONS}
    for source in sources:
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and node.name in written:
                written[node.name].append(ast.unparse(node))
    written["rnn"].append(inspect.getsource(recurrent_styles.rnn_joined))
    written["gru"].append(inspect.getsource(recurrent_styles.gru_joined))
    for name in OTHER_MHA:
        written["mha"].append(inspect.getsource(getattr(attention_styles, name)))
    return written


def files() -> list[Parts]:
    """Files that differ from most others in every function."""
    written = authors()
    made = []
    for first in range(len(written["rnn"])):
        for shift in range(len(written["mha"])):
            picks = [first + shift * (k + 1) * (k > 0) for k in range(len(FUNCTIONS))]
            chosen = zip(FUNCTIONS, picks, strict=True)
            made.append(tuple(written[f][pick % len(written[f])] for f, pick in chosen))
    return list(dict.fromkeys(made))


def whole(parts: Parts) -> str:
    """The file."""
    return "import numpy as np\nimport torch\n\n\n" + "\n\n".join(map(textwrap.dedent, parts))


class _Renamed(ast.NodeTransformer):
    """Gives every name of the file's own another one."""

    def __init__(self, own: set[str]) -> None:
        self._own = own

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = f"my_{node.id}" if node.id in self._own else node.id
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = f"my_{node.arg}", None
        return node


def renamed(source: str) -> str:
    """Variables and parameters under other names, and numpy, too."""
    tree = ast.parse(source)
    own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)} | {"np"}
    changed = ast.unparse(_Renamed(own).visit(tree))
    return changed.replace("import numpy as np", "import numpy as my_np")


def laid_out_anew(source: str) -> str:
    """As Python itself writes it."""
    return ast.unparse(ast.parse(source))


def reordered(source: str) -> str:
    """Imports and functions the other way round."""
    tree = ast.parse(source)
    tree.body.reverse()
    return ast.unparse(tree)


def explained(source: str) -> str:
    """With docstrings, annotations and comments."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body.insert(0, ast.Expr(ast.Constant(f"What {node.name} does.")))
            node.returns = ast.Name("object", ast.Load())
            for argument in node.args.args:
                argument.annotation = ast.Name("float", ast.Load())
    return "# mine\n" + ast.unparse(ast.fix_missing_locations(tree))


def other_constants(source: str) -> str:
    """With other numbers."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            node.value += 1.5
    return ast.unparse(tree)


def everything(source: str) -> str:
    """All of that at once."""
    for change in (explained, other_constants, reordered, renamed):
        source = change(source)
    return source


CHANGES: dict[str, Callable[[str], str]] = {
    "names changed": renamed,
    "laid out anew": laid_out_anew,
    "functions in another order": reordered,
    "docstrings, annotations": explained,
    "other constants": other_constants,
    "all of that": everything,
}


def copies(made: list[Parts], replaced: int) -> Iterator[float]:
    """How alike a file and its copy are, in which so many functions are somebody else's."""
    for one in made:
        other = next(o for o in made if not set(o) & set(one))
        for places in combinations(range(len(one)), replaced):
            mixed = tuple(other[k] if k in places else part for k, part in enumerate(one))
            yield alike(whole(one), everything(whole(mixed)))


def alike(one: str, other: str) -> float:
    """The share of marks that two sources have in common."""
    return similarity(frozenset(fingerprint(one)), frozenset(fingerprint(other)))


def seconds_for(count: int) -> float:
    """What comparing so many hand-ins takes, a tenth of them copies of each other."""
    rng = np.random.default_rng(1)
    marks = rng.integers(0, 1 << 32, (count, 200))
    marks[: count // 10] = marks[0]
    rows = [
        Row(
            arrival=Arrival(name=f"student{n}"),
            status=Status.GRADED,
            fingerprints={"implementation.py": tuple(map(int, own))},
            files={"implementation.py": str(n)},
        )
        for n, own in enumerate(marks)
    ]
    start = time.perf_counter()
    groups(rows)
    return time.perf_counter() - start


def main(
    every: Annotated[int, typer.Option(min=1, help="Take only every so-manieth file.")] = 1,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Print the rates."""
    made = files()[::every]
    marks = {parts: frozenset(fingerprint(whole(parts))) for parts in made}
    independent = [
        similarity(marks[one], marks[other])
        for one, other in combinations(made, 2)
        if not set(one) & set(other)
    ]
    kinds = {
        name: [alike(whole(parts), change(whole(parts))) for parts in made]
        for name, change in CHANGES.items()
    }
    partly = {f"all of that, {n} of 5 functions replaced": list(copies(made, n)) for n in (1, 2)}
    print(f"{len(made)} files, {len(independent)} independent pairs; pairs at or over a threshold")
    print(f"{'':46}{'least':>7}{'median':>7}{'most':>7}", *(f"{t:>7}" for t in THRESHOLDS), sep="")
    for name, shares in {"independent": independent, **kinds, **partly}.items():
        over = [sum(share >= t for share in shares) / len(shares) for t in THRESHOLDS]
        figures = f"{min(shares):7.2f}{median(shares):7.2f}{max(shares):7.2f}"
        print(f"{name:<46}{figures}", *(f"{rate:>7.1%}" for rate in over), sep="")
    seconds = seconds_for(400)
    print(f"400 hand-ins compared in {seconds:.2f} s")
    missed = min(min(shares) for shares in kinds.values()) < THRESHOLD
    if out is not None:
        found = {
            "machine": machine(),
            "threshold": THRESHOLD,
            "independent": independent,
            "copies": kinds,
            "partly": partly,
            "seconds_for_400": seconds,
        }
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if max(independent) >= THRESHOLD or missed:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
