"""A model whose logits are of other dtypes and shapes with each call."""

import itertools

import attack_targets as targets
import torch

KINDS = itertools.cycle([torch.bool, torch.uint8, torch.float16, torch.float64, torch.int64])


class SentenceModel(torch.nn.Module):
    def forward(self, x):
        return torch.zeros(*x.shape, targets.CLASSES, dtype=next(KINDS))
