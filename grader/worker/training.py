"""Trains a ``SentenceModel`` by the assignment's own loop, in slices of time.

The loop is the notebook's: Adam, cross-entropy that ignores PAD, shuffled batches, no schedule and
no clipping. What differs is faster and teaches the same: sentences of like length share a batch, so
that little of it is padding; Adam is one kernel; and nothing is read from the device but at the end
of a slice, so that a GPU never waits for Python.
"""

from __future__ import annotations

import copy
import io
import math
import random
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from grader.encoded import Encoded, Int64
from grader.worker.batches import Batch, Sentences, groups_of_like_length
from grader.worker.devices import Redirection, move_remembered_devices
from grader.worker.forward import in_rows, seed_everything

IN_VALIDATION = (
    "The steps of the training itself worked: this was afterwards, when the loss on held-back "
    "sentences was asked for in eval() mode, and it is not finite in train() mode, or fails, too"
)
LATE = (
    "The steps of the training itself worked: this was when the loss on held-back sentences was "
    "asked for in eval() mode, which had worked after an earlier epoch"
)


class Untrainable(Exception):
    """The model cannot be trained; the message tells the student why."""


@dataclass(frozen=True)
class Settings:
    """How to train."""

    device: torch.device
    seed: int
    epochs: int
    batch_size: int
    learning_rate: float
    validation_fraction: float


@dataclass(frozen=True)
class EpochDone:
    """One pass over the training sentences; losses are in nats a token."""

    number: int
    training_loss: float
    validation_loss: float
    seconds: float


@dataclass(frozen=True)
class Progress:
    """How far a run is. ``loss`` is the mean so far of this epoch, None where it is not finite."""

    epoch: int
    fraction: float
    loss: float | None
    characters: int
    done: bool
    diverged: bool


class Training:
    """One run, from a fresh model to the weights of its best epoch.

    Everything random follows from the seed: on a CPU, the same run on as many threads gives the
    same weights, in however many slices. Needs two sentences at least. Any method may raise
    Untrainable.
    """

    def __init__(
        self, make_model: Callable[[], object], encoded: Encoded, settings: Settings
    ) -> None:
        self._settings = settings
        seed_everything(settings.seed)
        on_gpu = settings.device.type == "cuda"
        torch.set_float32_matmul_precision("high" if on_gpu else "highest")
        torch.backends.cudnn.allow_tf32 = on_gpu
        self._redirection = Redirection(settings.device)
        self.model = _module(make_model()).to(settings.device)
        move_remembered_devices(self.model, settings.device)
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        if not parameters:
            raise Untrainable(
                "SentenceModel has no parameters to train. Are its layers attributes of the "
                "module, such as self.rnn = torch.nn.RNN(...), and not kept in a plain list?"
            )
        self.parameters = sum(p.numel() for p in parameters)
        fused = all(p.is_floating_point() for p in parameters)
        self._optimiser = torch.optim.Adam(parameters, lr=settings.learning_rate, fused=fused)

        self._rng = np.random.default_rng(settings.seed)
        order = self._rng.permutation(len(encoded))
        wanted = round(settings.validation_fraction * len(order))
        # Two at the least: not every model takes a batch of one.
        held_out = min(max(2, wanted), len(order) - 1)
        self._characters = encoded.characters
        self._sentences = Sentences(encoded, settings.device)
        self._train_on = order[held_out:]
        self._validate_on = self._batches(order[:held_out])
        self._all_steps = settings.epochs * len(self._batches(self._train_on))

        self._history: list[EpochDone] = []
        self._best: tuple[float, dict[str, Any]] | None = None
        self._epoch = 1
        self._steps = 0
        self._characters_done = 0
        self._targets = 0
        # In float64, as it adds up, and on the device, as reading it would wait for the step.
        self._nats = torch.zeros((), dtype=torch.float64, device=settings.device)
        self._earlier_s, self._resumed, self._until = 0.0, 0.0, 0.0
        self._ending = self._done = self._diverged = False
        self.validates_in_train_mode = False
        """Whether held-back sentences have a loss in ``train()`` mode alone."""
        self._work = self._run()

    def trial(self) -> bool:
        """Take a step on a copy, for its time alone; false where the model raises something.

        No random numbers are used up by it.
        """
        tokens = self._sentences.tokens(self._validate_on[0])
        before = torch.get_rng_state(), np.random.get_state(), random.getstate()
        try:
            model = copy.deepcopy(self.model).train()
            logits = self._redirection.run(lambda: model(tokens[:, :-1]))
            logits.logsumexp(-1).sum().backward()
        except Exception:  # a real step will raise it, too
            return False
        finally:
            torch.set_rng_state(before[0])
            np.random.set_state(before[1])
            random.setstate(before[2])
        return True

    @property
    def device(self) -> torch.device:
        """Where it trains."""
        return self._settings.device

    @property
    def state_bytes(self) -> int:
        """The size of what ``finish`` gives, but for some kilobytes of names."""
        state = self.model.state_dict().values()
        return sum(value.nbytes for value in state if isinstance(value, Tensor))

    def misplaced(self, error: BaseException) -> bool:
        """Whether its first batch failed on a GPU because of devices; see ``Redirection``."""
        return self._redirection.misplaced(error) and self._steps == 0

    def advance(self, seconds: float) -> Progress:
        """Train for this long, by one batch at least, or until all epochs are done."""
        self._resume(seconds)
        return Progress(
            epoch=self._epoch,
            fraction=self._steps / self._all_steps,
            loss=None if self._diverged else self._nats.item() / self._targets,
            characters=self._characters_done,
            done=self._done,
            diverged=self._diverged,
        )

    def finish(self, seconds: float = math.inf) -> tuple[bytes, tuple[EpochDone, ...]]:
        """The ``state_dict`` of the best epoch, as ``torch.save`` writes it, and all epochs.

        An epoch under way ends here. Its weights are validated too: on all of the validation
        sentences where ``seconds`` suffice for them, else on a random part.
        """
        self._ending = True
        self._resume(seconds)
        while not self._done:
            self._resume(0.0)
        if self._best is None and self._diverged and math.isfinite(self._nats.item()):
            raise Untrainable(
                "After the first epoch of training the loss on held-back sentences is NaN or "
                "infinite, in eval() mode and in train() mode; in the training itself it was not. "
                "Does forward do something else where gradients are off, or with other lengths?"
            )
        if self._best is None:
            raise Untrainable(
                "The loss became NaN or infinite in the first epoch of training. Is there a "
                "logarithm or root of zero, a division by zero, or are the initial weights far "
                "too large?"
            )
        state = {k: v.cpu() if isinstance(v, Tensor) else v for k, v in self._best[1].items()}
        file = io.BytesIO()
        torch.save(state, file)
        return file.getvalue(), tuple(self._history)

    def _resume(self, seconds: float) -> None:
        self._resumed = time.perf_counter()
        self._until = self._resumed + seconds
        if not self._done:
            for _ in self._work:
                if time.perf_counter() >= self._until:
                    break
            else:
                self._done = True
        if not math.isfinite(self._nats.item()):
            self._done = self._diverged = True
        self._earlier_s += time.perf_counter() - self._resumed

    def _busy_s(self) -> float:
        return self._earlier_s + time.perf_counter() - self._resumed

    def _run(self) -> Generator[None]:
        """All epochs; pauses after each batch."""
        for number in range(1, self._settings.epochs + 1):
            self._epoch = number
            start = self._busy_s()
            self._nats.zero_()
            self._targets = 0
            self.model.train()
            for batch in self._batches(self._train_on):
                self._step(batch)
                yield
                if self._ending:
                    break
            training_loss = self._nats.item() / self._targets
            validation_loss = yield from self._validated()
            if not math.isfinite(training_loss + validation_loss):
                self._diverged = True
                return
            seconds = self._busy_s() - start
            self._history.append(EpochDone(number, training_loss, validation_loss, seconds))
            if self._best is None or validation_loss < self._best[0]:
                self._best = validation_loss, _copied(self.model.state_dict())
            if self._ending:
                return

    def _step(self, batch: Batch) -> None:
        self._optimiser.zero_grad()
        loss = self._loss(batch)
        if not loss.requires_grad:
            raise Untrainable(
                "The model's output does not depend on its parameters as far as torch can tell, so "
                "it cannot learn. Is there a torch.no_grad(), a detach() or NumPy in forward?"
            )
        loss.backward()
        self._optimiser.step()
        self._nats.add_(loss.detach(), alpha=batch.targets)
        self._targets += batch.targets
        self._characters_done += batch.characters
        self._steps += 1

    def _validated(self) -> Generator[None, None, float]:
        """The loss on held-back sentences in ``eval()`` mode; pauses after each batch.

        Where a model has none in that mode after the first epoch, and has one in ``train()`` mode,
        it is that one from then on: so are models scored, and the notebook knows no other mode.
        """
        if self.validates_in_train_mode:
            return (yield from self._loss_held_back(train=True))
        failure: Exception | None = None
        loss = math.nan
        try:
            loss = yield from self._loss_held_back(train=False)
        except Exception as error:
            failure = error
        if self._best is None and not math.isfinite(loss):
            with suppress(Exception):  # then the first failure says more
                in_train_mode = yield from self._loss_held_back(train=True)
                if math.isfinite(in_train_mode):
                    self.validates_in_train_mode = True
                    return in_train_mode
        if failure is not None:
            where = IN_VALIDATION if self._best is None else LATE
            if isinstance(failure, Untrainable):
                raise Untrainable(f"{failure} {where}.") from None
            failure.add_note(where)
            raise failure
        return loss

    def _loss_held_back(self, *, train: bool) -> Generator[None, None, float]:
        """The loss on held-back sentences, each token counted once.

        It leaves the model's buffers, such as running statistics, as they were.
        """
        nats, targets = torch.zeros_like(self._nats), 0
        self.model.train(train)
        for batch in self._validate_on:
            with torch.no_grad(), _buffers_restored(self.model):
                nats.add_(self._loss(batch), alpha=batch.targets)
            targets += batch.targets
            yield
            # The batches are in random order, so that a part of them will do.
            if self._ending and time.perf_counter() >= self._until:
                break
        return nats.item() / targets

    def _loss(self, batch: Batch) -> Tensor:
        tokens = self._sentences.tokens(batch)

        def of_model() -> Tensor:
            inputs = tokens[:, :-1]
            logits = in_rows(self.model(inputs), inputs)
            logits = _checked(logits, tokens.shape, self._characters)
            return nn.functional.cross_entropy(
                logits.reshape(-1, logits.shape[-1]),
                tokens[:, 1:].reshape(-1),
                ignore_index=self._characters + 2,
            )

        return self._redirection.run(of_model)

    def _batches(self, numbers: Int64) -> list[Batch]:
        lengths, size = self._sentences.lengths, self._settings.batch_size
        return self._sentences.batches(groups_of_like_length(numbers, lengths, size, self._rng))


def best_epoch(history: tuple[EpochDone, ...]) -> int:
    """The number of the epoch whose weights ``finish`` gives."""
    return min(history, key=lambda epoch: epoch.validation_loss).number


def _module(model: object) -> nn.Module:
    if not isinstance(model, nn.Module):
        raise Untrainable(
            f"SentenceModel(freq) gives a {type(model).__name__}, which is no torch.nn.Module, so "
            "it cannot be trained."
        )
    return model


@contextmanager
def _buffers_restored(model: nn.Module) -> Iterator[None]:
    before = [
        (module, name, buffer, buffer.clone())
        for module in model.modules()
        if module.training
        for name, buffer in module.named_buffers(recurse=False)
    ]
    try:
        yield
    finally:
        for module, name, buffer, value in before:
            if not torch.equal(buffer, value):
                buffer.copy_(value)
            module._buffers[name] = buffer


def _copied(state: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.detach().clone() if isinstance(value, Tensor) else copy.deepcopy(value)
        for name, value in state.items()
    }


def _checked(logits: object, shape: tuple[int, ...], characters: int) -> Tensor:
    """The logits, if they have a row for each input of a batch [B, L] and enough columns."""
    if not isinstance(logits, Tensor):
        raise Untrainable(
            f"The model returns a {type(logits).__name__}; one tensor of logits is expected, "
            "and nothing beside it."
        )
    inputs = (shape[0], shape[1] - 1)
    # PAD is no target: the notebook takes a model without a column for it, and further columns.
    if logits.shape[:-1] != inputs or logits.shape[-1] < characters + 2:
        raise Untrainable(
            f"The model's output has shape {list(logits.shape)} for an input of shape "
            f"{list(inputs)}; [batch, length, characters + 3] = {[*inputs, characters + 3]} is "
            "expected."
        )
    return logits
