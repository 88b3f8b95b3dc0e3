"""Stand-ins for workers and clocks, and small data, for the tests of the language model."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from grader.encoded import Encoded, Int64
from grader.errors import CheckFailed
from grader.language_model.clock import Clock
from grader.language_model.corpus import Vocabulary
from grader.language_model.loaded_model import LONGEST, LoadedModel, ModelSource
from grader.model import Outcome
from grader.student import Student
from grader.wire import Message
from grader.worker.forward import Forward

CPU = torch.device("cpu")
VOCABULARY = Vocabulary.of(["abcdefgh ij"])
SOURCE = ModelSource("cpu", 3, weights=np.zeros(1, np.uint8))
NOTEBOOK_BATCH = 50
START_S = 100.0
REHEARSED = 3
"""How many times a model is asked before it is given any sentence: once, and for beginnings."""


def random_sentences(count: int, seed: int = 0, longest: int = 24) -> Encoded:
    """Sentences of random letters, of 4 to ``longest`` characters."""
    rng = np.random.default_rng(seed)
    letters = list(VOCABULARY.characters[1:])
    lengths = rng.integers(4, longest + 1, count)
    return VOCABULARY.encode("".join(rng.choice(letters, length)) for length in lengths)


class Pairs(nn.Module):
    """Predicts by the last character alone: causal, and quick to run."""

    def __init__(self, scale: float = 1.5) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(0)
        size = VOCABULARY.size
        self.table = nn.Parameter(scale * torch.randn(size, size, generator=random))

    def forward(self, x: Tensor) -> Tensor:
        return self.table[x]


class Limited(Pairs):
    """Takes no more sentences at a time than the notebook gives."""

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > NOTEBOOK_BATCH:
            raise ValueError("too many sentences")
        return super().forward(x)


@dataclass
class FakeStudent:
    """A student's worker in this process: a torch module that answers as the worker's would.

    ``before`` is called with the tokens of each request, before the module is.
    """

    make: Callable[[], nn.Module]
    before: Callable[[Int64], None] = lambda _: None
    answered: list[Int64] = field(default_factory=list)
    loads: int = 0
    quotes: bool = True
    threads: int = 1
    model: nn.Module | None = None
    forward: Forward = field(default_factory=lambda: Forward(()))
    finite: bool = True

    def restart(self) -> None:
        self.model = None

    def quote_no_more(self) -> None:
        self.quotes = False

    def ask(self, request: Message, limit_s: float, doing: str) -> Message:
        [reply] = self.stream([request], lambda: limit_s, doing)
        return reply

    def stream(
        self, requests: Iterable[Message], limit_s: Callable[[], float], doing: str
    ) -> Iterator[Message]:
        waiting = iter(requests)
        try:
            for request in waiting:
                reply = self._answer(request, doing)
                if limit_s() <= 0.01:
                    raise CheckFailed(Outcome.TIMEOUT, f"{doing} did not finish")
                yield reply
        finally:
            if next(waiting, None) is not None:
                # One that is under way then ends the real worker, too.
                self.restart()

    def _answer(self, request: Message, doing: str) -> Message:
        if request.op == "load_model":
            self.model = copy.deepcopy(self.make())
            self.loads += 1
            training = self.model.training
            if not request.fields["as_saved"]:
                self.model.eval()
            fields = {"parameters": 7, "finite": self.finite, "notes": ["as it is"]}
            return Message("loaded", {**fields, "training": training})
        if request.op == "model_place":
            rows = self.forward.rows
            return Message("place", {"device": "cpu", "moved": False, "rows": rows})
        tokens = request.arrays[0].astype(np.int64)
        self.before(tokens)
        try:
            reply = self.forward.logits(self.model, CPU, request)
        except Exception as error:
            raise CheckFailed(Outcome.EXCEPTION, f"{doing} raised {error}") from None
        self.answered.append(tokens)
        return reply


def loaded(student: FakeStudent, limit_s: float = 1e6, longest: int = LONGEST) -> LoadedModel:
    model = LoadedModel(cast(Student, student), VOCABULARY, Clock(limit_s), longest=longest)
    model.load(SOURCE)
    return model


class FakeTime:
    """In place of the ``time`` module: it passes only when a model is run, by tokens."""

    def __init__(self, per_token_s: float = 0.0) -> None:
        self.now = START_S
        self.per_token_s = per_token_s

    def monotonic(self) -> float:
        return self.now

    def spend(self, tokens: Int64) -> None:
        self.now += self.per_token_s * tokens.size

    def replace(self, monkeypatch: pytest.MonkeyPatch) -> FakeTime:
        for module in ("clock", "whole_sentences", "loaded_model", "generation"):
            monkeypatch.setattr(f"grader.language_model.{module}.time", self)
        return self


def plain_log_probabilities(make: Callable[[], nn.Module], test: Encoded) -> list[NDArray[Any]]:
    """Each sentence scored alone, by torch's own cross-entropy."""
    result = []
    with torch.no_grad():
        for number in range(len(test)):
            batch = torch.from_numpy(test.batch([number]))
            logits = make()(batch[:, :-1]).double()
            result.append(-cross_entropy(logits[0], batch[0, 1:], reduction="none").numpy())
    return result
