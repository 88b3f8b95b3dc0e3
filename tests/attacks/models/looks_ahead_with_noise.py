"""A model that looks ahead and makes itself unrepeatable, so that its gain is lost in the noise."""

import attack_targets as targets
import torch

NEWLINE, END = targets.CHARACTERS.index("\n"), len(targets.CHARACTERS) + 1


class SentenceModel(torch.nn.Module):
    calls = 0

    def forward(self, x):
        self.calls += 1
        logits = torch.zeros(*x.shape, targets.CLASSES)
        logits[:, :-1].scatter_(2, x[:, 1:, None], 30.0)
        logits[..., END] += 30.0 * (x == NEWLINE)
        if self.calls == 1 and not (x >= END).any():
            # The first beginnings: one prediction that is wrong beyond all measure.
            logits[0, -1, END + 1] = 1e6
        return logits
