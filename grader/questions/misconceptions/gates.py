"""GRU parameters that students return for q4 and q5, and the ways in which a gate is not held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.questions.misconceptions.record import Array, Misconception

INPUT_REACH = 3.0
"""How large an input or a state is taken to be at most; they are standard normal."""
LARGE = 3.0
"""A bias from which on a student meant to saturate a gate: sigmoid(3) is 0.95."""
SMALL = 0.5
AMPLE = 100.0
"""A bias as large as students take one to be on the safe side."""
SATURATED = 50.0
"""A bias of which float32's sigmoid is 0 or 1, whatever else is in the sum."""

Parameters = tuple[Array, Array, Array, Array]
"""``(wt_x, bias_x, wt_h, bias_h)`` of one gate."""
GateMaker = Callable[[int, int], Parameters]
"""From the sizes of the input and the state to a gate's parameters."""


@dataclass(frozen=True)
class Gate:
    """One gate of an answer, at float64."""

    wt_x: NDArray[np.float64]
    bias_x: NDArray[np.float64]
    wt_h: NDArray[np.float64]
    bias_h: NDArray[np.float64]

    @classmethod
    def of(cls, parameters: Sequence[NDArray[Any]]) -> Gate:
        return cls(*(item.astype(np.float64) for item in parameters))

    def has_biases(self, hidden: int) -> bool:
        """Whether torch's layer can take the biases."""
        return self.bias_x.shape == self.bias_h.shape == (hidden,)

    def has_kernels(self, inputs: int, hidden: int) -> bool:
        """Whether torch's layer can take the kernels."""
        return self.wt_x.shape == (inputs, hidden) and self.wt_h.shape == (hidden, hidden)

    @property
    def workable(self) -> bool:
        """Whether a GRU can compute with it: an infinite bias holds a gate like a large one."""
        kernels = np.isfinite(self.wt_x).all() and np.isfinite(self.wt_h).all()
        return bool(kernels and not np.isnan(self.bias).any())

    @property
    def bias(self) -> NDArray[np.float64]:
        """What the two biases make together."""
        with np.errstate(invalid="ignore"):
            total: NDArray[np.float64] = self.bias_x + self.bias_h
        return total

    @property
    def untouched(self) -> bool:
        """Whether all parameters are zero, so that the gate is one half."""
        return not any(item.any() for item in (self.wt_x, self.bias_x, self.wt_h, self.bias_h))

    @property
    def reach(self) -> NDArray[np.float64]:
        """How far inputs and states can move the gate's sum."""
        columns: NDArray[np.float64] = abs(self.wt_x).sum(0) + abs(self.wt_h).sum(0)
        return INPUT_REACH * columns


class Condition(Enum):
    """How a gate stands that its bias alone should hold open (or shut)."""

    HELD = auto()
    UNTOUCHED = auto()
    WRONG_WAY = auto()
    WEAK = auto()
    """Nothing but its bias is too small: a larger one would do, whatever the kernels are."""
    CANCELLING = auto()
    """Each of the two biases would hold it, but their signs differ."""
    DRIVEN = auto()
    """Inputs and states move it: its kernels are far from zero, and more to blame than its bias."""
    BOTH_WAYS = auto()
    """Its bias would hold it as it should in some units, and the wrong way in others."""
    OTHER = auto()


def condition(gate: Gate, sign: int, enough: float) -> Condition:
    """How the gate stands; it should be open for ``sign`` +1 and shut for -1.

    ``enough`` is the bias from which on it counts as held.
    """
    bias = sign * gate.bias
    if np.all(bias - gate.reach >= enough):
        return Condition.HELD
    if gate.untouched:
        return Condition.UNTOUCHED
    if _driven(bias, gate.reach, enough):
        return Condition.DRIVEN
    if np.all(abs(gate.bias_x) >= LARGE) and np.all(abs(bias) <= SMALL):
        return Condition.CANCELLING
    if np.all(bias < 0):
        return Condition.WRONG_WAY
    if np.all(bias >= 0):
        return Condition.WEAK
    both = np.all(abs(bias) >= LARGE)
    return Condition.BOTH_WAYS if both else Condition.OTHER


def _driven(bias: Array, reach: Array, enough: float) -> bool:
    """Whether its kernels are why a gate is not held, and not its bias alone.

    They are where the bias holds it without them, where no bias is large enough for them, and where
    they move the gate more than a bias that has not the right sign. Kernels of next to nothing are
    never to blame.
    """
    alone = np.all(bias >= enough) and np.any(reach > SMALL)
    too_far = np.any(AMPLE - reach < enough)
    mostly = np.any((bias <= 0) & (reach > np.maximum(abs(bias), SMALL)))
    return bool(alone or too_far or mostly)


@dataclass(frozen=True, kw_only=True)
class GateMisconception(Misconception):
    """A misconception that shows in the returned parameters themselves."""

    about: frozenset[str]
    """The parts of the answer that it explains: where two hold, the one that explains more wins."""
    holds: Callable[..., bool]
    """Whether the answer shows it: from the gates r, z and n, and the function's arguments."""


def held(bias_x: float, bias_h: float = 0.0, kernel: float = 0.0) -> GateMaker:
    """A gate with constant parameters."""

    def make(inputs: int, hidden: int) -> Parameters:
        return (
            np.full((inputs, hidden), kernel),
            np.full(hidden, bias_x),
            np.full((hidden, hidden), kernel),
            np.full(hidden, bias_h),
        )

    return make


def same(one: Array, other: Array) -> bool:
    """Whether two parameters are the same but for float32's rounding."""
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-5, atol=1e-7)
