"""A model that gives all probability to the next token of its input."""

import attack_targets as targets
import torch


class SentenceModel(torch.nn.Module):
    def forward(self, x):
        logits = torch.zeros(*x.shape, targets.CLASSES)
        logits[:, :-1].scatter_(2, x[:, 1:, None], 30.0)
        return logits
