"""What goes wrong with the kernels and biases of one gate of q3's GRU, and not of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from grader.questions.misconceptions.gate_parts import (
    BIASES,
    FORMULA_N,
    KERNELS,
    PAGE,
    Gate,
    without_recurrence,
    without_state,
)
from grader.questions.misconceptions.record import Misconception

Gates = Callable[[Gate, Gate, Gate], tuple[Gate, Gate, Gate]]
WHICH = "which parameters belong to which gate"
_GATES = {"r": "reset gate", "z": "update gate", "n": "candidate"}
"""By the letter that stands for each in the page's formula."""
_ITEMS = ("input kernel", "input bias", "recurrent kernel", "recurrent bias")
"""Of a gate's tuple, in order."""
_LENT = (("z", "r"), ("n", "r"), ("n", "z"), ("r", "z"))
"""Which gate's line has a name of which other one in it: of the line before, that it was copied
from, or of the next one."""


def _lent(to: str, source: str, item: int) -> Gates:
    def gates(r: Gate, z: Gate, n: Gate) -> tuple[Gate, Gate, Gate]:
        of = {"r": r, "z": z, "n": n}
        parameters = list(of[to])
        parameters[item] = of[source][item]
        wt_x, bias_x, wt_h, bias_h = parameters
        of[to] = (wt_x, bias_x, wt_h, bias_h)
        return of["r"], of["z"], of["n"]

    return gates


def _with_a_parameter_of_another() -> Iterator[Misconception]:
    for (to, source), (item, name) in product(_LENT, enumerate(_ITEMS)):
        user, owner = _GATES[to], _GATES[source]
        yield Misconception(
            id=f"{user}-with-{owner}s-{name}".replace(" ", "-"),
            title=f"The {user} uses the {owner}'s {name}",
            where=WHICH,
            explanation=f"In the sum of {to} the {name} is that of the {owner}, as where a line is "
            "copied and one of its names is left as it was.",
            hint=f"Compare the indices in the page's line of {to}_t with the names in yours, one "
            "by one.",
            page=PAGE,
            changes={"gates": _lent(to, source, item)},
        )


def _without_input_bias(gate: Gate) -> Gate:
    wt_x, bias_x, wt_h, bias_h = gate
    return wt_x, np.zeros_like(bias_x), wt_h, bias_h


def _without_recurrent_bias(gate: Gate) -> Gate:
    wt_x, bias_x, wt_h, bias_h = gate
    return wt_x, bias_x, wt_h, np.zeros_like(bias_h)


def _with_transposed_recurrent_kernel(gate: Gate) -> Gate:
    wt_x, bias_x, wt_h, bias_h = gate
    return wt_x, bias_x, np.transpose(wt_h), bias_h


SINGLE_GATE_MISCONCEPTIONS = (
    Misconception(
        id="reset-gate-without-recurrence",
        title="The reset gate lacks its recurrent part",
        where=KERNELS,
        explanation="r is made of the input alone: neither the old state nor the recurrent bias "
        "enters it.",
        hint="Compare the terms of the page's line of r_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (without_recurrence(r), z, n)},
    ),
    Misconception(
        id="update-gate-without-recurrence",
        title="The update gate lacks its recurrent part",
        where=KERNELS,
        explanation="z is made of the input alone: neither the old state nor the recurrent bias "
        "enters it.",
        hint="Compare the terms of the page's line of z_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, without_recurrence(z), n)},
    ),
    Misconception(
        id="reset-gate-without-the-state",
        title="The reset gate does not see the old state",
        where=KERNELS,
        explanation="In its sum the product of the state and its kernel is missing.",
        hint="Compare the terms of the page's line of r_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (without_state(r), z, n)},
    ),
    Misconception(
        id="update-gate-without-the-state",
        title="The update gate does not see the old state",
        where=KERNELS,
        explanation="In its sum the product of the state and its kernel is missing.",
        hint="Compare the terms of the page's line of z_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, without_state(z), n)},
    ),
    Misconception(
        id="reset-gate-without-input-bias",
        title="The reset gate lacks the input's bias",
        where=BIASES,
        explanation="The bias of the input is left out of its sum.",
        hint="Count the biases in the page's line of r_t, and in yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (_without_input_bias(r), z, n)},
    ),
    Misconception(
        id="reset-gate-without-recurrent-bias",
        title="The reset gate lacks the recurrent bias",
        where=BIASES,
        explanation="The recurrent bias is left out of its sum.",
        hint="Count the biases in the page's line of r_t, and in yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (_without_recurrent_bias(r), z, n)},
    ),
    Misconception(
        id="update-gate-without-input-bias",
        title="The update gate lacks the input's bias",
        where=BIASES,
        explanation="The bias of the input is left out of its sum.",
        hint="Count the biases in the page's line of z_t, and in yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, _without_input_bias(z), n)},
    ),
    Misconception(
        id="update-gate-without-recurrent-bias",
        title="The update gate lacks the recurrent bias",
        where=BIASES,
        explanation="The recurrent bias is left out of its sum.",
        hint="Count the biases in the page's line of z_t, and in yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, _without_recurrent_bias(z), n)},
    ),
    Misconception(
        id="candidate-without-input-bias",
        title="The candidate lacks the input's bias",
        where=BIASES,
        explanation="The bias of the input is left out of its sum.",
        hint="Count the biases in the page's line of n_t, and in yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, z, _without_input_bias(n))},
    ),
    Misconception(
        id="candidates-recurrent-kernel-transposed",
        title="The candidate's recurrent kernel is transposed",
        where=KERNELS,
        explanation="Torch keeps kernels transposed; the function receives that of the candidate "
        "turned round already, too. It is square, so no shape reveals it.",
        hint=FORMULA_N + "its W_hn is what the page's Variables have; see what becomes of it in "
        "the helper, and in your line.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, z, _with_transposed_recurrent_kernel(n))},
    ),
    *_with_a_parameter_of_another(),
)
