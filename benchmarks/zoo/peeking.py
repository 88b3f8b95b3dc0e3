"""Models that look ahead a little: a right one, and beside it one that sees too much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.zoo.record import SPREAD, Recipe, calibrated, seeded

RARE, COMMON = 4, 24
"""Characters (the first ids) at which a model looks ahead that does so at few places, or many."""
LATE = (10, 20, 40)
MANY_ROWS = 8
LONG = 40


def looks(where: str, tokens: Tensor) -> Tensor:
    """At which places [B,L] of the input the look ahead is taken."""
    columns = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
    if where.startswith("from place "):
        return columns >= int(where.removeprefix("from place "))
    if where.startswith("before place "):
        return columns < int(where.removeprefix("before place "))
    if where == "after few characters":
        return tokens < RARE
    if where == "after many characters":
        return tokens < COMMON
    if where == "at every tenth place":
        return columns % 10 == 9
    if where == "in odd rows":
        return (torch.arange(len(tokens), device=tokens.device) % 2 == 1)[:, None].expand_as(tokens)
    if where == "in large batches":
        return torch.full_like(tokens, len(tokens) > MANY_ROWS, dtype=torch.bool)
    if where == "in long batches":
        return torch.full_like(tokens, tokens.shape[1] > LONG, dtype=torch.bool)
    return torch.ones_like(tokens, dtype=torch.bool)


class Peeking(nn.Module):
    """``honest`` and, where it looks, ``weight`` times ``peek``; logits of both have spread 1."""

    def __init__(self, weight: float, where: str, honest: nn.Module, peek: nn.Module) -> None:
        super().__init__()
        self.honest, self.peek, self.weight, self.where = honest, peek, weight, where

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.honest(tokens)
        taken = looks(self.where, tokens).unsqueeze(-1)
        seen: Tensor = self.peek(tokens)
        return logits + self.weight * taken * seen


@dataclass(frozen=True)
class PeekingRecipe:
    """A ``Build`` of ``Peeking`` models."""

    honest: Recipe
    peek: Recipe
    weight: float
    where: str = "everywhere"

    def __call__(self, vocabulary: int, rng: np.random.Generator) -> nn.Module:
        honest, peek = self.honest(vocabulary, rng), self.peek(vocabulary, rng)
        with seeded(rng):
            parts = [calibrated(part, vocabulary, 1.0) for part in (honest, peek)]
            spread = float(np.exp(rng.uniform(*np.log(SPREAD))))
            return calibrated(Peeking(self.weight, self.where, *parts), vocabulary, spread)
