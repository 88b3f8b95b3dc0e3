"""A strong causal character model: embedding, GRU layers with dropout, and a linear read-out."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class SentenceModel(nn.Module):
    """Logits of the next character, from the characters so far.

    ``freq`` holds the count of each of the V characters; tokens V, V + 1 and V + 2 are BEGIN, END
    and PAD. ``forward`` takes int64 [B, L] and returns float32 [B, L, V + 3].
    """

    def __init__(
        self,
        freq: NDArray[np.int64],
        embed: int = 128,
        hidden: int = 512,
        layers: int = 1,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        tokens = len(freq) + 3
        self.embedding = nn.Embedding(tokens, embed)
        self.rnn = nn.GRU(
            embed, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        self.dropout = nn.Dropout(dropout)
        self.read_out = nn.Linear(hidden, tokens)
        # Starting at the character frequencies saves the model from learning them first. END is
        # about as frequent as the newline that precedes it, BEGIN and PAD never come next.
        smoothed = np.concatenate([np.asarray(freq, np.float64), [0.0, np.max(freq) / 10, 0.0]]) + 1
        with torch.no_grad():
            self.read_out.bias.copy_(torch.from_numpy(np.log(smoothed / smoothed.sum())))

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.rnn(self.dropout(self.embedding(tokens)))
        logits: Tensor = self.read_out(self.dropout(states))
        return logits
