"""Q3: a GRU in torch's form, and what students make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.questions.misconceptions.blends import BLEND, BLEND_MISCONCEPTIONS, FORMULA_H
from grader.questions.misconceptions.candidates import CANDIDATE_MISCONCEPTIONS, RESET
from grader.questions.misconceptions.gate_parts import (
    FORMULA_N,
    GATE_MISCONCEPTIONS,
    PAGE,
    Gate,
    sigmoid,
)
from grader.questions.misconceptions.gatings import GATING_MISCONCEPTIONS
from grader.questions.misconceptions.record import Array, Misconception
from grader.questions.misconceptions.recurrence import Recurrence
from grader.questions.misconceptions.sequences import sequence_misconceptions
from grader.questions.misconceptions.single_gates import SINGLE_GATE_MISCONCEPTIONS, WHICH

Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Gru(Recurrence):
    """``gru`` of the assignment, part by part."""

    gates: Callable[[Gate, Gate, Gate], tuple[Gate, Gate, Gate]] = lambda r, z, n: (r, z, n)
    kernels: Callable[[Array, Array], tuple[Array, Array]] = lambda wt_x, wt_h: (wt_x, wt_h)
    biases: Callable[[Array, Array], tuple[Array, Array]] = lambda bias_x, bias_h: (bias_x, bias_h)
    gate_biases: Callable[[Array, Array], tuple[Array, Array]] = lambda x, h: (x, h)
    """Of the reset and the update gate alone."""
    total: Callable[[Array, Array, Array, Array], Array] = lambda from_x, bias_x, from_h, bias_h: (
        from_x + bias_x + from_h + bias_h
    )
    """The sum inside a gate's nonlinearity."""
    gating: Callable[[Array], Array] = sigmoid
    gatings: Callable[[Function], tuple[Function, Function]] = lambda f: (f, f)
    """From the gates' nonlinearity to that of the reset and that of the update gate."""
    activation: Callable[[Array], Array] = np.tanh
    candidate: Callable[[Array, Array, Array, Array, Array], Array] = (
        lambda from_x, r, h, wt_h, bias_h: from_x + r * (h @ wt_h + bias_h)
    )
    """The sum inside the candidate's nonlinearity."""
    multiplied: Callable[[Array, Array], tuple[Array, Array, Array]] = lambda h, first: (h, h, h)
    """The states in the products of r, z and n, from the last one and the initial one."""
    seen_by_z: Callable[[Array, Array], Array] = lambda h, r: h
    """The state in the product of z, from the last one and r."""
    old: Callable[[Array, Array, Array, Array], Array] = lambda h, r, first, from_h: h
    """The state that the update gate keeps, from the last one, r, the initial one, and what the
    candidate's kernel and bias make of the last one."""
    blend: Callable[[Array, Array, Array, Array], Array] = lambda r, z, n, h: (1 - z) * n + z * h
    seen: Callable[[Array, Array], Array] = lambda new, n: new
    """The output of a step, from its state and its candidate."""

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

        of_reset, of_update = self.gatings(self.gating)
        first = self.begun(np.asarray(init_state, dtype=np.float64))

        def total(parameters: Gate, x: Array, h: Array) -> Array:
            wt_x, bias_x, wt_h, bias_h = parameters
            bias_x, bias_h = self.gate_biases(bias_x, bias_h)
            return self.total(x @ wt_x, bias_x, h @ wt_h, bias_h)

        def step(x: Array, h: Array) -> tuple[Array, Array]:
            h_r, h_z, h_n = self.multiplied(h, first)
            r = of_reset(total(r_gate, x, h_r))
            z = of_update(total(z_gate, x, self.seen_by_z(h_z, r)))
            wt_x, bias_x, wt_h, bias_h = n_gate
            n = self.activation(self.candidate(x @ wt_x + bias_x, r, h_n, wt_h, bias_h))
            new = self.blend(r, z, n, self.old(h, r, first, h_n @ wt_h + bias_h))
            return new, self.seen(new, n)

        return self.run(step, init_state, input_data)

    def _prepared(self, gate: Gate) -> Gate:
        wt_x, bias_x, wt_h, bias_h = (np.asarray(item, dtype=np.float64) for item in gate)
        wt_x, wt_h = self.kernels(wt_x, wt_h)
        bias_x, bias_h = self.biases(bias_x, bias_h)
        return wt_x, bias_x, wt_h, bias_h


SOLUTION = Gru()
MISCONCEPTIONS = (
    *BLEND_MISCONCEPTIONS,
    Misconception(
        id="outputs-are-candidates",
        title="The outputs are the candidates",
        where="what is stored in each step",
        explanation="The step carries on another array than it stores: its output is the "
        "candidate n.",
        hint="See under Outputs which of the four lines' results the output of a step is.",
        page=PAGE,
        changes={"seen": lambda new, n: n},
    ),
    *(
        Misconception(
            id=f"initial-state-in-{id}",
            title=f"{title} computed from the initial state in each step",
            where="which state the recurrent kernels are multiplied by",
            explanation="The product with the state is made once, as before the loop, so that all "
            "steps have that of the initial state.",
            hint="Which products of the page's formula have a state in them? Each is another one "
            "in each step.",
            page=PAGE,
            changes={"multiplied": states},
        )
        for id, title, states in (
            ("all", "Both gates and the candidate are", lambda h, first: (first, first, first)),
            ("the-gates", "Both gates are", lambda h, first: (first, first, h)),
            ("the-update-gate", "The update gate is", lambda h, first: (h, first, h)),
        )
    ),
    Misconception(
        id="update-gate-of-the-reset-state",
        title="The update gate sees the old state multiplied by r",
        where="which state the recurrent kernels are multiplied by",
        explanation="z is computed from r times the state, as where the product is made first and "
        "used in the next lines, too.",
        hint="Read the line of z_t on the page: is there an r in it?",
        page=PAGE,
        changes={"seen_by_z": lambda h, r: r * h},
    ),
    Misconception(
        id="reset-and-update-swapped",
        title="The reset and the update gate are exchanged",
        where=WHICH,
        explanation="r is computed from the update gate's parameters and z from the reset gate's, "
        "or each of them stands in the other's place afterwards.",
        hint="Compare the order of your function's arguments with the order of the gates in "
        "the page's Variables. If yours agrees, in which of the four lines does each gate stand?",
        page=PAGE,
        changes={"gates": lambda r, z, n: (z, r, n)},
        of_arguments=True,
    ),
    Misconception(
        id="reset-gate-and-candidate-exchanged",
        title="The reset gate's and the candidate's parameters are exchanged",
        where=WHICH,
        explanation="r is computed from the candidate's parameters and n from the reset gate's.",
        hint="Compare the order of your function's arguments, and of what you take from them, "
        "with the order of the gates in the page's Variables.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (n, z, r)},
        of_arguments=True,
    ),
    Misconception(
        id="update-gate-and-candidate-exchanged",
        title="The update gate's and the candidate's parameters are exchanged",
        where=WHICH,
        explanation="z is computed from the candidate's parameters and n from the update gate's.",
        hint="Compare the order of your function's arguments, and of what you take from them, "
        "with the order of the gates in the page's Variables.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, n, z)},
        of_arguments=True,
    ),
    Misconception(
        id="parameters-of-the-gate-before",
        title="Each gate has the parameters of the one before",
        where=WHICH,
        explanation="The parameters are taken in another order: z is computed from the reset "
        "gate's, n from the update gate's and r from the candidate's.",
        hint="Compare the order of your function's arguments, and of what you take from them, "
        "with the order of the gates in the page's Variables.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (n, r, z)},
        of_arguments=True,
    ),
    Misconception(
        id="parameters-of-the-gate-after",
        title="Each gate has the parameters of the one after",
        where=WHICH,
        explanation="The parameters are taken in another order: r is computed from the update "
        "gate's, z from the candidate's and n from the reset gate's.",
        hint="Compare the order of your function's arguments, and of what you take from them, "
        "with the order of the gates in the page's Variables.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (z, n, r)},
        of_arguments=True,
    ),
    Misconception(
        id="update-gate-for-both",
        title="The update gate stands in the place of the reset gate, too",
        where=RESET,
        explanation="z decides how much of the old state the candidate sees, and r is not used.",
        hint=FORMULA_N + "which gate is before the parentheses?",
        page=PAGE,
        changes={"gates": lambda r, z, n: (z, z, n)},
    ),
    Misconception(
        id="reset-gate-for-both",
        title="The reset gate stands in the place of the update gate, too",
        where=BLEND,
        explanation="r decides how much of the old state is kept, and z is not used.",
        hint=FORMULA_H + "which gate are its terms weighted with?",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, r, n)},
    ),
    *CANDIDATE_MISCONCEPTIONS,
    *GATE_MISCONCEPTIONS,
    *SINGLE_GATE_MISCONCEPTIONS,
    *GATING_MISCONCEPTIONS,
    *sequence_misconceptions(PAGE),
)
