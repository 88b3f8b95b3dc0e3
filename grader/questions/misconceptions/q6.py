"""Q6: multi-head self-attention, and what students make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception
from grader.questions.misconceptions.weights import FORMULA, WEIGHT_MISCONCEPTIONS, softmax

PAGE = "torch.nn.MultiheadAttention"


def concatenated(heads: Array) -> Array:
    """Heads [B,N,T,W] side by side, [B,T,N*W]."""
    batch, count, steps, width = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(batch, steps, count * width)


@dataclass(frozen=True)
class Attention:
    """``mha`` of the assignment, part by part. Scores and weights are [B,N,T,T]."""

    read: Callable[[Array], Array] = lambda x: x
    kernels: Callable[[Array, Array, Array], tuple[Array, Array, Array]] = lambda q, k, v: (q, k, v)
    compared: Callable[[Array, Array], Array] = lambda q, k: q @ k.swapaxes(-1, -2)
    scale: Callable[[int, int, int], float] = lambda width, embed, heads: width**-0.5
    """What scores are multiplied by."""
    masked: Callable[[Array], Array] = lambda scores: scores
    weighed: Callable[[Array], Array] = softmax
    mixed: Callable[[Array, Array], Array] = lambda weights, v: weights @ v
    joined: Callable[[Array], Array] = concatenated
    projected: Callable[[Array, Array], Array] = lambda joined, w_o: joined @ w_o
    returned: Callable[[Array, Array], Array] = lambda output, x: output

    def __call__(
        self, Wq: list[Array], Wk: list[Array], Wv: list[Array], Wo: Array, input_data: Array
    ) -> Array:
        """The output, as a student with these parts returns it."""
        given = np.asarray(input_data, dtype=np.float64)
        x = self.read(given)
        w_q, w_k, w_v = self.kernels(*(np.stack(w).astype(np.float64) for w in (Wq, Wk, Wv)))
        q, k, v = (np.einsum("bte,nef->bntf", x, w) for w in (w_q, w_k, w_v))
        heads, embed, width = w_q.shape
        scores = self.compared(q, k) * self.scale(width, embed, heads)
        mixed = self.mixed(self.weighed(self.masked(scores)), v)
        output = self.projected(self.joined(mixed), Wo.astype(np.float64))
        return self.returned(output, given)


def _causal(scores: Array) -> Array:
    steps = scores.shape[-1]
    return np.where(np.tri(steps, dtype=bool), scores, -np.inf)


def _interleaved(heads: Array) -> Array:
    batch, count, steps, width = heads.shape
    return heads.transpose(0, 2, 3, 1).reshape(batch, steps, width * count)


def _reshaped(heads: Array) -> Array:
    batch, count, steps, width = heads.shape
    return heads.reshape(batch, steps, count * width)


def _stacked_and_reshaped(heads: Array) -> Array:
    batch, count, steps, width = heads.shape
    return heads.swapaxes(0, 1).reshape(batch, steps, count * width)


def _first_for_all(kernels: Array) -> Array:
    return np.repeat(kernels[:1], len(kernels), axis=0)


def _slices(kernels: Array) -> Array:
    """Kernels [N,E,W] that cut the input into its heads' parts."""
    heads, embed, width = kernels.shape
    return np.eye(embed).reshape(embed, heads, width).swapaxes(0, 1)


SOLUTION = Attention()
_JOIN = "how the heads are put together"
_PROJECTION = "the output projection"
_ROLES = "which kernels make queries, keys and values"
MISCONCEPTIONS = (
    *WEIGHT_MISCONCEPTIONS,
    Misconception(
        id="causal-mask",
        title="A causal mask hides later steps",
        where="which steps a query may see",
        explanation="Each step sees only itself and what came before. The layer of this question "
        "is built and called without a mask.",
        hint="See what is_causal and attn_mask are by default.",
        page=PAGE,
        changes={"masked": _causal},
    ),
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
    Misconception(
        id="keys-reshaped",
        title="The keys are reshaped where their axes should be exchanged",
        where="the product of queries and keys",
        explanation="A reshape to [width, steps] keeps the order of the numbers in memory, so that "
        "a column holds parts of several keys, though the shape is right.",
        hint="A reshape moves no number; which function of the page's code is it that does?",
        page=FORMULA,
        changes={"compared": lambda q, k: q @ k.reshape(k.swapaxes(-1, -2).shape)},
    ),
    Misconception(
        id="attention-over-features",
        title="Features attend to features instead of steps to steps",
        where="the product of queries and keys",
        explanation="The sum of the product runs over the steps, so that the scores of a head are "
        "as wide as the head, not as the sequence is long.",
        hint="Find the product in the page's code, and write down the shape of its result.",
        page=FORMULA,
        changes={
            "compared": lambda q, k: q.swapaxes(-1, -2) @ k,
            "mixed": lambda weights, v: v @ weights,
        },
    ),
    Misconception(
        id="weights-transposed",
        title="The attention weights are transposed",
        where="the product of weights and values",
        explanation="Each step gets what others' queries give it, so that its weights do not sum "
        "to one.",
        hint="Look at the last line of the page's code: which index is summed over?",
        page=FORMULA,
        changes={"mixed": lambda weights, v: weights.swapaxes(-1, -2) @ v},
    ),
    Misconception(
        id="attention-over-batch",
        title="The sequences attend to each other instead of the steps",
        where="which axis of the input is the sequence",
        explanation="The first axis is treated as time. The layer of the notebook is built with "
        "batch_first=True.",
        hint="See what the page says of query's shape with batch_first.",
        page=PAGE,
        changes={
            "read": lambda x: x.swapaxes(0, 1),
            "returned": lambda output, x: output.swapaxes(0, 1),
        },
    ),
    Misconception(
        id="heads-reversed",
        title="The heads are joined from the last to the first",
        where=_JOIN,
        explanation="Each head meets the rows of the output projection that belong to another one.",
        hint="See in which order the page's formula concatenates the heads.",
        page=PAGE,
        changes={"joined": lambda heads: concatenated(heads[:, ::-1])},
    ),
    Misconception(
        id="heads-interleaved",
        title="The heads are interleaved",
        where=_JOIN,
        explanation="First come the first features of all heads, then the second ones. The heads "
        "belong one after the other.",
        hint="See the difference from torch.stack: along which axis do the pieces stay whole?",
        page="torch.cat",
        changes={"joined": _interleaved},
    ),
    Misconception(
        id="heads-reshaped",
        title="The heads are joined by a reshape without exchanging axes",
        where=_JOIN,
        explanation="An array [batch, heads, steps, width] was reshaped to [batch, steps, "
        "embedding]: the shape is right, but the numbers of several steps share a row.",
        hint="A reshape keeps the order in memory; which axis has to stand beside the width first?",
        page="torch.transpose",
        changes={"joined": _reshaped},
    ),
    Misconception(
        id="heads-stacked-and-reshaped",
        title="The list of heads is reshaped into the output",
        where=_JOIN,
        explanation="An array [heads, batch, steps, width] was reshaped to [batch, steps, "
        "embedding]: the shape is right, but the numbers of several sequences are mixed up.",
        hint="A reshape keeps the order in memory; the page joins along an axis instead.",
        page="torch.cat",
        changes={"joined": _stacked_and_reshaped},
    ),
    Misconception(
        id="projection-missing",
        title="The output projection is missing",
        where=_PROJECTION,
        explanation="The joined heads are returned as they are; Wo is not used.",
        hint="See what follows Concat in the page's formula.",
        page=PAGE,
        changes={"projected": lambda joined, w_o: joined},
    ),
    Misconception(
        id="projection-transposed",
        title="The output projection is transposed",
        where=_PROJECTION,
        explanation="Torch keeps the kernel of a linear layer transposed; the function receives Wo "
        "turned round already. It is square, so no shape reveals it.",
        hint="Compare the formula of the page with what get_mha_params does to out_proj.weight.",
        page="torch.nn.Linear",
        changes={"projected": lambda joined, w_o: joined @ w_o.T},
    ),
    Misconception(
        id="residual-added",
        title="The input is added to the output",
        where="what is returned",
        explanation="The sum of the output and the input is part of a transformer's block, not of "
        "the attention layer.",
        hint="See what the last step of the page's formula is.",
        page=PAGE,
        changes={"returned": lambda output, x: output + x},
    ),
    Misconception(
        id="output-time-major",
        title="The output has time first and the batch second",
        where="the order of the output's axes",
        explanation="The values are right, in another order of axes. The layer of the notebook is "
        "built with batch_first=True.",
        hint="See what the page says of attn_output's shape with batch_first.",
        page=PAGE,
        changes={"returned": lambda output, x: output.swapaxes(0, 1)},
    ),
)
