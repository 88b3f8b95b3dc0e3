"""Matrix products of a student's model by oneDNN, on processors where that is twice as fast.

Torch asks MKL for products of float32 matrices. MKL computes with 512 bits at a time on Intel's
processors alone; oneDNN, which comes with torch too, does so on all that can. Both add up in
float32, each in an order of its own. What is asked is the processor and the model, and no clock:
a training that is repeated gives the same weights.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

LEAST_NUMBERS = 1 << 16
"""In the largest matrix of a model: with smaller ones the detour through Python takes longer."""
LEAST_WORK = 1 << 22
"""Multiplications in a product, for the same reason."""
_CPUINFO = Path("/proc/cpuinfo")
_by_onednn: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
_in_use: list[torch.library.Library] = []
"""What stands in for torch's own products in this process: at most one."""


def _is_faster_here() -> bool:
    """Whether torch has oneDNN, and MKL leaves half of this processor's vectors unused."""
    vendor = ""
    with suppress(OSError):
        lines = _CPUINFO.read_text().splitlines()
        vendor = next((line.split()[-1] for line in lines if line.startswith("vendor_id")), "")
    return (
        _by_onednn is not None
        and torch.backends.mkldnn.is_available()
        and torch.backends.cpu.get_cpu_capability() == "AVX512"
        and vendor not in {"", "GenuineIntel"}
    )


IS_FASTER_HERE = _is_faster_here()
"""Asked before there is a sandbox, which has no /proc of the machine."""


def choose_for(model: object) -> None:
    """Have oneDNN compute this process's products from now on, if ``model`` gains by it here."""
    use_onednn(IS_FASTER_HERE and _gains(model))


def _gains(model: object) -> bool:
    """Whether ``model`` has a matrix that is large enough, of the kind that this is about."""
    if not isinstance(model, nn.Module):
        return False
    return any(
        p.ndim >= 2 and p.numel() >= LEAST_NUMBERS and p.dtype == torch.float32
        for p in model.parameters()
    )


def use_onednn(wanted: bool) -> None:
    """Have oneDNN compute what it can of this process's products, where torch has it, or nothing.

    Torch keeps this once for a process.
    """
    if not wanted:
        _in_use.clear()  # What nothing refers to any more is taken back by torch.
    elif not _in_use:
        _in_use.append(_replacing_products())


def _replacing_products() -> torch.library.Library:
    library = torch.library.Library("aten", "IMPL")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "Overriding a previously registered kernel"
        library.impl("mm", _mm, "CPU")
        library.impl("addmm", _addmm, "CPU")
    return library


def _mm(left: Tensor, right: Tensor) -> Tensor:
    if _can(left, right):
        return _product(left, right, None)
    return torch.mm(left, right, out=left.new_empty(0))


def _addmm(
    bias: Tensor, left: Tensor, right: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    is_plain = beta == alpha == 1 and bias.dtype == torch.float32 and bias.is_contiguous()
    if is_plain and _can(left, right) and bias.shape == right.shape[1:]:
        return _product(left, right, bias)
    out = left.new_empty(0)
    return torch.addmm(bias, left, right, beta=beta, alpha=alpha, out=out)


def _product(left: Tensor, right: Tensor, bias: Tensor | None) -> Tensor:
    product: Tensor = _by_onednn(left, right.t(), bias, "none", [], "")
    return product


def _can(left: Tensor, right: Tensor) -> bool:
    """Whether that is a product of enough work, of matrices without gaps in memory.

    What is none is left to torch, too, which says so in words that students look up.
    """
    return (
        left.ndim == right.ndim == 2
        and left.shape[1] == right.shape[0]
        and left.dtype == right.dtype == torch.float32
        and left.numel() * right.shape[1] >= LEAST_WORK
        and all(m.is_contiguous() or m.t().is_contiguous() for m in (left, right))
    )
