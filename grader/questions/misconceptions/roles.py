"""Which kernels make an attention's queries, keys and values, and what goes wrong with that."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception
from grader.questions.misconceptions.weights import FORMULA, PAGE


def _first_for_all(kernels: Array) -> Array:
    return np.repeat(kernels[:1], len(kernels), axis=0)


def _slices(kernels: Array) -> Array:
    """Kernels [N,E,W] that cut the input into its heads' parts."""
    heads, embed, width = kernels.shape
    return np.eye(embed).reshape(embed, heads, width).swapaxes(0, 1)


_ROLES = "which kernels make queries, keys and values"
ROLE_MISCONCEPTIONS = (
    Misconception(
        id="keys-and-queries-exchanged",
        title="Keys and queries are exchanged",
        where=_ROLES,
        explanation="What should ask is asked: the scores are transposed, and only their values "
        "reveal it.",
        hint="See which of the first two arguments the rows of the scores belong to in the "
        "page's code.",
        page=FORMULA,
        changes={"kernels": lambda q, k, v: (k, q, v)},
        of_arguments=True,
    ),
    Misconception(
        id="keys-and-values-exchanged",
        title="Keys and values are exchanged",
        where=_ROLES,
        explanation="The queries are compared with the values, and what is passed on are the keys.",
        hint="See what attn_weight is multiplied by in the last line of the page's code, and "
        "which array it is computed with.",
        page=FORMULA,
        changes={"kernels": lambda q, k, v: (q, v, k)},
        of_arguments=True,
    ),
    Misconception(
        id="queries-and-values-exchanged",
        title="Queries and values are exchanged",
        where=_ROLES,
        explanation="The values ask, and what is passed on are the queries.",
        hint="See what attn_weight is multiplied by in the last line of the page's code, and "
        "which array it is computed with.",
        page=FORMULA,
        changes={"kernels": lambda q, k, v: (v, k, q)},
        of_arguments=True,
    ),
    Misconception(
        id="keys-from-queries",
        title="The queries are used as keys",
        where=_ROLES,
        explanation="Queries are compared with queries. The keys, which they are compared with, "
        "have kernels of their own.",
        hint="See which two arrays the product in the page's code is made of, and which kernels "
        "yours come from.",
        page=FORMULA,
        changes={"kernels": lambda q, k, v: (q, q, v)},
    ),
    Misconception(
        id="queries-from-keys",
        title="The keys are used as queries",
        where=_ROLES,
        explanation="Keys are compared with keys. The queries, which ask, have kernels of their "
        "own.",
        hint="See which two arrays the product in the page's code is made of, and which kernels "
        "yours come from.",
        page=FORMULA,
        changes={"kernels": lambda q, k, v: (k, k, v)},
    ),
    Misconception(
        id="queries-from-values",
        title="The values are used as queries",
        where=_ROLES,
        explanation="The keys are compared with the values. The queries, which ask, have kernels "
        "of their own.",
        hint="See which two arrays the product in the page's code is made of, and which kernels "
        "yours come from.",
        page=FORMULA,
        changes={"kernels": lambda q, k, v: (v, k, v)},
    ),
    Misconception(
        id="keys-from-values",
        title="The values are used as keys",
        where=_ROLES,
        explanation="The queries are compared with the values. The keys, which they are compared "
        "with, have kernels of their own.",
        hint="See which two arrays the product in the page's code is made of, and which kernels "
        "yours come from.",
        page=FORMULA,
        changes={"kernels": lambda q, k, v: (q, v, v)},
    ),
    Misconception(
        id="values-not-projected",
        title="Slices of the input are used as values",
        where=_ROLES,
        explanation="Each head passes on a part of the input as it is. The values have kernels, "
        "like queries and keys.",
        hint="See what the third argument of a head is in the page's formula.",
        page=PAGE,
        changes={"kernels": lambda q, k, v: (q, k, _slices(v))},
    ),
    Misconception(
        id="values-from-keys",
        title="The keys are used as values",
        where=_ROLES,
        explanation="The attention weighs the keys up. What it passes on are the values, which "
        "have kernels of their own.",
        hint="See what attn_weight is multiplied by in the last line of the page's code.",
        page=FORMULA,
        changes={"kernels": lambda q, k, v: (q, k, k)},
    ),
    Misconception(
        id="values-from-queries",
        title="The queries are used as values",
        where=_ROLES,
        explanation="The attention weighs the queries up. What it passes on are the values, which "
        "have kernels of their own.",
        hint="See what attn_weight is multiplied by in the last line of the page's code.",
        page=FORMULA,
        changes={"kernels": lambda q, k, v: (q, k, q)},
    ),
    Misconception(
        id="first-head-for-all",
        title="All heads use the first head's kernels",
        where=_ROLES,
        explanation="Every head gives the same numbers; the loop over the heads does not use its "
        "index, or a result is stored several times.",
        hint="Each head of the page's formula has kernels of its own, with an index i.",
        page=PAGE,
        changes={"kernels": lambda q, k, v: tuple(map(_first_for_all, (q, k, v)))},
    ),
    Misconception(
        id="first-head-queries",
        title="All heads use the first head's kernel of the queries",
        where=_ROLES,
        explanation="The queries of all heads are those of the first one: the loop over the heads "
        "does not use its index there.",
        hint="Each head of the page's formula has kernels of its own, with an index i; see where "
        "yours has it.",
        page=PAGE,
        changes={"kernels": lambda q, k, v: (_first_for_all(q), k, v)},
    ),
    Misconception(
        id="first-head-keys",
        title="All heads use the first head's kernel of the keys",
        where=_ROLES,
        explanation="The keys of all heads are those of the first one: the loop over the heads "
        "does not use its index there.",
        hint="Each head of the page's formula has kernels of its own, with an index i; see where "
        "yours has it.",
        page=PAGE,
        changes={"kernels": lambda q, k, v: (q, _first_for_all(k), v)},
    ),
    Misconception(
        id="first-head-values",
        title="All heads use the first head's kernel of the values",
        where=_ROLES,
        explanation="The values of all heads are those of the first one: the loop over the heads "
        "does not use its index there.",
        hint="Each head of the page's formula has kernels of its own, with an index i; see where "
        "yours has it.",
        page=PAGE,
        changes={"kernels": lambda q, k, v: (q, k, _first_for_all(v))},
    ),
)
