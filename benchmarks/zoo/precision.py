"""Inner computations with fewer digits than float32 has, or more."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

ROUNDED = ("tf32", "bfloat16", "float16")
WHOLE = {"all bfloat16": torch.bfloat16, "all float16": torch.float16, "all float64": torch.float64}


def rounded(values: Tensor, precision: str) -> Tensor:
    """Float32 values with no more digits than the precision has."""
    if precision == "tf32":
        # Half of the last of the ten bits of the mantissa that stay, then cut the others.
        bits = values.contiguous().view(torch.int32) + (1 << 12)
        return (bits & ~((1 << 13) - 1)).view(torch.float32)
    return values.to(torch.bfloat16 if precision == "bfloat16" else torch.float16).float()


class RoundedLinear(nn.Module):
    """A linear layer that rounds its inputs and weights, and all but TF32 the result as well."""

    def __init__(self, linear: nn.Linear, precision: str) -> None:
        super().__init__()
        self.linear = linear
        self.precision = precision

    def forward(self, inputs: Tensor) -> Tensor:
        weight = rounded(self.linear.weight, self.precision)
        result = functional.linear(rounded(inputs, self.precision), weight, self.linear.bias)
        return result if self.precision == "tf32" else rounded(result, self.precision)


class Autocast(nn.Module):
    """Runs a model under torch's automatic mixed precision."""

    def __init__(self, core: nn.Module) -> None:
        super().__init__()
        self.core = core

    def forward(self, tokens: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits: Tensor = self.core(tokens)
        return logits.float()


class Whole(nn.Module):
    """Runs a model with all of its parameters in another type."""

    def __init__(self, core: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.core = core.to(dtype)

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.core(tokens)
        return logits.float()


def lowered(network: nn.Module, precision: str) -> nn.Module:
    """The network at a precision: '', one of ROUNDED or WHOLE, or 'autocast'."""
    if precision in WHOLE:
        return Whole(network, WHOLE[precision])
    if precision == "autocast":
        return Autocast(network)
    if precision in ROUNDED:
        _round_linears(network, precision)
    return network


def _round_linears(module: nn.Module, precision: str) -> None:
    for name, child in list(module.named_children()):
        if type(child) is nn.Linear:
            setattr(module, name, RoundedLinear(child, precision))
        else:
            _round_linears(child, precision)
