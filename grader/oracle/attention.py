"""Draws for q6, and how far float32 rounding may move the output of multi-head attention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from grader.compare import Expected
from grader.oracle.draws import Allowance, Draw, Float64, gamma, normal, numbers


@dataclass(frozen=True)
class AttentionSizes:
    batch: int
    steps: int
    embed: int
    heads: int

    def __str__(self) -> str:
        return f"B{self.batch}-T{self.steps}-E{self.embed}-N{self.heads}"


def mha_draw(sizes: AttentionSizes, seed: int, allowance: Allowance) -> Draw:
    """``mha(Wq, Wk, Wv, Wo, input_data)`` and what ``torch.nn.MultiheadAttention`` makes of it.

    ``input_data`` is a torch tensor, as in the notebook; the rest are lists of NumPy arrays.
    """
    layer = _random_layer(sizes, seed)
    packed, w_out = (numbers(p) for p in layer.parameters())
    w_q, w_k, w_v = (
        [head.T for head in np.split(part, sizes.heads)] for part in np.split(packed, 3)
    )
    rng = np.random.default_rng(seed)
    inputs = torch.from_numpy(normal(rng, sizes.batch, sizes.steps, sizes.embed))
    exact = layer.double()
    with torch.no_grad():
        x = inputs.double()
        output, _ = exact(x, x, x, need_weights=False)
    value = numbers(output)
    q, k, v = (np.stack(w).astype(np.float64) for w in (w_q, w_k, w_v))
    bound = _bound(numbers(x), q, k, v, w_out.T.astype(np.float64), allowance)
    expected = Expected("output", value, allowance.total(bound), "[batch, steps, embed]")
    return Draw("mha", (w_q, w_k, w_v, w_out.T, inputs), (expected,))


def _random_layer(sizes: AttentionSizes, seed: int) -> nn.Module:
    """A layer with torch's usual initialisation under ``seed``; global random state is kept."""
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed formats the whole call stack, for each kind of device that is not there.
        torch.default_generator.manual_seed(seed)
        layer = nn.MultiheadAttention(sizes.embed, sizes.heads, bias=False, batch_first=True)
        return layer.requires_grad_(False)


def _bound(
    x: Float64, w_q: Float64, w_k: Float64, w_v: Float64, w_o: Float64, allowance: Allowance
) -> Float64:
    """The first-order bound [B,T,E]; x is [B,T,E], w_q, w_k and w_v are [N,E,E/N], w_o is [E,E].

    Magnitudes are summed with absolute values from the inputs on, so that every association of the
    products is covered, (x W_q)(x W_k)^T as well as x (W_q W_k^T) x^T.
    """
    heads, embed, width = w_q.shape
    steps = x.shape[1]

    def projected(v: Float64, w: Float64) -> Float64:
        result: Float64 = np.einsum("bte,nef->bntf", v, w)
        return result

    q, k, v = (projected(x, w) for w in (w_q, w_k, w_v))
    q_size, k_size, v_size = (projected(abs(x), abs(w)) for w in (w_q, w_k, w_v))
    scale = 1 / np.sqrt(width)
    scores = scale * q @ k.swapaxes(2, 3)
    # Two sums over the embedding, one over the head's width, and the scaling.
    error_scores = gamma(2 * embed + width + 4) * scale * q_size @ k_size.swapaxes(2, 3)

    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    # d p_i = p_i (d s_i - sum_j p_j d s_j). Where the largest score is not taken off first, the
    # exponential's argument is rounded at the size of the scores themselves.
    rounded = error_scores + gamma(1) * abs(scores)
    error_p = p * (rounded + (p * rounded).sum(-1, keepdims=True))
    error_p += p * (2 * allowance.activation + gamma(steps + 2))

    error_heads = error_p @ abs(v) + gamma(steps + embed + 2) * p @ v_size
    sizes = p @ v_size

    def read_out(heads_values: Float64) -> Float64:
        joined = heads_values.transpose(0, 2, 1, 3).reshape(x.shape[0], steps, heads * width)
        result: Float64 = joined @ abs(w_o)
        return result

    return read_out(error_heads) + gamma(embed + 1) * read_out(sizes)
