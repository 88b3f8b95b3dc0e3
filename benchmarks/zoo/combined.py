"""Bodies made of others, and the recipes that most models start from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.zoo.attention import Attention, Block, FusedAttention, TorchAttention
from benchmarks.zoo.calls import Cached
from benchmarks.zoo.record import NOISE, Build, Kind, MakeBody, Recipe, ZooModel
from benchmarks.zoo.recurrent import OwnCell, Recurrent


class Nothing(nn.Module):
    """Returns the features as they are: a model of pairs of characters."""

    def forward(self, x: Tensor, _padding: Tensor) -> Tensor:
        return x


class Stack(nn.Module):
    """One body after the other."""

    def __init__(self, *bodies: nn.Module) -> None:
        super().__init__()
        self.bodies = nn.ModuleList(bodies)

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        for body in self.bodies:
            x = body(x, padding)
        return x


class Average(nn.Module):
    """The mean of several bodies, weighted by a gate that sees the features of its own place."""

    def __init__(self, width: int, *bodies: nn.Module) -> None:
        super().__init__()
        self.bodies = nn.ModuleList(bodies)
        self.gate = nn.Linear(width, len(bodies))

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        results = torch.stack([body(x, padding) for body in self.bodies], dim=-1)
        weights: Tensor = self.gate(x).softmax(-1)
        return (results * weights.unsqueeze(-2)).sum(-1)


GRU: MakeBody = Recurrent
LSTM: MakeBody = partial(Recurrent, kind="LSTM")
TANH: MakeBody = partial(Recurrent, kind="tanh")
CELL: MakeBody = OwnCell


def block(
    width: int, mask: str = "causal", style: str = "-inf", norm: str = "pre", **options: object
) -> nn.Module:
    """A transformer's layer around own attention."""
    return Block(width, Attention(width, mask, style, **options), norm)  # type: ignore[arg-type]


def fused(width: int, mask: str = "causal", hint: bool = False) -> nn.Module:
    """A transformer's layer around torch's function for attention."""
    return Block(width, FusedAttention(width, mask, hint=hint))


def torch_block(width: int, mask: str = "causal", **options: object) -> nn.Module:
    """A transformer's layer around torch's module for attention."""
    return Block(width, TorchAttention(width, mask, **options))  # type: ignore[arg-type]


def chain(*bodies: MakeBody) -> MakeBody:
    """One body after the other."""
    return lambda width: Stack(*[body(width) for body in bodies])


def mixture(*bodies: MakeBody) -> MakeBody:
    """Several bodies, mixed by a gate."""
    return lambda width: Average(width, *[body(width) for body in bodies])


def nothing(_width: int) -> nn.Module:
    """The body of models that know only the last character."""
    return Nothing()


def placed(body: MakeBody, positions: str = "learned", **options: object) -> Recipe:
    """A recipe with positions, as attention needs them."""
    return Recipe(body, positions=positions, **options)  # type: ignore[arg-type]


def cached(kind: str, trusts: str = "tokens") -> Callable[[nn.Module, int], nn.Module]:
    """What puts a model with a cache of its own in the place of a network."""
    return lambda _, vocabulary: Cached(vocabulary, 32, kind, trusts)


def models(
    recipes: Mapping[str, Build],
    truth: Iterable[Kind] = (),
    *,
    exact: bool = True,
    noise: float = NOISE,
    chaotic: bool = False,
) -> list[ZooModel]:
    """Records of one truth, its first kind the main one."""
    kinds = tuple(truth)
    main = kinds[0] if kinds else None
    return [
        ZooModel(name, recipe, frozenset(kinds), main, exact, noise, chaotic)
        for name, recipe in recipes.items()
    ]
