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
_SUM = "the axis over which the attention weights sum to one"
_DENOMINATOR = "What is the denominator of the page's formula, and over which axis is it summed?"
_WHICH_AXIS = "Which index of the scores counts the keys, and along which axis does the page's "
WEIGHT_MISCONCEPTIONS = (
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
        id="sums-of-other-rows",
        title="The softmax of shifted scores divides by the sums of other rows",
        where=_SUM,
        explanation="The largest score that is taken off is that of each query. A sum along the "
        "last axis has that axis no more, and put beside each other the wrong way the sums divide "
        "the scores of other rows.",
        hint="See what keepdim is for, and what shape your sums have without it.",
        page="torch.sum",
        changes={
            "weighed": lambda scores: _by_sums_of_other_rows(
                scores - scores.max(axis=-1, keepdims=True)
            )
        },
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
    Misconception(
        id="softmax-twice",
        title="The softmax is applied twice",
        where=_WEIGHED,
        explanation="What goes into the second softmax are weights between 0 and 1 already, so "
        "that what comes out is nearly even.",
        hint="Count the calls of softmax in the page's code, and in yours, those within a helper "
        "too.",
        page=FORMULA,
        changes={"weighed": lambda scores: softmax(softmax(scores))},
    ),
    Misconception(
        id="uniform-weights",
        title="All weights are the same",
        where=_WEIGHED,
        explanation="Each head averages the values over all steps; queries and keys do not matter.",
        hint="See what the page's code makes attn_weight of, and what yours depend on.",
        page=FORMULA,
        changes={"weighed": lambda scores: np.ones_like(scores) / scores.shape[-1]},
    ),
    Misconception(
        id="largest-over-queries",
        title="What is taken off the scores is the largest over the queries",
        where=_SUM,
        explanation="Within a softmax all scores may become smaller by the same number. Here "
        "those of a query become smaller by different ones, each by the largest score of its key.",
        hint="Compare the axis of your largest score with that of your sum, and with the page's "
        "dim.",
        page=SOFTMAX,
        changes={"weighed": lambda s: softmax(s - s.max(axis=-2, keepdims=True))},
    ),
    Misconception(
        id="largest-of-other-rows",
        title="What is taken off the scores is the largest of other rows",
        where=_SUM,
        explanation="The largest along the last axis have that axis no more. Broadcasting then "
        "lays them along the columns, and from each score another row's largest is taken off.",
        hint="See what keepdim is for, and what shape your largest scores have without it.",
        page="torch.amax",
        changes={"weighed": lambda s: softmax(s - s.max(axis=-1)[..., np.newaxis, :])},
    ),
    Misconception(
        id="weights-not-used",
        title="The values are passed on without weights",
        where="the product of weights and values",
        explanation="Each step gets its own value alone, and nothing of the other steps.",
        hint="See what the last line of the page's code multiplies.",
        page=FORMULA,
        changes={"mixed": lambda weights, v: v},
    ),
)
