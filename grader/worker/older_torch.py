"""Completes models that an older torch pickled, so that this torch can run them.

A whole-model pickle holds the attributes of torch's own modules as they were then, and the code of
this torch's modules reads attributes that came later.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

CAUTIOUS: dict[str, Any] = {
    # It only ever allows a fast path, for one activation; without it the layer uses its own.
    "activation_relu_or_gelu": 0,
}
"""Values that are right whatever the model's other attributes are."""

SIMPLE = (bool, int, float, str, type(None))
CONTAINERS = (dict, set, list, tuple)

RENAMED: dict[tuple[str, str], Any] = {
    (
        "torch.nn.modules.linear",
        "_LinearWithBias",
    ): nn.modules.linear.NonDynamicallyQuantizableLinear,
    ("torch.nn.backends.thnn", "_get_thnn_function_backend"): lambda: None,
}
"""What pickles of an older torch name and this torch has no more, by module and name."""


def complete(model: nn.Module) -> list[str]:
    """Give attributes that are missing in torch's own modules their defaults; returns their names.

    Missing is what a fresh module of the same class has and this one has not.
    """
    added = set()
    defaults: dict[type, dict[str, Any]] = {}
    for module in model.modules():
        if isinstance(module, torch.jit.ScriptModule):
            continue
        kind = torch_class(type(module))
        if kind not in defaults:
            defaults[kind] = _defaults(kind)
        for name, value in defaults[kind].items():
            # A part or parameter of that name is no entry of its vars.
            if not hasattr(module, name):
                object.__setattr__(module, name, copy.copy(value))
                added.add(f"{kind.__name__}.{name}")
    return sorted(added)


def torch_class(kind: type) -> type:
    """The class of torch's own that a class is or is derived from; ``nn.Module`` at the least."""
    return next(base for base in kind.__mro__ if base.__module__.split(".")[0] == "torch")


@contextlib.contextmanager
def older_recurrent_layers() -> Iterator[None]:
    """While this lasts, recurrent layers of torch 1.3 and before can be unpickled, too."""
    original: Any = nn.RNNBase.__setstate__

    def setstate(self: Any, state: dict[str, Any]) -> None:
        names = [name for layer in state.get("_all_weights", ()) for name in layer]
        if "_flat_weights" not in state and all(isinstance(name, str) for name in names):
            state["_flat_weights_names"] = names
            state["_flat_weights"] = [state["_parameters"][name] for name in names]
        original(self, state)

    nn.RNNBase.__setstate__ = setstate  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.RNNBase.__setstate__ = original  # type: ignore[method-assign]


def _defaults(kind: type) -> dict[str, Any]:
    """The attributes of a fresh module that are plain values or empty containers."""
    try:
        # On the CPU, because "meta" would import torch's compiler, which takes most of a second;
        # and the random numbers that follow are those that would have come without it.
        with (
            torch.device("cpu"),
            torch.random.fork_rng(devices=[]),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            fresh = SMALLEST.get(kind, lambda: _smallest(kind))()
    except Exception:  # a class that cannot be built from ones: its own attributes stay as they are
        fresh = nn.Module()
    plain = {
        name: value
        for name, value in vars(fresh).items()
        if isinstance(value, SIMPLE) or (isinstance(value, CONTAINERS) and not value)
    }
    return {name: CAUTIOUS.get(name, value) for name, value in plain.items()}


def _smallest(kind: Any) -> Any:
    """An instance of the class that gets 1 for each argument that it requires."""
    if issubclass(kind, nn.RNNBase):
        return kind(1, 1)
    parameters = inspect.signature(kind).parameters.values()
    required = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    return kind(*[1] * len(required))


SMALLEST: dict[type, Callable[[], Any]] = {
    nn.TransformerEncoder: lambda: nn.TransformerEncoder(
        nn.TransformerEncoderLayer(1, 1), 1, enable_nested_tensor=False
    ),
    nn.TransformerDecoder: lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(1, 1), 1),
    nn.Transformer: lambda: nn.Transformer(1, 1, 1, 1, 1),
}
"""Classes that take more than numbers."""
