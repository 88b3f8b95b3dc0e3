"""Values on the wire: call arguments as the student receives them, results as raw arrays.

An argument or result is a JSON tree whose leaves are indices into the message's arrays.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from grader.wire import DTYPES, Array

MAX_ITEMS = 16
"""Items of a returned sequence that are sent; how many there were is sent too."""

NOTHING = "None (is there a return statement?)"
ONE_ARRAY = "one array"
"""A whole result that is None; of a part of one, the question would lead astray."""
NO_NUMBERS = "a tensor on the device 'meta', which holds a shape and no numbers"
NO_SEQUENCES = (str, bytes, dict, set, frozenset)
"""Iterables whose items are no results in an order."""

Tree = dict[str, Any]


def pack_arguments(arguments: Sequence[Any]) -> tuple[list[Tree], tuple[Array, ...]]:
    """Trees and arrays for arrays, torch tensors, ints, and tuples or lists of these."""
    arrays: list[Array] = []

    def pack(value: Any) -> Tree:
        if isinstance(value, (tuple, list)):
            return {"kind": type(value).__name__, "items": [pack(item) for item in value]}
        if isinstance(value, int):
            return {"kind": "int", "value": value}
        kind = "array" if isinstance(value, np.ndarray) else "tensor"
        arrays.append(value if kind == "array" else value.numpy())
        return {"kind": kind, "index": len(arrays) - 1}

    return [pack(value) for value in arguments], tuple(arrays)


def unpack_arguments(trees: Sequence[Tree], arrays: Sequence[Array]) -> list[Any]:
    """The inverse of ``pack_arguments``; runs in the worker, on the grader's own messages."""
    import torch

    make: dict[str, Callable[[Tree], Any]] = {
        "tuple": lambda tree: tuple(unpack_arguments(tree["items"], arrays)),
        "list": lambda tree: unpack_arguments(tree["items"], arrays),
        "int": lambda tree: tree["value"],
        "array": lambda tree: arrays[tree["index"]],
        "tensor": lambda tree: torch.from_numpy(arrays[tree["index"]]),
    }
    return [make[tree["kind"]](tree) for tree in trees]


def pack_result(value: Any, depth: int) -> tuple[Tree, tuple[Array, ...]]:
    """A result whose arrays are expected ``depth`` sequences deep."""
    if value is None:
        return {"kind": "other", "text": NOTHING}, ()
    if inspect.iscoroutine(value):
        value.close()  # or Python warns that nobody awaited it
    arrays: list[Array] = []

    def pack(value: Any, left: int) -> Tree:
        if left == 0:
            array, problem = to_array(value)
            if array is None:
                return {"kind": "other", "text": problem}
            arrays.append(array)
            return {"kind": "array", "index": len(arrays) - 1}
        items = _items(value) if left == depth else _items_by_index(value)
        if items is None:
            return {"kind": "other", "text": describe(value)}
        sent = [pack(item, left - 1) for item in items[:MAX_ITEMS]]
        return {"kind": "sequence", "text": describe(value), "count": len(items), "items": sent}

    tree = pack(value, depth)
    return tree, tuple(arrays)


def to_array(value: Any) -> tuple[Array | None, str]:
    """``value`` as the notebook's arithmetic takes it, or None and what it is instead."""
    import torch

    try:
        if isinstance(value, torch.Tensor):
            tensor = value.detach().cpu()
            wide = tensor.float() if tensor.dtype is torch.bfloat16 else tensor
            array = np.asarray(wide.numpy())
        else:
            array = np.asarray(value)
    except ValueError as error:
        return None, _ragged(value) if "inhomogeneous" in str(error) else describe(value)
    except (TypeError, RuntimeError):
        of_meta = isinstance(value, torch.Tensor) and value.is_meta
        return None, NO_NUMBERS if of_meta else describe(value)
    if array.dtype.kind == "c" and not array.imag.any():
        array = array.real  # as the notebook's np.abs makes it
    if array.dtype == np.longdouble or array.dtype == object:
        array = _as_float64(array)
    if array.dtype.name in DTYPES:
        return np.array(array, dtype=array.dtype.newbyteorder("=")), ""
    if value is None or isinstance(value, str):
        return None, describe(value)
    if array.dtype == object and not array.ndim and not isinstance(value, np.ndarray):
        return None, f"a value of type {type(value).__name__}"
    if array.dtype == object:
        return None, "an array of Python objects (dtype object), not of numbers"
    if array.dtype.kind == "c":
        return None, "an array of complex numbers, with imaginary parts that are not zero"
    return None, f"an array of dtype {array.dtype}, not of real numbers"


def _ragged(value: Any) -> str:
    """What a sequence is whose items make no array: several results, or rows of several lengths."""
    several = isinstance(value, (tuple, list)) and len(value) > 1
    if several and any(hasattr(item, "shape") for item in value):
        return describe(value)
    return "a ragged list"


def _as_float64(array: Array) -> Array:
    """Real numbers in another form, such as Python's in an array of objects; or what was given."""
    if array.dtype == object and not all(isinstance(item, Real) for item in array.flat):
        return array
    try:
        return array.astype(np.float64)
    except OverflowError:
        return array


def _items(value: Any) -> list[Any] | None:
    """The items of what can be unpacked into several values, as the notebook unpacks it."""
    if isinstance(value, (tuple, list)):
        return list(value)
    if hasattr(value, "shape"):
        return list(value[: MAX_ITEMS + 1]) if len(value.shape) else None
    if isinstance(value, Iterable) and not isinstance(value, NO_SEQUENCES):
        return list(itertools.islice(value, MAX_ITEMS + 1))
    return None


def _items_by_index(value: Any) -> list[Any] | None:
    """The items of one of several values: the notebook asks a gate for items 0 to 3."""
    if isinstance(value, dict) and set(value) == set(range(len(value))):
        return [value[index] for index in range(len(value))]
    return _items(value)


def described_array(shape: Iterable[int]) -> str:
    """What an array of that shape is called."""
    return f"{ONE_ARRAY} of shape {[int(n) for n in shape]}"


def describe(value: Any) -> str:
    """What a value is, in a student's words."""
    if value is None:
        return "None"
    if inspect.iscoroutine(value) or inspect.isasyncgen(value):
        return "a coroutine (is it an async def? Take the word async away)"
    if inspect.isgenerator(value):
        return "a generator (is there a yield? Then return does not return the value)"
    shape = getattr(value, "shape", None)
    if shape is not None:
        return described_array(shape)
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)} item{'s' * (len(value) != 1)}"
    return f"a value of type {type(value).__name__}"
