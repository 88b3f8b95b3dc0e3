"""How scores become the weights of an attention, masks included, and what goes wrong there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception

FORMULA = "torch.nn.functional.scaled_dot_product_attention"
PAGE = "torch.nn.MultiheadAttention"
SOFTMAX = "torch.nn.functional.softmax"


def softmax(scores: Array, axis: int | tuple[int, ...] = -1) -> Array:
    """Exponentials that sum to one over the axis or axes."""
    weights = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def _by_sums_of_other_rows(scores: Array) -> Array:
    weights = np.exp(scores)
    return weights / weights.sum(axis=-1)[..., np.newaxis, :]


def _by_sums_over(*axes: int) -> Callable[[Array], Array]:
    """Exponentials of the scores less a row's largest, divided by their sums over other axes."""

    def weighed(scores: Array) -> Array:
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=axes, keepdims=True)

    return weighed


def _log_softmax(scores: Array) -> Array:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _causal(scores: Array) -> Array:
    steps = scores.shape[-1]
    return np.where(np.tri(steps, dtype=bool), scores, -np.inf)


def _anticausal(scores: Array) -> Array:
    steps = scores.shape[-1]
    return np.where(np.tri(steps, dtype=bool).T, scores, -np.inf)


def _without_diagonal(scores: Array) -> Array:
    steps = scores.shape[-1]
    return np.where(np.eye(steps, dtype=bool), -np.inf, scores)


_SEEN = "which steps a query may see"
_WEIGHED = "what happens to the scores before they weigh the values"
_SCALE = "what the scores are divided by"
_SUM = "the axis over which the attention weights sum to one"
_DENOMINATOR = "What is the denominator of the page's formula, and over which axis is it summed?"
_WHICH_AXIS = "Which index of the scores counts the keys, and along which axis does the page's "
WEIGHT_MISCONCEPTIONS = (
    Misconception(
        id="no-scale",
        title="The scores are not scaled",
        where=_SCALE,
        explanation="The products of queries and keys go into the softmax as they are. The wider "
        "a head, the larger they are, and the harder the softmax.",
        hint="Find scale_factor in the page's code.",
        page=FORMULA,
        changes={"scale": lambda width, embed, heads: 1.0},
    ),
    Misconception(
        id="scaled-by-embedding",
        title="The scores are scaled by the embedding's width",
        where=_SCALE,
        explanation="The root is taken of the whole embedding's width. Each head compares queries "
        "and keys of its own, smaller width.",
        hint="Find scale_factor in the page's code: of which array's last axis is the root taken, "
        "and how long is that axis in one head?",
        page=FORMULA,
        changes={"scale": lambda width, embed, heads: embed**-0.5},
    ),
    Misconception(
        id="scaled-by-head-count",
        title="The scores are scaled by the number of heads",
        where=_SCALE,
        explanation="The root is taken of how many heads there are, not of how wide one is.",
        hint="Find scale_factor in the page's code: of which array's last axis is the root taken?",
        page=FORMULA,
        changes={"scale": lambda width, embed, heads: heads**-0.5},
    ),
    Misconception(
        id="scaled-by-steps",
        title="The scores are scaled by the number of steps",
        where=_SCALE,
        explanation="The root is taken of the sequence's length, not of a head's width.",
        hint="Find scale_factor in the page's code: of which axis is the root taken?",
        page=FORMULA,
        changes={
            "scale": lambda width, embed, heads: 1.0,
            "masked": lambda scores: scores * scores.shape[-1] ** -0.5,
        },
    ),
    Misconception(
        id="scaled-without-root",
        title="The scores are divided by the width itself, not by its root, or by the root twice",
        where=_SCALE,
        explanation="The scores become too small, and the attention too even.",
        hint="Find scale_factor in the page's code.",
        page=FORMULA,
        changes={"scale": lambda width, embed, heads: 1 / width},
    ),
    Misconception(
        id="multiplied-by-root",
        title="The scores are multiplied by the root of the width",
        where=_SCALE,
        explanation="The scores become larger where they should become smaller, and the attention "
        "nearly picks a single step.",
        hint="Find scale_factor in the page's code: is it larger or smaller than one?",
        page=FORMULA,
        changes={"scale": lambda width, embed, heads: width**0.5},
    ),
    Misconception(
        id="scaled-for-the-notebook",
        title="The scores are scaled for the notebook's width alone",
        where=_SCALE,
        explanation="They are divided by the root of 2, whatever the width is. The width of a head "
        "is 2 in the notebook; with other sizes it is another.",
        hint="Find scale_factor in the page's code: which array's last axis does it depend on?",
        page=FORMULA,
        changes={"scale": lambda width, embed, heads: 2**-0.5},
    ),
    Misconception(
        id="scaled-after-softmax",
        title="The weights are scaled instead of the scores",
        where="the order of scaling and softmax",
        explanation="The division by the root of the width comes after the softmax, so that the "
        "weights of a query do not sum to one.",
        hint="Find scale_factor in the page's code: is it before the softmax or after it?",
        page=FORMULA,
        changes={
            "scale": lambda width, embed, heads: 1.0,
            "mixed": lambda weights, v: weights @ v * v.shape[-1] ** -0.5,
        },
    ),
    Misconception(
        id="softmax-over-queries",
        title="The softmax runs over the queries",
        where=_SUM,
        explanation="For each key the weights of all queries sum to one. Each query should "
        "distribute its attention over the keys.",
        hint=_WHICH_AXIS + "code take the softmax of attn_weight?",
        page=FORMULA,
        changes={"weighed": lambda scores: softmax(scores, -2)},
    ),
    Misconception(
        id="softmax-over-heads",
        title="The softmax runs over the heads",
        where=_SUM,
        explanation="The heads compete with each other for each pair of steps. Each head has a "
        "softmax of its own.",
        hint=_WHICH_AXIS + "code take the softmax of attn_weight?",
        page=FORMULA,
        changes={"weighed": lambda scores: softmax(scores, 1)},
    ),
    Misconception(
        id="softmax-over-batch",
        title="The softmax runs over the batch",
        where=_SUM,
        explanation="The sequences of the batch compete with each other, so that what one "
        "sequence gives depends on the others.",
        hint="See what the argument dim is, and which axis of yours it names.",
        page=SOFTMAX,
        changes={"weighed": lambda scores: softmax(scores, 0)},
    ),
    Misconception(
        id="softmax-over-all-pairs",
        title="The softmax runs over all pairs of steps",
        where=_SUM,
        explanation="All scores of a sequence sum to one together. Each query has a distribution "
        "of its own.",
        hint="See what the argument dim is: along how many axes does it sum to one?",
        page=SOFTMAX,
        changes={"weighed": lambda scores: softmax(scores, (2, 3))},
    ),
    Misconception(
        id="softmax-over-everything",
        title="The softmax runs over a head's whole array",
        where=_SUM,
        explanation="All scores of the whole batch sum to one together, as a sum without an axis "
        "gives it.",
        hint="See what the argument dim is: along how many axes does it sum to one?",
        page=SOFTMAX,
        changes={"weighed": lambda scores: softmax(scores, (0, 2, 3))},
    ),
    Misconception(
        id="sums-over-queries",
        title="The softmax divides by sums over the queries",
        where=_SUM,
        explanation="The largest score that is taken off is that of each query, but the "
        "exponentials are added up over the queries.",
        hint="Compare the axis of your sum with that of your largest score, and with the page's "
        "dim.",
        page=SOFTMAX,
        changes={"weighed": _by_sums_over(-2)},
    ),
    Misconception(
        id="sums-over-heads",
        title="The softmax divides by sums over the heads",
        where=_SUM,
        explanation="The largest score that is taken off is that of each query, but the "
        "exponentials are added up over the heads.",
        hint="Compare the axis of your sum with that of your largest score, and with the page's "
        "dim.",
        page=SOFTMAX,
        changes={"weighed": _by_sums_over(1)},
    ),
    Misconception(
        id="sums-over-batch",
        title="The softmax divides by sums over the batch",
        where=_SUM,
        explanation="The largest score that is taken off is that of each query, but the "
        "exponentials are added up over the batch.",
        hint="Compare the axis of your sum with that of your largest score, and with the page's "
        "dim.",
        page=SOFTMAX,
        changes={"weighed": _by_sums_over(0)},
    ),
    Misconception(
        id="sums-over-everything",
        title="The softmax divides by sums over a head's whole array",
        where=_SUM,
        explanation="The largest score that is taken off is that of each query, but the "
        "exponentials are added up over a head's whole array.",
        hint="Compare the axis of your sum with that of your largest score, and with the page's "
        "dim.",
        page=SOFTMAX,
        changes={"weighed": _by_sums_over(0, 2, 3)},
    ),
    Misconception(
        id="sums-without-their-axis",
        title="The softmax divides by the sums of other rows",
        where=_SUM,
        explanation="A sum along the last axis has that axis no more. Broadcasting then lays the "
        "sums of the rows along the columns, and each score is divided by another row's sum.",
        hint="See what keepdim is for, and what shape your sums have without it.",
        page="torch.sum",
        changes={"weighed": _by_sums_of_other_rows},
    ),
    Misconception(
        id="no-softmax",
        title="There is no softmax",
        where=_WEIGHED,
        explanation="The scores themselves are taken as weights. They can be negative, and do not "
        "sum to one.",
        hint="See what the page's code does to attn_weight before the last product.",
        page=FORMULA,
        changes={"weighed": lambda scores: scores},
    ),
    Misconception(
        id="softmax-not-normalised",
        title="The softmax does not divide by its sum",
        where=_WEIGHED,
        explanation="The exponentials themselves are taken as weights: they are positive, and do "
        "not sum to one.",
        hint=_DENOMINATOR,
        page=SOFTMAX,
        changes={"weighed": np.exp},
    ),
    Misconception(
        id="softmax-shifted-not-normalised",
        title="The softmax of the shifted scores does not divide by its sum",
        where=_WEIGHED,
        explanation="The exponentials of the scores less the largest are taken as weights: the "
        "largest weight is one, and they do not sum to one.",
        hint=_DENOMINATOR,
        page=SOFTMAX,
        changes={"weighed": lambda s: np.exp(s - s.max(axis=-1, keepdims=True))},
    ),
    Misconception(
        id="softmax-without-exponential",
        title="The softmax has no exponential",
        where=_WEIGHED,
        explanation="The scores are divided by their sum as they are. They can be negative, and "
        "their sum can be near zero.",
        hint="What is in the numerator of the page's formula, and what is summed in the "
        "denominator?",
        page=SOFTMAX,
        changes={"weighed": lambda scores: scores / scores.sum(axis=-1, keepdims=True)},
    ),
    Misconception(
        id="log-softmax",
        title="The logarithm of the softmax stands in its place",
        where=_WEIGHED,
        explanation="The weights are logarithms: none is positive, and they do not sum to one.",
        hint="Which function stands around the fraction in what you compute, and is it on the "
        "page?",
        page=SOFTMAX,
        changes={"weighed": _log_softmax},
    ),
    Misconception(
        id="sigmoid-for-softmax",
        title="A sigmoid stands in the place of the softmax",
        where=_WEIGHED,
        explanation="Each weight is made of its own score alone, and those of a query do not sum "
        "to one.",
        hint="See what the page's code does to attn_weight before the last product.",
        page=FORMULA,
        changes={"weighed": lambda scores: 1 / (1 + np.exp(-scores))},
    ),
    Misconception(
        id="causal-mask",
        title="A causal mask hides later steps",
        where=_SEEN,
        explanation="Each step sees only itself and what came before. The layer of this question "
        "is built and called without a mask.",
        hint="See what is_causal and attn_mask are by default.",
        page=PAGE,
        changes={"masked": _causal},
    ),
    Misconception(
        id="mask-hides-earlier-steps",
        title="A mask hides earlier steps",
        where=_SEEN,
        explanation="Each step sees only itself and what comes after. The layer of this question "
        "is built and called without a mask.",
        hint="See what is_causal and attn_mask are by default.",
        page=PAGE,
        changes={"masked": _anticausal},
    ),
    Misconception(
        id="mask-hides-the-step-itself",
        title="A mask hides each step from itself",
        where=_SEEN,
        explanation="Each step sees all steps but itself. The layer of this question is built and "
        "called without a mask.",
        hint="See what is_causal and attn_mask are by default.",
        page=PAGE,
        changes={"masked": _without_diagonal},
    ),
)
