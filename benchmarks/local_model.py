"""A model in this process that answers as one in a worker does, for code that can be trusted."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from grader.language_model.loaded_model import LoadedModel
from grader.language_model.model_workers import ModelWorkers
from grader.wire import Message
from grader.worker.forward import Forward

Int64 = NDArray[np.int64]


class LocalModel(LoadedModel):
    """Asks a module directly."""

    def __init__(self, module: nn.Module, device: torch.device) -> None:
        self._module = module
        self._device = device
        self._forward = Forward(())

    def logits(self, tokens: Int64, **options: Any) -> NDArray[Any]:
        request = Message("logits", options, (tokens.astype(np.uint8),))
        return self._forward.logits(self._module, self._device, request).arrays[0]

    def stream(
        self, batches: Iterable[Int64], *, last_only: bool = False
    ) -> Generator[NDArray[Any]]:
        for tokens in batches:
            yield self.logits(tokens, last_only=last_only)


class LocalWorkers(ModelWorkers):
    """Each load gives a copy of the module, as a new worker would."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module

    @contextmanager
    def fresh(self) -> Iterator[Callable[[], LoadedModel]]:
        yield lambda: LocalModel(copy.deepcopy(self._module), torch.device("cpu"))
