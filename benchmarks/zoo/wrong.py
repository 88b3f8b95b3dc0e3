"""The models of the zoo that see more than they should: later tokens, PAD, the other rows.

What sees all later tokens mostly sees PAD among them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from torch import nn

from benchmarks.zoo.attention import Attention, Block, LinearAttention, TorchTransformer
from benchmarks.zoo.calls import Centred
from benchmarks.zoo.combined import (
    GRU,
    LSTM,
    TANH,
    block,
    chain,
    fused,
    models,
    nothing,
    placed,
    torch_block,
)
from benchmarks.zoo.convolution import (
    Convolutions,
    LastTokens,
    LengthScaled,
    Normalised,
    Pooled,
)
from benchmarks.zoo.partly_wrong import partly_wrong_models
from benchmarks.zoo.record import Kind, MakeBody, Recipe, ZooModel
from benchmarks.zoo.recurrent import CellLoop, OwnCell, Recurrent

ALL_TO_COME: tuple[Kind, ...] = ("future", "padding")
NEXT: tuple[Kind, ...] = ("next character", "future")
WHOLE_BATCH: tuple[Kind, ...] = ("future", "batch", "padding")
UNMASKED: MakeBody = partial(block, mask="none")


def masks() -> list[ZooModel]:
    """Attention without a mask, or with one that is not causal."""
    norms = ("pre", "post", "no")
    mistakes = ("no renormalising", "zeroed scores", "weak", "added", "over queries")
    bodies: dict[str, MakeBody] = {
        **{f"attention, no mask, {n} norm": partial(block, mask="none", norm=n) for n in norms},
        **{f"attention, {style}": partial(block, style=style) for style in mistakes},
        "attention, no mask, nothing around it": partial(Attention, mask="none"),
        "attention, no mask, 2 layers": chain(UNMASKED, UNMASKED),
        "attention, no mask, 1 head": partial(block, mask="none", heads=1),
        "fused attention, no mask": partial(fused, mask="none"),
        "torch attention, no mask": partial(torch_block, mask="none"),
        "torch attention, no mask, time first": partial(
            torch_block, mask="none", layout="time first"
        ),
        "linear attention, whole sums": lambda w: Block(w, LinearAttention(w, whole=True)),
        "encoder, no mask": partial(TorchTransformer, mask="none"),
        "encoder, no mask, pre norm": partial(TorchTransformer, mask="none", norm_first=True),
        "encoder, no mask, 2 layers": partial(TorchTransformer, mask="none", layers=2),
        "encoder, no mask, time first": partial(TorchTransformer, mask="none", layout="time first"),
        "decoder, memory not masked": partial(TorchTransformer, memory_mask="none"),
        "attention, mask transposed": partial(block, mask="transposed"),
        "fused attention, mask transposed": partial(fused, mask="transposed"),
        "torch attention, mask transposed": partial(torch_block, mask="transposed"),
        "encoder, mask transposed": partial(TorchTransformer, mask="transposed"),
        "attention, mask in the first of 2 layers": chain(block, UNMASKED),
        "attention, mask in the second of 2 layers": chain(UNMASKED, block),
        "GRU, then attention, no mask": chain(GRU, UNMASKED),
        "attention, no mask, then GRU": chain(UNMASKED, GRU),
    }
    without_padding: dict[str, MakeBody] = {
        "attention, PAD masked only": partial(block, mask="none", skips_padding=True),
        "torch attention, PAD masked only": partial(torch_block, mask="none", skips_padding=True),
        "encoder, PAD masked only": partial(TorchTransformer, mask="none", skips_padding=True),
        "attention, first tokens unmasked": partial(block, mask="whole prefix"),
    }
    coarse = placed(UNMASKED, precision="bfloat16")
    two_ahead = placed(chain(*[partial(block, mask="one ahead")] * 2))
    return [
        *models({name: placed(body) for name, body in bodies.items()}, ALL_TO_COME),
        *models({name: placed(body) for name, body in without_padding.items()}, ["future"]),
        *models(
            {
                "attention, whole blocks": placed(partial(block, mask="whole block")),
                "attention, no mask, no positions": Recipe(UNMASKED),
                "attention, no mask, sinusoidal": placed(UNMASKED, "sinusoidal"),
                "attention, no mask, large logits": placed(UNMASKED, times=50),
            },
            ALL_TO_COME,
        ),
        *models({"attention, no mask, in bfloat16": coarse}, ALL_TO_COME, noise=0.02),
        # Of PAD it sees one column, through the attention that END pays it: little.
        *models({"attention, sees one ahead, 2 layers": two_ahead}, ALL_TO_COME, noise=1e-5),
    ]


def next_character() -> list[ZooModel]:
    """What sees the very token that it is to predict."""
    ahead: dict[str, MakeBody] = {
        f"attention, {style}, sees one ahead": partial(block, mask="one ahead", style=style)
        for style in ("-inf", "-1e9", "tril")
    }
    ahead |= {
        "fused attention, sees one ahead": partial(fused, mask="one ahead"),
        "torch attention, sees one ahead": partial(torch_block, mask="one ahead"),
        "encoder, sees one ahead": partial(TorchTransformer, mask="one ahead"),
    }
    recipes = {name: placed(body) for name, body in ahead.items()}
    recipes |= {
        f"convolution, {k} wide, one ahead": Recipe(
            partial(Convolutions, kernel=k, pad="both", depthwise=k == 3)
        )
        for k in (2, 3)
    }
    for name, recipe in {
        "pairs": Recipe(nothing),
        "tanh": Recipe(TANH),
        "GRU": Recipe(GRU),
        "LSTM, 2 layers": Recipe(partial(Recurrent, kind="LSTM", layers=2)),
        "attention": placed(block),
        "last tokens": Recipe(partial(LastTokens, count=3)),
    }.items():
        recipes[f"{name}, input rolled left"] = replace(recipe, view="rolled left")
    for name, body in {"GRU": GRU, "own cell": OwnCell, "convolution": Convolutions}.items():
        recipes[f"{name}, input shifted left"] = Recipe(body, view="shifted left")
    return models(recipes, NEXT)


def directions() -> list[ZooModel]:
    """Recurrent layers that also run from the end."""
    from_end: MakeBody = partial(Recurrent, direction="backward")
    bodies: dict[str, MakeBody] = {
        "loop of GRU cells from the end": partial(CellLoop, backward=True),
        "GRU, then GRU from the end": chain(GRU, from_end),
        "GRU in both directions, time first": partial(
            Recurrent, direction="both", layout="time first"
        ),
    }
    for kind in ("tanh", "GRU", "LSTM"):
        layer = partial(Recurrent, kind=kind)
        for n in (1, 2):
            both = partial(layer, direction="both", layers=n)
            bodies[f"{kind} in both directions, {n} layers"] = both
        bodies[f"{kind} from the end"] = partial(layer, direction="backward")
    packed = Recipe(partial(Recurrent, direction="both", packed=True))
    wild = Recipe(partial(Recurrent, kind="tanh", direction="both", radius=2))
    return [
        *models({name: Recipe(body) for name, body in bodies.items()}, ALL_TO_COME),
        *models({"GRU in both directions, packed": packed}, ["future"], exact=False),
        *models({"chaotic tanh in both directions": wild}, ALL_TO_COME, chaotic=True),
    ]


def over_time() -> list[ZooModel]:
    """Convolutions, pools and norms that reach to the right."""
    both_sides = partial(Convolutions, kernel=5, pad="both")
    bodies: dict[str, MakeBody] = {
        "convolution, 5 wide, padded on both sides": both_sides,
        "convolution, 9 wide, padded on both sides": partial(both_sides, kernel=9),
        "convolutions, dilated, padded on both sides": partial(
            Convolutions, dilations=(1, 2, 4), pad="both"
        ),
        "convolution, by feature, padded on both sides": partial(both_sides, depthwise=True),
        "convolution, trimmed at the wrong end": partial(Convolutions, pad="mistrimmed"),
        "convolution, padded on the right": partial(Convolutions, pad="right"),
        "convolution, padded on both sides, then GRU": chain(both_sides, GRU),
        "GRU, normed over time": chain(GRU, partial(Normalised, over="time")),
        "convolution, normed over time": chain(Convolutions, partial(Normalised, over="time")),
        "GRU, normed over time and features": chain(
            GRU, partial(Normalised, over="time and features")
        ),
    }
    for how in ("mean", "mean of the rest", "last", "softmax"):
        bodies[f"{how} over time"] = partial(Pooled, how=how)
    without_padding = {
        f"{how} over time": Recipe(partial(Pooled, how=how))
        for how in ("mean without PAD", "maximum without PAD")
    }
    return [
        *models({name: Recipe(body) for name, body in bodies.items()}, ALL_TO_COME),
        *models(without_padding, ["future"]),
    ]


def over_batch() -> list[ZooModel]:
    """What mixes the rows: a forgotten ``batch_first``, and means over the batch."""
    mistaken: dict[str, MakeBody] = {
        f"{kind}, batch_first forgotten": partial(Recurrent, kind=kind, layout="mistaken")
        for kind in ("tanh", "GRU", "LSTM")
    }
    mistaken |= {
        "GRU in both directions, batch_first forgotten": partial(
            Recurrent, direction="both", layout="mistaken"
        ),
        "torch attention, batch_first forgotten": partial(
            torch_block, mask="none", layout="mistaken"
        ),
        "encoder, batch_first forgotten": partial(TorchTransformer, mask="none", layout="mistaken"),
        "attention, over batch": partial(block, style="over batch"),
        "GRU, normed over the batch": chain(GRU, partial(Normalised, over="batch")),
    }
    recipes = {name: Recipe(body) for name, body in mistaken.items()}
    for share in (1.0, 0.1, 0.01):
        centred = partial(_centred, share=share)
        recipes[f"GRU, {share} of the batch's mean taken off"] = Recipe(GRU, wrap=centred)
    recipes["GRU, input rolled over the batch"] = Recipe(GRU, view="rolled over the batch")
    trained = {
        f"{name}, batch norm {over}": Recipe(chain(body, partial(Normalised, over=over)))
        for over in ("trained", "batch and time")
        for name, body in {"GRU": GRU, "LSTM": LSTM, "convolution": Convolutions}.items()
    }
    return [*models(recipes, ["batch"]), *models(trained, ("batch", "future", "padding"))]


def _centred(core: nn.Module, _vocabulary: int, share: float) -> nn.Module:
    return Centred(core, share)


def padding() -> list[ZooModel]:
    """What depends on the length of the batch, or of the sentence."""
    recipes = {"GRU, places counted from the end": placed(GRU, "counted from the end")}
    recipes["attention, places counted from the end"] = placed(block, "counted from the end")
    for how in ("by columns", "by root of columns", "share of columns"):
        scaled = chain(GRU, partial(LengthScaled, how=how))
        recipes[f"GRU, {how}"] = Recipe(scaled)
        recipes[f"{how}, then attention"] = placed(chain(partial(LengthScaled, how=how), block))
    share = chain(GRU, partial(LengthScaled, how="share of sentence"))
    sees = partial(block, sees_padding=True)
    return [
        *models(recipes, ["padding"]),
        *models({"attention, PAD seen from everywhere": placed(sees)}, ("padding", "future")),
        *models({"GRU, share of sentence": Recipe(share)}, ["future"]),
    ]


def wrong_models() -> list[ZooModel]:
    """All of them, the partly wrong among them."""
    return [
        *masks(),
        *next_character(),
        *directions(),
        *over_time(),
        *over_batch(),
        *padding(),
        *partly_wrong_models(),
    ]
