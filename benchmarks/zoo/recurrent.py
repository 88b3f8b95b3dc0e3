"""Recurrent bodies: torch's layers and loops over cells, right and wrong."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

LAYERS: dict[str, Any] = {"tanh": nn.RNN, "relu": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}
CELLS: dict[str, Any] = {
    "tanh": nn.RNNCell,
    "relu": nn.RNNCell,
    "GRU": nn.GRUCell,
    "LSTM": nn.LSTMCell,
}


DRIVE = 0.3
"""A factor of the input weights of chaotic layers: a strong input makes any recurrence tame."""


def widen(layer: nn.Module, radius: float) -> None:
    """Draw recurrent weights anew so that their spectral radius is about ``radius``."""
    for name, weight in layer.named_parameters():
        if "weight_hh" in name:
            nn.init.normal_(weight, 0, radius / weight.shape[1] ** 0.5)
        elif "weight_ih" in name:
            weight.data.mul_(DRIVE)


class Recurrent(nn.Module):
    """One of torch's recurrent layers.

    ``direction`` is 'forward', 'both' or 'backward'; ``layout`` is 'batch first', 'time first'
    (transposed as it must be) or 'mistaken' (a layer without ``batch_first`` that gets [B,L,W]);
    ``start`` is 'zeros', 'learned', 'random' or 'kept' (from the call before).
    """

    def __init__(
        self,
        width: int,
        kind: str = "GRU",
        layers: int = 1,
        *,
        direction: str = "forward",
        layout: str = "batch first",
        start: str = "zeros",
        packed: bool = False,
        dropout: float = 0.0,
        radius: float | None = None,
        residual: bool = False,
    ) -> None:
        super().__init__()
        both = direction == "both"
        self.layer = LAYERS[kind](
            width,
            width // 2 if both else width,
            num_layers=layers,
            bidirectional=both,
            batch_first=layout == "batch first",
            dropout=dropout,
            **({"nonlinearity": kind} if kind in ("tanh", "relu") else {}),
        )
        if radius is not None:
            widen(self.layer, radius)
        self.direction, self.layout, self.start = direction, layout, start
        self.packed, self.residual, self.pair = packed, residual, kind == "LSTM"
        self.first = nn.Parameter(torch.randn(layers, 1, width) * 0.5)
        self.kept: Any = None

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        inputs = x.flip(1) if self.direction == "backward" else x
        if self.layout == "time first":
            inputs = inputs.transpose(0, 1)
        if self.packed:
            lengths = (~padding).sum(1).clamp(min=1).cpu()
            rows = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
            outputs, _ = self.layer(rows)
            outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[1])
        else:
            outputs, last = self.layer(inputs, self._initial(inputs))
            self.kept = last if self.start == "kept" else None
        if self.layout == "time first":
            outputs = outputs.transpose(0, 1)
        if self.direction == "backward":
            outputs = outputs.flip(1)
        result: Tensor = outputs + x if self.residual else outputs
        return result

    def _initial(self, inputs: Tensor) -> Any:
        if self.start == "zeros":
            return None
        rows = inputs.shape[1 if self.layout == "time first" else 0]
        if self.start == "kept":
            one = self.kept[0] if self.pair and self.kept is not None else self.kept
            return self.kept if one is not None and one.shape[1] == rows else None
        state = self.first.expand(-1, rows, -1).contiguous()
        if self.start == "random":
            state = torch.randn_like(state)
        return (state, torch.zeros_like(state)) if self.pair else state


class CellLoop(nn.Module):
    """Layers of torch's cells in a loop over time; ``backward`` runs from the end."""

    def __init__(self, width: int, kind: str = "GRU", layers: int = 1, backward: bool = False):
        super().__init__()
        extra = {"nonlinearity": kind} if kind in ("tanh", "relu") else {}
        self.cells = nn.ModuleList([CELLS[kind](width, width, **extra) for _ in range(layers)])
        self.pair, self.backward = kind == "LSTM", backward

    def forward(self, x: Tensor, _padding: Tensor) -> Tensor:
        steps = list(x.flip(1).unbind(1) if self.backward else x.unbind(1))
        for cell in self.cells:
            zeros = torch.zeros_like(steps[0])
            state: Any = (zeros, zeros) if self.pair else zeros
            for t, step in enumerate(steps):
                state = cell(step, state)
                steps[t] = state[0] if self.pair else state
        outputs = torch.stack(steps, dim=1)
        return outputs.flip(1) if self.backward else outputs


class OwnCell(nn.Module):
    """A student's own recurrence, made of linear layers.

    ``kind`` is 'tanh', 'gated' (a GRU with one gate), 'multiplicative', 'normed' (a layer norm in
    each step), 'leaky' or 'softmax' (the state is a distribution).
    """

    def __init__(self, width: int, kind: str = "tanh", radius: float | None = None) -> None:
        super().__init__()
        self.from_input = nn.Linear(width, width)
        self.from_state = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width)
        self.kind = kind
        if radius is not None:
            nn.init.normal_(self.from_state.weight, 0, radius / width**0.5)
            self.from_input.weight.data.mul_(DRIVE)

    def forward(self, x: Tensor, _padding: Tensor) -> Tensor:
        state = torch.zeros_like(x[:, 0])
        outputs = torch.empty_like(x)
        for t in range(x.shape[1]):
            state = self._step(x[:, t], state)
            outputs[:, t] = state
        return outputs

    def _step(self, x: Tensor, state: Tensor) -> Tensor:
        from_input: Tensor = self.from_input(x)
        from_state: Tensor = self.from_state(state)
        if self.kind == "multiplicative":
            return torch.tanh(from_input + from_state + from_input * from_state)
        if self.kind == "softmax":
            return (2 * from_input + 8 * from_state).softmax(-1)
        if self.kind == "normed":
            return torch.tanh(self.norm(from_input + from_state))
        new = torch.tanh(from_input + from_state)
        if self.kind == "leaky":
            return 0.8 * state + 0.2 * new
        if self.kind == "gated":
            update = torch.sigmoid(self.gate(torch.cat([x, state], dim=1)))
            return update * state + (1 - update) * new
        return new
