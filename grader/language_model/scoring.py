"""From logits to log-probabilities: log-softmax, and the targets' share of it.

All of it runs in the parent, in float64, on arrays that a worker sent; targets never leave it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from grader.errors import CheckFailed
from grader.language_model.corpus import Vocabulary
from grader.model import Outcome
from grader.wire import Array
from grader.worker.forward import MOST_COLUMNS

Float64 = NDArray[np.float64]
ROWS = 1024
MOST_SURPRISE = 20.0
"""Nats. Of a target's loss no more goes into an estimate from a sample: one absurd value that the
sample misses, or hits, would be more than all others."""

ONE_TOKEN = (
    " In each sentence that has any, NaN begins after the character {!r}: look at that one's row "
    "in the embedding, or whatever else the model has for it alone."
)
AT_THE_END = (
    " It is NaN at the last place of the longest sentences alone: in attention, that is a row of "
    "the mask which forbids every position. Is the mask turned round?"
)
ZERO = (
    "The model gives probability zero to {}: its loss is infinite. Is there a mask over the "
    "logits, or a log of zero, at what can come next? Only BEGIN and PAD never do."
)
A_CHARACTER = "a character that does occur"
ONE_SHORT = (
    "There is one beside the characters: the last layer must have len(freq) + 3 outputs in place "
    "of len(freq) + 1, as END is a target with the id len(freq) + 1."
)
OTHER_FREQ = "Was it built with another freq?"
NO_TOKENS = (
    "It has those of the characters alone: the last layer must have len(freq) + 3 outputs in place "
    "of len(freq)."
)


@dataclass(frozen=True)
class Scored:
    """The log-probabilities [B,L-1] of one batch's targets; ``counted`` is false where PAD is."""

    log_probabilities: Float64
    counted: NDArray[np.bool_]

    @property
    def bounded(self) -> Scored:
        """With ``MOST_SURPRISE`` at the most for each target."""
        return Scored(np.maximum(self.log_probabilities, -MOST_SURPRISE), self.counted)


def score_batch(logits: Array, batch: NDArray[np.int64], vocabulary: Vocabulary) -> Scored:
    """The targets' log-probabilities under logits [B,L-1,V+3] for the batch [B,L].

    Raises CheckFailed when the logits have another shape or type, are NaN or infinite, or rule a
    target out altogether. Negative infinity for what never comes next is fine.
    """
    inputs, target = batch[:, :-1], batch[:, 1:]
    check_shape(logits, inputs.shape, vocabulary)
    counted = target != vocabulary.pad_id
    log_probabilities = target_log_probabilities(logits, target)
    check_finite(
        log_probabilities[counted],
        lambda: _where_nan_begins(np.isnan(log_probabilities) & counted, inputs, vocabulary),
        lambda: _what_is_impossible(target[np.isinf(log_probabilities) & counted], vocabulary),
    )
    return Scored(log_probabilities, counted)


def target_log_probabilities(logits: Array, target: NDArray[np.int64]) -> Float64:
    """The log-softmax of logits [..., V+2 or more] at the ids of ``target`` [...]."""
    rows = torch.from_numpy(logits).reshape(-1, logits.shape[-1])
    # A model need not have a column for PAD, which is never counted.
    within = torch.from_numpy(np.where(target < logits.shape[-1], target, 0)).reshape(-1, 1)
    result = torch.empty(len(rows), dtype=torch.float64)
    # In pieces that stay in the processor's cache at float64.
    for start in range(0, len(rows), ROWS):
        piece = rows[start : start + ROWS].double()
        # It takes a row's largest logit off first: beside 1e17 no sum of exponentials would count.
        own = piece.log_softmax(1)
        result[start : start + ROWS] = own.gather(1, within[start : start + ROWS]).squeeze(1)
    flat: Float64 = result.numpy()
    return flat.reshape(target.shape)


def check_shape(logits: Array, inputs: tuple[int, ...], vocabulary: Vocabulary) -> None:
    """Logits must have one row for each input token and a column for each token that is a target.

    PAD is none, and columns beyond it do no harm: the notebook takes both. All must be float32, as
    the worker sends them: sums of those, and of their squares, are finite in float64.
    """
    if logits.dtype != np.float32:
        raise CheckFailed(
            Outcome.WRONG,
            f"The model's logits came as {logits.dtype}; the grader turns any tensor into float32, "
            "and its part of the program was kept from that. Does the code replace a method of "
            "torch.Tensor, or a function of another module?",
        )
    if logits.shape and logits.shape[-1] > MOST_COLUMNS:
        raise CheckFailed(
            Outcome.WRONG,
            f"The model gives {logits.shape[-1]:,} logits for each position, and more than "
            f"{MOST_COLUMNS:,} are not taken: {vocabulary.size} are expected.",
        )
    wanted = (*inputs, vocabulary.size)
    if logits.shape[:-1] == inputs and logits.shape[-1] > vocabulary.end_id:
        return
    shape = f"{list(logits.shape)} for an input of shape {list(inputs)}"
    if logits.shape[:-1] == inputs:
        characters = len(vocabulary.characters)
        as_characters = logits.shape[-1] == characters
        one_short = logits.shape[-1] == characters + 1
        raise CheckFailed(
            Outcome.WRONG,
            f"The model gives {logits.shape[-1]} logits for each position; {vocabulary.size} are "
            f"expected: the {characters} characters of the training data, then BEGIN, END and PAD. "
            f"{NO_TOKENS if as_characters else ONE_SHORT if one_short else OTHER_FREQ}",
        )
    raise CheckFailed(
        Outcome.WRONG,
        f"The model's output has shape {shape}; [batch, length, characters + 3] = {list(wanted)} "
        f"is expected.{_why_so_shaped(logits.shape, inputs, vocabulary)}",
    )


def _why_so_shaped(shape: tuple[int, ...], inputs: tuple[int, ...], vocabulary: Vocabulary) -> str:
    """What may have made another shape of logits for ``inputs`` [batch, length]; '' if unknown."""
    if len(shape) not in (2, 3) or len(inputs) != 2:
        return ""
    batch, length = inputs
    tokens = shape[-1] > vocabulary.end_id
    if shape == inputs:
        return " That is one number for each place: was argmax taken, or a maximum?"
    if shape == (batch, shape[-1]) and tokens:
        return (
            " That is one prediction for each sentence: was only the last step kept, as by "
            "out[:, -1] or by the layer's final state? Each place has a target."
        )
    if len(shape) != 3:
        return ""
    if shape[::2] == (batch, length) and shape[1] > vocabulary.end_id:
        return (
            " The last two axes are exchanged, as nn.CrossEntropyLoss takes them: the notebook "
            "flattens the logits and needs those of one place side by side."
        )
    if shape[:2] == (length, batch):
        return (
            " The length comes before the batch: is there a transpose(0, 1) too many, or one "
            "missing at the end?"
        )
    if shape[0] == batch and shape[1] < length and tokens:
        return (
            f" Of {length} places {shape[1]} have a prediction: is the input cut, to a greatest "
            "length or by one place?"
        )
    return ""


def _where_nan_begins(
    is_nan: NDArray[np.bool_], inputs: NDArray[np.int64], vocabulary: Vocabulary
) -> str:
    """After which character, or at which place, if that is the same in all sentences with NaN; ''
    where it is not."""
    rows = is_nan.any(1)
    begins = is_nan[rows].argmax(1)
    # The last character of a sentence is often the same one.
    if (begins == is_nan.shape[1] - 1).all():
        return AT_THE_END
    tokens = set(inputs[rows, begins].tolist())
    # What follows BEGIN is NaN, too, where attention makes the whole sentence so.
    if len(tokens) != 1 or (begins == 0).any():
        return ""
    return ONE_TOKEN.format(vocabulary.characters[tokens.pop()])


def token_name(id: int, vocabulary: Vocabulary) -> str:
    """A token in a student's words."""
    if id < vocabulary.begin_id:
        return repr(vocabulary.characters[id])
    return {vocabulary.begin_id: "BEGIN", vocabulary.end_id: "END"}.get(id, "PAD")


def _what_is_impossible(targets: NDArray[np.int64], vocabulary: Vocabulary) -> str:
    """What has probability zero: its name, if that is one token."""
    tokens = set(targets.tolist())
    if len(tokens) != 1:
        return A_CHARACTER
    name = token_name(tokens.pop(), vocabulary)
    return f"{name}, which is the last target of each sentence" if name == "END" else name


def check_finite(
    log_probabilities: Float64,
    where: Callable[[], str] = str,
    what: Callable[[], str] = lambda: A_CHARACTER,
) -> None:
    """No target may have a log-probability that is NaN or infinite; ``where`` tells more of NaN,
    and ``what`` is impossible."""
    if np.isfinite(log_probabilities).all():
        return
    if np.isnan(log_probabilities).any():
        raise CheckFailed(
            Outcome.WRONG,
            "The model's logits are NaN or infinite. Look at the training loss: it probably became "
            f"NaN too (a learning rate that is too high, or a logarithm of zero).{where()}",
        )
    raise CheckFailed(Outcome.WRONG, ZERO.format(what()))
