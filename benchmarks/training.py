"""Training a language model: the grader against the notebook's loop, at equal epochs.

    python -m benchmarks.training --data DIR --sentences 3000 --epochs 2 --repeat 3

The given model from the same sentences by both, in turn and in an order that changes from round
to round; with --sandbox also in the grader's worker, as a grading runs it. Rates are characters
trained on for each second of wall clock, the grader's validation included. Every model's loss is
then taken on the same test sentences. The grader must be no slower on a CPU, and five times as fast
on a GPU.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import nn

from benchmarks import notebook
from benchmarks.given_model import SentenceModel
from benchmarks.machine import machine
from grader.doctor import Sandbox
from grader.encoded import Encoded
from grader.grading import Grading, Request
from grader.language_model.corpus import (
    EMBEDDED_CORPUS,
    TEST_FILE,
    TRAIN_FILE,
    Corpus,
    as_ascii,
)
from grader.language_model.training import TrainingPlan, train
from grader.modes import IsolationMode
from grader.rubric import Rubric
from grader.worker import products
from grader.worker.training import Settings, Training

NOTEBOOK, IN_PROCESS, SANDBOXED = "notebook's loop", "grader, this process", "grader, its worker"
BATCH_SIZE, LEARNING_RATE = 64, 1e-3
BARS = {"cpu": 1.0, "cuda": 5.0}
FOREVER_S = 1e9


@dataclass(frozen=True)
class Trained:
    """A trained model, the characters of all its epochs, and the seconds that they took."""

    model: nn.Module
    characters: int
    seconds: float


@dataclass
class Side:
    """What came of each round."""

    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


def by_notebook(
    encoded: Encoded, counts: Any, epochs: int, device: torch.device, seed: int
) -> Trained:
    """The loop of the assignment's notebook, written anew from the contract."""
    data = [encoded.sentence(i).astype(np.int64) for i in range(len(encoded))]
    torch.manual_seed(seed)
    model = SentenceModel(counts).to(device)
    loader = notebook.loader(data, encoded.characters, BATCH_SIZE)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    loss_of = nn.CrossEntropyLoss(ignore_index=encoded.characters + 2)
    running_loss = 0.0
    start = time.perf_counter()
    for _ in range(epochs):
        for batch in loader:
            inputs, target = batch[:, :-1].to(device), batch[:, 1:].to(device)
            optimiser.zero_grad()
            logits = model(inputs)
            loss = loss_of(logits.reshape(-1, logits.shape[-1]), target.reshape(-1))
            loss.backward()
            optimiser.step()
            running_loss += loss.item()
    return Trained(model, epochs * int(encoded.lengths.sum()), time.perf_counter() - start)


def by_grader(
    encoded: Encoded, counts: Any, epochs: int, device: torch.device, seed: int
) -> Trained:
    """The grader's own loop; of the sentences, some are for validation."""
    fraction = Rubric.load().language_model.training.validation_fraction
    settings = Settings(device, seed, epochs, BATCH_SIZE, LEARNING_RATE, fraction)
    training = Training(lambda: SentenceModel(counts), encoded, settings)
    products.choose_for(training.model)
    start = time.perf_counter()
    progress = training.advance(FOREVER_S)
    seconds = time.perf_counter() - start
    weights, _ = training.finish()
    products.use_onednn(False)
    return Trained(loaded(weights, counts), progress.characters, seconds)


def by_worker(
    grading: Grading, corpus: Corpus, epochs: int, device: torch.device, seed: int
) -> Trained:
    """The same in a worker, asked for a second at a time."""
    rubric = grading.rubric.language_model.training
    plan = TrainingPlan.of(
        rubric, epochs=epochs, batch_size=BATCH_SIZE, lr=LEARNING_RATE, max_time_s=FOREVER_S
    )
    trained = train(
        grading.new_student("q7"),
        corpus,
        plan,
        seed=seed,
        device=device.type,
        why="",
        progress=lambda *_: None,
    )
    seconds = sum(epoch.seconds for epoch in trained.run.epochs)
    model = loaded(trained.weights.tobytes(), corpus.vocabulary.counts)
    return Trained(model, round(trained.run.characters_per_s * seconds), seconds)


def loaded(weights: bytes, counts: Any) -> nn.Module:
    model = SentenceModel(counts)
    model.load_state_dict(torch.load(io.BytesIO(weights), weights_only=True))
    return model


@torch.no_grad()
def test_loss(model: nn.Module, test: Encoded, device: torch.device) -> float:
    """The cross-entropy in nats, each token counted once."""
    model.to(device).eval()
    pad, total = test.characters + 2, 0.0
    for chunk in np.array_split(np.argsort(test.lengths), -(-len(test) // BATCH_SIZE)):
        batch = torch.from_numpy(test.batch(chunk)).to(device)
        logits = model(batch[:, :-1]).flatten(0, 1)
        target = batch[:, 1:].flatten()
        loss = nn.functional.cross_entropy(logits, target, ignore_index=pad, reduction="sum")
        total += loss.item()
    return total / int(test.tokens.sum())


def first_sentences(data: Path, folder: Path, sentences: int, test_sentences: int) -> Corpus:
    """The beginning of a corpus, as a corpus of its own, with characters that it trains on."""
    corpus = Corpus.open(data)
    chosen = list(itertools.islice(corpus.train_sentences(), sentences))
    known = set(as_ascii("".join(chosen)))
    testable = (s for s in corpus.test_sentences() if known.issuperset(as_ascii(s)))
    tables = {
        TRAIN_FILE: [["text", "humor"], *([sentence, ""] for sentence in chosen)],
        TEST_FILE: [["text"], *([s] for s in itertools.islice(testable, test_sentences))],
    }
    for name, rows in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    return Corpus.open(folder)


def shown(values: list[float], digits: int) -> str:
    """The median, and the least and the greatest value in brackets."""
    figures = (statistics.median(values), min(values), max(values))
    middle, low, high = (f"{value:,.{digits}f}" for value in figures)
    return f"{middle} ({low} to {high})"


def table(sides: dict[str, Side]) -> Table:
    result = Table("", title="median (least to greatest)", title_justify="left")
    for column in ("characters/s", "times the notebook's", "test loss"):
        result.add_column(column, justify="right")
    base = sides[NOTEBOOK].rates
    for name, side in sides.items():
        ratios = [own / other for own, other in zip(side.rates, base, strict=True)]
        result.add_row(name, shown(side.rates, 0), shown(ratios, 2), shown(side.losses, 3))
    return result


def main(
    data: Annotated[Path, typer.Option(help="Folder with both files.")] = EMBEDDED_CORPUS,
    sentences: Annotated[int, typer.Option(min=130, help="To train on.")] = 3000,
    test_sentences: Annotated[int, typer.Option(min=1, help="For the loss.")] = 1000,
    epochs: Annotated[int, typer.Option(min=1)] = 1,
    repeat: Annotated[int, typer.Option(min=1)] = 3,
    device: str = "cpu",
    threads: Annotated[int, typer.Option(help="0: torch's own choice.")] = 0,
    warm_up: Annotated[bool, typer.Option(help="Train a little before, uncounted.")] = True,
    sandbox: Annotated[bool, typer.Option(help="Also in the grader's worker.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write figures there.")] = None,
) -> None:
    """Measure, print, and exit with 1 under the bar."""
    where = torch.device(device)
    console = Console(width=110)
    if threads:
        torch.set_num_threads(threads)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        corpus = first_sentences(data, folder, sentences, test_sentences)
        encoded, test = corpus.encoded_training_set(), corpus.encoded_test_set()
        counts = corpus.vocabulary.counts
        ways: dict[str, Callable[[int, torch.device, int], Trained]] = {
            NOTEBOOK: partial(by_notebook, encoded, counts),
            IN_PROCESS: partial(by_grader, encoded, counts),
        }
        if sandbox:
            hand_in = folder / "hand_in"
            hand_in.mkdir()
            shutil.copyfile("benchmarks/given_model.py", hand_in / "rnn_lm.py")
            box = stack.enter_context(Sandbox(IsolationMode.BEST_EFFORT, folder / TEST_FILE))
            request = Request(hand_in, data=folder, device=device)
            grading = stack.enter_context(Grading(request, box, lambda *_: None))
            ways[SANDBOXED] = partial(by_worker, grading, corpus)
        few = encoded.select(range(2 * BATCH_SIZE))
        for way in (by_notebook, by_grader) if warm_up else ():
            way(few, counts, 1, where, 0)
        sides = {name: Side() for name in ways}
        for number in range(repeat):
            names = list(ways)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                trained = ways[name](epochs, where, number)
                sides[name].rates.append(trained.characters / trained.seconds)
                sides[name].losses.append(test_loss(trained.model, test, where))
                own = (
                    f"{sides[name].rates[-1]:,.0f} characters/s, loss {sides[name].losses[-1]:.3f}"
                )
                console.print(f"round {number + 1}, {name}: {own}")
    console.print(table(sides))
    console.print(f"{epochs} epoch(s); load average {os.getloadavg()[0]:.2f}")
    if json_file is not None:
        figures = {
            "machine": machine(),
            "device": torch.cuda.get_device_name() if where.type == "cuda" else "cpu",
            "load_average": os.getloadavg(),
            "threads": torch.get_num_threads(),
            "sentences": len(encoded),
            "epochs": epochs,
            "sides": {name: asdict(side) for name, side in sides.items()},
        }
        json_file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    ratio = statistics.median(sides[IN_PROCESS].rates) / statistics.median(sides[NOTEBOOK].rates)
    if ratio < BARS[where.type]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
