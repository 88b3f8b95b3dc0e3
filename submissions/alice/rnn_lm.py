import torch
import torch.nn as nn


class SentenceModel(nn.Module):
    def __init__(self, freq):
        super().__init__()
        vocabulary = freq.shape[0] + 3
        self.emb = nn.Embedding(vocabulary, 48)
        self.rnn = nn.GRU(48, 160, batch_first=True)
        self.linear = nn.Linear(160, vocabulary)

    def forward(self, x):
        states, _ = self.rnn(self.emb(x))
        return self.linear(states)
