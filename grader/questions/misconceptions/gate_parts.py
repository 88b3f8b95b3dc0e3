"""What the gates of q3's GRU are made of, and what goes wrong with kernels, biases and sigmoid."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception

PAGE = "torch.nn.GRU"
Gate = tuple[Array, Array, Array, Array]
"""``(wt_x, bias_x, wt_h, bias_h)``."""


def sigmoid(v: Array) -> Array:
    """1 / (1 + e^-v), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * v))


def _without_recurrence(gate: Gate) -> Gate:
    wt_x, bias_x, wt_h, bias_h = gate
    return wt_x, bias_x, np.zeros_like(wt_h), np.zeros_like(bias_h)


def _without_state(gate: Gate) -> Gate:
    wt_x, bias_x, wt_h, bias_h = gate
    return wt_x, bias_x, np.zeros_like(wt_h), bias_h


_BIASES = "the biases"
_KERNELS = "the products with the kernels"
FORMULA_N = "Read the line of n_t on the page symbol by symbol: "
GATE_MISCONCEPTIONS = (
    Misconception(
        id="gates-without-input-bias",
        title="The reset and the update gate lack the input's bias",
        where=_BIASES,
        explanation="The candidate has both of its biases, but in the two gates the input's is "
        "left out.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"gate_biases": lambda bias_x, bias_h: (np.zeros_like(bias_x), bias_h)},
    ),
    Misconception(
        id="gates-without-recurrent-bias",
        title="The reset and the update gate lack the recurrent bias",
        where=_BIASES,
        explanation="The candidate has both of its biases, but in the two gates the recurrent one "
        "is left out.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"gate_biases": lambda bias_x, bias_h: (bias_x, np.zeros_like(bias_h))},
    ),
    Misconception(
        id="recurrent-biases-dropped",
        title="The recurrent biases are left out",
        where=_BIASES,
        explanation="Each gate has a bias for the input and one for the state; the second is not "
        "added anywhere.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (bias_x, np.zeros_like(bias_h))},
    ),
    Misconception(
        id="input-biases-dropped",
        title="The input's biases are left out",
        where=_BIASES,
        explanation="Each gate has a bias for the input and one for the state; the first is not "
        "added anywhere.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (np.zeros_like(bias_x), bias_h)},
    ),
    Misconception(
        id="all-biases-dropped",
        title="No bias is added",
        where=_BIASES,
        explanation="The numbers are those of a GRU with bias=False.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (np.zeros_like(bias_x), np.zeros_like(bias_h))},
    ),
    Misconception(
        id="input-bias-for-both",
        title="The input's bias is used twice",
        where=_BIASES,
        explanation="The bias of the input also stands where the recurrent one belongs.",
        hint="See which index each of the two biases has in a line of the page's formula.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (bias_x, bias_x)},
    ),
    Misconception(
        id="recurrent-bias-for-both",
        title="The recurrent bias is used twice",
        where=_BIASES,
        explanation="The recurrent bias also stands where the input's belongs.",
        hint="See which index each of the two biases has in a line of the page's formula.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (bias_h, bias_h)},
    ),
    Misconception(
        id="biases-exchanged",
        title="The two biases are exchanged",
        where=_BIASES,
        explanation="In both gates the biases are only added up, so that the order does not "
        "matter. In the candidate it does: one of them is multiplied by r.",
        hint=FORMULA_N + "which bias is inside the parentheses?",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (bias_h, bias_x)},
    ),
    Misconception(
        id="input-biases-twice",
        title="The input's biases are added twice",
        where=_BIASES,
        explanation="Each sum has the input's bias two times and the recurrent one once.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (2 * bias_x, bias_h)},
    ),
    Misconception(
        id="recurrent-biases-twice",
        title="The recurrent biases are added twice",
        where=_BIASES,
        explanation="Each sum has the recurrent bias two times and the input's once.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (bias_x, 2 * bias_h)},
    ),
    Misconception(
        id="all-biases-twice",
        title="All biases are added twice",
        where=_BIASES,
        explanation="Each sum has both of its biases two times.",
        hint="Count the biases in each line of the page's formula, and in yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (2 * bias_x, 2 * bias_h)},
    ),
    Misconception(
        id="biases-subtracted",
        title="The biases are subtracted",
        where=_BIASES,
        explanation="All biases have the wrong sign.",
        hint="Compare the signs in each line of the page's formula with those of yours.",
        page=PAGE,
        changes={"biases": lambda bias_x, bias_h: (-bias_x, -bias_h)},
    ),
    Misconception(
        id="input-kernels-transposed",
        title="The input's kernels are transposed",
        where=_KERNELS,
        explanation="Torch keeps kernels as [hidden, input]; the function receives them turned "
        "round already. Where there are as many inputs as hidden units, nothing fails.",
        hint="Compare the shapes in the page's Variables with those that your function gets.",
        page=PAGE,
        changes={"kernels": lambda wt_x, wt_h: (wt_x.T, wt_h)},
    ),
    Misconception(
        id="recurrent-kernels-transposed",
        title="The recurrent kernels are transposed",
        where=_KERNELS,
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
        where=_KERNELS,
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
        where=_KERNELS,
        explanation="Both gates are made of the input alone: neither the old state nor the "
        "recurrent bias enters them.",
        hint="Compare the terms of the page's lines of r_t and z_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (_without_recurrence(r), _without_recurrence(z), n)},
    ),
    Misconception(
        id="reset-gate-without-recurrence",
        title="The reset gate lacks its recurrent part",
        where=_KERNELS,
        explanation="r is made of the input alone: neither the old state nor the recurrent bias "
        "enters it.",
        hint="Compare the terms of the page's line of r_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (_without_recurrence(r), z, n)},
    ),
    Misconception(
        id="update-gate-without-recurrence",
        title="The update gate lacks its recurrent part",
        where=_KERNELS,
        explanation="z is made of the input alone: neither the old state nor the recurrent bias "
        "enters it.",
        hint="Compare the terms of the page's line of z_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, _without_recurrence(z), n)},
    ),
    Misconception(
        id="gates-without-the-state",
        title="The reset and the update gate do not see the old state",
        where=_KERNELS,
        explanation="All biases are there, but in both gates the product of the state and its "
        "kernel is missing.",
        hint="Compare the terms of the page's lines of r_t and z_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (_without_state(r), _without_state(z), n)},
    ),
    Misconception(
        id="reset-gate-without-the-state",
        title="The reset gate does not see the old state",
        where=_KERNELS,
        explanation="Its biases are there, but the product of the state and its kernel is missing.",
        hint="Compare the terms of the page's line of r_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (_without_state(r), z, n)},
    ),
    Misconception(
        id="update-gate-without-the-state",
        title="The update gate does not see the old state",
        where=_KERNELS,
        explanation="Its biases are there, but the product of the state and its kernel is missing.",
        hint="Compare the terms of the page's line of z_t with those of yours.",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, _without_state(z), n)},
    ),
    Misconception(
        id="tanh-for-sigmoid",
        title="The gates are computed with tanh",
        where="the gates' nonlinearity",
        explanation="A gate is a weight between 0 and 1; with tanh it lies between -1 and 1.",
        hint="See which function σ is, below the page's formula.",
        page=PAGE,
        changes={"gating": np.tanh},
    ),
    Misconception(
        id="sigmoid-with-the-wrong-sign",
        title="The gates' sigmoid has the wrong sign",
        where="the gates' nonlinearity",
        explanation="Both gates fall where their sums grow: each is 1 less what it should be.",
        hint="Find the sign of the exponent in the page's formula. If yours is right, see where "
        "r and z are used.",
        page="torch.sigmoid",
        changes={"gating": lambda v: sigmoid(-v)},
    ),
    Misconception(
        id="gates-without-sigmoid",
        title="The gates are bare sums",
        where="the gates' nonlinearity",
        explanation="A gate is a weight between 0 and 1; here it can have any size.",
        hint="See which function σ is, below the page's formula.",
        page=PAGE,
        changes={"gating": lambda v: v},
    ),
    Misconception(
        id="reset-gate-without-sigmoid",
        title="The reset gate is a bare sum",
        where="the gates' nonlinearity",
        explanation="A gate is a weight between 0 and 1. The update gate is one; the reset gate "
        "can have any size.",
        hint="Look at what stands around the sum in the page's line of r_t.",
        page=PAGE,
        changes={"gatings": lambda f: (lambda v: v, f)},
    ),
    Misconception(
        id="update-gate-without-sigmoid",
        title="The update gate is a bare sum",
        where="the gates' nonlinearity",
        explanation="A gate is a weight between 0 and 1. The reset gate is one; the update gate "
        "can have any size.",
        hint="Look at what stands around the sum in the page's line of z_t.",
        page=PAGE,
        changes={"gatings": lambda f: (f, lambda v: v)},
    ),
    Misconception(
        id="hard-sigmoid",
        title="The gates are computed with a hard sigmoid of slope one sixth",
        where="the gates' nonlinearity",
        explanation="A straight line, cut off at 0 and 1, stands for the sigmoid's curve.",
        hint="Look up the formula of σ, which is below those of the gates.",
        page=PAGE,
        changes={"gating": lambda v: np.clip(v / 6 + 0.5, 0, 1)},
    ),
    Misconception(
        id="hard-sigmoid-of-keras",
        title="The gates are computed with a hard sigmoid of slope 0.2",
        where="the gates' nonlinearity",
        explanation="A straight line, cut off at 0 and 1, stands for the sigmoid's curve. Keras "
        "had it so once.",
        hint="Look up the formula of σ, which is below those of the gates.",
        page=PAGE,
        changes={"gating": lambda v: np.clip(0.2 * v + 0.5, 0, 1)},
    ),
)
