"""Notices when student code calls a recurrent or attention layer of torch's own."""

from __future__ import annotations

from collections.abc import Callable
from types import BuiltinFunctionType, CodeType
from typing import Any

import torch
from torch._ops import OpOverload, OpOverloadPacket
from torch.overrides import TorchFunctionMode

from grader.source import BROKEN
from grader.worker.profiler import LAST, call_last
from grader.worker.watch import Watch, layer_of

# Student code may give these names other values.
_push, _pop = torch._C._push_on_torch_function_stack, torch._C._pop_torch_function_stack
_PLAIN = {bool, int, float, str, torch.Tensor, torch.nn.Parameter, torch.dtype, torch.device}
_randn = torch.randn
_operator = torch._C._jit_get_operation
_overload: Any = torch._C._get_operation_overload
_CALLS: dict[object, CodeType] = {
    kind: kind.__call__.__code__ for kind in (OpOverload, OpOverloadPacket)
}
_ATTENTION = torch.nn.functional.multi_head_attention_forward


class LayersUsed(TorchFunctionMode):
    """While active, records by name each call of a layer of torch's own.

    With ``spoil`` such a layer is given random numbers and returns others: whoever takes his answer
    from one of them has none. ``watch`` sees those that are called out of this mode's sight.
    """

    def __init__(self, *, spoil: bool = False, watch: Watch | None = None) -> None:
        super().__init__()
        self._names: set[str] = set()
        self._spoil = spoil
        self._watch = watch
        self._is_on = False

    def __enter__(self) -> LayersUsed:
        _push(self)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._watch is not None:
                call_last()
                self._watch.names |= set() if self._is_on else {BROKEN}
        finally:
            _pop()

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
        name = str(getattr(func, "__name__", ""))
        self._is_on |= name == LAST
        layer = _layer_of(func, name)
        if not layer:
            return func(*args, **(kwargs or {}))
        self._names.add(layer)
        if self._spoil:
            # Plain tensors: one of a student's own class would run his code in the pause.
            args, kwargs = _noise_like(args), _noise_like(kwargs)
        result = self._call(func, name, args, kwargs or {})
        return _noise_like(result) if self._spoil else result

    def _call(
        self, func: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        # What is no tensor at all may be of a class of a student's with such a method as this.
        if self._watch is None or not _is_plain((args, kwargs)):
            return func(*args, **kwargs)
        if func is _ATTENTION:
            _push(self)
            try:
                return self._watch.attention(*args, **kwargs)
            finally:
                _pop()
        kernel = _kernel_of(func, name)
        return self._watch.unseen(kernel, *args, **kwargs) if kernel else func(*args, **kwargs)


def _layer_of(func: object, name: str) -> str:
    """Which of torch's layers a function is, or ''; one of a student's own may be called so."""
    if type(func) in _CALLS:
        return layer_of(str(func))
    is_torchs = type(func) is BuiltinFunctionType or func is _ATTENTION
    return layer_of(f"aten::{name}") if is_torchs else ""


def _kernel_of(func: object, name: str) -> Callable[..., Any] | None:
    """The C function that does what one of torch's does; None where there is no such one."""
    if type(func) in _CALLS:
        # What is called by torch.ops goes through Python, where other code may be put in its place.
        called = getattr(type(func).__call__, "__code__", None)
        if called is not _CALLS[type(func)] or not str(func).startswith("aten."):
            return None
        operator, _, overload = name.partition(".")
        if type(func) is OpOverloadPacket:
            kernel: Callable[..., Any] | None = _operator(f"aten::{operator}")[0]
            return kernel
        found = _overload(f"aten::{operator}", "" if overload == "default" else overload)
        return found[0] if found else None
    return func if type(func) is BuiltinFunctionType else None


def _is_plain(value: Any) -> bool:
    """Whether it is of Python's and torch's own types throughout, so that no code comes with it."""
    if type(value) in {tuple, list, torch.Size}:
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(map(_is_plain, value.values()))
    return value is None or type(value) in _PLAIN


def _noise_like(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(map(_noise_like, value))
    if isinstance(value, dict):
        return {key: _noise_like(item) for key, item in value.items()}
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return _randn(value.shape, dtype=value.dtype, device=value.device)
    return value
