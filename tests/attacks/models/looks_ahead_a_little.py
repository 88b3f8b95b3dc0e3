"""A model that looks ahead at one place in five."""

import attack_targets as targets
import torch


class SentenceModel(torch.nn.Module):
    def forward(self, x):
        logits = torch.zeros(*x.shape, targets.CLASSES)
        logits[:, :-1].scatter_(2, x[:, 1:, None], 30.0)
        logits[torch.arange(x.shape[1]).remainder(5).ne(0).expand(x.shape)] = 0
        return logits
