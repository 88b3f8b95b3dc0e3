"""How often a correct model is accused of looking ahead, and how often one that does is found.

    python -m benchmarks.causality --seeds 1

Every model of the zoo, with random weights, is judged as a grading judges it: whole sentences,
then beginnings alone, then the experiments, and where need be the gain. All of it runs in this
process; how models are asked by way of a worker is what the tests look at.

Exits with code 1 when a correct model was accused, or one that looks ahead was not.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.local_model import LocalWorkers
from benchmarks.machine import machine
from benchmarks.zoo import zoo
from benchmarks.zoo.record import ZooModel
from grader.encoded import Encoded
from grader.language_model.batching import TokenBudget
from grader.language_model.causality import held_back
from grader.language_model.clock import Clock
from grader.language_model.corpus import EMBEDDED_CORPUS, Corpus
from grader.language_model.dependencies import AHEAD
from grader.language_model.probing import Findings, Prober
from grader.language_model.whole_sentences import WholeSentences
from grader.rubric import Rubric

PLENTY_S = 3600.0
DEVICE = torch.device("cpu")


class Judge:
    """Judges modules on one corpus."""

    def __init__(self, data: Path, sentences: int) -> None:
        self._corpus = Corpus.open(data)
        self._rubric = Rubric.load().language_model
        self._test = self._first(self._corpus.encoded_test_set(), sentences)
        self._training = self._first(self._corpus.encoded_training_set(), 1000)
        self.characters = len(self._corpus.vocabulary.characters)

    @staticmethod
    def _first(encoded: Encoded, count: int) -> Encoded:
        return encoded.select(np.arange(min(count, len(encoded))))

    def findings(self, module: torch.nn.Module) -> Findings:
        workers, rng = LocalWorkers(module), np.random.default_rng()
        held, seen = held_back(len(self._test), self._rubric.held_back, rng)
        whole = WholeSentences(
            self._test,
            self._corpus.vocabulary,
            TokenBudget(self._rubric.most_batch_tokens),
            notebook_batch=self._rubric.batch_size,
            kept=rng.permutation(len(self._test)),
        )
        with workers.fresh() as load:
            whole.score(load(), load, rng, lambda *_: None, seen)
        prober = Prober(
            workers,
            self._corpus.vocabulary,
            self._test,
            self._rubric,
            Clock(PLENTY_S),
            lambda *_: None,
        )
        findings = prober.probe(whole, self._training, held)
        with workers.fresh() as load:
            whole.score(load(), load, rng, lambda *_: None, held)
        return prober.complete(findings, whole, self._training)


def group(model: ZooModel) -> str:
    """What a row of the table is about."""
    return model.main or "correct"


def main(
    data: Path = EMBEDDED_CORPUS,
    sentences: Annotated[int, typer.Option(help="Of the test set.")] = 600,
    seeds: Annotated[int, typer.Option(help="Models of each kind, with other weights.")] = 1,
    only: Annotated[str, typer.Option(help="Models whose names contain this.")] = "",
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Judge all models, and print how many were accused and how many were named rightly."""
    torch.set_num_threads(1)
    judge = Judge(data, sentences)
    totals: Counter[str] = Counter()
    accused: Counter[str] = Counter()
    named: Counter[str] = Counter()
    wrong: list[str] = []
    failed: list[str] = []
    models = [(m, seed) for seed in range(seeds) for m in zoo() if only in m.name]
    for model, seed in track(models, "judging"):
        row = group(model)
        try:
            found = judge.findings(model.instance(judge.characters, seed))
        except Exception as error:  # as in a worker, where it would be the model's own failure
            failed.append(f"{model.name} (seed {seed}, {row}) failed: {error}")
            continue
        totals[row] += 1
        accused[row] += found.looks_ahead
        right = model.main in found.kinds if model.main else not found.kinds
        named[row] += right
        if found.looks_ahead != bool(AHEAD & model.truth) or not right:
            wrong.append(
                f"{model.name} (seed {seed}): looks ahead {found.looks_ahead}, found "
                f"{', '.join(sorted(found.kinds)) or 'nothing'}, is "
                f"{', '.join(sorted(model.truth)) or 'correct'}; {found.comparison}; {found.gain}"
            )
    table = Table("made to depend on", "models", "told so", "accused of looking ahead")
    for row, count in totals.items():
        table.add_row(row, f"{count}", f"{named[row]}", f"{accused[row]}")
    console = Console(width=160)
    console.print(table, *wrong, *failed, sep="\n")
    false_accusations = accused["correct"]
    if out is not None:
        figures = {"machine": machine(), "models": totals, "named": named, "accused": accused}
        out.write_text(json.dumps({**figures, "differ": wrong, "failed": failed}, indent=2) + "\n")
    if false_accusations:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
