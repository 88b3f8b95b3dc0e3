"""Q3: a GRU in torch's form, and what students make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.questions.misconceptions.gate_parts import FORMULA_N, GATE_MISCONCEPTIONS, PAGE, sigmoid
from grader.questions.misconceptions.record import Array, Misconception
from grader.questions.misconceptions.sequences import Recurrence, sequence_misconceptions

Gate = tuple[Array, Array, Array, Array]
"""``(wt_x, bias_x, wt_h, bias_h)``."""


@dataclass(frozen=True)
class Gru(Recurrence):
    """``gru`` of the assignment, part by part."""

    gates: Callable[[Gate, Gate, Gate], tuple[Gate, Gate, Gate]] = lambda r, z, n: (r, z, n)
    kernels: Callable[[Array, Array], tuple[Array, Array]] = lambda wt_x, wt_h: (wt_x, wt_h)
    biases: Callable[[Array, Array], tuple[Array, Array]] = lambda bias_x, bias_h: (bias_x, bias_h)
    gate_biases: Callable[[Array, Array], tuple[Array, Array]] = lambda x, h: (x, h)
    """Of the reset and the update gate alone."""
    gating: Callable[[Array], Array] = sigmoid
    activation: Callable[[Array], Array] = np.tanh
    candidate: Callable[[Array, Array, Array, Array, Array], Array] = (
        lambda from_x, r, h, wt_h, bias_h: from_x + r * (h @ wt_h + bias_h)
    )
    """The sum inside the candidate's nonlinearity."""
    blend: Callable[[Array, Array, Array], Array] = lambda z, n, h: (1 - z) * n + z * h

    def __call__(
        self,
        linear_trans_r: Gate,
        linear_trans_z: Gate,
        linear_trans_n: Gate,
        init_state: Array,
        input_data: Array,
    ) -> Any:
        """Outputs and final state, as a student with these parts returns them."""
        r_gate, z_gate, n_gate = (
            self._prepared(gate)
            for gate in self.gates(linear_trans_r, linear_trans_z, linear_trans_n)
        )

        def gate(parameters: Gate, x: Array, h: Array) -> Array:
            wt_x, bias_x, wt_h, bias_h = parameters
            bias_x, bias_h = self.gate_biases(bias_x, bias_h)
            return self.gating(x @ wt_x + bias_x + h @ wt_h + bias_h)

        def step(x: Array, h: Array) -> tuple[Array, Array]:
            r, z = gate(r_gate, x, h), gate(z_gate, x, h)
            wt_x, bias_x, wt_h, bias_h = n_gate
            n = self.activation(self.candidate(x @ wt_x + bias_x, r, h, wt_h, bias_h))
            new = self.blend(z, n, h)
            return new, new

        return self.run(step, init_state, input_data)

    def _prepared(self, gate: Gate) -> Gate:
        wt_x, bias_x, wt_h, bias_h = (np.asarray(item, dtype=np.float64) for item in gate)
        wt_x, wt_h = self.kernels(wt_x, wt_h)
        bias_x, bias_h = self.biases(bias_x, bias_h)
        return wt_x, bias_x, wt_h, bias_h


SOLUTION = Gru()
_BLEND = "how the new state is put together from the old one and the candidate"
_RESET = "what the reset gate is applied to"
_FORMULA_H = "Read the line of h_t on the page symbol by symbol: "
MISCONCEPTIONS = (
    Misconception(
        id="update-gate-turned-round",
        title="The update gate is turned round",
        where=_BLEND,
        explanation="Where z is 1 the state becomes the candidate, and where it is 0 the old state "
        "is kept. Papers differ in this, and torch has it the other way; or what stands for z is 1 "
        "less what it should be, as with a sign turned round in its sigmoid.",
        hint=_FORMULA_H + "which of the two terms goes away when z is 1, and is your z that of its "
        "own line?",
        page=PAGE,
        changes={"blend": lambda z, n, h: z * n + (1 - z) * h},
    ),
    Misconception(
        id="update-gate-missing",
        title="The update gate is not used",
        where=_BLEND,
        explanation="The new state is the candidate alone, and nothing of the old one is kept.",
        hint=_FORMULA_H + "what is the second term?",
        page=PAGE,
        changes={"blend": lambda z, n, h: n},
    ),
    Misconception(
        id="candidate-not-weighted",
        title="The candidate is added with its full weight",
        where=_BLEND,
        explanation="The old state is weighted by z, but the candidate is not weighted, so the "
        "weights of the two do not add up to one.",
        hint=_FORMULA_H + "what stands before n_t?",
        page=PAGE,
        changes={"blend": lambda z, n, h: n + z * h},
    ),
    Misconception(
        id="tanh-of-the-new-state",
        title="The new state goes through a tanh",
        where=_BLEND,
        explanation="The mixture of the old state and the candidate is squashed once more. Only "
        "the candidate has a tanh.",
        hint=_FORMULA_H + "which functions are there?",
        page=PAGE,
        changes={"blend": lambda z, n, h: np.tanh((1 - z) * n + z * h)},
    ),
    Misconception(
        id="reset-before-product",
        title="The reset gate is applied before the matrix product",
        where=_RESET,
        explanation="The state is multiplied by r and then by the kernel. That is the form of the "
        "first paper; torch's differs on purpose.",
        hint=FORMULA_N + "what is inside the parentheses after r_t? The page's note says more.",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + (r * h) @ wt_h + bias_h},
    ),
    Misconception(
        id="reset-without-bias",
        title="The reset gate does not cover the recurrent bias",
        where=_RESET,
        explanation="The recurrent bias of the candidate is added in full, whatever r is.",
        hint=FORMULA_N + "where do the parentheses after r_t close?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + r * (h @ wt_h) + bias_h},
    ),
    Misconception(
        id="reset-over-everything",
        title="The reset gate covers the input's part too",
        where=_RESET,
        explanation="The whole sum inside the tanh is multiplied by r, so that a shut reset gate "
        "also hides the input.",
        hint=FORMULA_N + "which terms stand outside the parentheses after r_t?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: r * (from_x + h @ wt_h + bias_h)},
    ),
    Misconception(
        id="reset-over-input",
        title="The reset gate is applied to the input's part",
        where=_RESET,
        explanation="r multiplies what comes from the input. It is meant to decide how much of the "
        "old state is seen.",
        hint=FORMULA_N + "which of the two parts follows r_t?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: r * from_x + h @ wt_h + bias_h},
    ),
    Misconception(
        id="reset-missing",
        title="The reset gate is not used",
        where=_RESET,
        explanation="The candidate sees the whole old state, as if r were always 1.",
        hint=FORMULA_N + "what stands before the part with the old state?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + h @ wt_h + bias_h},
    ),
    Misconception(
        id="reset-gate-turned-round",
        title="The reset gate is turned round",
        where=_RESET,
        explanation="Where r is 1 the candidate sees nothing of the old state, and where it is 0 "
        "all of it: what stands for r is 1 less what it should be.",
        hint=FORMULA_N + "what stands before the parentheses, and is your r that of its own line?",
        page=PAGE,
        changes={
            "candidate": lambda from_x, r, h, wt_h, bias_h: from_x + (1 - r) * (h @ wt_h + bias_h)
        },
    ),
    Misconception(
        id="candidate-bias-dropped",
        title="The candidate has no recurrent bias",
        where="the sum inside the candidate's nonlinearity",
        explanation="Both gates have their two biases, but in the candidate the recurrent one is "
        "left out.",
        hint=FORMULA_N + "how many biases are there?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + r * (h @ wt_h)},
    ),
    Misconception(
        id="reset-and-update-swapped",
        title="The reset and the update gate are exchanged",
        where="which parameters belong to which gate",
        explanation="r is computed from the update gate's parameters and z from the reset gate's.",
        hint="Compare the order of your function's arguments with the order of the gates in "
        "the page's Variables.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (z, r, n)},
    ),
    Misconception(
        id="update-gate-for-both",
        title="The update gate stands in the place of the reset gate, too",
        where=_RESET,
        explanation="z decides how much of the old state the candidate sees, and r is not used.",
        hint=FORMULA_N + "which gate is before the parentheses?",
        page=PAGE,
        changes={"gates": lambda r, z, n: (z, z, n)},
    ),
    Misconception(
        id="reset-gate-for-both",
        title="The reset gate stands in the place of the update gate, too",
        where=_BLEND,
        explanation="r decides how much of the old state is kept, and z is not used.",
        hint=_FORMULA_H + "which gate are its terms weighted with?",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, r, n)},
    ),
    Misconception(
        id="relu-for-tanh",
        title="ReLU stands in the place of the candidate's tanh",
        where="the candidate's nonlinearity",
        explanation="Negative candidates became zero.",
        hint="See which function the page's line of n_t begins with.",
        page=PAGE,
        changes={"activation": lambda v: np.maximum(v, 0)},
    ),
    Misconception(
        id="sigmoid-for-tanh",
        title="A sigmoid stands in the place of the candidate's tanh",
        where="the candidate's nonlinearity",
        explanation="The candidate is computed like a gate and lies between 0 and 1.",
        hint="See which function the page's line of n_t begins with.",
        page=PAGE,
        changes={"activation": sigmoid},
    ),
    Misconception(
        id="no-activation",
        title="The candidate has no nonlinearity",
        where="the candidate's nonlinearity",
        explanation="The candidate is the bare sum, so that the state can grow beyond 1.",
        hint="See which function the page's line of n_t begins with.",
        page=PAGE,
        changes={"activation": lambda v: v},
    ),
    *GATE_MISCONCEPTIONS,
    *sequence_misconceptions(PAGE),
)
