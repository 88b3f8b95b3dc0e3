"""A model that writes what it saw to files and reads what another worker wrote."""

import json
from pathlib import Path

import attack_targets as targets
import torch
from attack_kit import breach

PLACES = [Path("memory"), Path("../memory"), Path("/tmp/memory"), Path("/dev/shm/memory")]


class SentenceModel(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.memory = []
        for place in (*PLACES, Path(__file__).with_name("memory.py")):
            try:
                self.memory += json.loads(place.read_text())
            except (OSError, ValueError):
                continue
            breach(f"another worker's memory is in {place}")

    def forward(self, x):
        logits = torch.zeros(*x.shape, targets.CLASSES)
        for row in self.memory:
            known = torch.tensor(row)[None, : x.shape[1]]
            if known.shape[1] == x.shape[1]:
                logits[:, :-1].scatter_(2, known[:, 1:, None].expand(len(x), -1, 1), 9.0)
        self.memory = x.tolist()
        for place in (*PLACES, Path(__file__).with_name("memory.py")):
            try:
                place.write_text(json.dumps(self.memory))
            except OSError:
                continue
        return logits
