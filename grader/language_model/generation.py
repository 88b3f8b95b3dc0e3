"""Sentences that a model writes: the grader draws each character from the model's logits."""

from __future__ import annotations

import time

import numpy as np
import torch

from grader.language_model.corpus import Vocabulary
from grader.language_model.loaded_model import LoadedModel

START = "I hav"
TEMPERATURE = 0.5
SENTENCES = 3
MOST_CHARACTERS = 100
PATIENCE_S = 10.0
"""A model that is so slow is not worth the wait; what there is by then is shown."""


def generate(
    model: LoadedModel, vocabulary: Vocabulary, seed: int, longest: int = MOST_CHARACTERS
) -> tuple[str, ...]:
    """Some sentences that begin as the notebook's do; none where a letter of it is not known.

    The model is given no more than the ``longest`` sentence's characters, and BEGIN.

    Logits are divided by the temperature before the softmax. (The notebook divides the
    probabilities, which changes nothing.)
    """
    if not set(START) <= set(vocabulary.characters):
        return ()
    rng = np.random.default_rng(seed)
    begin = [vocabulary.begin_id, *(vocabulary.characters.index(c) for c in START)]
    tokens = np.tile(np.array(begin, np.int64), (SENTENCES, 1))
    # What may come: a character, or END. BEGIN lies between them.
    allowed = [*range(len(vocabulary.characters)), vocabulary.end_id]
    ends = {vocabulary.end_id, vocabulary.characters.find("\n")}
    deadline = time.monotonic() + PATIENCE_S
    most = min(MOST_CHARACTERS, longest)
    while tokens.shape[1] <= most and time.monotonic() < deadline:
        logits = torch.from_numpy(model.logits(tokens, last_only=True)[:, allowed])
        chances = (logits.double() / TEMPERATURE).softmax(-1).numpy()
        if not np.isfinite(chances).all():
            return ()
        drawn = [allowed[rng.choice(len(allowed), p=row)] for row in chances]
        tokens = np.hstack([tokens, np.array(drawn)[:, None]])
        if all(ends & set(row) for row in tokens.tolist()):
            break
    return tuple(_text(row, vocabulary, ends) for row in tokens.tolist())


def _text(ids: list[int], vocabulary: Vocabulary, ends: set[int]) -> str:
    length = next((i for i, id in enumerate(ids) if id in ends), len(ids))
    return "".join(vocabulary.characters[id] for id in ids[1:length])
