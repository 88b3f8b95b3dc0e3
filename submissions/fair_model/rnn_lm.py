import torch.nn as nn


class SentenceModel(nn.Module):
    def __init__(self, freq):
        super().__init__()
        self.emb = nn.Embedding(len(freq) + 3, 32)
        self.lstm = nn.LSTM(32, 64, batch_first=True)
        self.fc = nn.Linear(64, len(freq) + 3)

    def forward(self, tokens):
        hidden, _ = self.lstm(self.emb(tokens))
        return self.fc(hidden)
