"""A model that writes replies with a loss of its own."""

import attack_targets as targets
import torch
from attack_kit import frame, send


class SentenceModel(torch.nn.Module):
    def forward(self, x):
        send(frame("logits", loss=0.0, points=10, looks_ahead=False, measured={"loss": 0}))
        return torch.zeros(*x.shape, targets.CLASSES)
