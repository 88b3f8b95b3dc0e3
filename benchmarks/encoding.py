"""Encoding a corpus: the grader against the notebook's functions, on the same sentences.

    python -m benchmarks.encoding --data DIR

From the text of the training sentences to their ids: spaces for what is not ASCII, the newline, and
each character's index. The arrays must be equal. Files are read by the same ``csv`` on both sides
and are not part of it.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from benchmarks import notebook
from benchmarks.machine import machine
from grader.language_model.corpus import EMBEDDED_CORPUS, Corpus

BAR = 50.0


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came out."""
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def main(
    data: Annotated[Path, typer.Option(help="Folder with train.csv and test.csv.")] = (
        EMBEDDED_CORPUS
    ),
    rounds: Annotated[int, typer.Option(min=1)] = 7,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Measure in turn, print the medians, and exit with 1 under the bar."""
    corpus = Corpus.open(data)
    vocabulary = corpus.vocabulary
    sentences = list(corpus.train_sentences())

    def by_notebook() -> list[np.ndarray]:
        cleaned = notebook.cleaned(sentences)
        return notebook.converted(cleaned, vocabulary.characters)

    theirs, ours = [], []
    for _ in range(rounds):
        seconds, lists = timed(by_notebook)
        theirs.append(seconds)
        seconds, encoded = timed(lambda: vocabulary.encode(sentences))
        ours.append(seconds)
    same = len(encoded) == len(lists) and all(
        np.array_equal(encoded.sentence(i), ids) for i, ids in enumerate(lists)
    )
    if not same:
        raise SystemExit("the arrays differ")
    ratio = statistics.median(theirs) / statistics.median(ours)
    figures = {
        "machine": machine(),
        "sentences": len(sentences),
        "characters": int(encoded.lengths.sum()),
        "notebook_s": theirs,
        "grader_s": ours,
        "ratio": ratio,
    }
    Console(width=120).print(
        f"{figures['characters']:,} characters, the same arrays: notebook "
        f"{statistics.median(theirs):.3f} s ({min(theirs):.3f} to {max(theirs):.3f}), grader "
        f"{statistics.median(ours):.4f} s ({min(ours):.4f} to {max(ours):.4f}): {ratio:.0f} times"
    )
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n")
    if ratio < BAR:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
