"""A model that ends its process in the middle of the scoring."""

import os

import attack_targets as targets
import torch


class SentenceModel(torch.nn.Module):
    calls = 0

    def forward(self, x):
        self.calls += 1
        if self.calls > 3:
            os._exit(0)
        return torch.zeros(*x.shape, targets.CLASSES)
