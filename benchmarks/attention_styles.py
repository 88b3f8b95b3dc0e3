"""Correct ``mha``, each as another student might write it.

None of this shares code with the grader. The styles differ in precision, in how the products are
associated, in how the softmax is put, and in whether there is a loop over the heads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.special import log_softmax, softmax

Array = Any
"""A NumPy array or a torch tensor."""
Heads = list[Array]
Implementation = Callable[..., Any]


def plain_softmax(scores: Array) -> Array:
    """The usual one, the row's largest score taken off first."""
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def bare_softmax(scores: Array) -> Array:
    """Without taking the largest score off first."""
    return np.exp(scores) / np.sum(np.exp(scores), axis=-1, keepdims=True)


def through_logarithm(scores: Array) -> Array:
    """The exponential of a log-softmax."""
    return np.exp(log_softmax(scores, axis=-1))


def loop(
    attention: Callable[[Array], Array], dtype: type[np.floating[Any]] = np.float32
) -> Implementation:
    """A loop over the heads, with the softmax ``attention``."""

    def mha(Wq: Heads, Wk: Heads, Wv: Heads, Wo: Array, input_data: torch.Tensor) -> Array:
        x = input_data.numpy().astype(dtype)
        heads = []
        for w_q, w_k, w_v in zip(Wq, Wk, Wv, strict=True):
            q, k, v = (x @ w.astype(dtype) for w in (w_q, w_k, w_v))
            scores = q @ k.transpose(0, 2, 1) / dtype(np.sqrt(q.shape[-1]))
            heads.append(attention(scores) @ v)
        return np.concatenate(heads, axis=-1) @ Wo.astype(dtype)

    return mha


def lists(Wq: Heads, Wk: Heads, Wv: Heads, Wo: Array, input_data: torch.Tensor) -> Any:
    """The plain loop, with its result as nested lists."""
    return loop(plain_softmax)(Wq, Wk, Wv, Wo, input_data).tolist()


def mixed(Wq: Heads, Wk: Heads, Wv: Heads, Wo: Array, input_data: torch.Tensor) -> Array:
    """NumPy's square root of an int is float64, so that all after the scores is float64 too."""
    x = np.array(input_data)
    heads = []
    for head in range(len(Wq)):
        scores = (x @ Wq[head]) @ (x @ Wk[head]).swapaxes(1, 2) / np.sqrt(Wq[head].shape[1])
        heads.append(plain_softmax(scores) @ (x @ Wv[head]))
    return np.concatenate(heads, axis=2) @ Wo


def reassociated(attention: Callable[[Array], Array]) -> Implementation:
    """x (Wq Wk^T) x^T for (x Wq)(x Wk)^T, (p x) Wv for p (x Wv), a sum for a concatenation."""

    def mha(Wq: Heads, Wk: Heads, Wv: Heads, Wo: Array, input_data: torch.Tensor) -> Array:
        x = input_data.numpy()
        width = Wv[0].shape[1]
        output = np.zeros_like(x)
        for i, (w_q, w_k, w_v) in enumerate(zip(Wq, Wk, Wv, strict=True)):
            scores = x @ (w_q @ w_k.T) @ x.swapaxes(1, 2) * np.float32(width**-0.5)
            output += (attention(scores) @ x) @ w_v @ Wo[i * width : (i + 1) * width]
        return output

    return mha


def kernels_first(Wq: Heads, Wk: Heads, Wv: Heads, Wo: Array, input_data: torch.Tensor) -> Array:
    """Every pair of kernels is multiplied before an input is seen; the scale is split over both."""
    x = input_data.numpy()
    width = Wv[0].shape[1]
    scale = np.float32(width**-0.25)
    terms = []
    for i in reversed(range(len(Wq))):
        scores = (x @ (Wq[i] * scale)) @ (x @ (Wk[i] * scale)).swapaxes(1, 2)
        value = x @ (Wv[i] @ Wo[i * width : (i + 1) * width])
        terms.append(through_logarithm(scores) @ value)
    return sum(terms)


def last_feature_first(
    Wq: Heads, Wk: Heads, Wv: Heads, Wo: Array, input_data: torch.Tensor
) -> Array:
    """Every sum one term at a time from the last to the first, and a softmax without maximum."""

    def product(a: Array, b: Array) -> Array:
        total = a[..., -1:] * b[..., -1:, :]
        for i in range(a.shape[-1] - 2, -1, -1):
            total = total + a[..., i : i + 1] * b[..., i : i + 1, :]
        return total

    x = input_data.numpy()
    heads = []
    for w_q, w_k, w_v in zip(Wq, Wk, Wv, strict=True):
        scale = np.sqrt(np.float32(w_q.shape[1]))
        scores = product(product(x, w_q) / scale, product(x, w_k).swapaxes(1, 2))
        heads.append(product(bare_softmax(scores), product(x, w_v)))
    return product(np.concatenate(heads, axis=-1), Wo)


def all_heads(Wq: Heads, Wk: Heads, Wv: Heads, Wo: Array, input_data: torch.Tensor) -> Array:
    """No loop: the heads are an axis, summed over by einsum."""
    x = input_data.numpy()
    q, k, v = (np.einsum("bte,nef->bntf", x, np.stack(w)) for w in (Wq, Wk, Wv))
    scores = np.einsum("bnqf,bnkf->bnqk", q, k) / np.sqrt(np.float32(q.shape[-1]))
    kernels = Wo.reshape(len(Wq), -1, Wo.shape[1])
    return np.einsum("bnqk,bnkf,nfe->bqe", softmax(scores, axis=-1), v, kernels)


def torch_loop(dtype: torch.dtype) -> Implementation:
    """A loop over the heads in torch arithmetic; the result is a tensor."""

    def mha(Wq: Heads, Wk: Heads, Wv: Heads, Wo: Array, input_data: torch.Tensor) -> Array:
        x = input_data.to(dtype)
        heads = []
        for kernels in zip(Wq, Wk, Wv, strict=True):
            q, k, v = (x @ torch.from_numpy(w).to(dtype) for w in kernels)
            weights = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, dim=-1)
            heads.append(weights @ v)
        return torch.cat(heads, dim=-1) @ torch.from_numpy(Wo).to(dtype)

    return mha


def torch_all_heads(Wq: Heads, Wk: Heads, Wv: Heads, Wo: Array, input_data: torch.Tensor) -> Array:
    """No loop in torch either, and a leading axis of one too many."""
    batch, steps, embed = input_data.shape

    def projected(kernels: Heads) -> torch.Tensor:
        joined = input_data @ torch.cat([torch.tensor(kernel) for kernel in kernels], dim=1)
        return joined.view(batch, steps, len(kernels), -1).transpose(1, 2)

    q, k, v = (projected(w) for w in (Wq, Wk, Wv))
    weights = (q / q.shape[-1] ** 0.5 @ k.mT).softmax(dim=-1)
    joined = (weights @ v).transpose(1, 2).reshape(batch, steps, embed)
    return (joined @ torch.tensor(Wo))[None]


MHA_STYLES: dict[str, Implementation] = {
    "float32": loop(plain_softmax),
    "float32, softmax without maximum": loop(bare_softmax),
    "float32, softmax through its logarithm": loop(through_logarithm),
    "float32, x (Wq Wk^T) x^T": reassociated(plain_softmax),
    "float32, x (Wq Wk^T) x^T, bare softmax": reassociated(bare_softmax),
    "float32, Wv Wo first, scaled kernels": kernels_first,
    "float32, reversed sums, softmax without maximum": last_feature_first,
    "float32, einsum over all heads": all_heads,
    "float32, nested lists": lists,
    "float32, float64 from the scores on": mixed,
    "float64": loop(plain_softmax, np.float64),
    "torch float32": torch_loop(torch.float32),
    "torch float64": torch_loop(torch.float64),
    "torch float32, all heads, a leading axis": torch_all_heads,
}
