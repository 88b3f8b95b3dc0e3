import torch.nn as nn


class SentenceModel(nn.Module):
    """Predicts the next character from the last one alone."""

    def __init__(self, freq):
        super().__init__()
        self.table = nn.Embedding(freq.shape[0] + 3, freq.shape[0] + 3)

    def forward(self, x):
        return self.table(x).softmax(dim=-1)
