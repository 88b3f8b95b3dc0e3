"""Puts saved weights into a model, or says in which names and shapes the two differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from grader.worker.saved_file import CannotLoad

PREFIXES = ("module.", "_orig_mod.", "model.", "net.")
"""What a wrapper, or a model that was an attribute of another object, puts before each name."""
COMPILED = "_orig_mod."
AVERAGED = "n_averaged"
SHOWN = 4


def fill(
    model: nn.Module, weights: Mapping[str, Any], characters: int, class_name: str
) -> list[str]:
    """Load the weights strictly; returns notes on what had to be done to their names.

    Raises CannotLoad when they are not those of the model, and says where the two differ.
    """
    own = model.state_dict()
    weights, notes = _without_prefixes(weights, own)
    weights = {**weights, **_tied(own, weights)}
    differences = _differences(own, weights)
    if differences:
        others = _other_vocabulary(own, weights, characters)
        advice = (
            "The class must have the very parts and sizes that it had when it was trained. Compare "
            "its __init__ with that, and save the weights again if it was changed since."
        )
        if others is not None:
            advice = (
                f"freq has {characters} characters here, and the weights seem to be for {others}: "
                "the model must be trained on the course's own train.csv, with freq made as in the "
                "notebook."
            )
        raise CannotLoad(f"The weights do not fit {class_name}. {differences}. {advice}")
    model.load_state_dict(weights)
    return notes


def _without_prefixes(
    weights: Mapping[str, Any], own: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    named, notes = dict(weights), []
    if AVERAGED in named and AVERAGED not in own:
        del named[AVERAGED]
        notes.append("the weights are an average, of torch.optim.swa_utils")
    while named and not own.keys() & named.keys():
        prefix = next((p for p in PREFIXES if all(k.startswith(p) for k in named)), None)
        if prefix is None:
            break
        named = {key.removeprefix(prefix): value for key, value in named.items()}
        notes.append(f"the prefix {prefix!r} was taken off the names of the weights")
    if any(COMPILED in key for key in named) and not any(COMPILED in key for key in own):
        # A part of the model was compiled, not the whole.
        named = {key.replace(COMPILED, ""): value for key, value in named.items()}
        notes.append(f"{COMPILED!r} was taken out of the names of the weights")
    return named, notes


def _tied(own: Mapping[str, Any], weights: Mapping[str, Any]) -> dict[str, Any]:
    """What is missing as it is the same tensor as another one: safetensors saves one of them."""
    places = {_place(own[name]): name for name in own.keys() & weights.keys()}
    missing = own.keys() - weights.keys()
    return {n: weights[places[_place(own[n])]] for n in missing if _place(own[n]) in places}


def _place(value: Any) -> Any:
    if not isinstance(value, Tensor) or is_lazy(value) or value.numel() == 0:
        return id(value)
    return value.data_ptr(), value.shape, value.stride()


def _differences(own: Mapping[str, Any], weights: Mapping[str, Any]) -> str:
    """The names that only one of the two has, and those of different shapes; '' for none."""
    parts = []
    missing, unknown = own.keys() - weights.keys(), weights.keys() - own.keys()
    if unknown:
        parts.append(f"only in the file: {_listed(unknown, weights)}")
    if missing:
        parts.append(f"only in the class: {_listed(missing, own)}")
    other = [name for name in own if name in weights and _shapes_differ(own[name], weights[name])]
    if other:
        some = (
            f"{n} is {_shape(weights[n])} in the file, {_shape(own[n])} in the class"
            for n in other[:SHOWN]
        )
        parts.append("of other shapes: " + "; ".join(some) + _more(other))
    return ". ".join(part[0].upper() + part[1:] for part in parts)


def _shapes_differ(own: Any, saved: Any) -> bool:
    tensors = isinstance(own, Tensor) and isinstance(saved, Tensor) and not is_lazy(own)
    return tensors and own.shape != saved.shape


def _other_vocabulary(
    own: Mapping[str, Any], weights: Mapping[str, Any], characters: int
) -> int | None:
    """The number of characters that the weights were made for, where it is another one.

    It shows in sizes that are V + 3 in the model, or V, and another number in the file.
    """
    for name, value in own.items():
        saved: Any = weights.get(name)
        if not _shapes_differ(value, saved) or value.ndim != saved.ndim:
            continue
        for size, saved_size in zip(value.shape, saved.shape, strict=True):
            for tokens in (3, 0):
                if size == characters + tokens != saved_size > tokens:
                    return int(saved_size) - tokens
    return None


def _listed(names: set[str], tensors: Mapping[str, Any]) -> str:
    ordered = [name for name in tensors if name in names]
    return ", ".join(f"{n} {_shape(tensors[n])}" for n in ordered[:SHOWN]) + _more(ordered)


def _shape(value: Any) -> str:
    if not isinstance(value, Tensor) or is_lazy(value):
        return f"({type(value).__name__})"
    return str(list(value.shape))


def _more(names: list[str]) -> str:
    return f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
