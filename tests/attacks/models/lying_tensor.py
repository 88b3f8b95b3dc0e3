"""A model that returns a Tensor subclass with a lying shape."""

import attack_targets as targets
import torch


class Liar(torch.Tensor):
    shape = property(lambda self: torch.Size((50, 60, targets.CLASSES)))
    ndim = property(lambda self: 3)

    def __getitem__(self, key):
        return self

    def detach(self):
        return self

    float = cpu = detach

    def numpy(self):
        return torch.zeros(3, 2, 1).numpy()


class SentenceModel(torch.nn.Module):
    def forward(self, x):
        return torch.zeros(1).as_subclass(Liar)
