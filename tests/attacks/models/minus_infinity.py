"""A model that rules everything out but one character."""

import attack_targets as targets
import torch


class SentenceModel(torch.nn.Module):
    def forward(self, x):
        logits = torch.full((*x.shape, targets.CLASSES), -torch.inf)
        logits[..., 5] = 0
        return logits
