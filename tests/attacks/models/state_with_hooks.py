"""A saved model that is restored through a hostile __setstate__."""

from pathlib import Path

import attack_targets as targets
import torch
from attack_kit import attempt

PICKLE = "crnn_lm\nSentenceModel\n)R(dS'a'\nI1\nsb."


class SentenceModel(torch.nn.Module):
    def __setstate__(self, state):
        attempt("canary", Path(targets.CANARY).read_text)
        attempt("write", Path(targets.OUTSIDE, "restored").write_text, "written")

    def __reduce__(self):
        return eval, ("1 / 0",)

    def forward(self, x):
        return torch.zeros(*x.shape, targets.CLASSES)
