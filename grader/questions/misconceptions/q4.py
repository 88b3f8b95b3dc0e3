"""Q4: a GRU that behaves as an RNN, and what students return instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.questions.misconceptions.gates import (
    SATURATED,
    Condition,
    Gate,
    GateMaker,
    GateMisconception,
    Parameters,
    condition,
    held,
    same,
)
from grader.questions.misconceptions.orders import COMPARE, order_misconceptions
from grader.questions.misconceptions.record import Array
from grader.questions.misconceptions.rnn_candidates import CANDIDATE_MISCONCEPTIONS

PAGE = "torch.nn.GRU"
ENOUGH = 6.0
"""With a bias of 6 a gate is 0.25 % away from 0 or 1, and the outputs at most about 0.01."""


@dataclass(frozen=True)
class GruAsRnn:
    """``init_gru_with_rnn`` of the assignment, part by part."""

    reset: GateMaker
    update: GateMaker
    copied: Callable[[Array], Parameters] | None = None
    """Makes both gates out of the RNN's own parameters, where a student does so."""
    wt_x: Callable[[Array, Array], Array] = lambda wt_x, wt_h: wt_x
    wt_h: Callable[[Array, Array], Array] = lambda wt_x, wt_h: wt_h
    biases: Callable[[Array], tuple[Array, Array]] = lambda bias: (bias, np.zeros_like(bias))
    """Of the candidate."""

    ordered: Callable[[Parameters, Parameters, Parameters], Any] = lambda r, z, n: (r, z, n)

    def __call__(self, wt_h: Array, wt_x: Array, bias: Array) -> Any:
        """The three tuples, as a student with these parts returns them."""
        bias_x, bias_h = self.biases(bias)
        candidate = (self.wt_x(wt_x, wt_h), bias_x, self.wt_h(wt_x, wt_h), bias_h)
        if self.copied is not None:
            rnn = (wt_x, bias, wt_h, np.zeros_like(bias))
            return self.ordered(self.copied(rnn), self.copied(rnn), candidate)
        return self.ordered(self.reset(*wt_x.shape), self.update(*wt_x.shape), candidate)


Holds = Callable[..., bool]


def _reset(wanted: Condition) -> Holds:
    def holds(r: Gate, z: Gate, n: Gate, wt_h: Array, wt_x: Array, bias: Array) -> bool:
        # A reset gate of one half is right where the candidate's recurrent part is doubled.
        doubled = r.untouched and same(n.wt_h, 2 * wt_h)
        return not doubled and condition(r, +1, ENOUGH) is wanted

    return holds


def _update(wanted: Condition) -> Holds:
    return lambda r, z, n, wt_h, wt_x, bias: condition(z, -1, ENOUGH) is wanted


def _exchanged(r: Gate, z: Gate, n: Gate, *rnn: Array) -> bool:
    both = {condition(r, +1, ENOUGH), condition(z, -1, ENOUGH)}
    return both == {Condition.WRONG_WAY}


def _value_for_bias(r: Gate, z: Gate, n: Gate, *rnn: Array) -> bool:
    return not r.reach.any() and bool(np.all(r.bias == 1)) and z.untouched


def _rnn_in_every_gate(r: Gate, z: Gate, n: Gate, wt_h: Array, wt_x: Array, bias: Array) -> bool:
    return all(same(g.wt_x, wt_x) and same(g.wt_h, wt_h) for g in (r, z, n))


SOLUTION = GruAsRnn(reset=held(SATURATED), update=held(-SATURATED))
_R, _Z, _BOTH = "the reset gate's parameters", "the update gate's parameters", "both gates"
_LINE_H = "Put the value that your update gate has into the page's line of h_t: what remains?"
_LINE_N = "Put the value that your reset gate has into the page's line of n_t: what remains?"
_SIGMOID_0 = "See what the page's function gives for an argument of zero."
_RANGE = "See on the page for which arguments the value is within 0.001 of one of its ends."
MISCONCEPTIONS = (
    GateMisconception(
        id="update-gate-open",
        title="The update gate is held the wrong way",
        where=_Z,
        explanation="It is near 1, so the GRU keeps its old state. An RNN takes the new one.",
        hint=_LINE_H,
        page=PAGE,
        changes={"update": held(SATURATED)},
        about=frozenset({"z"}),
        holds=_update(Condition.WRONG_WAY),
    ),
    GateMisconception(
        id="update-gate-untouched",
        title="The update gate is left at zero parameters",
        where=_Z,
        explanation="All its parameters are zero, so the gate itself is one half, and the new "
        "state is half the old one.",
        hint=_SIGMOID_0,
        page="torch.sigmoid",
        changes={"update": held(0.0)},
        about=frozenset({"z"}),
        holds=_update(Condition.UNTOUCHED),
    ),
    GateMisconception(
        id="update-gate-weak",
        title="The update gate is not saturated enough",
        where=_Z,
        explanation="Its bias is not far enough below 0, in all units or in some, so that a part "
        "of the old state leaks into the new one there at each step.",
        hint=_RANGE,
        page="torch.sigmoid",
        changes={"update": held(-2.0)},
        about=frozenset({"z"}),
        holds=_update(Condition.WEAK),
    ),
    GateMisconception(
        id="update-gate-biases-cancel",
        title="The update gate's two biases cancel each other",
        where=_Z,
        explanation="One of them is large and positive, the other large and negative. A gate sees "
        "their sum.",
        hint="See how the two biases enter the page's line of z_t.",
        page=PAGE,
        changes={"update": held(-SATURATED, SATURATED)},
        about=frozenset({"z"}),
        holds=_update(Condition.CANCELLING),
    ),
    GateMisconception(
        id="update-gate-driven",
        title="The update gate depends on what comes in",
        where=_Z,
        explanation="Its kernels are not both zero, so the gate opens and shuts with the input or "
        "the state. It should have one value, whatever comes in, and its biases alone should make "
        "it.",
        hint="See which terms of the page's line of z_t do not depend on x_t or h.",
        page=PAGE,
        changes={"update": held(0.0, kernel=-SATURATED)},
        about=frozenset({"z"}),
        holds=_update(Condition.DRIVEN),
    ),
    GateMisconception(
        id="reset-gate-shut",
        title="The reset gate is held the wrong way",
        where=_R,
        explanation="It is near 0, so the candidate does not see the old state, and the GRU has "
        "no memory. An RNN sees all of it.",
        hint=_LINE_N,
        page=PAGE,
        changes={"reset": held(-SATURATED)},
        about=frozenset({"r"}),
        holds=_reset(Condition.WRONG_WAY),
    ),
    GateMisconception(
        id="reset-gate-untouched",
        title="The reset gate is left at zero parameters",
        where=_R,
        explanation="All its parameters are zero, so the gate itself is one half, and the "
        "candidate sees half of the recurrent term.",
        hint=_SIGMOID_0,
        page="torch.sigmoid",
        changes={"reset": held(0.0)},
        about=frozenset({"r"}),
        holds=_reset(Condition.UNTOUCHED),
    ),
    GateMisconception(
        id="reset-gate-weak",
        title="The reset gate is not saturated enough",
        where=_R,
        explanation="Its bias is not far enough above 0, in all units or in some, so that a part "
        "of the recurrent term is lost there at each step.",
        hint=_RANGE,
        page="torch.sigmoid",
        changes={"reset": held(2.0)},
        about=frozenset({"r"}),
        holds=_reset(Condition.WEAK),
    ),
    GateMisconception(
        id="reset-gate-biases-cancel",
        title="The reset gate's two biases cancel each other",
        where=_R,
        explanation="One of them is large and positive, the other large and negative. A gate sees "
        "their sum.",
        hint="See how the two biases enter the page's line of r_t.",
        page=PAGE,
        changes={"reset": held(SATURATED, -SATURATED)},
        about=frozenset({"r"}),
        holds=_reset(Condition.CANCELLING),
    ),
    GateMisconception(
        id="reset-gate-driven",
        title="The reset gate depends on what comes in",
        where=_R,
        explanation="Its kernels are not both zero, so the gate opens and shuts with the input or "
        "the state. It should have one value, whatever comes in, and its biases alone should make "
        "it.",
        hint="See which terms of the page's line of r_t do not depend on x_t or h.",
        page=PAGE,
        changes={"reset": held(0.0, kernel=SATURATED)},
        about=frozenset({"r"}),
        holds=_reset(Condition.DRIVEN),
    ),
    GateMisconception(
        id="gates-exchanged",
        title="The reset and the update gate are exchanged",
        where=_BOTH,
        explanation="The reset gate is shut and the update gate open: each has what the other one "
        "needs.",
        hint=f"{COMPARE}; then put both values into the page's last two lines.",
        page=PAGE,
        changes={"reset": held(-SATURATED), "update": held(SATURATED)},
        about=frozenset({"r", "z"}),
        holds=_exchanged,
    ),
    GateMisconception(
        id="value-for-bias",
        title="The gates' values are given as their biases",
        where=_BOTH,
        explanation="The reset gate's bias is 1 and the update gate's is 0. Those are the values "
        "that the gates should have, but between a bias and a gate stands a sigmoid.",
        hint="See what the page's function gives for 0 and for 1.",
        page="torch.sigmoid",
        changes={"reset": held(1.0), "update": held(0.0)},
        about=frozenset({"r", "z"}),
        holds=_value_for_bias,
    ),
    GateMisconception(
        id="rnn-in-every-gate",
        title="All three gates have the RNN's parameters",
        where=_BOTH,
        explanation="Only the candidate plays the RNN's part. The two gates decide how it is used, "
        "and should not depend on what comes in.",
        hint="See which of the page's four lines looks like an RNN's step.",
        page=PAGE,
        changes={"copied": lambda rnn: rnn},
        about=frozenset({"r", "z"}),
        holds=_rnn_in_every_gate,
    ),
    GateMisconception(
        id="all-zero",
        title="All parameters are zero",
        where="what the function fills its arrays with",
        explanation="Nothing of the RNN is in the candidate, and both gates are one half. Each "
        "step halves the old state, whatever comes in.",
        hint="Compare the page's line of n_t with the RNN's formula, term by term; then see what "
        "the two gates must be for the rest to go away.",
        page=PAGE,
        changes={
            "reset": held(0.0),
            "update": held(0.0),
            "wt_x": lambda wt_x, wt_h: np.zeros_like(wt_x),
            "wt_h": lambda wt_x, wt_h: np.zeros_like(wt_h),
            "biases": lambda bias: (np.zeros_like(bias), np.zeros_like(bias)),
        },
        about=frozenset({"r", "z", "n.bias", "n.wt_x", "n.wt_h"}),
        holds=lambda r, z, n, *rnn: r.untouched and z.untouched and n.untouched,
    ),
    *CANDIDATE_MISCONCEPTIONS,
    *order_misconceptions(ENOUGH),
)
