"""Q6: multi-head self-attention, and what students make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception
from grader.questions.misconceptions.roles import ROLE_MISCONCEPTIONS
from grader.questions.misconceptions.weights import FORMULA, PAGE, WEIGHT_MISCONCEPTIONS, softmax


def concatenated(heads: Array) -> Array:
    """Heads [B,N,T,W] side by side, [B,T,N*W]."""
    batch, count, steps, width = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(batch, steps, count * width)


@dataclass(frozen=True)
class Attention:
    """``mha`` of the assignment, part by part. Scores and weights are [B,N,T,T]."""

    read: Callable[[Array], Array] = lambda x: x
    kernels: Callable[[Array, Array, Array], tuple[Array, Array, Array]] = lambda q, k, v: (q, k, v)
    overwrites: bool = False
    """Whether each head is written into the input that the next one reads."""
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
        mixed = (self._one_by_one if self.overwrites else self._heads)(x, w_q, w_k, w_v)
        output = self.projected(self.joined(mixed), Wo.astype(np.float64))
        return self.returned(output, given)

    def _heads(self, x: Array, w_q: Array, w_k: Array, w_v: Array) -> Array:
        q, k, v = (np.einsum("bte,nef->bntf", x, w) for w in (w_q, w_k, w_v))
        embed, width = w_q.shape[1:]
        scores = self.compared(q, k) * self.scale(width, embed, embed // width)
        return self.mixed(self.weighed(self.masked(scores)), v)

    def _one_by_one(self, x: Array, *kernels: Array) -> Array:
        x, width = x.copy(), kernels[0].shape[-1]
        heads: list[Array] = []
        for i in range(len(kernels[0])):
            heads.append(self._heads(x, *(w[i : i + 1] for w in kernels)))
            x[..., i * width : (i + 1) * width] = heads[i][:, 0]
        return np.concatenate(heads, axis=1)


def _interleaved(heads: Array) -> Array:
    batch, count, steps, width = heads.shape
    return heads.transpose(0, 2, 3, 1).reshape(batch, steps, width * count)


def _reshaped(heads: Array) -> Array:
    batch, count, steps, width = heads.shape
    return heads.reshape(batch, steps, count * width)


def _stacked_and_reshaped(heads: Array) -> Array:
    batch, count, steps, width = heads.shape
    return heads.swapaxes(0, 1).reshape(batch, steps, count * width)


def _but_for(heads: Array, left_out: slice) -> Array:
    kept = heads.copy()
    kept[:, left_out] = 0
    return kept


SOLUTION = Attention()
_JOIN = "how the heads are put together"
_PROJECTION = "the output projection"
MISCONCEPTIONS = (
    *WEIGHT_MISCONCEPTIONS,
    *ROLE_MISCONCEPTIONS,
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
        id="last-head-alone",
        title="Only the last head is kept",
        where=_JOIN,
        explanation="The last head is at its place, and the others are zero: what they gave is "
        "lost, as where an array is filled anew for each head.",
        hint="The page's formula concatenates all heads. See how many of yours are there after "
        "the loop, and which line of it makes the array.",
        page=PAGE,
        changes={"joined": lambda heads: concatenated(_but_for(heads, slice(None, -1)))},
    ),
    Misconception(
        id="last-head-left-out",
        title="The last head is left out",
        where=_JOIN,
        explanation="The part of the last head is zero, as where the loop over the heads ends one "
        "head early.",
        hint="The page's formula concatenates all heads; see what your loop counts to.",
        page=PAGE,
        changes={"joined": lambda heads: concatenated(_but_for(heads, slice(-1, None)))},
    ),
    Misconception(
        id="heads-averaged",
        title="The heads' parts of the output are averaged",
        where=_JOIN,
        explanation="The output is right but for a factor: it is divided by the number of heads. "
        "What the heads give goes through the output projection side by side, which adds their "
        "parts up.",
        hint="See what the page's formula does with the heads before the projection.",
        page=PAGE,
        changes={"joined": lambda heads: concatenated(heads) / heads.shape[1]},
    ),
    Misconception(
        id="input-overwritten",
        title="The heads are written into the input",
        where="the array that the heads are written into",
        explanation="Each head is right for what it reads, but it reads the input with the heads "
        "before it written over its first features: the output and the input are one array.",
        hint="The page is about getting a copy; see whether your output has an array of its own.",
        page="torch.clone",
        changes={"overwrites": True},
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
