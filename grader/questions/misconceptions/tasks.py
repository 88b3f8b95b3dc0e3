"""What q4 and q5 ask of GRU parameters, and whether parameters that are mended in part would do.

A cause is told only where mending it alone earns the points: so each task says what its function is
called with, what a right answer to that is, and whether three gates do what is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from grader.checking import Check
from grader.oracle import RecurrentSizes, gru_states, rnn_to_copy, state_to_keep
from grader.questions.misconceptions import q4, q5
from grader.questions.misconceptions.gates import Gate, Parameters

Gates = Sequence[Parameters]
"""The parameters of r, z and n."""
MANY = 256
"""Sequences, so that their mean hardly depends on the draw."""
MANY_LARGEST, STEPS = 16, 12
"""Sequences and steps, about as many as the checks compare: the largest difference grows with them.
"""
KERNEL_X, BIAS_X, KERNEL_H, BIAS_H = range(4)
WHOLE = frozenset(range(4))
PARTS = {
    "r": (0, WHOLE),
    "z": (1, WHOLE),
    "n": (2, WHOLE),
    "n.wt_x": (2, {KERNEL_X}),
    "n.wt_h": (2, {KERNEL_H}),
    "n.bias": (2, {BIAS_X, BIAS_H}),
}
"""From what a misconception can be about to the gate and to the items of its tuple."""


class GateTask(Protocol):
    """What a function that returns GRU parameters is for."""

    @property
    def solution(self) -> Any:
        """A right function, part by part."""

    def __call__(self, sizes: RecurrentSizes, seed: int, check: Check) -> tuple[Any, ...]:
        """What the student's function is called with."""

    def done(self, gates: Gates, sizes: RecurrentSizes, seed: int, check: Check) -> bool:
        """Whether a GRU of these sizes with the gates does what is asked.

        Raises ValueError where the layer does not take them.
        """


class RnnCopied:
    """Q4: the GRU does what the RNN does that the seed draws."""

    solution = q4.SOLUTION

    def __call__(self, sizes: RecurrentSizes, seed: int, check: Check) -> tuple[Any, ...]:
        rnn = rnn_to_copy(sizes, seed)
        return rnn.wt_h, rnn.wt_x, rnn.bias

    def done(self, gates: Gates, sizes: RecurrentSizes, seed: int, check: Check) -> bool:
        # The same RNN, since only the states and inputs depend on how many there are.
        rnn = rnn_to_copy(replace(sizes, batch=MANY_LARGEST, steps=STEPS), seed)
        off = np.abs(gru_states(gates, rnn.init_state, rnn.inputs) - rnn.outputs)
        return bool(np.max(off) <= check.rubric.almost_rnn.max_difference)


class StateKept:
    """Q5: the GRU's state stays what it was in the beginning."""

    solution = q5.SOLUTION

    def __call__(self, sizes: RecurrentSizes, seed: int, check: Check) -> tuple[Any, ...]:
        return sizes.inputs, sizes.hidden

    def done(self, gates: Gates, sizes: RecurrentSizes, seed: int, check: Check) -> bool:
        wanted = check.rubric.long_memory
        state, inputs = state_to_keep(replace(sizes, batch=MANY, steps=wanted.steps), seed)
        off = np.abs(gru_states(gates, state, inputs)[:, -1] - state[0])
        return bool(np.mean(off) <= wanted.max_mean_difference)


def mended(gates: Sequence[Gate], right: Gates, about: Iterable[str]) -> Gates:
    """The student's gates with the parts named in ``about`` taken from the right ones."""
    whole = [[gate.wt_x, gate.bias_x, gate.wt_h, gate.bias_h] for gate in gates]
    for part in about:
        gate, items = PARTS[part]
        for item in items:
            whole[gate][item] = right[gate][item]
    return [(wt_x, bias_x, wt_h, bias_h) for wt_x, bias_x, wt_h, bias_h in whole]
