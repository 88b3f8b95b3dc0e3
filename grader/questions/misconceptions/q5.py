"""Q5: a GRU that keeps its memory, and what students return instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.questions.misconceptions.gates import (
    LARGE,
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
from grader.questions.misconceptions.orders import COMPARE

PAGE = "torch.nn.GRU"
ENOUGH = 7.0
"""With a bias of 7 a gate is 0.1 % away from 1, and ten steps forget about 1 %."""


@dataclass(frozen=True)
class LongMemory:
    """``init_gru_with_long_term_memory`` of the assignment, gate by gate."""

    reset: GateMaker
    update: GateMaker
    candidate: GateMaker

    def __call__(self, input_size: int, hidden_size: int) -> Any:
        """The three tuples, as a student with these parts returns them."""
        makers = (self.reset, self.update, self.candidate)
        return tuple(make(input_size, hidden_size) for make in makers)


def _identity(inputs: int, hidden: int) -> Parameters:
    wt_x, bias_x, _, bias_h = held(0.0)(inputs, hidden)
    return wt_x, bias_x, np.eye(hidden), bias_h


def _both_ways(inputs: int, hidden: int) -> Parameters:
    wt_x, bias_x, wt_h, bias_h = held(SATURATED)(inputs, hidden)
    return wt_x, bias_x * (-1) ** np.arange(hidden), wt_h, bias_h


def _update(wanted: Condition) -> Callable[..., bool]:
    return lambda r, z, n, *sizes: (
        condition(z, +1, ENOUGH) is wanted and not _value_for_bias(r, z, n)
    )


def _value_for_bias(r: Gate, z: Gate, n: Gate, *sizes: int) -> bool:
    return not z.reach.any() and bool(np.all(z.bias == 1))


def _meant(gate: Gate) -> bool:
    """Whether a student meant to saturate the gate by its bias."""
    return bool(np.all(abs(gate.bias) >= LARGE))


def _through_candidate(r: Gate, z: Gate, n: Gate, *sizes: int) -> bool:
    # Only through gates that let it: a shut reset gate keeps the state from the candidate, and an
    # update gate that is half open or more passes on most of it itself.
    seen = condition(r, +1, ENOUGH) in (Condition.HELD, Condition.WEAK, Condition.UNTOUCHED)
    taken = condition(z, +1, ENOUGH) in (Condition.WRONG_WAY, Condition.UNTOUCHED)
    return seen and taken and same(n.wt_h, np.eye(len(n.bias)))


SOLUTION = LongMemory(reset=held(0.0), update=held(SATURATED), candidate=held(0.0))
_Z, _WHICH = "the update gate's parameters", "which gate decides whether the old state is kept"
_LINE_H = "Put the value that your update gate has into the page's line of h_t: what remains?"
_NAMES = (
    f"{COMPARE}; then see which of r_t, z_t and n_t the old state is multiplied by in the page's "
    "last line."
)
MISCONCEPTIONS = (
    GateMisconception(
        id="update-gate-shut",
        title="The update gate is held the wrong way",
        where=_Z,
        explanation="It is near 0, so that each step replaces the state by the candidate. Papers "
        "differ in this; torch has it the other way.",
        hint=_LINE_H,
        page=PAGE,
        changes={"update": held(-SATURATED)},
        about=frozenset({"z"}),
        holds=_update(Condition.WRONG_WAY),
    ),
    GateMisconception(
        id="update-gate-untouched",
        title="The update gate is left at zero parameters",
        where=_Z,
        explanation="All its parameters are zero, so the gate itself is one half, and each step "
        "forgets half of the state.",
        hint="See what the page's function gives for an argument of zero.",
        page="torch.sigmoid",
        changes={"update": held(0.0)},
        about=frozenset({"z"}),
        holds=_update(Condition.UNTOUCHED),
    ),
    GateMisconception(
        id="update-gate-weak",
        title="The update gate is not saturated enough",
        where=_Z,
        explanation="Its bias is not far enough above 0, in all units or in some: each step "
        "forgets a part of the state there, and over many steps these parts add up.",
        hint="See on the page how large an argument must be for the value to be within 0.001 of 1.",
        page="torch.sigmoid",
        changes={"update": held(4.0)},
        about=frozenset({"z"}),
        holds=_update(Condition.WEAK),
    ),
    GateMisconception(
        id="update-gate-of-both-signs",
        title="The update gate's bias has both signs",
        where=_Z,
        explanation="The units where it is positive keep their old state, and those where it is "
        "negative take the candidate at each step.",
        hint=_LINE_H,
        page=PAGE,
        changes={"update": _both_ways},
        about=frozenset({"z"}),
        holds=_update(Condition.BOTH_WAYS),
    ),
    GateMisconception(
        id="update-gate-biases-cancel",
        title="The update gate's two biases cancel each other",
        where=_Z,
        explanation="One of them is large and positive, the other large and negative. A gate sees "
        "their sum.",
        hint="See how the two biases enter the page's line of z_t.",
        page=PAGE,
        changes={"update": held(SATURATED, -SATURATED)},
        about=frozenset({"z"}),
        holds=_update(Condition.CANCELLING),
    ),
    GateMisconception(
        id="update-gate-driven",
        title="The update gate depends on what comes in",
        where=_Z,
        explanation="Its kernels are not both zero, so the input or the state can shut it. It "
        "should stay open whatever comes in, and its biases alone should hold it.",
        hint="See which terms of the page's line of z_t do not depend on x_t or h.",
        page=PAGE,
        changes={"update": held(0.0, kernel=SATURATED)},
        about=frozenset({"z"}),
        holds=_update(Condition.DRIVEN),
    ),
    GateMisconception(
        id="value-for-bias",
        title="The gate's value is given as its bias",
        where=_Z,
        explanation="The bias is 1, the value that the gate should have. Between a bias and a gate "
        "stands a sigmoid.",
        hint="See what the page's function gives for 1.",
        page="torch.sigmoid",
        changes={"update": held(1.0)},
        about=frozenset({"z"}),
        holds=_value_for_bias,
    ),
    GateMisconception(
        id="reset-gate-instead",
        title="The reset gate is held where the update gate should be",
        where=_WHICH,
        explanation="The tuple with the large bias is in the reset gate's place; that gate decides "
        "what the candidate sees of the old state. What is in the update gate's place is zero, and "
        "forgets half of the state at each step.",
        hint=_NAMES,
        page=PAGE,
        changes={"reset": held(SATURATED), "update": held(0.0)},
        about=frozenset({"r", "z"}),
        holds=lambda r, z, n, *sizes: z.untouched and _meant(r) and not _through_candidate(r, z, n),
    ),
    GateMisconception(
        id="candidate-instead",
        title="The candidate's bias is set where the update gate's should be",
        where=_WHICH,
        explanation="The tuple with the large bias is in the candidate's place, which makes the "
        "candidate constant. What is in the update gate's place is zero, and mixes that constant "
        "in.",
        hint=_NAMES,
        page=PAGE,
        changes={"candidate": held(SATURATED), "update": held(0.0)},
        about=frozenset({"n", "z"}),
        holds=lambda r, z, n, *sizes: z.untouched and _meant(n),
    ),
    GateMisconception(
        id="state-through-the-candidate",
        title="The state is passed on through the candidate",
        where=_WHICH,
        explanation="The candidate's recurrent kernel is the identity and the update gate does "
        "not keep the old state. The candidate's tanh shrinks the state at each step.",
        hint="See which of the two terms in the page's line of h_t holds the old state unchanged.",
        page=PAGE,
        changes={"reset": held(SATURATED), "update": held(-SATURATED), "candidate": _identity},
        about=frozenset({"n", "z"}),
        holds=_through_candidate,
    ),
)
