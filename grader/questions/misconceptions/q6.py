"""Q6: multi-head self-attention, and what students make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grader.questions.misconceptions.heads import HEAD_MISCONCEPTIONS, concatenated
from grader.questions.misconceptions.record import Array, Misconception
from grader.questions.misconceptions.roles import ROLE_MISCONCEPTIONS
from grader.questions.misconceptions.scores import SCORE_MISCONCEPTIONS
from grader.questions.misconceptions.weights import FORMULA, PAGE, WEIGHT_MISCONCEPTIONS, softmax


@dataclass(frozen=True)
class Attention:
    """``mha`` of the assignment, part by part. Scores and weights are [B,N,T,T]."""

    read: Callable[[Array], Array] = lambda x: x
    kernels: Callable[[Array, Array, Array], tuple[Array, Array, Array]] = lambda q, k, v: (q, k, v)
    overwrites: bool = False
    """Whether each head is written into the input that the next one reads."""
    split: Callable[[Array], Array] = lambda heads: heads
    """From queries, keys or values [B,N,T,W] to what is attended with."""
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
        q, k, v = (self.split(np.einsum("bte,nef->bntf", x, w)) for w in (w_q, w_k, w_v))
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


SOLUTION = Attention()
_PROJECTION = "the output projection"
MISCONCEPTIONS = (
    *SCORE_MISCONCEPTIONS,
    *WEIGHT_MISCONCEPTIONS,
    *ROLE_MISCONCEPTIONS,
    *HEAD_MISCONCEPTIONS,
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
        id="input-overwritten",
        title="The heads are written into the input",
        where="the array that the heads are written into",
        explanation="Each head reads the input with the heads before it written over its first "
        "features: the output and the input are one array.",
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
        explanation="The first axis of the output counts the steps and the second one the "
        "sequences. The layer of the notebook is built with batch_first=True.",
        hint="See what the page says of attn_output's shape with batch_first.",
        page=PAGE,
        changes={"returned": lambda output, x: output.swapaxes(0, 1)},
    ),
    Misconception(
        id="batch-flattened",
        title="The sequences of the batch are one long sequence",
        where="which axis of the input is the sequence",
        explanation="Batch and steps are one axis, so that each step attends to the steps of all "
        "sequences.",
        hint="See what shape the page gives for query, and which axes yours still has in the "
        "product of queries and keys.",
        page=PAGE,
        changes={
            "read": lambda x: x.reshape(1, -1, x.shape[-1]),
            "returned": lambda output, x: output.reshape(x.shape),
        },
    ),
    Misconception(
        id="first-sequence-for-all",
        title="The output of the first sequence is returned for all",
        where="the loop over the sequences",
        explanation="Each sequence of the batch has the output of the first one, as where a list "
        "of heads is not emptied before the next sequence.",
        hint="Which variables of your loop over the batch belong to a single sequence, and where "
        "do they begin anew? The page's formula is for one.",
        page=PAGE,
        changes={"returned": lambda output, x: np.repeat(output[:1], len(output), axis=0)},
    ),
)
