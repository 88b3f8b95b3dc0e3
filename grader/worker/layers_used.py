"""Notices when student code calls a recurrent or attention layer of torch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

LAYER_FUNCTIONS = frozenset(
    "rnn_tanh rnn_relu gru lstm rnn_tanh_cell rnn_relu_cell gru_cell lstm_cell "
    "scaled_dot_product_attention multi_head_attention_forward _native_multi_head_attention "
    "_transformer_encoder_layer_fwd".split()
)
"""The functions that the modules of ``torch.nn`` end in, whatever name they were imported by."""
KERNELS = {
    "_scaled_dot_product": "scaled_dot_product_attention",
    "_thnn_fused_gru_cell": "gru_cell",
    "_thnn_fused_lstm_cell": "lstm_cell",
    "_cudnn_rnn": "gru",
    "mkldnn_rnn_layer": "lstm",
}
"""How the names of what those functions end in begin, and whose they are: called alone, by
``torch.ops``, they are the layer as well."""


class LayersUsed(TorchFunctionMode):
    """While active, records by name each call of one of ``LAYER_FUNCTIONS``.

    With ``spoil`` those functions return random numbers: whoever takes his answer from one of them
    has none.
    """

    def __init__(self, *, spoil: bool = False) -> None:
        super().__init__()
        self._names: set[str] = set()
        self._spoil = spoil

    @property
    def names(self) -> list[str]:
        return sorted(self._names)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        # An operator of torch.ops is named with its overload: gru.input.
        name = str(getattr(func, "__name__", "")).split(".")[0]
        if name in LAYER_FUNCTIONS:
            layer = {name}
        else:
            layer = {whose for start, whose in KERNELS.items() if name.startswith(start)}
        self._names |= layer
        result = func(*args, **(kwargs or {}))
        return _noise_like(result) if layer and self._spoil else result


def _noise_like(result: Any) -> Any:
    if isinstance(result, (tuple, list)):
        return type(result)(map(_noise_like, result))
    if isinstance(result, torch.Tensor) and result.is_floating_point():
        return torch.randn_like(result)
    return result
