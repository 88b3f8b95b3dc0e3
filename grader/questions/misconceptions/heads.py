"""The heads of an attention, and what goes wrong where they are split and joined."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception
from grader.questions.misconceptions.weights import FORMULA, PAGE


def concatenated(heads: Array) -> Array:
    """Heads [B,N,T,W] side by side, [B,T,N*W]."""
    batch, count, steps, width = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(batch, steps, count * width)


def _interleaved(heads: Array) -> Array:
    batch, count, steps, width = heads.shape
    return heads.transpose(0, 2, 3, 1).reshape(batch, steps, width * count)


def _reshaped(heads: Array) -> Array:
    batch, count, steps, width = heads.shape
    return heads.reshape(batch, steps, count * width)


def _stacked_and_reshaped(heads: Array) -> Array:
    batch, count, steps, width = heads.shape
    return heads.swapaxes(0, 1).reshape(batch, steps, count * width)


def _kernels_reshaped(kernels: Array) -> Array:
    """Kernels [N,E,W] as those that one kernel [E,N*W] of the same memory has side by side."""
    heads, embed, width = kernels.shape
    return kernels.reshape(embed, heads, width).swapaxes(0, 1)


def _but_for(heads: Array, left_out: slice) -> Array:
    kept = heads.copy()
    kept[:, left_out] = 0
    return kept


def _over_all_heads(q: Array, k: Array) -> Array:
    products = q @ k.swapaxes(-1, -2)
    return np.repeat(products.sum(axis=1, keepdims=True), q.shape[1], axis=1)


def _summed_in_the_first_place(heads: Array) -> Array:
    joined = np.zeros_like(heads)
    joined[:, 0] = heads.sum(axis=1)
    return concatenated(joined)


SPLIT = "how the projections are divided into heads"
JOIN = "how the heads are put together"
HEAD_MISCONCEPTIONS = (
    Misconception(
        id="heads-split-by-reshape",
        title="The heads are split by a reshape without exchanging axes",
        where=SPLIT,
        explanation="An array [batch, steps, embedding] was reshaped to [batch, heads, steps, "
        "width]: the numbers of several heads and steps share a row.",
        hint="A reshape keeps the order in memory. Which two axes does it make of the last one, "
        "and which exchange has to follow?",
        page="torch.transpose",
        changes={"split": lambda heads: concatenated(heads).reshape(heads.shape)},
    ),
    Misconception(
        id="heads-split-and-joined-by-reshape",
        title="The heads are split and joined by reshapes without exchanging axes",
        where=SPLIT,
        explanation="An array [batch, steps, embedding] was reshaped to [batch, heads, steps, "
        "width], where the numbers of several heads and steps share a row, and back in the end.",
        hint="A reshape keeps the order in memory. Which two axes does it make of the last one, "
        "and which exchange has to follow?",
        page="torch.transpose",
        changes={
            "split": lambda heads: concatenated(heads).reshape(heads.shape),
            "joined": _reshaped,
        },
    ),
    Misconception(
        id="attention-over-heads",
        title="The heads of a step attend to each other",
        where=SPLIT,
        explanation="An array [batch, steps, heads, width] went into the products as it is, so "
        "that there the heads are in the place of the steps.",
        hint="The page's code multiplies the last two axes: which ones are they in yours, and "
        "which exchange has to come before?",
        page=FORMULA,
        changes={
            "split": lambda heads: heads.swapaxes(1, 2),
            "joined": lambda heads: heads.reshape(*heads.shape[:2], -1),
        },
    ),
    Misconception(
        id="one-wide-head",
        title="All heads are one head of the embedding's width",
        where=SPLIT,
        explanation="Queries and keys are compared over the whole embedding at once, so that all "
        "heads have the same weights.",
        hint="See in the page's formula what each head is made of, and how many softmaxes that "
        "makes.",
        page=PAGE,
        changes={
            "compared": _over_all_heads,
            "scale": lambda width, embed, heads: embed**-0.5,
        },
    ),
    Misconception(
        id="one-wide-head-scaled-by-a-heads-width",
        title="All heads are one, compared over the whole embedding and scaled by a head's width",
        where=SPLIT,
        explanation="Queries and keys are compared over the whole embedding at once, so that all "
        "heads have the same weights; the root is taken of the width of one of many heads.",
        hint="See in the page's formula what each head is made of, and how many softmaxes that "
        "makes.",
        page=PAGE,
        changes={
            "compared": _over_all_heads,
            "scale": lambda width, embed, heads: width**-0.5,
        },
    ),
    Misconception(
        id="kernels-reshaped",
        title="The heads' kernels are reshaped to one where they should stand side by side",
        where="how the heads' kernels are made one",
        explanation="A reshape of [heads, E, width] to [E, E] keeps the order of the numbers in "
        "memory, so that a row of the result holds rows of one head alone, though the shape is "
        "right.",
        hint="Read how the page treats the order of elements; compare torch.cat.",
        page="torch.reshape",
        changes={"kernels": lambda *kernels: tuple(map(_kernels_reshaped, kernels))},
    ),
    Misconception(
        id="heads-reversed",
        title="The heads are joined from the last to the first",
        where=JOIN,
        explanation="Each head meets the rows of the output projection that belong to another one.",
        hint="See in which order the page's formula concatenates the heads.",
        page=PAGE,
        changes={"joined": lambda heads: concatenated(heads[:, ::-1])},
    ),
    Misconception(
        id="heads-interleaved",
        title="The heads are interleaved",
        where=JOIN,
        explanation="First come the first features of all heads, then the second ones. The heads "
        "belong one after the other.",
        hint="See the difference from torch.stack: along which axis do the pieces stay whole?",
        page="torch.cat",
        changes={"joined": _interleaved},
    ),
    Misconception(
        id="heads-reshaped",
        title="The heads are joined by a reshape without exchanging axes",
        where=JOIN,
        explanation="An array [batch, heads, steps, width] was reshaped to [batch, steps, "
        "embedding]: the shape is right, but the numbers of several steps share a row.",
        hint="A reshape keeps the order in memory; which axis has to stand beside the width first?",
        page="torch.transpose",
        changes={"joined": _reshaped},
    ),
    Misconception(
        id="heads-stacked-and-reshaped",
        title="The list of heads is reshaped into the output",
        where=JOIN,
        explanation="An array [heads, batch, steps, width] was reshaped to [batch, steps, "
        "embedding]: the shape is right, but the numbers of several sequences are mixed up.",
        hint="A reshape keeps the order in memory; the page joins along an axis instead.",
        page="torch.cat",
        changes={"joined": _stacked_and_reshaped},
    ),
    Misconception(
        id="last-head-alone",
        title="Only the last head is kept",
        where=JOIN,
        explanation="The last head is at its place, and the others are zero: what they gave is "
        "lost, as where an array is filled anew for each head.",
        hint="The page's formula concatenates all heads. See how many of yours are there after "
        "the loop, and which line of it makes the array.",
        page=PAGE,
        changes={"joined": lambda heads: concatenated(_but_for(heads, slice(None, -1)))},
    ),
    Misconception(
        id="first-head-alone",
        title="Only the first head is kept",
        where=JOIN,
        explanation="Nothing of the other heads is in the output, as where the function returns "
        "within the loop over the heads.",
        hint="The page's formula concatenates all heads: is your line with return inside of the "
        "loop?",
        page=PAGE,
        changes={"joined": lambda heads: concatenated(_but_for(heads, slice(1, None)))},
    ),
    Misconception(
        id="last-head-left-out",
        title="The last head is left out",
        where=JOIN,
        explanation="The part of the last head is zero, as where the loop over the heads ends one "
        "head early.",
        hint="The page's formula concatenates all heads; see what your loop counts to.",
        page=PAGE,
        changes={"joined": lambda heads: concatenated(_but_for(heads, slice(-1, None)))},
    ),
    Misconception(
        id="heads-averaged",
        title="The heads' parts of the output are averaged",
        where=JOIN,
        explanation="The output is divided by the number of heads. What they give goes through the "
        "output projection side by side, which adds their parts up.",
        hint="See what the page's formula does with the heads before the projection.",
        page=PAGE,
        changes={"joined": lambda heads: concatenated(heads) / heads.shape[1]},
    ),
    Misconception(
        id="heads-summed",
        title="The heads are added up before the projection",
        where=JOIN,
        explanation="All heads go through the first rows of the output projection, which are the "
        "first head's; its other rows are not used.",
        hint="The page's formula concatenates the heads: which rows of W^O does the second one "
        "meet?",
        page=PAGE,
        changes={"joined": _summed_in_the_first_place},
    ),
    Misconception(
        id="last-head-for-all",
        title="The last head stands in the place of each head",
        where=JOIN,
        explanation="What is joined is the same head several times: the last one.",
        hint="The page's formula concatenates heads with an index i; see what is in your list, "
        "and when it was put there.",
        page=PAGE,
        changes={"joined": lambda heads: concatenated(np.repeat(heads[:, -1:], heads.shape[1], 1))},
    ),
)
