"""Finds the model, or its weights, in whatever object was saved."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from types import MethodType
from typing import Any

import numpy as np
import torch
from torch import nn

from grader.worker.model_code import Compiled
from grader.worker.saved_file import SAVE, CannotLoad
from grader.worker.values import describe

WEIGHT_KEYS = (
    *("model_state_dict", "state_dict", "model_state", "model_dict", "model", "net", "network"),
    *("weights", "params", "parameters"),
)
"""The names that checkpoints have for a model's weights, the usual ones first."""
MAX_DEPTH = 4
MOST_NAMED = 5
"""Of what stands beside the weights."""
NUMBERS = "fiub"
"""NumPy's kinds of what a tensor may hold."""


@dataclass(frozen=True)
class Weights:
    """A ``state_dict``: tensors by name, for a model that is still to be built."""

    tensors: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    """Numbers and text that a checkpoint has beside them: it may say with what sizes to build."""


def model_or_weights(saved: Any, file: str, read: Set[str] = frozenset()) -> tuple[Any, list[str]]:
    """The model, out of its wrappers, or its ``Weights``, and notes on where they were.

    Of several weights under names, those with a usual one are taken, or, where the student's own
    code ``read`` others and none of these, those.
    Raises CannotLoad when the object is or holds neither.
    """
    notes: list[str] = []
    options: dict[str, Any] = {}
    if isinstance(saved, MethodType) and isinstance(saved.__self__, nn.Module):
        # model.state_dict, without the brackets that call it: what it belongs to is there, too.
        notes.append(f"it was taken from the method {saved.__name__} of a model, not called")
        saved = saved.__self__
    for _ in range(MAX_DEPTH):
        if _is_model(saved):
            return _without_wrappers(saved, notes), notes
        if _is_state_dict(saved):
            return Weights(saved, options), notes
        if _is_dict_of_arrays(saved):
            notes.append("the weights are NumPy arrays, which were made tensors")
            return Weights(_as_tensors(saved), options), notes
        options |= _plain_values(saved)
        inner = _inside(saved, read)
        if inner is None:
            among = _tensors_among_others(saved)
            if not among:
                break
            others = [f"[{key!r}]"[:40] for key in saved if key not in among]
            notes.append(f"{file} holds {', '.join(others[:MOST_NAMED])} among the weights, too")
            return Weights(among, options), notes
        others = [key for key in _keys_of_weights(saved) if key != inner[0]]
        key, saved = inner
        and_not = f", and not from {', '.join(others)}" if others else ""
        notes.append(f"it was taken from {key} of what {file} holds{and_not}")
    raise CannotLoad(
        f"{file} holds {_described(saved)}, and neither a model nor its weights; {SAVE}."
    )


def _is_model(saved: Any) -> bool:
    if isinstance(saved, nn.Module):
        return True
    # Something of the student's own making that behaves like one.
    return not isinstance(saved, type) and callable(saved) and hasattr(saved, "eval")


def _is_state_dict(saved: Any) -> bool:
    return (
        isinstance(saved, Mapping)
        and len(saved) > 0
        and all(isinstance(key, str) for key in saved)
        and any(isinstance(value, torch.Tensor) for value in saved.values())
        # Modules may add a state of their own under names that end so.
        and all(
            isinstance(value, torch.Tensor) or key.endswith("_extra_state")
            for key, value in saved.items()
        )
    )


def _tensors_among_others(saved: Any) -> dict[str, Any]:
    """A ``state_dict`` that other things were put into, such as the vocabulary; empty for none.

    Its names have a dot, as those of layers' weights do; a checkpoint has them one level deeper.
    """
    if not isinstance(saved, Mapping) or not all(isinstance(key, str) for key in saved):
        return {}
    if any("." in key and isinstance(value, np.ndarray) for key, value in saved.items()):
        return {}  # Of the weights some may be arrays.
    tensors = {key: value for key, value in saved.items() if isinstance(value, torch.Tensor)}
    return tensors if any("." in key for key in tensors) else {}


def _is_dict_of_arrays(saved: Any) -> bool:
    """Whether it is a ``state_dict`` whose tensors were made arrays: ``.numpy()`` of each."""
    return (
        isinstance(saved, Mapping)
        and len(saved) > 0
        and all(isinstance(key, str) for key in saved)
        and all(
            isinstance(value, torch.Tensor)
            or (isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in NUMBERS)
            for value in saved.values()
        )
    )


def _as_tensors(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, torch.Tensor) else torch.from_numpy(np.array(value))
        for name, value in arrays.items()
    }


def _keys_of_weights(saved: Any) -> list[str]:
    """Under which names a checkpoint has models or their weights."""
    items = saved.items() if isinstance(saved, Mapping) else ()
    holds = (_is_model, _is_state_dict, _is_dict_of_arrays)
    return [f"[{key!r}]"[:40] for key, value in items if any(is_one(value) for is_one in holds)]


def _inside(saved: Any, read: Set[str]) -> tuple[str, Any] | None:
    """Where a checkpoint has the model, and what is there."""
    if isinstance(saved, Mapping):
        items = [(f"[{key!r}]", value) for key, value in saved.items()]
        # Code that reads several, such as for its own average of them, may score any.
        own = () if not read.isdisjoint(WEIGHT_KEYS) else sorted(read)
        known = (*own, *WEIGHT_KEYS)
        named = [(f"[{key!r}]", saved[key]) for key in known if key in saved]
    elif isinstance(saved, (list, tuple)):
        items = [(f"[{number}]", value) for number, value in enumerate(saved)]
        named = []
    else:
        return None
    for candidates in (named, items):
        for holds in (_is_model, _is_state_dict, _is_dict_of_arrays):
            found = [(key, value) for key, value in candidates if holds(value)]
            if len(found) == 1 or (found and candidates is named):
                return found[0]
    nested = [(key, value) for key, value in named if isinstance(value, Mapping)]
    return nested[0] if nested else None


def _plain_values(saved: Any) -> dict[str, Any]:
    """The numbers and text of a checkpoint, and of what it holds by name, under their own names."""
    if not isinstance(saved, Mapping):
        return {}
    inside = (vars(v) if isinstance(v, Namespace) else v for v in saved.values())
    parts = [saved, *(part for part in inside if isinstance(part, Mapping))]
    return {
        name: value
        for part in parts
        for name, value in part.items()
        if isinstance(name, str) and isinstance(value, (int, float, str))
    }


def _without_wrappers(model: Any, notes: list[str]) -> Any:
    """The model inside of what torch wraps around one: DataParallel, a compiled or averaged one."""
    while True:
        inside = {} if not _is_torchs_own(model) else vars(model).get("_modules", {})
        name = next((n for n in ("module", "_orig_mod") if n in inside), None)
        if name is None:
            return model
        kind = "torch.compile" if isinstance(model, Compiled) else type(model).__name__
        notes.append(f"the wrapper of {kind} was taken off")
        model = inside[name]


def _is_torchs_own(model: Any) -> bool:
    return isinstance(model, Compiled) or type(model).__module__.split(".")[0] == "torch"


def _described(saved: Any) -> str:
    if isinstance(saved, type):
        return f"the class {saved.__name__} itself"
    if isinstance(saved, torch.optim.Optimizer):
        return f"an optimiser ({type(saved).__name__})"
    if isinstance(saved, Mapping):
        if {"state", "param_groups"} <= saved.keys():
            return "the state of an optimiser"
        if not saved:
            return "an empty dictionary"
        keys = ", ".join(repr(key)[:40] for key in list(saved)[:6])
        return f"a dictionary with the keys {keys}{', …' if len(saved) > 6 else ''}"
    if isinstance(saved, torch.Tensor):
        return f"one tensor of shape {list(saved.shape)}"
    if isinstance(saved, (list, tuple)):
        kinds = sorted({type(item).__name__ for item in saved})
        return f"{describe(saved)} ({', '.join(kinds[:4])})"
    return f"a value of type {type(saved).__name__}"
