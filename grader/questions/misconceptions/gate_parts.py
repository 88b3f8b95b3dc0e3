"""What the gates of q3's GRU are made of, and what goes wrong with kernels and biases."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception

PAGE = "torch.nn.GRU"
Gate = tuple[Array, Array, Array, Array]
"""``(wt_x, bias_x, wt_h, bias_h)``."""


def sigmoid(v: Array) -> Array:
    """1 / (1 + e^-v), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * v))


def without_recurrence(gate: Gate) -> Gate:
    """The gate with neither a recurrent kernel nor a recurrent bias."""
    wt_x, bias_x, wt_h, bias_h = gate
    return wt_x, bias_x, np.zeros_like(wt_h), np.zeros_like(bias_h)


def without_state(gate: Gate) -> Gate:
    """The gate without its recurrent kernel."""
    wt_x, bias_x, wt_h, bias_h = gate
    return wt_x, bias_x, np.zeros_like(wt_h), bias_h


BIASES = "the biases"
KERNELS = "the products with the kernels"
FORMULA_N = "Read the line of n_t on the page symbol by symbol: "
GATE_MISCONCEPTIONS = (
    Misconception(
        id="gates-without-input-bias",
        title="The reset and the update gate lack the input's bias",
        where=BIASES,
        explanation="The bias of the input is left out in both of them.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"gate_biases": lambda bias_x, bias_h: (np.zeros_like(bias_x), bias_h)},
    ),
    Misconception(
        id="gates-without-recurrent-bias",
        title="The reset and the update gate lack the recurrent bias",
        where=BIASES,
        explanation="The recurrent bias is left out in both of them.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"gate_biases": lambda bias_x, bias_h: (bias_x, np.zeros_like(bias_h))},
    ),
    Misconception(
        id="recurrent-biases-dropped",
        title="The recurrent biases are left out",
        where=BIASES,
        explanation="Each gate has a bias for the input and one for the state; the second is not "
        "added anywhere.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (bias_x, np.zeros_like(bias_h))},
    ),
    Misconception(
        id="input-biases-dropped",
        title="The input's biases are left out",
        where=BIASES,
        explanation="Each gate has a bias for the input and one for the state; the first is not "
        "added anywhere.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (np.zeros_like(bias_x), bias_h)},
    ),
    Misconception(
        id="all-biases-dropped",
        title="No bias is added",
        where=BIASES,
        explanation="Neither the gates nor the candidate have a bias, as with bias=False.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (np.zeros_like(bias_x), np.zeros_like(bias_h))},
    ),
    Misconception(
        id="input-bias-for-both",
        title="The input's bias is used twice",
        where=BIASES,
        explanation="The bias of the input also stands where the recurrent one belongs.",
        hint="See which index each of the two biases has in a line of the page's formula.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (bias_x, bias_x)},
    ),
    Misconception(
        id="recurrent-bias-for-both",
        title="The recurrent bias is used twice",
        where=BIASES,
        explanation="The recurrent bias also stands where the input's belongs.",
        hint="See which index each of the two biases has in a line of the page's formula.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (bias_h, bias_h)},
    ),
    Misconception(
        id="biases-exchanged",
        title="The two biases are exchanged",
        where=BIASES,
        explanation="In the two gates' formulas the biases are only added up, so that their order "
        "does not matter. In the candidate's it does: one of them is multiplied by r.",
        hint=FORMULA_N + "which bias is inside the parentheses?",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (bias_h, bias_x)},
    ),
    Misconception(
        id="input-biases-twice",
        title="The input's biases are added twice",
        where=BIASES,
        explanation="Each sum has the input's bias two times and the recurrent one once.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (2 * bias_x, bias_h)},
    ),
    Misconception(
        id="recurrent-biases-twice",
        title="The recurrent biases are added twice",
        where=BIASES,
        explanation="Each sum has the recurrent bias two times and the input's once.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (bias_x, 2 * bias_h)},
    ),
    Misconception(
        id="all-biases-twice",
        title="All biases are added twice",
        where=BIASES,
        explanation="Each sum has both of its biases two times.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (2 * bias_x, 2 * bias_h)},
    ),
    Misconception(
        id="biases-subtracted",
        title="The biases are subtracted",
        where=BIASES,
        explanation="All biases have the wrong sign.",
        hint="Compare the signs in each line of the page's formula with those of yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (-bias_x, -bias_h)},
    ),
    Misconception(
        id="input-kernels-transposed",
        title="The input's kernels are transposed",
        where=KERNELS,
        explanation="Torch keeps kernels as [hidden, input]; the function receives them turned "
        "round already. Where there are as many inputs as hidden units, nothing fails.",
        hint="Compare the shapes in the page's Variables with those that your function gets.",
        page=PAGE,
        changes={"kernels": lambda wt_x, wt_h: (wt_x.T, wt_h)},
    ),
    Misconception(
        id="recurrent-kernels-transposed",
        title="The recurrent kernels are transposed",
        where=KERNELS,
        explanation="Torch keeps kernels transposed; the function receives wt_h turned round "
        "already. It is square, so no shape reveals it.",
        hint="See in the page's Variables how weight_hh is kept, and in the helper what "
        "becomes of it.",
        page=PAGE,
        changes={"kernels": lambda wt_x, wt_h: (wt_x, wt_h.T)},
    ),
    Misconception(
        id="all-kernels-transposed",
        title="All kernels are transposed",
        where=KERNELS,
        explanation="The function receives kernels that the helper turned round already.",
        hint="Compare the shapes in the page's Variables with those that your function gets.",
        page=PAGE,
        changes={"kernels": lambda wt_x, wt_h: (wt_x.T, wt_h.T)},
    ),
    Misconception(
        id="halves-exchanged",
        title="The input's parameters and the state's are exchanged",
        where="how a gate's tuple is unpacked",
        explanation="The tuple of a gate begins with the input's kernel and bias. Read the other "
        "way, the input goes through the recurrent kernel; only shapes reveal that.",
        hint="Read in get_gru_params in which order a tuple is made, with the names of the page.",
        page=PAGE,
        changes={
            "kernels": lambda wt_x, wt_h: (wt_h, wt_x),
            "biases": lambda bias_x, bias_h: (bias_h, bias_x),
        },
    ),
    Misconception(
        id="gates-without-recurrence",
        title="The reset and the update gate lack their recurrent part",
        where=KERNELS,
        explanation="Both gates are made of the input alone: neither the old state nor the "
        "recurrent bias enters them.",
        hint="Compare the terms of the page's lines of r_t and z_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (without_recurrence(r), without_recurrence(z), n)},
    ),
    Misconception(
        id="gates-without-the-state",
        title="The reset and the update gate do not see the old state",
        where=KERNELS,
        explanation="In both of their sums the product of the state and its kernel is missing.",
        hint="Compare the terms of the page's lines of r_t and z_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (without_state(r), without_state(z), n)},
    ),
)
