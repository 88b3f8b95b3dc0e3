"""Losses that need no model, for comparison."""

from __future__ import annotations

import math
import zlib

import numpy as np

from grader.encoded import Encoded
from grader.language_model.corpus import Vocabulary

SAMPLE_BYTES = 1 << 20
"""Text that is compressed: zip looks no further back than 32 KB, so more changes little."""


def frequency_loss(vocabulary: Vocabulary, test: Encoded) -> float:
    """Nats for each character, by the training sentences' counts alone (the assignment's 3.13)."""
    chances = vocabulary.counts / vocabulary.counts.sum()
    counts = np.zeros(len(chances))
    # In pieces: bincount makes eight bytes of each.
    for start in range(0, len(test.ids), SAMPLE_BYTES):
        piece = test.ids[start : start + SAMPLE_BYTES]
        counts += np.bincount(piece, minlength=len(chances))
    return -float(counts @ np.log(chances)) / len(test.ids)


def zip_loss(test: Encoded) -> float:
    """Nats for each character of the test text when zip's algorithm compresses it."""
    text = test.ids[:SAMPLE_BYTES].tobytes()
    return len(zlib.compress(text, 9)) * 8 * math.log(2) / len(text)
