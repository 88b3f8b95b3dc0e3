"""The scores of an attention: what goes wrong with their product and their scale."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.record import Misconception
from grader.questions.misconceptions.weights import FORMULA

_SCALE = "what the scores are divided by"
_PRODUCT = "the product of queries and keys"
SCORE_MISCONCEPTIONS = (
    Misconception(
        id="no-scale",
        title="The scores are not scaled",
        where=_SCALE,
        explanation="The products of queries and keys are not divided by anything, though they "
        "are the larger the wider a head is.",
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
        explanation="The scores become too small, the more so the wider a head is.",
        hint="Find scale_factor in the page's code.",
        page=FORMULA,
        changes={"scale": lambda width, embed, heads: 1 / width},
    ),
    Misconception(
        id="multiplied-by-root",
        title="The scores are multiplied by the root of the width",
        where=_SCALE,
        explanation="The scores become larger where they should become smaller, the more so the "
        "wider a head is.",
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
        id="scaled-by-a-whole-root",
        title="The root of the width is cut to a whole number",
        where=_SCALE,
        explanation="The scores are divided by the whole part of the root, which is right only "
        "where the width of a head is a square.",
        hint="Find scale_factor in the page's code: is it made an integer there?",
        page=FORMULA,
        changes={"scale": lambda width, embed, heads: 1 / int(width**0.5)},
    ),
    Misconception(
        id="scaled-by-batch",
        title="The scores are scaled by the number of sequences",
        where=_SCALE,
        explanation="The root is taken of how many sequences there are, not of a head's width.",
        hint="Find scale_factor in the page's code: of which axis is the root taken?",
        page=FORMULA,
        changes={
            "scale": lambda width, embed, heads: 1.0,
            "masked": lambda scores: scores * len(scores) ** -0.5,
        },
    ),
    Misconception(
        id="scaled-after-softmax",
        title="The weights are scaled instead of the scores",
        where="the order of scaling and softmax",
        explanation="The division by the root of the width comes after the scores have become "
        "weights, so that the weights are divided instead.",
        hint="Find scale_factor in the page's code: is it before the softmax or after it?",
        page=FORMULA,
        changes={
            "scale": lambda width, embed, heads: 1.0,
            "mixed": lambda weights, v: weights @ v * v.shape[-1] ** -0.5,
        },
    ),
    Misconception(
        id="scaled-for-the-notebooks-embedding",
        title="The scores are scaled by the width of the notebook's embedding",
        where=_SCALE,
        explanation="They are divided by the root of 10, whatever the width of a head is.",
        hint="Find scale_factor in the page's code: which array's last axis does it depend on?",
        page=FORMULA,
        changes={"scale": lambda width, embed, heads: 10**-0.5},
    ),
    Misconception(
        id="scores-negated",
        title="The scores have the wrong sign",
        where=_PRODUCT,
        explanation="The more a key is like the query, the less it is attended to.",
        hint="Compare the sign of the product in the page's code with that of yours.",
        page=FORMULA,
        changes={"compared": lambda q, k: -(q @ k.swapaxes(-1, -2))},
    ),
    Misconception(
        id="scores-floored",
        title="The scores are rounded down to whole numbers",
        where=_SCALE,
        explanation="What is behind the point of a quotient is lost, as where the division is one "
        "of whole numbers, so that scores near to each other become the same.",
        hint="See what the page says of its argument rounding_mode, and which division your line "
        "has.",
        page="torch.div",
        changes={"scale": lambda width, embed, heads: width**-0.5, "masked": np.floor},
    ),
    Misconception(
        id="scores-truncated",
        title="The scores are made whole numbers",
        where="the dtype of the scores",
        explanation="What is behind the point of a score is cut off, so that scores near to each "
        "other become the same.",
        hint="The page's function does what an array of whole numbers does to what is put into it; "
        "see which dtype yours have.",
        page="torch.trunc",
        changes={"masked": np.trunc},
    ),
    Misconception(
        id="keys-reshaped",
        title="The keys are reshaped where their axes should be exchanged",
        where=_PRODUCT,
        explanation="A reshape to [width, steps] keeps the order of the numbers in memory, so that "
        "a column holds parts of several keys, though the shape is right.",
        hint="A reshape moves no number; which function of the page's code is it that does?",
        page=FORMULA,
        changes={"compared": lambda q, k: q @ k.reshape(k.swapaxes(-1, -2).shape)},
    ),
    Misconception(
        id="attention-over-features",
        title="Features attend to features instead of steps to steps",
        where=_PRODUCT,
        explanation="The sum of the product runs over the steps, so that the scores of a head are "
        "as wide as the head, not as the sequence is long.",
        hint="Find the product in the page's code, and write down the shape of its result.",
        page=FORMULA,
        changes={
            "compared": lambda q, k: q.swapaxes(-1, -2) @ k,
            "mixed": lambda weights, v: v @ weights,
        },
    ),
)
