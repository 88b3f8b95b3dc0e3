"""Loads the student's trained ``SentenceModel`` and runs it on batches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grader.wire import Message
from grader.worker.devices import Redirection, device_of
from grader.worker.failures import absent
from grader.worker.forward import Forward
from grader.worker.loading import ModelLoader
from grader.worker.saved_file import CannotLoad


class LanguageModel:
    """The model in this worker, in ``eval()`` mode on its device."""

    def __init__(self, code_dir: str, slots: Sequence[np.ndarray] = ()) -> None:
        self._code_dir = Path(code_dir)
        self._forward = Forward(slots)
        self._model: Any = None
        self._redirection = Redirection(torch.device("cpu"))

    def devices(self, _request: Message) -> Message:
        """Whether torch finds a GPU; asked before any student code runs."""
        return Message("devices", {"cuda": torch.cuda.is_available()})

    def load(self, request: Message) -> Message:
        """Load the file that was handed in, or the weights that come with the request.

        Both unpickling and the class are student code.
        """
        device = device_of(request.fields["device"])
        self._redirection = Redirection(device)
        torch.manual_seed(request.fields["seed"])
        freq, *weights = request.arrays
        loader = ModelLoader(self._code_dir, freq, self._redirection)
        try:
            if weights:
                loaded = loader.load_weights(weights[0].tobytes())
            else:
                loaded = loader.load(self._code_dir / request.fields["file"])
        except CannotLoad as error:
            return absent(str(error))
        self._model = loaded.model
        return Message(
            "loaded",
            {"device": str(device), "parameters": loaded.parameters, "notes": loaded.notes},
        )

    def logits(self, request: Message) -> Message:
        """The model's logits for token ids; see ``Forward``."""
        device = self._redirection.device
        return self._redirection.run(lambda: self._forward.logits(self._model, device, request))
