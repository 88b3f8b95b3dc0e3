"""The new state of q3's GRU: what goes wrong where the candidate and the old one are mixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.questions.misconceptions.gate_parts import PAGE
from grader.questions.misconceptions.record import Misconception
from grader.questions.misconceptions.recurrence import NOTHING_ADDED

BLEND = "how the new state is put together from the old one and the candidate"
FORMULA_H = "Read the line of h_t on the page symbol by symbol: "
_RESET_IN_PLACE: Mapping[str, Any] = {
    "candidate": lambda from_x, r, h, wt_h, bias_h: from_x + (r * h) @ wt_h + bias_h,
    "old": lambda h, r, first, from_h: r * h,
}
"""What sees the old state multiplied by r, where that is stored in its place."""
BLEND_MISCONCEPTIONS = (
    Misconception(
        id="update-gate-turned-round",
        title="The update gate is turned round",
        where=BLEND,
        explanation="Where z is 1 the state becomes the candidate, and where it is 0 the old state "
        "is kept. Papers differ in this, and torch has it the other way; or what stands for z is 1 "
        "less what it should be, as with a sign turned round in its sigmoid.",
        hint=FORMULA_H + "which of the two terms goes away when z is 1, and is your z that of its "
        "own line?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: z * n + (1 - z) * h},
    ),
    Misconception(
        id="update-gate-missing",
        title="The update gate is not used",
        where=BLEND,
        explanation="The new state is the candidate alone, and nothing of the old one is kept.",
        hint=FORMULA_H + "what is the second term?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: n, **NOTHING_ADDED},
    ),
    Misconception(
        id="candidate-not-weighted",
        title="The candidate is added with its full weight",
        where=BLEND,
        explanation="The old state is weighted by z, but the candidate is not weighted, so the "
        "weights of the two do not add up to one.",
        hint=FORMULA_H + "what stands before n_t?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: n + z * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="old-state-not-weighted",
        title="The old state is added with its full weight",
        where=BLEND,
        explanation="The candidate is weighted by 1 less z, but the old state is not weighted, "
        "so the weights of the two do not add up to one.",
        hint=FORMULA_H + "what stands before the old state?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: (1 - z) * n + h, **NOTHING_ADDED},
    ),
    Misconception(
        id="nothing-weighted",
        title="The candidate is added to the old state, and the update gate is not used",
        where=BLEND,
        explanation="Neither of the two is weighted, so that states can grow from step to step.",
        hint=FORMULA_H + "what stands before each of its two terms?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: n + h, **NOTHING_ADDED},
    ),
    Misconception(
        id="z-for-candidate-old-state-not-weighted",
        title="The candidate is weighted by z, and the old state is added with its full weight",
        where=BLEND,
        explanation="What stands before the candidate is z itself, and before the old state "
        "there is nothing, so the weights of the two do not add up to one.",
        hint=FORMULA_H + "what stands before each of its two terms?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: z * n + h, **NOTHING_ADDED},
    ),
    Misconception(
        id="turned-round-and-candidate-not-weighted",
        title="The old state is weighted by 1 less z, and the candidate is added with its full "
        "weight",
        where=BLEND,
        explanation="The weight of the old state is turned round, and before the candidate there "
        "is nothing, so the weights of the two do not add up to one.",
        hint=FORMULA_H + "what stands before each of its two terms?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: n + (1 - z) * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="z-for-both-terms",
        title="Both terms of the new state are weighted by z",
        where=BLEND,
        explanation="The candidate has the same weight as the old state, so their weights do not "
        "add up to one.",
        hint=FORMULA_H + "do its two terms have the same weight?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: z * n + z * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="one-less-z-for-both-terms",
        title="Both terms of the new state are weighted by 1 less z",
        where=BLEND,
        explanation="The old state has the same weight as the candidate, so their weights do not "
        "add up to one.",
        hint=FORMULA_H + "do its two terms have the same weight?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: (1 - z) * n + (1 - z) * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="candidate-term-missing",
        title="The candidate's part of the new state is missing",
        where=BLEND,
        explanation="The new state is z times the old one, so that it fades at each step, and "
        "nothing new is added.",
        hint=FORMULA_H + "what is its first term?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: z * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="turned-round-and-candidate-term-missing",
        title="The new state is 1 less z times the old one",
        where=BLEND,
        explanation="Nothing of the candidate is added, so that the state fades at each step, "
        "and the weight of the old state is turned round.",
        hint=FORMULA_H + "what is its first term, and what stands before the old state?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: (1 - z) * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="turned-round-and-old-state-term-missing",
        title="The new state is z times the candidate",
        where=BLEND,
        explanation="Nothing of the old state is added, and what stands before the candidate is "
        "z itself.",
        hint=FORMULA_H + "what is added to the first term, and what stands before n_t?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: z * n, **NOTHING_ADDED},
    ),
    Misconception(
        id="old-state-subtracted",
        title="The old state's part is subtracted",
        where=BLEND,
        explanation="The candidate is weighted by 1 less z, and from that z times the old state "
        "is taken off.",
        hint=FORMULA_H + "which sign is between its two terms?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: (1 - z) * n - z * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="weights-without-parentheses",
        title="The candidate's weight lacks its parentheses",
        where=BLEND,
        explanation="A product comes before a difference: from 1 the product of z and the "
        "candidate is taken off, where the candidate should be multiplied by a difference.",
        hint=FORMULA_H + "what do its parentheses keep together?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: 1 - z * n + z * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="reset-gate-for-the-candidates-weight",
        title="The candidate's weight is made of the reset gate",
        where=BLEND,
        explanation="The old state is weighted by z and the candidate by 1 less r, so the "
        "weights of the two do not add up to one.",
        hint=FORMULA_H + "which gates are there?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: (1 - r) * n + z * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="reset-gate-for-the-old-states-weight",
        title="The old state is weighted by the reset gate",
        where=BLEND,
        explanation="The candidate is weighted by 1 less z and the old state by r, so the "
        "weights of the two do not add up to one.",
        hint=FORMULA_H + "which gates are there?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: (1 - z) * n + r * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="candidate-weighted-by-reset-gate",
        title="The candidate is weighted by the reset gate",
        where=BLEND,
        explanation="The old state is weighted by z and the candidate by r, so the weights of "
        "the two do not add up to one.",
        hint=FORMULA_H + "what stands before n_t?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: r * n + z * h, **NOTHING_ADDED},
    ),
    Misconception(
        id="tanh-of-the-new-state",
        title="The new state goes through a tanh",
        where=BLEND,
        explanation="The mixture of the old state and the candidate is squashed once more. Only "
        "the candidate has a tanh.",
        hint=FORMULA_H + "which functions are there?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: np.tanh((1 - z) * n + z * h)},
    ),
    Misconception(
        id="old-state-term-missing",
        title="The old state's part of the new one is missing",
        where=BLEND,
        explanation="The candidate is weighted by 1 less z, but nothing of the old state is "
        "added, so that it fades where z is near 1.",
        hint=FORMULA_H + "what is added to the first term?",
        page=PAGE,
        changes={"blend": lambda r, z, n, h: (1 - z) * n, **NOTHING_ADDED},
    ),
    Misconception(
        id="initial-state-kept",
        title="The update gate keeps the initial state, not the last one",
        where=BLEND,
        explanation="What is kept at each step is of the state that was passed in, where it should "
        "be of the one that the step before made.",
        hint=FORMULA_H + "of which time is the state in the last term?",
        page=PAGE,
        changes={"old": lambda h, r, first, from_h: first},
    ),
    Misconception(
        id="reset-overwrites-the-state",
        title="The reset gate's product takes the old state's place",
        where=BLEND,
        explanation="The state is multiplied by r for the candidate, and the product is stored in "
        "its place, so that what is kept of the old state is multiplied by r, too.",
        hint=FORMULA_H + "is what z_t is multiplied by in yours still the state that the step "
        "before made?",
        page=PAGE,
        changes=_RESET_IN_PLACE,
    ),
    Misconception(
        id="reset-overwrites-the-state-before-z",
        title="The reset gate's product takes the old state's place before z is computed",
        where=BLEND,
        explanation="The state is multiplied by r and stored in its own place, so that the update "
        "gate, the candidate and what is kept of the old state all see the product.",
        hint="Read the lines of z_t, n_t and h_t on the page: is the state in yours still the one "
        "that the step before made?",
        page=PAGE,
        changes={**_RESET_IN_PLACE, "seen_by_z": lambda h, r: r * h},
    ),
    Misconception(
        id="recurrent-term-overwrites-the-state",
        title="The candidate's recurrent term takes the old state's place",
        where=BLEND,
        explanation="The product of r and the recurrent term is right, but it is stored in the old "
        "state's place, so that of it is kept what should be kept of the old state.",
        hint=FORMULA_H + "is what z_t is multiplied by in yours still the state that the step "
        "before made?",
        page=PAGE,
        changes={"old": lambda h, r, first, from_h: r * from_h},
    ),
)
