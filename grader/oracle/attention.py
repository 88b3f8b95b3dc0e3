"""Draws for q6, and how far float32 rounding may move the output of multi-head attention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from grader.compare import Expected
from grader.oracle.draws import Allowance, Draw, Float32, Float64, gamma, normal, numbers


@dataclass(frozen=True)
class AttentionSizes:
    batch: int
    steps: int
    embed: int
    heads: int

    def __str__(self) -> str:
        return f"B{self.batch}-T{self.steps}-E{self.embed}-N{self.heads}"

    @property
    def in_words(self) -> str:
        return f"batch {self.batch}, steps {self.steps}, embedding {self.embed}, heads {self.heads}"


def mha_draw(sizes: AttentionSizes, seed: int, allowance: Allowance) -> Draw:
    """``mha(Wq, Wk, Wv, Wo, input_data)`` and what ``torch.nn.MultiheadAttention`` makes of it.

    ``input_data`` is a torch tensor, as in the notebook; the rest are lists of NumPy arrays.
    """
    packed, w_out = _random_parameters(sizes, seed)
    w_q, w_k, w_v = (
        [head.T for head in np.split(part, sizes.heads)] for part in np.split(packed, 3)
    )
    inputs = normal(np.random.default_rng(seed), sizes.batch, sizes.steps, sizes.embed)
    x, projections, last = (array.astype(np.float64) for array in (inputs, packed, w_out))
    value = _output_by_torch(x, projections, last, sizes.heads)
    q, k, v = projections.reshape(3, sizes.heads, -1, sizes.embed).swapaxes(2, 3)
    bound = _bound(x, q, k, v, last.T, allowance)
    expected = Expected("output", value, allowance.total(bound), "[batch, steps, embed]")
    arguments = (w_q, w_k, w_v, w_out.T, torch.from_numpy(inputs))
    return Draw("mha", arguments, (expected,), sizes.in_words)


def _random_parameters(sizes: AttentionSizes, seed: int) -> tuple[Float32, Float32]:
    """The packed projections [3E,E], and the last one [E,E].

    As ``torch.nn.MultiheadAttention`` draws them without biases: uniform between the bounds of
    Glorot and Bengio for the packed ones as a whole, and between -1/sqrt(E) and 1/sqrt(E).
    """
    generator = torch.Generator().manual_seed(seed)
    embed = sizes.embed
    most = (6 / (embed + 3 * embed)) ** 0.5, embed**-0.5
    packed, w_out = (
        numbers(torch.empty(rows, embed).uniform_(-bound, bound, generator=generator))
        for rows, bound in zip((3 * embed, embed), most, strict=True)
    )
    return packed, w_out


def _output_by_torch(x: Float64, packed: Float64, w_out: Float64, heads: int) -> Float64:
    """Self-attention over x [B,T,E], by the function that ``torch.nn.MultiheadAttention`` calls.

    To make such a module takes as long as to call it.
    """
    inputs = torch.from_numpy(x).transpose(0, 1)
    with torch.inference_mode():
        # No biases, nothing added to keys and values, no dropout, not training.
        output, _ = functional.multi_head_attention_forward(
            inputs, inputs, inputs, x.shape[2], heads, torch.from_numpy(packed), None, None, None,
            False, 0.0, torch.from_numpy(w_out), None, training=False, need_weights=False,
        )  # fmt: skip
    value: Float64 = numbers(output.transpose(0, 1)).copy(order="C")
    return value


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
        result: Float64 = v[:, None] @ w
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
