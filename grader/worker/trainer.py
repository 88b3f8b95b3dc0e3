"""Answers the grader's requests to train the hand-in's ``SentenceModel``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grader.encoded import Encoded
from grader.wire import Array, Message
from grader.worker import products
from grader.worker.devices import CPU, Redirection, device_of, is_of_devices
from grader.worker.failures import absent
from grader.worker.loading import ModelLoader
from grader.worker.saved_file import CannotLoad
from grader.worker.threads import Threads
from grader.worker.training import Settings, Training, Untrainable, best_epoch

MEGABYTE = 1 << 20
SPARE_BYTES = MEGABYTE
"""For the names of the weights, beside their numbers."""


class Trainer:
    """One training run in this worker, with the code of one hand-in."""

    def __init__(self, code_dir: str, max_reply_bytes: int) -> None:
        self._folder = Path(code_dir)
        self._max_reply_bytes = max_reply_bytes
        self._make: Callable[[torch.device], Training]
        self._training: Training
        self._threads: Threads | None = None
        """None on a GPU."""
        self._characters = 0

    def begin(self, request: Message) -> Message:
        """Build the model, to be trained on the sentences that come with the request."""
        return _answer(partial(self._begin, request.fields, *request.arrays))

    def more(self, request: Message) -> Message:
        """Train for some seconds, and say how far it is."""
        return _answer(partial(self._more, request.fields["seconds"]))

    def end(self, request: Message) -> Message:
        """The weights of the best epoch, as bytes that only a worker reads."""
        return _answer(partial(self._end, request.fields["seconds"]))

    def _begin(self, fields: dict[str, Any], counts: Array, ids: Array, lengths: Array) -> Message:
        encoded = Encoded(ids, lengths.astype(np.int64), len(counts))

        def make(device: torch.device) -> Training:
            return Training(
                ModelLoader(
                    self._folder, counts.copy(), Redirection(device), fields["characters"]
                ).new_model,
                encoded,
                Settings(
                    device=device,
                    seed=fields["seed"],
                    epochs=fields["epochs"],
                    batch_size=fields["batch_size"],
                    learning_rate=fields["learning_rate"],
                    validation_fraction=fields["validation_fraction"],
                ),
            )

        self._make = make
        device = device_of(fields["device"])
        try:
            self._start_on(device)
        except Exception as error:
            if device == CPU or not is_of_devices(error):
                raise
            self._start_on(CPU)
        # Said now, and not when the time is used up.
        size, most = self._training.state_bytes, self._max_reply_bytes - SPARE_BYTES
        if size > most:
            raise Untrainable(
                f"The weights of SentenceModel take {size / MEGABYTE:,.1f} MB, and at most "
                f"{most / MEGABYTE:,.1f} MB are accepted. Make its layers smaller."
            )
        return Message("training", {"parameters": self._training.parameters})

    def _start_on(self, device: torch.device) -> None:
        self._training = self._make(device)
        products.choose_for(self._training.model)
        if device == CPU:
            self._threads = Threads(self._training.trial)
            self._threads.choose()

    def _more(self, seconds: float) -> Message:
        begin, done = time.perf_counter(), self._characters
        try:
            progress = self._training.advance(seconds)
        except Exception as error:
            if not self._training.misplaced(error):
                raise
            self._start_on(CPU)
            progress = self._training.advance(seconds)
        self._characters = progress.characters
        if self._threads is not None and not progress.done:
            rate = (progress.characters - done) / (time.perf_counter() - begin)
            self._threads.note(rate)
        return Message("progress", asdict(progress))

    def _end(self, seconds: float) -> Message:
        weights, history = self._training.finish(seconds)
        fields = {
            "epochs": [asdict(epoch) for epoch in history],
            "best_epoch": best_epoch(history),
            "in_train_mode": self._training.validates_in_train_mode,
        }
        return Message("trained", fields, (np.frombuffer(weights, np.uint8),))


def _answer(operation: Callable[[], Message]) -> Message:
    try:
        return operation()
    except CannotLoad as error:
        return absent(str(error))
    except Untrainable as error:
        return Message("untrainable", {"message": str(error)})
