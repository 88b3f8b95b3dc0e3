"""Loads the student's trained ``SentenceModel`` and runs it on batches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grader.wire import Message
from grader.worker.devices import CPU, Redirection, device_of
from grader.worker.failures import absent
from grader.worker.forward import Forward
from grader.worker.loading import Loaded, ModelLoader
from grader.worker.saved_file import CannotLoad


class LanguageModel:
    """The model in this worker, in ``eval()`` mode on its device."""

    def __init__(self, code_dir: str, slots: Sequence[np.ndarray] = ()) -> None:
        self._code_dir = Path(code_dir)
        self._forward = Forward(slots)
        self._model: Any = None
        self._redirection = Redirection(CPU)
        self._request: Message

    def devices(self, _request: Message) -> Message:
        """Whether torch finds a GPU, asked before any student code runs; and where the model is."""
        used = str(self._redirection.device)
        return Message("devices", {"cuda": torch.cuda.is_available(), "used": used})

    def load(self, request: Message) -> Message:
        """Load the file that was handed in, or the weights that come with the request.

        Both unpickling and the class are student code.
        """
        self._request = request
        try:
            loaded = self._load_on(device_of(request.fields["device"]))
        except CannotLoad as error:
            return absent(str(error))
        fields = {"parameters": loaded.parameters, "notes": loaded.notes}
        return Message("loaded", {"device": str(self._redirection.device), **fields})

    def logits(self, request: Message) -> Message:
        """The model's logits for token ids; see ``Forward``."""
        try:
            return self._logits(request)
        except Exception:
            if not self._redirection.misplaced:
                raise
        self._load_on(CPU)
        return self._logits(request)

    def _load_on(self, device: torch.device) -> Loaded:
        """Load what was asked for; on the CPU where a GPU is the only trouble."""
        self._redirection = Redirection(device)
        try:
            loaded = self._load()
        except Exception:
            if not self._redirection.misplaced:
                raise
            return self._load_on(CPU)
        self._model = loaded.model
        return loaded

    def _load(self) -> Loaded:
        fields, (freq, *weights) = self._request.fields, self._request.arrays
        torch.manual_seed(fields["seed"])
        loader = ModelLoader(self._code_dir, freq, self._redirection)
        if weights:
            return loader.load_weights(weights[0].tobytes())
        return loader.load(self._code_dir / fields["file"])

    def _logits(self, request: Message) -> Message:
        device = self._redirection.device
        return self._redirection.run(lambda: self._forward.logits(self._model, device, request))
