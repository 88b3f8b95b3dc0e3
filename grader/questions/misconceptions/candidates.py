"""The candidate of q3's GRU: what goes wrong with its sum and its nonlinearity."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.gate_parts import FORMULA_N, PAGE, Gate, sigmoid
from grader.questions.misconceptions.record import Misconception


def _with_biases_inside(gate: Gate) -> Gate:
    wt_x, bias_x, wt_h, bias_h = gate
    return wt_x, np.zeros_like(bias_x), wt_h, bias_x + bias_h


def _without_input(gate: Gate) -> Gate:
    wt_x, bias_x, wt_h, bias_h = gate
    return np.zeros_like(wt_x), bias_x, wt_h, bias_h


RESET = "what the reset gate is applied to"
_SUM = "the sum inside the candidate's nonlinearity"
_NONLINEARITY = "the candidate's nonlinearity"
CANDIDATE_MISCONCEPTIONS = (
    Misconception(
        id="reset-before-product",
        title="The reset gate is applied before the matrix product",
        where=RESET,
        explanation="The state is multiplied by r and then by the kernel. That is the form of the "
        "first paper; torch's differs on purpose.",
        hint=FORMULA_N + "what is inside the parentheses after r_t? The page's note says more.",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + (r * h) @ wt_h + bias_h},
    ),
    Misconception(
        id="reset-without-bias",
        title="The reset gate does not cover the recurrent bias",
        where=RESET,
        explanation="The recurrent bias of the candidate is added in full, whatever r is.",
        hint=FORMULA_N + "where do the parentheses after r_t close?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + r * (h @ wt_h) + bias_h},
    ),
    Misconception(
        id="reset-over-everything",
        title="The reset gate covers the input's part too",
        where=RESET,
        explanation="The whole sum inside the tanh is multiplied by r, so that a shut reset gate "
        "also hides the input.",
        hint=FORMULA_N + "which terms stand outside the parentheses after r_t?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: r * (from_x + h @ wt_h + bias_h)},
    ),
    Misconception(
        id="reset-over-input",
        title="The reset gate is applied to the input's part",
        where=RESET,
        explanation="r multiplies what comes from the input. It is meant to decide how much of the "
        "old state is seen.",
        hint=FORMULA_N + "which of the two parts follows r_t?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: r * from_x + h @ wt_h + bias_h},
    ),
    Misconception(
        id="reset-missing",
        title="The reset gate is not used",
        where=RESET,
        explanation="The candidate sees the whole old state, as if r were always 1.",
        hint=FORMULA_N + "what stands before the part with the old state?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + h @ wt_h + bias_h},
    ),
    Misconception(
        id="reset-gate-turned-round",
        title="The reset gate is turned round",
        where=RESET,
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
        where=_SUM,
        explanation="The bias that belongs to the state is left out of the candidate's sum.",
        hint=FORMULA_N + "how many biases are there?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + r * (h @ wt_h)},
    ),
    Misconception(
        id="reset-before-product-without-bias",
        title="The reset gate is applied before the matrix product, without the recurrent bias",
        where=RESET,
        explanation="The state is multiplied by r and then by the kernel, and only one bias is "
        "added: the form of the first paper. Torch's differs.",
        hint=FORMULA_N + "what is inside the parentheses after r_t, and how many biases are there?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + (r * h) @ wt_h},
    ),
    Misconception(
        id="reset-before-product-and-over-the-bias",
        title="The reset gate is applied before the matrix product, and to the recurrent bias",
        where=RESET,
        explanation="The state is multiplied by r and then by the kernel, and the bias by r. "
        "Torch's layer multiplies the state by the kernel first.",
        hint=FORMULA_N + "what is inside the parentheses after r_t? The page's note says more.",
        page=PAGE,
        changes={
            "candidate": lambda from_x, r, h, wt_h, bias_h: from_x + (r * h) @ wt_h + r * bias_h
        },
    ),
    Misconception(
        id="reset-and-recurrent-bias-missing",
        title="The candidate has neither the reset gate nor the recurrent bias",
        where=RESET,
        explanation="The product of the state and its kernel is added as it is, as in an RNN with "
        "one bias.",
        hint=FORMULA_N + "what stands around the product with the old state?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + h @ wt_h},
    ),
    Misconception(
        id="reset-over-the-bias-alone",
        title="The reset gate covers the recurrent bias alone",
        where=RESET,
        explanation="r multiplies the bias, and the product of the state and its kernel is added "
        "in full.",
        hint=FORMULA_N + "where do the parentheses after r_t open?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + h @ wt_h + r * bias_h},
    ),
    Misconception(
        id="reset-over-both-biases",
        title="The reset gate covers the input's bias too",
        where=RESET,
        explanation="Both biases are multiplied by r, so that a shut reset gate hides that of the "
        "input.",
        hint=FORMULA_N + "which bias is inside the parentheses after r_t?",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, z, _with_biases_inside(n))},
    ),
    Misconception(
        id="reset-outside-tanh",
        title="The reset gate is applied outside the tanh",
        where=RESET,
        explanation="The candidate is r times the tanh of the whole sum, so that a shut reset "
        "gate hides the input, too.",
        hint=FORMULA_N + "is r_t inside the tanh, and what follows it?",
        page=PAGE,
        changes={
            "activation": lambda v: v,
            "candidate": lambda from_x, r, h, wt_h, bias_h: r * np.tanh(from_x + h @ wt_h + bias_h),
        },
    ),
    Misconception(
        id="tanh-of-the-inputs-part-alone",
        title="The candidate's recurrent part is added outside the tanh",
        where=_NONLINEARITY,
        explanation="Only the input's part goes through the tanh; what r multiplies is added "
        "afterwards, so that the state can grow beyond 1.",
        hint=FORMULA_N + "where do the parentheses of the tanh close?",
        page=PAGE,
        changes={
            "activation": lambda v: v,
            "candidate": lambda from_x, r, h, wt_h, bias_h: (
                np.tanh(from_x) + r * (h @ wt_h + bias_h)
            ),
        },
    ),
    Misconception(
        id="tanh-of-each-part",
        title="Each part of the candidate goes through a tanh of its own",
        where=_NONLINEARITY,
        explanation="The input's part and what r multiplies are squashed apart and added up then, "
        "so that the state can grow beyond 1.",
        hint=FORMULA_N + "how many parentheses follow the tanh?",
        page=PAGE,
        changes={
            "activation": lambda v: v,
            "candidate": lambda from_x, r, h, wt_h, bias_h: (
                np.tanh(from_x) + np.tanh(r * (h @ wt_h + bias_h))
            ),
        },
    ),
    Misconception(
        id="candidate-without-input",
        title="The candidate does not see the input",
        where=_SUM,
        explanation="In its sum the product of the input and its kernel is missing.",
        hint=FORMULA_N + "where is the input in it?",
        page=PAGE,
        changes={"gates": lambda r, z, n: (r, z, _without_input(n))},
    ),
    Misconception(
        id="relu-for-tanh",
        title="ReLU stands in the place of the candidate's tanh",
        where=_NONLINEARITY,
        explanation="Negative candidates became zero.",
        hint="See which function the page's line of n_t begins with.",
        page=PAGE,
        changes={"activation": lambda v: np.maximum(v, 0)},
    ),
    Misconception(
        id="tan-for-tanh",
        title="A tangent stands in the place of the candidate's tanh",
        where=_NONLINEARITY,
        explanation="The tangent has poles, so that states grow beyond 1. The candidate's function "
        "squashes its sum, and has one letter more.",
        hint=FORMULA_N + "how is its function spelt?",
        page=PAGE,
        changes={"activation": np.tan},
    ),
    Misconception(
        id="sigmoid-for-tanh",
        title="A sigmoid stands in the place of the candidate's tanh",
        where=_NONLINEARITY,
        explanation="The candidate is computed like a gate and lies between 0 and 1.",
        hint="See which function the page's line of n_t begins with.",
        page=PAGE,
        changes={"activation": sigmoid},
    ),
    Misconception(
        id="no-activation",
        title="The candidate has no nonlinearity",
        where=_NONLINEARITY,
        explanation="The candidate is the bare sum, so that the state can grow beyond 1.",
        hint="See which function the page's line of n_t begins with.",
        page=PAGE,
        changes={"activation": lambda v: v},
    ),
    Misconception(
        id="candidate-without-recurrence",
        title="The candidate lacks its recurrent part",
        where=_SUM,
        explanation="The candidate is made of the input alone, without the old state; the reset "
        "gate has nothing to multiply.",
        hint=FORMULA_N + "what is the part that has r_t before it made of?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x},
    ),
    Misconception(
        id="candidate-without-recurrent-product",
        title="The candidate's recurrent part is its bias alone",
        where=_SUM,
        explanation="Of the part that is multiplied by r there is the bias, but the product of the "
        "state and the kernel is missing.",
        hint=FORMULA_N + "what is the part that has r_t before it made of?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + r * bias_h},
    ),
    Misconception(
        id="candidate-without-kernel",
        title="The candidate's recurrent kernel is not used",
        where=_SUM,
        explanation="The state and the bias are added up and multiplied by r, but the state has "
        "not gone through the kernel.",
        hint=FORMULA_N + "what is the old state multiplied by?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + r * (h + bias_h)},
    ),
    Misconception(
        id="candidate-without-kernel-bias-outside",
        title="The candidate's recurrent part is r times the state, and its bias",
        where=_SUM,
        explanation="The state has not gone through the recurrent kernel, and the bias is added "
        "in full, whatever r is.",
        hint=FORMULA_N + "what is the old state multiplied by, and where do the parentheses after "
        "r_t close?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + r * h + bias_h},
    ),
    Misconception(
        id="candidate-of-the-bare-state",
        title="The candidate's recurrent part is r times the state alone",
        where=_SUM,
        explanation="The state has not gone through the recurrent kernel, and the recurrent bias "
        "is missing.",
        hint=FORMULA_N + "which parameters stand inside the parentheses after r_t?",
        page=PAGE,
        changes={"candidate": lambda from_x, r, h, wt_h, bias_h: from_x + r * h},
    ),
)
