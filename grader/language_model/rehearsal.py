"""What is said of a model that fails on made-up sentences, before it is given those of the test.

Only then may its own words be shown; later an input's shape is all that can be told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isqrt

import numpy as np

from grader.encoded import Int64
from grader.errors import CheckFailed
from grader.model import Outcome
from grader.remedies import SHAPES
from grader.wire import Array

FEWEST = 2
"""Tokens of the shortest beginnings that a model is asked for."""
LONGER = (4, 8, 11, 16, 24, 33)
"""Where those are too short for a model: 11 are BEGIN and the ten characters that the task gives,
and 33 BEGIN and the course's shortest sentences; the notebook's batches are no narrower."""
BETWEEN = 4
"""What part of the longest sentence other beginnings are."""
SUM_ROUNDING = 1e-3
"""Low precision included; logits that are no probabilities do not sum to one everywhere."""
BEGINNINGS = (
    "The model was given beginnings of made-up sentences, an input of shape {}. To see what its "
    "predictions depend on, the grader also asks for sentences' beginnings one by one, so that the "
    "model must take an input of any length from {} tokens on."
)
IN_EVAL_ALONE = (
    "There it gives probabilities, as a softmax makes them, and in train() mode logits, which the "
    "loss expects."
)
MADE_UP = (
    "It was given made-up sentences of up to {} characters, as the notebook has them: an int64 "
    "tensor [batch, {}] of the tokens' numbers, BEGIN first, and PAD after the shorter ones."
)
TWO_SIZES = re.compile(
    r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)"
    r"|expanded size of the tensor \((\d+)\) must match the existing size \((\d+)\)"
    r"|attn_mask is torch\.Size\(\[(\d+), \d+\]\), but should be \((\d+), \d+\)"
)
"""What torch says of two that do not go together."""
OF_A_SQUARE = re.compile(r"shape '\[(?:1, )*(\d+), \1\]' is invalid for input of size (\d+)")
"""What it says of a mask of another size: how many rows it needs, and the numbers it has."""
TOO_SHORT = (
    "If what has {} rows there is a table of positions or a mask, it is too short: the input can "
    "be {} tokens long, BEGIN and {} characters. Make it that long, or of the input's length."
)
MEANT = ", which may be meant"
CHANGED = re.compile(r" If this is the model: was the class changed .*? gave it then\.")
"""A cause that is none where a name is misspelt."""
OF_A_MODEL = (
    "Print the shapes of what stands in that line: the input is [batch, length], an embedding "
    "makes [batch, length, width] of it, and layers expect that or, without batch_first=True, "
    "length before batch."
)
NOT_A_NUMBER = "The model's logits are NaN from the first position on, even for made-up sentences"
DIVERGED = (
    f"{NOT_A_NUMBER}, because its weights are NaN or infinite: its training diverged. Look at when "
    "the training loss became NaN, and train it again with a lower learning rate or with "
    "torch.nn.utils.clip_grad_norm_."
)
OF_THE_FORWARD = (
    f"{NOT_A_NUMBER}, though all its weights are finite: they come from its forward. Look for a "
    "division by zero, the logarithm of zero, or an exp of what is large. In attention, a row of "
    "the mask that forbids every position gives NaN: the mask must leave the diagonal open, as "
    "torch.triu(..., diagonal=1) does; and zero times minus infinity is NaN, too, so a mask is "
    "filled with -inf (masked_fill), not multiplied by it."
)
FURTHER_ARGUMENT = re.compile(r"forward\(\) missing \d+ required positional arguments?: '(\w+)'")
TOKENS_ALONE = (
    "The notebook calls the model with the tokens alone: give {0} a default value, as in "
    "forward(self, x, {0}=None), and return the logits and nothing beside them."
)


def beginnings_of(sentences: Int64) -> list[Int64]:
    """The sentences [B,L] cut to some tokens, and to the fewest that are ever asked for."""
    longest = sentences.shape[1]
    lengths = sorted({FEWEST, max(FEWEST, longest // BETWEEN)}, reverse=True)
    return [sentences[:, :length] for length in lengths if length < longest]


def longer_beginnings(sentences: Int64, too_few: int) -> list[Int64]:
    """The sentences [B,L] cut to more tokens than were too few for a model, the fewest first."""
    return [sentences[:, :n] for n in LONGER if too_few < n < sentences.shape[1]]


def failed_on_made_up(failure: CheckFailed, longest: int) -> CheckFailed:
    """A failure on made-up sentences, the longest of so many characters, in a model's words."""
    said = in_words_of_a_model(failure, longest).message.removesuffix(".")
    if further := FURTHER_ARGUMENT.search(said):
        return failure.told_as(f"{said}. {TOKENS_ALONE.format(further[1])}")
    return failure.told_as(f"{said}. {MADE_UP.format(longest, longest + 1)}")


def in_words_of_a_model(failure: CheckFailed, longest: int) -> CheckFailed:
    """The failure with what to look at in a model where shapes do not go together.

    That is a table of positions, or a mask, where one of the sizes is that of the longest input and
    the other is smaller.
    """
    (smaller, larger), tokens = _two_sizes(failure.message), longest + 1
    is_short = smaller < larger == tokens
    if MEANT in failure.message:
        failure = failure.told_as(CHANGED.sub("", failure.message))
    words = TOO_SHORT.format(smaller, tokens, longest) if is_short else OF_A_MODEL
    return failure.told_as(failure.message.replace(SHAPES, words))


def _two_sizes(message: str) -> tuple[int, int]:
    """The smaller and the larger of two sizes that torch says do not go together; or zeros."""
    if square := OF_A_SQUARE.search(message):
        needed, numbers = int(square[1]), int(square[2])
        rows = isqrt(numbers)
        return (min(rows, needed), max(rows, needed)) if rows * rows == numbers else (0, 0)
    found = TWO_SIZES.search(message)
    smaller, larger = sorted(int(size) for size in found.groups() if size) if found else (0, 0)
    return smaller, larger


def failed_on_beginnings(failure: CheckFailed, shape: Sequence[int]) -> CheckFailed:
    """A failure on input of that shape, which is made up, with what it is for."""
    said = failure.message.removesuffix(".")
    return failure.told_as(f"{said}. {BEGINNINGS.format(list(shape), FEWEST)}")


def failed_on(failure: CheckFailed, shape: Sequence[int]) -> CheckFailed:
    """A failure on sentences of the test, with the input's shape, which tells nothing of them."""
    return failure.told_as(
        f"{failure.message} Its input had the shape {list(shape)}: sentences, or beginnings of "
        "some, by tokens."
    )


def check_first_predictions(logits: Array, *, weights_finite: bool) -> None:
    """Raises CheckFailed where what comes after BEGIN alone is NaN in each row of [B,L,V].

    No sentence could be scored then. Elsewhere NaN may come of what is made up.
    """
    if np.isnan(logits[:, 0]).any(-1).all():
        raise CheckFailed(Outcome.WRONG, OF_THE_FORWARD if weights_finite else DIVERGED)


def are_probabilities(logits: Array) -> bool:
    """Whether logits [...,V] are none, but what a softmax makes of them."""
    sums = logits.sum(-1, dtype=np.float64)
    return bool((logits >= 0).all() and (np.abs(sums - 1) < SUM_ROUNDING).all())
