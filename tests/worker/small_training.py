"""A training of a small model."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from grader.encoded import Encoded
from grader.worker.training import (
    Settings,
    Training,
)
from tests.worker.training_support import CPU, V, sentences

SETTINGS = Settings(
    device=CPU, seed=3, epochs=2, batch_size=4, learning_rate=0.01, validation_fraction=0.1
)
FOREVER = 1e9


class Model(nn.Module):
    """A small model of the kind that students write; remembers how it was called."""

    def __init__(self, columns: int = V + 3) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V + 3, 5)
        self.rnn = nn.RNN(5, 6, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.linear = nn.Linear(6, columns)
        self.trained_on: list[Tensor] = []
        self.validated_on: list[Tensor] = []

    def forward(self, tokens: Tensor) -> Any:
        (self.trained_on if self.training else self.validated_on).append(tokens.clone())
        assert self.training == torch.is_grad_enabled()
        logits: Tensor = self.linear(self.dropout(self.rnn(self.embedding(tokens))[0]))
        return logits


def training(
    make: Callable[[], object] = Model, encoded: Encoded | None = None, **changes: Any
) -> Training:
    return Training(make, encoded or sentences(), replace(SETTINGS, **changes))


def weights_of(run: Training) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(io.BytesIO(run.finish()[0]), weights_only=True)
    return state


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one.keys() | other.keys())


class Scripted(nn.Module):
    """Its loss in ``eval()`` mode follows a script of one strength for each epoch of ten steps."""

    def __init__(self, script: tuple[float, ...]) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(V + 3))
        self.steps: Tensor
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.script = script

    def forward(self, tokens: Tensor) -> Tensor:
        if self.training:
            self.steps += 1
            return self.bias.expand(*tokens.shape, V + 3)
        # All on a token that never comes next: the more, the worse.
        strength = self.script[int(self.steps - 1) // 10]
        return (strength * nn.functional.one_hot(torch.tensor(V), V + 3)).expand(*tokens.shape, -1)
