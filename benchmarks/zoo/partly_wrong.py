"""The models of the zoo that are wrong at some places or a little, and those that are unsteady.

A weight in a name is how much of the logits' spread comes from looking ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from benchmarks.zoo.calls import Dropout, NeverEval, Noisy, Remembering
from benchmarks.zoo.combined import (
    GRU,
    LSTM,
    TANH,
    block,
    cached,
    chain,
    models,
    nothing,
    placed,
)
from benchmarks.zoo.convolution import Convolutions, Pooled
from benchmarks.zoo.peeking import LATE, PeekingRecipe
from benchmarks.zoo.record import Kind, Recipe, ZooModel
from benchmarks.zoo.recurrent import Recurrent

WEIGHTS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
ALL_TO_COME: tuple[Kind, ...] = ("future", "padding")
NEXT: tuple[Kind, ...] = ("next character", "future")
PEEKS = {
    "next character": Recipe(nothing, view="shifted left"),
    "GRU from the end": Recipe(partial(Recurrent, direction="backward")),
    "attention, no mask": placed(partial(block, mask="none")),
    "mean over time": Recipe(partial(Pooled, how="mean")),
}
PLACES = (
    *(f"from place {n}" for n in LATE),
    "before place 10",
    "after few characters",
    "after many characters",
    "at every tenth place",
    "in odd rows",
    "in large batches",
    "in long batches",
)


def peeking() -> list[ZooModel]:
    """An honest model with a little of one that looks ahead, or all of it at some places."""
    zoo = []
    for name, peek in PEEKS.items():
        truth = NEXT if peek.view else ALL_TO_COME
        for weight in WEIGHTS:
            recipe = PeekingRecipe(Recipe(GRU), peek, weight)
            noise = min(1e-4, weight / 100)
            zoo += models({f"GRU and {weight} of {name}": recipe}, truth, noise=noise)
    for where in PLACES:
        for name in ("next character", "attention, no mask"):
            recipe = PeekingRecipe(Recipe(GRU), PEEKS[name], 1.0, where)
            truth = NEXT if PEEKS[name].view else ALL_TO_COME
            zoo += models({f"GRU and {name} {where}": recipe}, truth)
    return zoo


def wrapped(make: Callable[[nn.Module, int], nn.Module], attention: bool = False) -> Recipe:
    """A GRU, or attention, with something around it."""
    return placed(block, wrap=make) if attention else Recipe(GRU, wrap=make)


def states() -> list[ZooModel]:
    """What is carried from call to call."""
    recipes = {
        f"{kind}, state kept": Recipe(partial(Recurrent, kind=kind, start="kept"))
        for kind in ("tanh", "relu", "GRU", "LSTM")
    }
    recipes["GRU, 2 layers, state kept"] = Recipe(partial(Recurrent, layers=2, start="kept"))
    for kind in ("GRU", "attention"):
        for trusts in ("length", "first", "row"):
            recipes[f"{kind}, stale cache, trusts {trusts}"] = wrapped(cached(kind, trusts))
    for what in ("running mean", "calls", "counts", "sentences"):
        for attention in (False, True):
            name = "attention" if attention else "GRU"
            recipes[f"{name}, remembers {what}"] = wrapped(remembering(what), attention)
    counts = wrapped(remembering("counts first"))
    whole: tuple[Kind, ...] = ("state", "future", "batch", "padding")
    return [*models(recipes, ["state"]), *models({"GRU, counts first": counts}, whole)]


def randomness() -> list[ZooModel]:
    """Dropout that is left on, and noise; with and without looking ahead."""
    recipes = {f"GRU, dropout of {p}": Recipe(chain(GRU, always(p))) for p in (0.02, 0.1, 0.3, 0.5)}
    recipes |= {f"attention, dropout of {p}": placed(chain(always(p), block)) for p in (0.1, 0.5)}
    kept_on = {
        "LSTM, 2 layers": Recipe(partial(Recurrent, kind="LSTM", layers=2, dropout=0.3)),
        "attention": placed(block),
    }
    for name, recipe in kept_on.items():
        never = Recipe(recipe.body, recipe.positions, wrap=lambda core, _: NeverEval(core))
        recipes[f"{name}, never in eval mode"] = never
    for amount in (1.0, 0.1, 0.01, 0.001):
        recipes[f"GRU, noise of {amount}"] = wrapped(noisy("normal", amount))
    for how in ("uniform", "factor", "shared", "numpy", "dropout"):
        recipes[f"GRU, noise of 0.1, {how}"] = wrapped(noisy(how, 0.1), how == "factor")
    for kind in ("tanh", "LSTM"):
        recipes[f"{kind}, random start"] = Recipe(partial(Recurrent, kind=kind, start="random"))
    unmasked = partial(block, mask="none")
    both = partial(Recurrent, direction="both")
    ahead = {
        "attention, no mask, dropout of 0.1": placed(chain(always(0.1), unmasked)),
        "GRU in both directions, dropout of 0.3": Recipe(chain(both, always(0.3))),
        "GRU in both directions, noise of 0.01": Recipe(both, wrap=noisy("normal", 0.01)),
        "mean over time, noise of 1.0": Recipe(
            partial(Pooled, how="mean"), wrap=noisy("normal", 1.0)
        ),
    }
    shifted = {
        f"{name}, input shifted left, dropout of 0.3": Recipe(
            chain(body, always(0.3)), view="shifted left"
        )
        for name, body in {"tanh": TANH, "LSTM": LSTM, "convolution": Convolutions}.items()
    }
    return [
        *models(recipes, ["randomness"]),
        *models(ahead, ("future", "padding", "randomness")),
        *models(shifted, ("next character", "future", "randomness")),
    ]


def remembering(what: str) -> Callable[[nn.Module, int], nn.Module]:
    """A memory of earlier calls."""
    return lambda core, vocabulary: Remembering(core, vocabulary, what)


def always(p: float) -> Callable[[int], nn.Module]:
    """Dropout that no mode turns off."""
    return lambda _: Dropout(p)


def noisy(how: str, amount: float) -> Callable[[nn.Module, int], nn.Module]:
    """Noise in the logits, as a part of their spread."""
    return lambda core, _: Noisy(core, how, amount)


def partly_wrong_models() -> list[ZooModel]:
    """All of them."""
    return [*peeking(), *states(), *randomness()]
