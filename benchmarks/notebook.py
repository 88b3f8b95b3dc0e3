"""The notebook's own way to encode, batch and score sentences, written anew from the contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset

Int64 = NDArray[np.int64]
BATCH_SIZE = 50


class Sentences(Dataset[Int64]):
    """The notebook's ``StrData``."""

    def __init__(self, data: Sequence[Int64]) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> Int64:
        return self._data[index]


def cleaned(sentences: Sequence[str]) -> list[str]:
    """Spaces for what is not ASCII, counted on the way as the notebook does, and a newline."""
    count = 0
    result = []
    for sentence in sentences:
        count += sum([0 if ord(c) < 128 else 1 for c in sentence])
        result.append("".join([c if ord(c) < 128 else " " for c in sentence]) + "\n")
    return result


def converted(sentences: Sequence[str], vocabulary: str) -> list[Int64]:
    """The index of each character in the vocabulary, by search."""
    return [np.array([vocabulary.index(c) for c in sentence]) for sentence in sentences]


def loader(data: Sequence[Int64], characters: int, batch_size: int) -> DataLoader[Tensor]:
    """Shuffled batches [B, L] of BEGIN, the characters, END, and PAD up to the longest."""

    def collate(batch: list[Int64]) -> Tensor:
        begin, end = torch.tensor([characters]), torch.tensor([characters + 1])
        rows = [torch.cat([begin, torch.tensor(ids, dtype=torch.long), end]) for ids in batch]
        return pad_sequence(rows, padding_value=characters + 2).T

    return cast(
        "DataLoader[Tensor]",
        DataLoader(Sentences(data), shuffle=True, batch_size=batch_size, collate_fn=collate),
    )


def loss(model: nn.Module, data: Sequence[Int64], characters: int, device: torch.device) -> float:
    """The notebook's figure: the mean over shuffled batches of 50 of each batch's mean."""
    criterion = nn.CrossEntropyLoss(ignore_index=characters + 2)
    total, batches = 0.0, 0
    with torch.no_grad():
        for batch in loader(data, characters, BATCH_SIZE):
            inputs, target = batch[:, :-1].to(device), batch[:, 1:].to(device)
            logits = model(inputs)
            total += criterion(logits.reshape(-1, logits.shape[-1]), target.reshape(-1)).item()
            batches += 1
    return total / batches
