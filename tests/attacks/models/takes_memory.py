"""A model that takes memory without end while it is scored."""

import numpy as np
import torch

blocks = []


class SentenceModel(torch.nn.Module):
    def forward(self, x):
        while True:
            blocks.append(np.ones(1 << 21))
