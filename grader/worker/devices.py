"""Runs student code on the device in use, whatever device that code names.

Models come from GPU machines, and their code says so: ``.cuda()``, ``device="cuda:0"``, a global
``torch.device("cuda")``, an attribute that remembers one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch.overrides import TorchFunctionMode

T = TypeVar("T")

TROUBLE = (AssertionError, RuntimeError, TypeError)
ACCELERATORS = frozenset({"cuda", "mps", "xla", "xpu"})
OF_DEVICES = re.compile(
    "not compiled with CUDA|NVIDIA driver|No CUDA GPUs|CUDA driver|CUDA-capable|ATen_cuda"
    "|invalid device ordinal|accelerator device when none|Device index must not be negative"
    "|from the '(?:CUDA|MPS|XLA|XPU)' backend|not linked with support for|(?:on|at) the same device"
    "|not on the expected device|should be a 1D CPU|device type tensor to numpy|and weight type"
)
"""How torch words it that a device is not on this machine, that tensors are on several, or that one
is on a GPU and belongs on the CPU."""
CPU = torch.device("cpu")
TYPES = (
    "FloatTensor DoubleTensor HalfTensor BFloat16Tensor LongTensor IntTensor ShortTensor "
    "CharTensor ByteTensor BoolTensor".split()
)
"""What torch.cuda has of its own, each to make or to name tensors of one type on a GPU."""


def device_of(wanted: str) -> torch.device:
    """The device that ``--device`` names; with "auto" a GPU where torch finds one."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)


def is_of_devices(error: BaseException) -> bool:
    """Whether the error comes from a device that is not the one in use."""
    return isinstance(error, TROUBLE) and bool(OF_DEVICES.search(str(error)))


class Redirection:
    """Once student code has failed by naming another device, what it names means ``device``.

    Not from the beginning: most code needs no such thing, and then runs exactly as written.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.on = False

    def misplaced(self, error: BaseException) -> bool:
        """Whether code that had trouble with a GPU, and now ``error``, may do better on the CPU.

        What a ``torch.zeros(...)`` in ``forward`` makes is on the CPU, where it was written.
        """
        full = isinstance(error, torch.OutOfMemoryError)
        return self.on and self.device.type != "cpu" and not full

    def run(self, function: Callable[[], T]) -> T:
        """Call the function, a second time if it takes that; ``on`` then stays on."""
        if not self.on:
            try:
                return function()
            except TROUBLE as error:
                if not is_of_devices(error):
                    raise
            self.on = True
            torch.set_default_device(None)  # student code may have set one that is not here
        with _types_on(self.device), _OnDevice(self.device):
            return function()


@contextmanager
def _types_on(device: torch.device) -> Iterator[None]:
    """While active, torch.cuda's types are those of the CPU, where that is the device."""
    own = {name: getattr(torch.cuda, name) for name in TYPES} if device == CPU else {}
    for name in own:
        setattr(torch.cuda, name, getattr(torch, name))
    try:
        yield
    finally:
        for name, value in own.items():
            setattr(torch.cuda, name, value)


class _OnDevice(TorchFunctionMode):
    """While active, calls into torch that name an accelerator get ``device`` in its place."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self._device = device

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        named = {key: value for key, value in (kwargs or {}).items() if key != "device"}
        if getattr(func, "__name__", "") in ACCELERATORS:  # Tensor.cuda(device, non_blocking)
            return torch.Tensor.to(args[0], self._device, **named)
        if kwargs and "device" in kwargs:
            named["device"] = self._in_place_of(kwargs["device"], index=True)
        may_be_index = func is torch.Tensor.to
        replaced = (self._in_place_of(value, index=may_be_index) for value in args)
        return func(*replaced, **named)

    def _in_place_of(self, value: Any, *, index: bool) -> Any:
        if isinstance(value, torch.device):
            return self._device if value.type in ACCELERATORS else value
        if isinstance(value, str):
            if value.startswith("torch.cuda.") and self._device == CPU:
                return value.replace(
                    "torch.cuda.", "torch."
                )  # Tensor.type("torch.cuda.LongTensor")
            return self._device if value.split(":")[0] in ACCELERATORS else value
        return self._device if index and type(value) is int else value


def move_remembered_devices(model: torch.nn.Module, device: torch.device) -> None:
    """Point attributes such as ``self.device``, pickled on another machine, at the device."""
    for module in model.modules():
        for name, value in list(vars(module).items()):
            if isinstance(value, torch.device):
                setattr(module, name, device)
            elif isinstance(value, str) and value.split(":")[0] in {*ACCELERATORS, "cpu"}:
                setattr(module, name, str(device))
