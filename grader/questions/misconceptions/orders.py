"""Right tuples for q4, returned in another order than r, z, n."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from grader.questions.misconceptions.gates import (
    Condition,
    Gate,
    GateMisconception,
    Parameters,
    condition,
    same,
)
from grader.questions.misconceptions.record import Array

_ORDERS = ("nrz", "nzr", "rnz", "znr")
"""Those in which the candidate, where the RNN is, is at another place than the last."""
COMPARE = "Compare the order of the tuples that you return with the order r, z, n"


def order_misconceptions(enough: float) -> Iterator[GateMisconception]:
    """One for each order; ``enough`` is the bias from which on a gate counts as held."""
    for order in _ORDERS:
        yield GateMisconception(
            id=f"order-{'-'.join(order)}",
            title=f"The tuples are returned in the order {', '.join(order)}",
            where="the order of the tuples that are returned",
            explanation="The RNN's parameters are in the place of another gate than the "
            "candidate, and each gate's tuple is taken for what its place says.",
            hint=f"{COMPARE}, and see in the notebook which place is loaded into which gate.",
            page="torch.nn.GRU",
            changes={"ordered": _in(order)},
            about=frozenset({"r", "z", "n.wt_x", "n.wt_h", "n.bias"}),
            holds=_are_in(order, enough),
        )


def _in(order: str) -> Callable[[Parameters, Parameters, Parameters], Any]:
    return lambda r, z, n: tuple({"r": r, "z": z, "n": n}[gate] for gate in order)


def _are_in(order: str, enough: float) -> Callable[..., bool]:
    def hold(r: Gate, z: Gate, n: Gate, wt_h: Array, wt_x: Array, bias: Array) -> bool:
        meant = dict(zip(order, (r, z, n), strict=True))
        rnn = meant["n"]
        return (
            all(gate.has_kernels(*wt_x.shape) for gate in (r, z, n))
            and same(rnn.wt_x, wt_x)
            and same(rnn.wt_h, wt_h)
            and same(rnn.bias, bias)
            and condition(meant["r"], +1, enough) is Condition.HELD
            and condition(meant["z"], -1, enough) is Condition.HELD
        )

    return hold
