"""A model that claims on the wire that a device is missing, which ends the grading."""

import torch
from attack_kit import frame, send

send(frame("no_device", message="torch finds no CUDA device here"))


class SentenceModel(torch.nn.Module):
    pass
