"""Runs the student's model on token ids, and hands its logits back."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from grader.wire import Message
from grader.worker.one_hot import OneHotOfAll

FIXED_ROWS = (50, 64)
"""Sentences in a batch of the notebook's test, and of its training: a model whose first hidden
state has a number of rows written into it takes no other number."""

PACKED = "PackedSequence"

MOST_COLUMNS = 1024
"""Logits for each position that are sent as they are."""
KEPT = 128 + 3
"""Of more, those of all tokens that there can be; the rest, which are no targets, become one."""

LOGITS_KEYS = ("logits", "output", "outputs", "out", "scores", "predictions")
"""Under what names logits are returned in a dictionary."""


class Forward:
    """Forward passes of one model; ``slots`` is the memory that is shared with the grader."""

    def __init__(
        self, slots: Sequence[NDArray[np.float32]], columns: Callable[[], int] = int
    ) -> None:
        """``columns``: how many ids of tokens there are, where a model may make one-hot vectors of
        them, or 0; asked for where the model has failed."""
        self.rows: int | None = None
        """How many sentences the model is given at once, if it takes no other number."""
        self._columns = columns
        self._all_columns = False
        self._slots = [torch.from_numpy(slot) for slot in slots]
        self._calls = 0

    def logits(self, model: Any, device: torch.device, request: Message) -> Message:
        """The logits for token ids [B,L]: at all positions, or only at the last.

        With a ``seed`` all random numbers begin anew, and with ``fresh`` a copy of the model is
        asked, which no earlier call has touched; with ``training`` a copy in ``train()`` mode.
        """
        fields = request.fields
        if fields.get("threads"):
            torch.set_num_threads(fields["threads"])
        tokens = torch.from_numpy(request.arrays[0]).to(device).long()
        if fields.get("seed") is not None:
            seed_everything(fields["seed"])
        if fields.get("fresh") or fields.get("training"):
            model = copy.deepcopy(model)
        if fields.get("training"):
            model.train()
        with torch.no_grad():
            logits = self._run(model, tokens)
        if not isinstance(logits, torch.Tensor):
            told = {"type": _kind(logits), "key": _key(logits)}
            return Message("no_tensor", {**told, **_item(logits, tokens)})
        if fields.get("last_only") and logits.ndim == 3:
            logits = logits[:, -1]
        return self._reply(logits.detach())

    def _run(self, model: Any, tokens: torch.Tensor) -> Any:
        if self.rows is not None:
            return _in_groups(model, tokens, self.rows)
        try:
            return self._output(model, tokens)
        except Exception:
            if self._calls:
                raise
            for rows in FIXED_ROWS:
                with suppress(Exception):
                    output = _in_groups(model, tokens, rows)
                    self.rows = rows
                    return output
            raise

    def _output(self, model: Any, tokens: torch.Tensor) -> Any:
        """The model's output, if need be with as many one-hot columns as there are tokens."""
        if not self._all_columns:
            try:
                return _in_rows_of(model, tokens)
            except Exception:
                if not self._columns():
                    raise
                with suppress(Exception), OneHotOfAll(self._columns()) as one_hot:
                    output = _in_rows_of(model, tokens)
                    self._all_columns = one_hot.was_asked
                if not self._all_columns:
                    raise
                return output
        with OneHotOfAll(self._columns()):
            return _in_rows_of(model, tokens)

    def _reply(self, logits: torch.Tensor) -> Message:
        self._calls += 1
        if logits.ndim > 1 and logits.shape[-1] > MOST_COLUMNS:
            fields = {"columns": logits.shape[-1]}
            return Message("logits", fields, (_folded(logits).cpu().numpy(),))
        if self._slots and 0 < logits.numel() <= len(self._slots[0]):
            slot = self._calls % len(self._slots)
            place = self._slots[slot][: logits.numel()].view(logits.shape)
            place.copy_(logits)
            return Message("logits", {"slot": slot, "shape": list(logits.shape)})
        return Message("logits", {}, (logits.float().cpu().numpy(),))


def _key(output: Any) -> str:
    """The name under which a dictionary has the logits, if it is a usual one."""
    named = output if isinstance(output, Mapping) else {}
    return next((key for key in LOGITS_KEYS if isinstance(named.get(key), torch.Tensor)), "")


def _kind(output: Any) -> str:
    """The type's name, or that of the usual one that it is a kind of, as a named tuple is."""
    name = type(output).__name__
    if name == PACKED:
        return name
    return next((k.__name__ for k in (tuple, list, dict) if isinstance(output, k)), name)


def _item(output: Any, tokens: torch.Tensor) -> dict[str, Any]:
    """Which item of a tuple or list may be the logits, and its shape, if there is one."""
    for number, item in enumerate(output) if isinstance(output, tuple | list) else ():
        if isinstance(item, torch.Tensor) and item.shape[:-1] == tokens.shape:
            return {"item": number, "shape": list(item.shape)}
    return {}


def _in_rows_of(model: Any, tokens: torch.Tensor) -> Any:
    """What the model returns, logits as [B,L,V]: the notebook flattens them anyway."""
    return in_rows(model(tokens), tokens)


def in_rows(output: Any, tokens: torch.Tensor) -> Any:
    """Logits for tokens [B,L] as [B,L,V], where they are [B*L,V] or have further axes of length 1.

    Whatever else there is as it is.
    """
    if isinstance(output, torch.Tensor) and output.ndim >= 2:
        rows = [n for n in output.shape[:-1] if n != 1]
        if rows in ([n for n in tokens.shape if n != 1], [tokens.numel()]):
            return output.reshape(*tokens.shape, output.shape[-1])
    return output


def _folded(logits: torch.Tensor) -> torch.Tensor:
    """The logits with all further ones as one: the softmax of those that are kept is the same."""
    logits = logits.float()
    others = logits[..., KEPT:].logsumexp(-1, keepdim=True)
    return torch.cat([logits[..., :KEPT], others], -1)


def _in_groups(model: Any, tokens: torch.Tensor, rows: int) -> Any:
    """The model's output for groups of ``rows`` sentences, the last one filled with copies."""
    outputs = []
    for group in tokens.split(rows):
        missing = rows - len(group)
        output = _in_rows_of(model, torch.cat([group, group[:1].expand(missing, -1)]))
        if not isinstance(output, torch.Tensor):
            return output
        outputs.append(output[: len(group)])
    return torch.cat(outputs)


def seed_everything(seed: int) -> None:
    """Begin anew with every generator of random numbers that student code is likely to use."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
