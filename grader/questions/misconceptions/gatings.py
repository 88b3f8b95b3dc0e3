"""The nonlinearity of the gates of q3's GRU, and what goes wrong with it."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.gate_parts import PAGE, sigmoid
from grader.questions.misconceptions.record import Misconception

_NONLINEARITY = "the gates' nonlinearity"
GATING_MISCONCEPTIONS = (
    Misconception(
        id="tanh-for-sigmoid",
        title="The gates are computed with tanh",
        where=_NONLINEARITY,
        explanation="A gate is a weight between 0 and 1; with tanh it lies between -1 and 1.",
        hint="See which function σ is, below the page's formula.",
        page=PAGE,
        changes={"gating": np.tanh},
    ),
    Misconception(
        id="reset-gate-with-tanh",
        title="The reset gate is computed with tanh",
        where=_NONLINEARITY,
        explanation="A gate is a weight between 0 and 1; with tanh this one lies between -1 and 1.",
        hint="See which function stands before the sum in the page's line of r_t.",
        page=PAGE,
        changes={"gating": sigmoid, "gatings": lambda f: (np.tanh, f)},
    ),
    Misconception(
        id="update-gate-with-tanh",
        title="The update gate is computed with tanh",
        where=_NONLINEARITY,
        explanation="A gate is a weight between 0 and 1; with tanh this one lies between -1 and 1.",
        hint="See which function stands before the sum in the page's line of z_t.",
        page=PAGE,
        changes={"gating": sigmoid, "gatings": lambda f: (f, np.tanh)},
    ),
    Misconception(
        id="sigmoid-with-the-wrong-sign",
        title="The gates' sigmoid has the wrong sign",
        where=_NONLINEARITY,
        explanation="Both gates fall where their sums grow: each is 1 less what it should be.",
        hint="Find the sign of the exponent in the page's formula. If yours is right, see where "
        "r and z are used.",
        page="torch.sigmoid",
        changes={"gating": lambda v: sigmoid(-v)},
    ),
    Misconception(
        id="sign-of-the-first-term-alone",
        title="The minus in the gates' sigmoid is that of the first term alone",
        where=_NONLINEARITY,
        explanation="The product of the input and its kernel has the sign that it needs; the "
        "biases and the state's product have the other one.",
        hint="See what the exponent of the page's formula is, and which part of your sum its "
        "minus reaches.",
        page="torch.sigmoid",
        changes={"total": lambda from_x, bias_x, from_h, bias_h: from_x - bias_x - from_h - bias_h},
    ),
    Misconception(
        id="sigmoid-of-the-inputs-part-alone",
        title="The gates' recurrent part is added outside the sigmoid",
        where=_NONLINEARITY,
        explanation="In both gates only the input's part goes through the sigmoid. A gate is a "
        "weight between 0 and 1; here it can have any size.",
        hint="See where the parentheses after σ close in the page's lines of r_t and z_t.",
        page=PAGE,
        changes={
            "gating": lambda v: v,
            "total": lambda from_x, bias_x, from_h, bias_h: (
                sigmoid(from_x + bias_x) + from_h + bias_h
            ),
        },
    ),
    Misconception(
        id="sigmoid-of-each-part",
        title="Each part of a gate's sum goes through a sigmoid of its own",
        where=_NONLINEARITY,
        explanation="In both gates the input's part and the state's are squashed apart and added "
        "up then. A gate is a weight between 0 and 1; here it can be nearly 2.",
        hint="See how many parentheses follow σ in the page's lines of r_t and z_t.",
        page=PAGE,
        changes={
            "gating": lambda v: v,
            "total": lambda from_x, bias_x, from_h, bias_h: (
                sigmoid(from_x + bias_x) + sigmoid(from_h + bias_h)
            ),
        },
    ),
    Misconception(
        id="sigmoid-without-parentheses",
        title="The gates' sigmoid lacks the parentheses of its denominator",
        where=_NONLINEARITY,
        explanation="A division comes before a sum: what the two gates add is 1 and an "
        "exponential, so that they are larger than 1 and fall where their sums grow.",
        hint="See what the fraction bar of the page's formula stands above, and what your division "
        "divides by.",
        page="torch.sigmoid",
        changes={"gating": lambda v: 1 + np.exp(-v)},
    ),
    Misconception(
        id="sigmoid-rounded-down",
        title="The gates' sigmoid is divided without its remainder",
        where=_NONLINEARITY,
        explanation="Both gates are 0, or 1 at the most, whatever their sums are: // rounds what "
        "is between them down.",
        hint="See what the page says of its argument rounding_mode, and which division your "
        "sigmoid has.",
        page="torch.div",
        changes={"gating": lambda v: 1 // (1 + np.exp(-v))},
        is_alone=True,
    ),
    Misconception(
        id="sigmoid-twice",
        title="The gates have the sigmoid twice",
        where=_NONLINEARITY,
        explanation="What the sigmoid gives goes through it again, so that both gates lie between "
        "0.5 and 0.74.",
        hint="Count the functions around the sums in the page's lines of r_t and z_t, and in "
        "yours, with what your functions do themselves.",
        page=PAGE,
        changes={"gating": lambda v: sigmoid(sigmoid(v))},
    ),
    Misconception(
        id="sigmoid-of-the-double",
        title="The gates' sigmoid is twice as steep",
        where=_NONLINEARITY,
        explanation="Both gates are what the sigmoid gives for twice their sums, as by a tanh "
        "whose argument is not halved.",
        hint="Compare your sigmoid with the page's formula for the value 1.",
        page="torch.sigmoid",
        changes={"gating": lambda v: sigmoid(2 * v)},
    ),
    Misconception(
        id="slope-of-the-sigmoid",
        title="The gates are the sigmoid's derivative",
        where=_NONLINEARITY,
        explanation="Both gates are s (1 - s) for the sigmoid s of their sums, and never more than "
        "0.25.",
        hint="Look up which function σ is, below the page's formula; the derivative belongs to "
        "training.",
        page=PAGE,
        changes={"gating": lambda v: sigmoid(v) * (1 - sigmoid(v))},
    ),
    Misconception(
        id="gates-without-sigmoid",
        title="The gates are bare sums",
        where=_NONLINEARITY,
        explanation="A gate is a weight between 0 and 1; here it can have any size.",
        hint="See which function σ is, below the page's formula.",
        page=PAGE,
        changes={"gating": lambda v: v},
    ),
    Misconception(
        id="reset-gate-without-sigmoid",
        title="The reset gate is a bare sum",
        where=_NONLINEARITY,
        explanation="A gate is a weight between 0 and 1; this one can have any size.",
        hint="Look at what stands around the sum in the page's line of r_t.",
        page=PAGE,
        changes={"gating": sigmoid, "gatings": lambda f: (lambda v: v, f)},
    ),
    Misconception(
        id="update-gate-without-sigmoid",
        title="The update gate is a bare sum",
        where=_NONLINEARITY,
        explanation="A gate is a weight between 0 and 1; this one can have any size.",
        hint="Look at what stands around the sum in the page's line of z_t.",
        page=PAGE,
        changes={"gating": sigmoid, "gatings": lambda f: (f, lambda v: v)},
    ),
    Misconception(
        id="hard-sigmoid",
        title="The gates are computed with a hard sigmoid of slope one sixth",
        where=_NONLINEARITY,
        explanation="A straight line, cut off at 0 and 1, stands for the sigmoid's curve.",
        hint="Look up the formula of σ, which is below those of the gates.",
        page=PAGE,
        changes={"gating": lambda v: np.clip(v / 6 + 0.5, 0, 1)},
    ),
    Misconception(
        id="hard-sigmoid-of-keras",
        title="The gates are computed with a hard sigmoid of slope 0.2",
        where=_NONLINEARITY,
        explanation="A straight line, cut off at 0 and 1, stands for the sigmoid's curve. Keras "
        "had it so once.",
        hint="Look up the formula of σ, which is below those of the gates.",
        page=PAGE,
        changes={"gating": lambda v: np.clip(0.2 * v + 0.5, 0, 1)},
    ),
)
