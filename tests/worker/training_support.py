"""Sentences to train on, of a vocabulary of four."""

from __future__ import annotations

import numpy as np
import torch

from grader.encoded import Encoded

V = 4
PAD = V + 2
CPU = torch.device("cpu")


def sentences(count: int = 43, longest: int = 12, seed: int = 0) -> Encoded:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest + 1, count)
    return Encoded(rng.integers(0, V, lengths.sum()).astype(np.uint8), lengths, V)
