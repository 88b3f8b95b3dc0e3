"""Train a ``SentenceModel`` on a corpus and save it as students do: ``torch.save(model, ...)``.

    python -m reference.train --data fixtures/corpus --out rnn_lm.sav

``--code`` names the folder whose ``rnn_lm.py`` is trained; any hand-in will do.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from grader.encoded import Encoded
from grader.language_model.corpus import Corpus, Vocabulary

Int64 = NDArray[np.int64]


def bucketed_batches(lengths: Int64, size: int, rng: np.random.Generator) -> list[Int64]:
    """Numbers of sentences in batches of like length, so that little of a batch is padding."""
    order = np.lexsort((rng.random(len(lengths)), lengths))
    batches = [order[k : k + size] for k in range(0, len(order), size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def batch_loss(model: nn.Module, batch: Tensor, pad_id: int) -> tuple[Tensor, int]:
    """The summed cross-entropy in nats over the targets that are not PAD, and their number."""
    target = batch[:, 1:].reshape(-1)
    logits = model(batch[:, :-1])
    loss = nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), target, ignore_index=pad_id, reduction="sum"
    )
    return loss, int((target != pad_id).sum())


@torch.no_grad()
def evaluate(model: nn.Module, batches: Iterator[Tensor], pad_id: int) -> float:
    """The loss in nats a token, in ``eval()`` mode."""
    model.eval()
    total, count = 0.0, 0
    for batch in batches:
        loss, tokens = batch_loss(model, batch, pad_id)
        total, count = total + loss.item(), count + tokens
    model.train()
    return total / count


def learning_rate(fraction: float, peak: float) -> float:
    """A short linear warm-up, then a cosine down to a hundredth of the peak."""
    if fraction < 0.05:
        return peak * (0.1 + 0.9 * fraction / 0.05)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (fraction - 0.05) / 0.95)))


def train(
    model: nn.Module,
    training: Encoded,
    validation: Encoded,
    vocabulary: Vocabulary,
    *,
    device: torch.device,
    epochs: int,
    batch_size: int,
    peak_lr: float,
    seed: int,
) -> float:
    """Train in place, keep the epoch that is best on the validation sentences, return its loss."""
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=peak_lr)
    best_loss, best_state = math.inf, model.state_dict()
    steps = epochs * math.ceil(len(training) / batch_size)
    step = 0

    def tensors(encoded: Encoded) -> Iterator[Tensor]:
        for members in bucketed_batches(encoded.lengths, batch_size, rng):
            yield torch.from_numpy(encoded.batch(members)).to(device)

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("starting", total=steps)
        for epoch in range(1, epochs + 1):
            total, count, start = 0.0, 0, time.monotonic()
            for batch in tensors(training):
                for group in optimiser.param_groups:
                    group["lr"] = learning_rate(step / steps, peak_lr)
                optimiser.zero_grad()
                loss, tokens = batch_loss(model, batch, vocabulary.pad_id)
                (loss / tokens).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimiser.step()
                step, total, count = step + 1, total + loss.item(), count + tokens
                rate = count / (time.monotonic() - start)
                so_far = f"loss {total / count:.3f}, {rate:,.0f} char/s"
                progress.update(bar, advance=1, description=f"epoch {epoch}/{epochs}, {so_far}")
            valid = evaluate(model, tensors(validation), vocabulary.pad_id)
            progress.console.print(
                f"epoch {epoch}: training {total / count:.4f}, validation {valid:.4f}"
            )
            if valid < best_loss:
                best_loss = valid
                best_state = {k: v.detach().clone() for k, v in model.state_dict().items()}
    model.load_state_dict(best_state)
    return best_loss


def main(
    data: Annotated[Path, typer.Option(help="Folder with train.csv and test.csv.")] = Path(
        "fixtures/corpus"
    ),
    out: Annotated[Path, typer.Option(help="Where the model is saved.")] = Path("rnn_lm.sav"),
    code: Annotated[Path, typer.Option(help="Folder with the rnn_lm.py to train.")] = Path(
        "reference"
    ),
    model_options: Annotated[
        str, typer.Option(help="Keyword arguments of SentenceModel, as JSON.")
    ] = "{}",
    epochs: Annotated[int, typer.Option(min=1)] = 8,
    batch_size: Annotated[int, typer.Option(min=1)] = 64,
    lr: Annotated[float, typer.Option(help="The highest learning rate of the schedule.")] = 3e-3,
    seed: int = 0,
    threads: Annotated[int, typer.Option(help="CPU threads; 0: torch's own choice.")] = 0,
) -> None:
    """Train a character model and save it as students do."""
    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(seed)
    corpus = Corpus.open(data)
    encoded = corpus.encoded_training_set()
    order = np.random.default_rng(seed).permutation(len(encoded))
    held_out = max(1, len(encoded) // 50)
    validation, training = encoded.select(order[:held_out]), encoded.select(order[held_out:])

    # Under the name that students' pickles have, or the saved model loads nowhere else.
    sys.path.insert(0, str(code.resolve()))
    model_class = importlib.import_module("rnn_lm").SentenceModel
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model_class(corpus.vocabulary.counts, **json.loads(model_options)).to(device)
    best = train(
        model,
        training,
        validation,
        corpus.vocabulary,
        device=device,
        epochs=epochs,
        batch_size=batch_size,
        peak_lr=lr,
        seed=seed,
    )
    model.eval()
    torch.save(model, out)
    typer.echo(f"validation loss {best:.4f} nats a character; saved {out}")


if __name__ == "__main__":
    typer.run(main)
