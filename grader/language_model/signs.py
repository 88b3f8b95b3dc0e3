"""What a model's logits show that its loss alone does not, from one batch of sentences.

A loss says that something is wrong, not what. Here the same logits are read in other ways: against
targets that stand elsewhere, scaled, as probabilities, or without what never comes next.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import torch
from torch import Tensor

from grader.encoded import Int64
from grader.errors import CheckFailed
from grader.language_model.corpus import Vocabulary
from grader.language_model.dependencies import FLOOR_NATS
from grader.language_model.loaded_model import LoadedModel
from grader.language_model.rehearsal import are_probabilities
from grader.language_model.scoring import score_batch, token_name
from grader.measures import Signs
from grader.wire import Array

SHIFTS = (-2, -1, 0, 1, 2)
SCALES = tuple(2.0**k for k in range(-4, 7))
NEAR_ONE, OFTEN = 0.9, 0.1
"""A tanh that is trained drives many values close to its bounds; a linear layer has no bounds."""
SAME = 1e-3
"""Log-probabilities that differ by less, relative to one plus their size, are the same."""
LEAST_WIDTH = 4
"""Tokens of a batch that can be looked into: BEGIN, two characters and END."""
SEED = 1


def signs_of(
    model: LoadedModel, batch: Int64, vocabulary: Vocabulary, rng: np.random.Generator
) -> Signs:
    """Ask the model for the logits of the batch [B,L] four times, and look at them.

    The batch has BEGIN, two characters or more, END and PAD, as ``Encoded`` makes it. Raises
    CheckFailed when the model fails.
    """
    logits = model.logits(batch[:, :-1])
    # Further calls may use the memory that the logits lie in.
    found = read(
        logits.copy(), batch, vocabulary, remembers=_remembers(model, batch, vocabulary, rng)
    )
    with suppress(CheckFailed):
        in_train_mode = model.logits(batch[:, :-1], training=True)
        scored = score_batch(in_train_mode, batch, vocabulary)
        loss = -float(scored.log_probabilities[scored.counted].mean())
        return found.model_copy(update={"loss_in_train_mode": loss})
    return found


def read(logits: Array, batch: Int64, vocabulary: Vocabulary, *, remembers: bool) -> Signs:
    """The signs in the logits [B,L-1,C] for the batch [B,L]."""
    target = torch.from_numpy(batch[:, 1:])
    counted = target != vocabulary.pad_id
    rows = torch.from_numpy(logits).double()[counted]
    targets = target[counted]
    own = rows.log_softmax(1)
    losses = {scale: _loss((scale * rows).log_softmax(1), targets) for scale in SCALES}
    best = min(losses, key=lambda scale: losses[scale])
    sums = are_probabilities(rows.numpy())
    frequencies = torch.bincount(targets, minlength=rows.shape[1]).double() / len(targets)
    mean = own.exp().mean(0)
    costliest, part, others = _costliest(own, targets, vocabulary)
    never = [id for id in (vocabulary.begin_id, vocabulary.pad_id) if id < rows.shape[1]]
    return Signs(
        columns=rows.shape[1],
        loss=_loss(own, targets),
        constant_loss=_entropy(frequencies),
        variation=_entropy(mean) - _entropy(own.exp()),
        shifted=_shifted(logits, batch, vocabulary),
        scale=best,
        scaled_loss=losses[best],
        sum_to_one=sums,
        loss_as_probabilities=_loss(rows.clamp(0).log(), targets) if sums else None,
        bounded=not sums and _is_bounded(rows),
        never_cost=_loss(own, targets) - _loss(_without(own, never), targets),
        padding_chance=_padding_chance(logits, batch, vocabulary),
        remembers=remembers,
        negated_loss=_loss((-rows).log_softmax(1), targets),
        one_hot=sums and bool(((rows == 0) | (rows == 1)).all()),
        frequency_divergence=float(torch.special.xlogy(frequencies, frequencies / mean).sum()),
        costliest=costliest,
        costliest_part=part,
        loss_without_costliest=others,
    )


def _costliest(
    log_probabilities: Tensor, targets: Tensor, vocabulary: Vocabulary
) -> tuple[str, float, float | None]:
    """The target with the largest part of the loss, that part, and the mean loss of the others."""
    nats = -log_probabilities.gather(1, targets[:, None]).squeeze(1)
    sums = torch.bincount(targets, nats)
    id = int(sums.argmax())
    others = nats[targets != id]
    mean = float(others.mean()) if len(others) else None
    return token_name(id, vocabulary), float(sums[id] / sums.sum()), mean


def _loss(log_probabilities: Tensor, targets: Tensor) -> float:
    return -float(log_probabilities.gather(1, targets[:, None]).mean())


def _entropy(probabilities: Tensor) -> float:
    """In nats; of several distributions the mean."""
    return -float(torch.special.xlogy(probabilities, probabilities).sum(-1).mean())


def _without(log_probabilities: Tensor, columns: list[int]) -> Tensor:
    """Renormalised, as if these columns were never predicted."""
    return log_probabilities.index_fill(1, torch.tensor(columns), -torch.inf).log_softmax(1)


def _shifted(logits: Array, batch: Int64, vocabulary: Vocabulary) -> dict[int, float]:
    """The loss against the token that stands some places after the target, or before it.

    BEGIN is no target anywhere, and only places are taken at which all shifts have one.
    """
    first, last = max(0, -min(SHIFTS)), max(SHIFTS)
    end = batch.shape[1] - 1 - last
    ahead = batch[:, 1 + first + last :]
    known = torch.from_numpy(ahead != vocabulary.pad_id)
    rows = torch.from_numpy(logits[:, first:end]).double()[known].log_softmax(1)
    result = {}
    for shift in SHIFTS:
        targets = torch.from_numpy(batch[:, 1 + first + shift : 1 + end + shift])[known]
        result[shift] = _loss(rows, targets)
    return result


def _is_bounded(rows: Tensor) -> bool:
    if not NEAR_ONE < float(rows.abs().max()) <= 1:
        return False
    return bool((rows >= 0).all() or (rows.abs() > NEAR_ONE).double().mean() > OFTEN)


def _padding_chance(logits: Array, batch: Int64, vocabulary: Vocabulary) -> float | None:
    padded = torch.from_numpy(batch[:, 1:] == vocabulary.pad_id)
    if not padded.any() or logits.shape[-1] <= vocabulary.pad_id:
        return None
    chances = torch.from_numpy(logits).double()[padded].softmax(1)[:, vocabulary.pad_id]
    # What a model gives for padding need not be numbers: it is never scored.
    return float(chances.nan_to_num(0.0).mean())


def _remembers(
    model: LoadedModel, batch: Int64, vocabulary: Vocabulary, rng: np.random.Generator
) -> bool:
    """Whether other characters before the last one change what is predicted after it.

    True, too, where the sentences are too short to tell.
    """
    lengths = (batch < vocabulary.begin_id).sum(1)
    length = int(np.median(lengths))
    seen = batch[lengths >= length][:, : length + 1]
    if length < 2:
        return True
    other = seen.copy()
    characters = len(vocabulary.characters)
    step = rng.integers(1, max(characters, 2), other[:, 1:-1].shape)
    other[:, 1:-1] = (other[:, 1:-1] + step) % characters
    first, second = (
        torch.from_numpy(model.logits(tokens, fresh=True, seed=SEED)[:, -1].copy())
        .double()
        .log_softmax(1)
        .clamp(FLOOR_NATS)
        for tokens in (seen, other)
    )
    return bool(((first - second).abs() > SAME * (1 + first.abs())).any())
