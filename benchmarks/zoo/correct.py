"""The models of the zoo that are right: causal, and the same in whatever batch and call.

What they do is what students do, and what makes rounding visible: low precision, chaos, large
logits, sums over the whole sentence that cancel on paper only.
"""

from __future__ import annotations

from functools import partial

from benchmarks.zoo.attention import Attention, Block, LinearAttention, TorchTransformer
from benchmarks.zoo.calls import Biased, Dropout
from benchmarks.zoo.combined import (
    GRU,
    LSTM,
    TANH,
    block,
    chain,
    fused,
    mixture,
    nothing,
    placed,
    torch_block,
)
from benchmarks.zoo.convolution import (
    Convolutions,
    FourierConvolution,
    LastTokens,
    Normalised,
    Pooled,
)
from benchmarks.zoo.delicate import delicate_models
from benchmarks.zoo.record import MakeBody, Recipe, ZooModel
from benchmarks.zoo.recurrent import CELLS, LAYERS, CellLoop, OwnCell, Recurrent


def recurrent() -> list[ZooModel]:
    """Torch's layers, loops over cells, own cells, and chaotic ones."""
    zoo = []
    for kind in LAYERS:
        layer = partial(Recurrent, kind=kind)
        zoo += [
            *(ZooModel(f"{kind}, {n} layers", Recipe(partial(layer, layers=n))) for n in (1, 2, 3)),
            ZooModel(f"{kind}, time first", Recipe(partial(layer, layout="time first"))),
            ZooModel(f"{kind}, packed", Recipe(partial(layer, packed=True)), exact=False),
            ZooModel(
                f"{kind}, 2 layers, dropout off", Recipe(partial(layer, layers=2, dropout=0.5))
            ),
            ZooModel(f"{kind}, learned start", Recipe(partial(layer, start="learned"))),
        ]
    for kind in CELLS:
        for layers in (1, 2):
            body = partial(CellLoop, kind=kind, layers=layers)
            zoo.append(ZooModel(f"loop of {kind} cells, {layers} layers", Recipe(body)))
    for kind in ("tanh", "gated", "multiplicative", "normed", "leaky", "softmax"):
        zoo.append(ZooModel(f"own {kind} cell", Recipe(partial(OwnCell, kind=kind))))
    zoo += [
        ZooModel("GRU, residual", Recipe(partial(Recurrent, layers=2, residual=True))),
        ZooModel("GRU, one-hot", Recipe(GRU, embedding="one-hot")),
        ZooModel("tanh, one-hot", Recipe(TANH, embedding="one-hot")),
        ZooModel("LSTM, tied", Recipe(LSTM, head="tied")),
        ZooModel("GRU, deep head", Recipe(GRU, head="deep")),
        ZooModel("LSTM, normed head", Recipe(LSTM, head="normed")),
        ZooModel("GRU, positions", placed(GRU)),
    ]
    return zoo


def attention() -> list[ZooModel]:
    """Own attention and torch's, masked as it should be."""
    zoo = []
    for style in ("-inf", "-1e9", "tril", "renormalised"):
        for norm in ("pre", "post", "no"):
            body: MakeBody = partial(block, style=style, norm=norm)
            exact = style != "renormalised"
            zoo.append(ZooModel(f"attention, {style}, {norm} norm", placed(body), exact=exact))
    bodies: dict[str, MakeBody] = {
        "attention, 2 layers": chain(block, block),
        "attention, 3 layers": chain(block, block, block),
        "attention, 1 head": partial(block, heads=1),
        "attention, 8 heads": partial(block, heads=8),
        "attention, window": partial(block, mask="window"),
        "attention, blocks": partial(block, mask="block"),
        "attention, PAD keys masked": partial(block, skips_padding=True),
        "attention, nothing around it": Attention,
        "fused attention, is_causal": partial(fused, hint=True),
        "fused attention, boolean mask": fused,
        "fused attention, 2 layers": chain(fused, fused),
        "torch attention, boolean mask": torch_block,
        "torch attention, -inf mask": partial(torch_block, additive=True),
        "torch attention, is_causal": partial(torch_block, hint=True),
        "torch attention, time first": partial(torch_block, layout="time first"),
        "torch attention, PAD keys masked": partial(torch_block, skips_padding=True),
        "linear attention": lambda w: Block(w, LinearAttention(w)),
        "encoder, post norm": TorchTransformer,
        "encoder, pre norm": partial(TorchTransformer, norm_first=True),
        "encoder, 2 layers": partial(TorchTransformer, layers=2),
        "encoder, 3 layers, pre norm": partial(TorchTransformer, layers=3, norm_first=True),
        "encoder, is_causal": partial(TorchTransformer, hint=True),
        "encoder, PAD keys masked": partial(TorchTransformer, skips_padding=True),
        "encoder, time first": partial(TorchTransformer, layout="time first"),
        "decoder, memory masked": partial(TorchTransformer, memory_mask="causal"),
    }
    zoo += [ZooModel(name, placed(body)) for name, body in bodies.items()]
    slope = partial(block, slope=0.3)
    return [
        *zoo,
        ZooModel("attention, slopes for positions", Recipe(slope)),
        ZooModel("attention, no positions", Recipe(block)),
        ZooModel("attention, sinusoidal positions", placed(block, "sinusoidal")),
        ZooModel("attention, tied", placed(block, head="tied")),
        ZooModel("encoder, sinusoidal positions", placed(TorchTransformer, "sinusoidal")),
        ZooModel("encoder, tied, normed head", placed(TorchTransformer, head="tied")),
        ZooModel("attention, one-hot", placed(block, embedding="one-hot")),
    ]


def others() -> list[ZooModel]:
    """Convolutions, pools, n-grams, hybrids and mixtures."""
    convolution: MakeBody = Convolutions
    bodies: dict[str, MakeBody] = {
        **{f"convolution, {k} wide": partial(Convolutions, kernel=k) for k in (2, 3, 5, 9)},
        "convolutions, dilated 1 2 4": partial(Convolutions, dilations=(1, 2, 4)),
        "convolutions, dilated 1 2 4 8": partial(Convolutions, kernel=2, dilations=(1, 2, 4, 8)),
        "convolutions, gated": partial(Convolutions, dilations=(1, 2), gated=True),
        "convolution, by feature": partial(Convolutions, kernel=5, depthwise=True),
        "convolution, trimmed": partial(Convolutions, dilations=(1, 2), pad="trimmed"),
        "convolution, then GRU": chain(convolution, GRU),
        "convolution, then LSTM": chain(convolution, LSTM),
        "convolution, then attention": chain(convolution, block),
        "GRU, then attention": chain(GRU, block),
        "attention, then GRU": chain(block, GRU),
        "running mean": partial(Pooled, how="running mean"),
        "running maximum": partial(Pooled, how="running maximum"),
        "faded mean": partial(Pooled, how="faded mean"),
        "pairs of characters": nothing,
        **{f"last {n} tokens": partial(LastTokens, count=n) for n in (2, 3, 5)},
        "mixture of GRU and attention": mixture(GRU, block),
        "mixture of GRU and last tokens": mixture(GRU, partial(LastTokens, count=3)),
        "mixture of LSTM, tanh, convolution": mixture(LSTM, TANH, convolution),
        "GRU, layer norm": chain(GRU, partial(Normalised, over="features")),
        "convolution, batch norm in eval": chain(convolution, partial(Normalised, over="fixed")),
        "GRU, dropout off": chain(GRU, lambda _: Dropout(0.5, always=False)),
    }
    zoo = [ZooModel(name, Recipe(body)) for name, body in bodies.items()]
    surplus: MakeBody = partial(Pooled, how="surplus")
    return [
        *zoo,
        ZooModel("convolution by FFT", Recipe(FourierConvolution), exact=False),
        ZooModel("running mean, whole sum less the rest", Recipe(surplus), exact=False),
        ZooModel("GRU and character frequencies", Recipe(GRU, wrap=Biased)),
        ZooModel("tanh and character frequencies", Recipe(TANH, wrap=Biased)),
        ZooModel("pairs and character frequencies", Recipe(nothing, wrap=Biased)),
        ZooModel("character frequencies", Recipe(nothing, wrap=partial(Biased, alone=True))),
    ]


def correct_models() -> list[ZooModel]:
    """All of them."""
    return [
        *recurrent(),
        *attention(),
        *others(),
        *delicate_models(),
    ]
