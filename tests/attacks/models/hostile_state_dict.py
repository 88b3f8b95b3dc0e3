"""Saved weights that are a dict subclass with hostile methods."""

import attack_targets as targets
import torch
from attack_kit import breach

PICKLE = "crnn_lm\nWeights\n)R."


class Weights(dict):
    def items(self):
        yield from ()
        raise SystemExit(0)

    def copy(self):
        return self

    def __reduce__(self):
        breach("it was pickled")
        return dict, ()


class SentenceModel(torch.nn.Module):
    def __init__(self, freq=None):
        super().__init__()

    def load_state_dict(self, state_dict, *args, **kwargs):
        return state_dict

    def forward(self, x):
        return torch.zeros(*x.shape, targets.CLASSES)
