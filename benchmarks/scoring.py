"""Scoring a language model: the grader against the notebook's loop and against the machine.

    python -m benchmarks.scoring --data DIR --sentences 2000 --rounds 5

The same model (the given one, with its initial weights unless --model names a folder that holds a
hand-in) and the same sentences, in turn: the notebook's loop; the grader's batches in this process;
and the grader with its worker, as a grading runs it. Beside it the rate of a bare matrix product
[rows, 1000] x [1000, 1000] with as many rows as the grader's batches have, as torch computes it by
itself and as oneDNN does: the ceiling.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import nn

from benchmarks import given_model, notebook
from benchmarks.local_model import LocalModel
from benchmarks.machine import machine
from grader.doctor import Sandbox
from grader.encoded import Encoded
from grader.grading import Grading, Request
from grader.language_model.batching import TokenBudget
from grader.language_model.clock import Clock
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE, Corpus
from grader.language_model.loaded_model import ModelSource
from grader.language_model.model_workers import ModelWorkers
from grader.language_model.whole_sentences import WholeSentences
from grader.modes import IsolationMode
from grader.worker import products

PLENTY_S = 3600.0
NOTEBOOK, IN_PROCESS, SANDBOXED = (
    "notebook's loop",
    "grader, in this process",
    "grader, in its worker",
)
PRODUCTS = {"torch's choice": False, "oneDNN": True}
"""Who computes matrix products, and whether that is oneDNN on a CPU."""


@dataclass
class Side:
    """The seconds of each round and the loss that came out."""

    seconds: list[float] = field(default_factory=list)
    loss: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def scored(model: Any, test: Encoded, corpus: Corpus, most_tokens: int) -> WholeSentences:
    """One pass of the grader's over the test set; a first one finds the size of the batches."""
    whole = WholeSentences(
        test,
        corpus.vocabulary,
        TokenBudget(most_tokens),
        notebook_batch=notebook.BATCH_SIZE,
        kept=np.arange(0),
    )
    whole.score(model, lambda: model, np.random.default_rng(0), lambda *_: None)
    return whole


def product_rate(rows: int, device: torch.device, onednn: bool, seconds: float = 1.0) -> float:
    """Operations a second of the recurrent layer's matrix product with so many rows."""
    size = given_model.HIDDEN
    left, right = (torch.randn(n, size, device=device) for n in (rows, size))
    products.use_onednn(onednn)
    done, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        for _ in range(20):
            torch.mm(left, right.t())
        if device.type == "cuda":
            torch.cuda.synchronize()
        done += 20
    products.use_onednn(False)
    return done * 2 * rows * size * size / elapsed


def prepare(model: Path | None, folder: Path, corpus: Corpus) -> nn.Module:
    """A hand-in with the model to score, in ``folder``; returns the model."""
    if model is not None:
        for name in ("rnn_lm.py", "rnn_lm.sav"):
            shutil.copyfile(model / name, folder / name)
    else:
        shutil.copyfile(given_model.__file__, folder / "rnn_lm.py")
    spec = importlib.util.spec_from_file_location("rnn_lm", folder / "rnn_lm.py")
    if spec is None or spec.loader is None:
        raise typer.BadParameter("there is no rnn_lm.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["rnn_lm"] = module
    spec.loader.exec_module(module)
    if model is None:
        torch.manual_seed(0)
        torch.save(module.SentenceModel(corpus.vocabulary.counts), folder / "rnn_lm.sav")
    loaded: nn.Module = torch.load(folder / "rnn_lm.sav", weights_only=False, map_location="cpu")
    return loaded.eval()


def main(
    data: Annotated[
        Path, typer.Option(help="Folder with train.csv and test.csv.")
    ] = EMBEDDED_CORPUS,
    model: Annotated[Path | None, typer.Option(help="A hand-in to score instead.")] = None,
    sentences: Annotated[int, typer.Option(help="Of the test set; 0: all.")] = 0,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    device: str = "cpu",
    threads: Annotated[int, typer.Option(help="0: torch's own choice.")] = 0,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Measure, and print medians with their spread."""
    if threads:
        torch.set_num_threads(threads)
    corpus, where = Corpus.open(data), torch.device(device)
    test = corpus.encoded_test_set()
    if sentences:
        test = test.select(np.arange(min(sentences, len(test))))
    lists = [test.sentence(i).astype(np.int64) for i in range(len(test))]
    sides = {name: Side() for name in (NOTEBOOK, IN_PROCESS, SANDBOXED)}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        module = prepare(model, folder, corpus).to(where)
        sandbox = stack.enter_context(Sandbox(IsolationMode.BEST_EFFORT, data / TEST_FILE))
        grading = stack.enter_context(
            Grading(Request(folder, data=data, device=device), sandbox, lambda *_: None)
        )
        most = grading.rubric.language_model.most_batch_tokens
        workers = ModelWorkers(
            lambda: grading.new_student("q7"),
            corpus.vocabulary,
            ModelSource(device, 0),
            Clock(PLENTY_S),
        )
        loaded = stack.enter_context(workers.fresh())()
        local = LocalModel(module, where)
        whole = scored(loaded, test, corpus, most)
        budget = whole.budget.tokens

        def by_notebook() -> float:
            return notebook.loss(module, lists, test.characters, where)

        def in_process() -> float:
            products.choose_for(module)
            try:
                return scored(local, test, corpus, most).totals.loss
            finally:
                products.use_onednn(False)

        def by_worker() -> float:
            # As in a grading, where this process leaves the cores to the worker.
            threads_here = torch.get_num_threads()
            torch.set_num_threads(1)
            try:
                return scored(loaded, test, corpus, most).totals.loss
            finally:
                torch.set_num_threads(threads_here)

        runs: dict[str, Callable[[], float]] = {
            NOTEBOOK: by_notebook,
            IN_PROCESS: in_process,
            SANDBOXED: by_worker,
        }
        rates: dict[str, list[float]] = {name: [] for name in PRODUCTS}
        for _ in range(rounds):
            for name, run in runs.items():
                start = time.perf_counter()
                sides[name].loss = run()
                sides[name].seconds.append(time.perf_counter() - start)
            rows = budget // (int(test.lengths.max()) + 1)
            for name, onednn in PRODUCTS.items():
                rates[name].append(product_rate(rows, where, onednn))
        notebook_again = scored(loaded, test, corpus, most).totals.notebook_loss
    tokens = int(test.tokens.sum())
    reached = tokens * given_model.flops_per_token(corpus.vocabulary.size)
    of_products = {name: statistics.median(found) for name, found in rates.items()}
    rate = reached / sides[SANDBOXED].median
    figures = {
        "machine": machine(),
        "load": os.getloadavg()[0],
        "sentences": len(test),
        "tokens": tokens,
        "batch_tokens": budget,
        "sides": {
            name: {"loss": side.loss, "median_s": side.median, "seconds": side.seconds}
            for name, side in sides.items()
        },
        "speed_up": sides[NOTEBOOK].median / sides[SANDBOXED].median,
        "sandbox_cost": sides[SANDBOXED].median / sides[IN_PROCESS].median - 1,
        "device": where.type,
        "product_gflops": {name: found / 1e9 for name, found in of_products.items()},
        "share_of_product": {
            name: rate / found if model is None else None for name, found in of_products.items()
        },
        "grader_notebook_loss": notebook_again,
    }
    _show(sides, figures, tokens)
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n")


def _show(sides: dict[str, Side], figures: dict[str, Any], tokens: int) -> None:
    table = Table("", "loss", "median s", "fastest", "slowest", "tokens/s", "times the notebook")
    for name, side in sides.items():
        ratio = sides[NOTEBOOK].median / side.median
        times = [f"{s:.2f}" for s in (side.median, min(side.seconds), max(side.seconds))]
        rate = f"{tokens / side.median:,.0f}"
        table.add_row(name, f"{side.loss:.5f}", *times, rate, f"{ratio:.2f}")
    console = Console(width=120)
    console.print(table)
    console.print(
        f"worker and shared memory: {figures['sandbox_cost']:+.1%}; batches of "
        f"{figures['batch_tokens']:,} tokens"
    )
    for name, rate in figures["product_gflops"].items():
        share = figures["share_of_product"][name]
        of_it = f", of which {share:.0%} are reached" if share else ""
        console.print(f"bare matrix product by {name}: {rate:.0f} GFLOP/s{of_it}")


if __name__ == "__main__":
    typer.run(main)
