"""Right answers of q6: torch's float32 agrees with them, and wrong formulas are far off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import nn

from grader.oracle import AttentionSizes, Draw, mha_draw
from grader.oracle.draws import Allowance
from grader.rubric import Rubric

Array = NDArray[Any]
Mha = Callable[[Draw, Any], Array]

ROUNDING = Rubric.load().rounding
ALLOWANCE = Allowance(ROUNDING.safety, ROUNDING.activation_ulps)
NOTEBOOK = AttentionSizes(batch=4, steps=8, embed=10, heads=5)
SIZES = [
    NOTEBOOK,
    AttentionSizes(batch=1, steps=1, embed=1, heads=1),
    AttentionSizes(batch=2, steps=5, embed=9, heads=3),
    AttentionSizes(batch=3, steps=30, embed=32, heads=2),
    AttentionSizes(batch=2, steps=6, embed=8, heads=8),
]
SEEDS = range(20)
WRONG_BY = 100


def parts(draw: Draw, dtype: Any) -> tuple[list[list[Array]], Array, Array]:
    """The heads' three projections, the read-out and the inputs at a precision."""
    w_q, w_k, w_v, w_o, inputs = draw.arguments
    heads = [[w.astype(dtype) for w in head] for head in zip(w_q, w_k, w_v, strict=True)]
    return heads, w_o.astype(dtype), inputs.numpy().astype(dtype)


def attention(
    draw: Draw,
    dtype: Any,
    scale: Callable[[int, int], float] = lambda width, embed: width**-0.5,
    axis: int = -1,
) -> Array:
    heads, w_o, x = parts(draw, dtype)
    results = []
    for w_q, w_k, w_v in heads:
        scores = (x @ w_q) @ (x @ w_k).swapaxes(1, 2) * dtype(scale(w_q.shape[1], len(w_q)))
        results.append(softmax(scores, axis=axis) @ (x @ w_v))
    joined: Array = np.concatenate(results, axis=-1) @ w_o
    return joined


def unscaled(draw: Draw, dtype: Any) -> Array:
    return attention(draw, dtype, scale=lambda width, embed: 1.0)


def scaled_by_the_embedding(draw: Draw, dtype: Any) -> Array:
    return attention(draw, dtype, scale=lambda width, embed: embed**-0.5)


def softmax_over_queries(draw: Draw, dtype: Any) -> Array:
    return attention(draw, dtype, axis=1)


def transposed_read_out(draw: Draw, dtype: Any) -> Array:
    w_q, w_k, w_v, w_o, inputs = draw.arguments
    return attention(Draw("mha", (w_q, w_k, w_v, w_o.T, inputs), draw.expected), dtype)


def keys_and_queries_exchanged(draw: Draw, dtype: Any) -> Array:
    w_q, w_k, w_v, w_o, inputs = draw.arguments
    return attention(Draw("mha", (w_k, w_q, w_v, w_o, inputs), draw.expected), dtype)


def associated_otherwise(draw: Draw, dtype: Any) -> Array:
    """x (W_q W_k^T) x^T, and each head read out by itself: the same numbers in another order."""
    heads, w_o, x = parts(draw, dtype)
    width = heads[0][0].shape[1]
    total = np.zeros_like(x)
    for number, (w_q, w_k, w_v) in enumerate(heads):
        scores = x @ (w_q @ w_k.T) @ x.swapaxes(1, 2) / dtype(np.sqrt(width))
        weights = np.exp(scores)
        weights = weights / weights.sum(-1, keepdims=True)
        total += weights @ (x @ (w_v @ w_o[number * width : (number + 1) * width]))
    return total


def torch_mha(draw: Draw) -> Array:
    """Torch's float32 layer with the parameters as the student receives them."""
    w_q, w_k, w_v, w_o, inputs = draw.arguments
    layer = nn.MultiheadAttention(w_o.shape[0], len(w_q), bias=False, batch_first=True)
    packed = np.concatenate([np.concatenate(w, axis=1).T for w in (w_q, w_k, w_v)])
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.from_numpy(packed))
        layer.out_proj.weight.copy_(torch.from_numpy(np.ascontiguousarray(w_o.T)))
        output, _ = layer(inputs, inputs, inputs)
    result: Array = output.numpy()
    return result


def excess(actual: Array, draw: Draw) -> float:
    """The largest difference as a multiple of what is allowed for that value."""
    [right] = draw.expected
    assert actual.shape == right.value.shape == right.allowed.shape
    return float((np.abs(actual - right.value) / right.allowed).max())


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_arguments_are_as_the_helper_hands_them_out(sizes: AttentionSizes) -> None:
    w_q, w_k, w_v, w_o, inputs = mha_draw(sizes, 1, ALLOWANCE).arguments
    for heads in (w_q, w_k, w_v):
        assert isinstance(heads, list)
        assert [w.shape for w in heads] == [(sizes.embed, sizes.embed // sizes.heads)] * sizes.heads
        assert all(isinstance(w, np.ndarray) and w.dtype == np.float32 for w in heads)
    assert isinstance(w_o, np.ndarray)
    assert (w_o.shape, w_o.dtype) == ((sizes.embed, sizes.embed), np.float32)
    assert isinstance(inputs, torch.Tensor)
    assert inputs.shape == (sizes.batch, sizes.steps, sizes.embed)
    assert inputs.dtype == torch.float32


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_expected_values_are_those_of_the_formula(sizes: AttentionSizes) -> None:
    draw = mha_draw(sizes, 7, ALLOWANCE)
    [right] = draw.expected
    np.testing.assert_allclose(attention(draw, np.float64), right.value, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_float32_is_within_the_allowance(sizes: AttentionSizes) -> None:
    """Torch's own layer, and NumPy in two orders: no correct answer may fail."""
    for seed in SEEDS:
        draw = mha_draw(sizes, seed, ALLOWANCE)
        assert excess(torch_mha(draw), draw) <= 1
        assert excess(attention(draw, np.float32), draw) <= 1
        assert excess(associated_otherwise(draw, np.float32), draw) <= 1


def test_allowance_is_small_in_the_notebooks_case() -> None:
    for seed in SEEDS:
        [right] = mha_draw(NOTEBOOK, seed, ALLOWANCE).expected
        assert (right.allowed > 0).all()
        assert right.allowed.max() < 1e-3


@pytest.mark.parametrize(
    "wrong",
    [
        unscaled,
        scaled_by_the_embedding,
        softmax_over_queries,
        transposed_read_out,
        keys_and_queries_exchanged,
    ],
    ids=lambda wrong: wrong.__name__,
)
@pytest.mark.parametrize("sizes", [NOTEBOOK, SIZES[2]], ids=str)
def test_wrong_attention_is_far_off(wrong: Mha, sizes: AttentionSizes) -> None:
    for seed in SEEDS:
        draw = mha_draw(sizes, seed, ALLOWANCE)
        assert excess(wrong(draw, np.float64), draw) > WRONG_BY


def test_seed_decides_everything() -> None:
    first = mha_draw(NOTEBOOK, 5, ALLOWANCE)
    torch.manual_seed(99)
    again, other = mha_draw(NOTEBOOK, 5, ALLOWANCE), mha_draw(NOTEBOOK, 6, ALLOWANCE)
    assert torch.equal(first.arguments[4], again.arguments[4])
    assert not torch.equal(first.arguments[4], other.arguments[4])
    assert np.array_equal(first.arguments[3], again.arguments[3])
    assert not np.array_equal(first.arguments[3], other.arguments[3])
    assert np.array_equal(first.expected[0].value, again.expected[0].value)


def test_global_random_state_is_untouched() -> None:
    torch_before, numpy_before = torch.get_rng_state(), repr(np.random.get_state())
    mha_draw(NOTEBOOK, 5, ALLOWANCE)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert repr(np.random.get_state()) == numpy_before
