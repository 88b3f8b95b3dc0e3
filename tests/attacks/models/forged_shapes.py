"""A model that writes replies of every wrong shape."""

import itertools

import attack_targets as targets
import torch
from attack_kit import frame, send

SHAPES = itertools.cycle([[], [0], [1], [0, 0, 0], [1 << 20], [40, 1], [1, 1, 1, 1, 1]])


class SentenceModel(torch.nn.Module):
    def forward(self, x):
        shape = next(SHAPES)
        count = 1
        for length in shape:
            count *= length
        spec = {"dtype": "uint8", "shape": shape, "order": "F"}
        send(frame("logits", arrays=[spec], payload=bytes(count)))
        return torch.zeros(*x.shape, targets.CLASSES)
