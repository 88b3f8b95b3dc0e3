"""The right models at which rounding shows, and those that keep something or cut the batch up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from torch import nn

from benchmarks.zoo.attention import TorchTransformer
from benchmarks.zoo.calls import Piecewise
from benchmarks.zoo.combined import CELL, GRU, LSTM, TANH, block, cached, fused, placed
from benchmarks.zoo.convolution import Convolutions
from benchmarks.zoo.record import MakeBody, Recipe, ZooModel
from benchmarks.zoo.recurrent import OwnCell, Recurrent

WIDE = (48, 64)
"""Widths of chaotic models: narrow ones often settle."""
LOW = 0.3
"""``noise`` of a computation with as few digits as bfloat16 has."""


def chaotic() -> list[ZooModel]:
    """Recurrences in which a rounding difference grows at each step."""
    bodies: dict[str, MakeBody] = {
        f"tanh, radius {r}": partial(Recurrent, kind="tanh", radius=r) for r in (1.5, 2, 2.5, 3)
    }
    bodies |= {
        "tanh, radius 2, 2 layers": partial(Recurrent, kind="tanh", layers=2, radius=2),
        "own tanh cell, radius 2": partial(OwnCell, radius=2),
        "own tanh cell, radius 3": partial(OwnCell, radius=3),
        "own multiplicative cell, radius 2": partial(OwnCell, kind="multiplicative", radius=2),
        "GRU, radius 8": partial(Recurrent, radius=8),
        "LSTM, radius 8": partial(Recurrent, kind="LSTM", radius=8),
    }
    zoo = [
        ZooModel(f"chaotic {name}", Recipe(body, widths=WIDE), chaotic=True)
        for name, body in bodies.items()
    ]
    zoo += [
        ZooModel(
            f"chaotic own tanh cell in {precision}",
            Recipe(partial(OwnCell, radius=2), precision=precision, widths=WIDE),
            noise=LOW,
            chaotic=True,
        )
        for precision in ("tf32", "bfloat16")
    ]
    sharp = Recipe(partial(Recurrent, kind="tanh", radius=2), times=20, widths=WIDE)
    return [*zoo, ZooModel("chaotic tanh, large logits", sharp, noise=1e-3, chaotic=True)]


def precisions() -> list[ZooModel]:
    """Fewer digits than float32 has, or more."""
    zoo = []
    for name, recipe in {
        "own tanh cell": Recipe(CELL),
        "own gated cell": Recipe(partial(OwnCell, kind="gated")),
        "attention": placed(block),
        "fused attention": placed(partial(fused, hint=True)),
    }.items():
        for precision in ("tf32", "bfloat16", "float16"):
            lower = replace(recipe, precision=precision)
            zoo.append(ZooModel(f"{name} in {precision}", lower, noise=LOW))
    for precision in ("autocast", "all bfloat16", "all float16", "all float64"):
        noise = 1e-4 if precision == "all float64" else LOW
        for name, recipe in {
            "attention": placed(block, precision=precision),
            "own cell": Recipe(CELL, precision=precision),
        }.items():
            zoo.append(ZooModel(f"{name}, {precision}", recipe, noise=noise))
    return zoo


def calls_and_outputs() -> list[ZooModel]:
    """Caches that are used rightly, other loops, what the logits are packed in, large logits."""
    zoo = []
    for kind in ("GRU", "attention"):
        recipe = Recipe(GRU, wrap=cached(kind))
        zoo.append(ZooModel(f"{kind}, cache compared", recipe, exact=False))
    for name, recipe in {"GRU": Recipe(GRU), "attention": placed(block)}.items():
        for pieces in ("rows", "quarters"):
            cut = replace(recipe, wrap=piecewise(pieces))
            zoo.append(ZooModel(f"{name}, run on {pieces}", cut))
    beginnings = Recipe(TANH, wrap=piecewise("beginnings"), widths=(16,))
    zoo.append(ZooModel("tanh, run on each beginning", beginnings))
    for output in (
        "log-probabilities",
        "float64",
        "bfloat16",
        "not contiguous",
        "-inf for BEGIN and PAD",
    ):
        noise = LOW if output == "bfloat16" else 1e-4
        zoo.append(ZooModel(f"GRU, logits: {output}", Recipe(GRU, output=output), noise=noise))
    for name, recipe in {
        "tanh": Recipe(TANH),
        "LSTM": Recipe(LSTM),
        "attention": placed(block),
        "encoder": placed(TorchTransformer),
        "convolution": Recipe(Convolutions),
        "fused attention": placed(fused),
    }.items():
        zoo.append(ZooModel(f"{name}, large logits", replace(recipe, times=50), noise=1e-3))
    return zoo


def piecewise(pieces: str) -> Callable[[nn.Module, int], nn.Module]:
    """What runs the network on pieces of the batch."""
    return lambda core, _: Piecewise(core, pieces)


def delicate_models() -> list[ZooModel]:
    """All of them."""
    return [*chaotic(), *precisions(), *calls_and_outputs()]
