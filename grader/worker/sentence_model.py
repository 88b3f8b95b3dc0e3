"""Loads the student's trained ``SentenceModel`` and runs it on batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from grader.handed_in.naming import CODE_SUFFIXES
from grader.wire import Message
from grader.worker import one_hot, products
from grader.worker.devices import CPU, Redirection, device_of
from grader.worker.failures import absent
from grader.worker.forward import Forward
from grader.worker.loading import Loaded, ModelLoader
from grader.worker.saved_file import CannotLoad

SPECIAL = 3
"""BEGIN, END and PAD, whose ids follow those of the characters."""


def is_one_layer(model: Any) -> bool:
    """Whether it is a layer of torch's by itself, with no other inside."""
    is_torchs = type(model).__module__.startswith("torch.nn.modules.")
    return is_torchs and not [*model.children()]


class LanguageModel:
    """The model in this worker, on its device."""

    def __init__(self, code_dir: str, slots: Sequence[np.ndarray] = ()) -> None:
        self._code_dir = Path(code_dir)
        self._forward = Forward(slots, lambda: self._one_hot_columns)
        self._freq: NDArray[Any] = np.empty(0, np.int64)
        self._model: Any = None
        self._loader: ModelLoader
        self._redirection = Redirection(CPU)
        self._load_on: Callable[[torch.device], Loaded]
        self._moved = False

    def devices(self, _request: Message) -> Message:
        """Whether torch finds a GPU; asked before any student code runs."""
        return Message("devices", {"cuda": torch.cuda.is_available()})

    def place(self, _request: Message) -> Message:
        """Where the model is, whether that is because its code does not go with a GPU, and how
        many sentences it takes at once, if no other number."""
        fields = {"device": str(self._redirection.device), "moved": self._moved}
        return Message("place", {**fields, "rows": self._forward.rows})

    def load(self, request: Message) -> Message:
        """Load the file that was handed in, or the weights that come with the request.

        It is put into ``eval()`` mode, unless it is asked for in that in which it was saved.
        Both unpickling and the class are student code.
        """
        fields, (freq, *weights) = request.fields, request.arrays
        self._freq = freq

        def load_on(device: torch.device) -> Loaded:
            self._redirection = Redirection(device)
            torch.manual_seed(fields["seed"])
            # A copy: student code may change it, and be loaded a second time.
            self._loader = loader = ModelLoader(
                self._code_dir,
                freq.copy(),
                self._redirection,
                fields["characters"],
                as_saved=fields.get("as_saved") is True,
            )
            if weights:
                return loader.load_weights(weights[0].tobytes())
            return loader.load(self._code_dir / fields["file"])

        self._load_on = load_on
        try:
            try:
                loaded = load_on(device_of(fields["device"]))
            except Exception as error:
                if not self._redirection.misplaced(error):
                    raise
                loaded = self._to_cpu()
        except CannotLoad as error:
            return absent(str(error))
        self._model = loaded.model
        products.choose_for(loaded.model)
        told = {"parameters": loaded.parameters, "finite": loaded.finite, "notes": loaded.notes}
        return Message("loaded", {**told, "training": loaded.training})

    @cached_property
    def _one_hot_columns(self) -> int:
        """How many ids there are, where code of the hand-in names the function; or 0."""
        files = (file for suffix in CODE_SUFFIXES for file in self._code_dir.rglob(f"*{suffix}"))
        named = any(one_hot.NAME.encode() in file.read_bytes() for file in files if file.is_file())
        return len(self._freq) + SPECIAL if named else 0

    def logits(self, request: Message) -> Message:
        """The model's logits for token ids; see ``Forward``."""
        try:
            return self._logits(request)
        except Exception as error:
            if not self._redirection.misplaced(error):
                raise
            with suppress(CannotLoad):
                self._model = self._to_cpu().model
                return self._logits(request)
            raise

    def _to_cpu(self) -> Loaded:
        self._moved = True
        return self._load_on(CPU)

    def _logits(self, request: Message) -> Message:
        device = self._redirection.device
        try:
            return self._redirection.run(lambda: self._forward.logits(self._model, device, request))
        except Exception as error:
            self._loader.explain(error)
            if is_one_layer(self._model):
                error.add_note(
                    f"What was saved is a bare {type(self._model).__name__}, one layer, and not "
                    "the SentenceModel that it is a part of: save that, with torch.save(model, "
                    '"rnn_lm.sav")'
                )
            raise
