"""Peak memory of the grader itself while it scores a small and a large test set.

    python -m benchmarks.parent_memory --data DIR --times 50

The larger test set is the smaller one repeated. Each grading of Q7 runs in a process of its own,
which reports its peak resident memory; workers are other processes and do not count. A quick
bigram model is scored, so that an hour is not spent on the model's arithmetic.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.machine import machine
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE, TRAIN_FILE

ROOT = Path(__file__).resolve().parent.parent
MODEL = '''
import torch
from torch import nn


class SentenceModel(nn.Module):
    """The next character from the last one alone."""

    def __init__(self, freq):
        super().__init__()
        self.table = nn.Embedding(len(freq) + 3, len(freq) + 3)

    def forward(self, tokens):
        return self.table(tokens)
'''
GRADE = """
import resource, sys
from grader.cli import main
sys.argv = ["grader", {hand_in!r}, "--data", {data!r}, "--only", "q7", "--out", {out!r}]
try:
    main()
except SystemExit as ended:
    if ended.code:
        raise
print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_mb(hand_in: Path, data: Path, out: Path) -> float:
    """The peak resident memory, in MB (2^20), of a process that grades Q7."""
    code = GRADE.format(hand_in=str(hand_in), data=str(data), out=str(out))
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("PEAK")]
    return int(line.split()[1]) / 1024


def repeated(data: Path, into: Path, times: int) -> int:
    """A corpus whose test set is that of ``data`` so many times; returns its sentences."""
    into.mkdir()
    shutil.copyfile(data / TRAIN_FILE, into / TRAIN_FILE)
    header, *lines = (data / TEST_FILE).read_text("utf-8").splitlines(keepends=True)
    with (into / TEST_FILE).open("w", encoding="utf-8") as file:
        file.write(header)
        for _ in range(times):
            file.writelines(lines)
    return times * len(lines)


def saved_model(folder: Path, data: Path) -> Path:
    """A hand-in with a bigram model."""
    folder.mkdir()
    (folder / "rnn_lm.py").write_text(MODEL)
    code = (
        "import sys, torch; sys.path.insert(0, sys.argv[1]); from rnn_lm import SentenceModel; "
        "from pathlib import Path; from grader.language_model.corpus import Corpus; "
        "corpus = Corpus.open(Path(sys.argv[2])); model = SentenceModel(corpus.vocabulary.counts); "
        "torch.save(model, sys.argv[1] + '/rnn_lm.sav')"
    )
    subprocess.run([sys.executable, "-c", code, str(folder), str(data)], check=True, cwd=ROOT)
    return folder


def main(
    data: Annotated[Path, typer.Option(help="Folder with train.csv and test.csv.")] = (
        EMBEDDED_CORPUS
    ),
    times: Annotated[int, typer.Option(help="How often the test set is repeated.")] = 50,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Print both peaks."""
    data = data.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hand_in = saved_model(folder / "bigram", data)
        small = repeated(data, folder / "small", 1)
        large = repeated(data, folder / "large", times)
        peaks = {
            sentences: peak_mb(hand_in, folder / corpus, folder / "out")
            for corpus, sentences in (("small", small), ("large", large))
        }
    Console().print(
        f"peak of the grader's own process: {peaks[small]:.0f} MB for {small:,} sentences, "
        f"{peaks[large]:.0f} MB for {large:,}"
    )
    if out is not None:
        figures = {"machine": machine(), "peak_mb": peaks}
        out.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
