"""A model that never answers."""

import time

import torch


class SentenceModel(torch.nn.Module):
    def forward(self, x):
        time.sleep(1000)
