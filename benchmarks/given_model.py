"""The model that the assignment's notebook shows: an embedding of 256 into an RNN of 1000."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

EMBEDDING = 256
HIDDEN = 1000


class SentenceModel(nn.Module):
    """Logits [B, L, V + 3] of the next character, from token ids [B, L]."""

    def __init__(self, freq: NDArray[np.int64]) -> None:
        super().__init__()
        tokens = len(freq) + 3
        self.emb = nn.Embedding(tokens, EMBEDDING)
        self.rnn = nn.RNN(EMBEDDING, HIDDEN, batch_first=True)
        self.linear = nn.Linear(HIDDEN, tokens)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.rnn(self.emb(tokens))
        logits: Tensor = self.linear(states)
        return logits


def flops_per_token(tokens: int) -> int:
    """Multiplications and additions of the matrix products for one token of a sentence."""
    return 2 * (EMBEDDING * HIDDEN + HIDDEN * HIDDEN + HIDDEN * tokens)
