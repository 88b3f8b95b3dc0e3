"""What goes wrong with the outputs and the final state of any recurrent network."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception


def _reshaped(states: list[Array]) -> Array:
    outputs = np.stack(states[1:])
    return outputs.reshape(outputs.shape[1], outputs.shape[0], -1)


def _of_the_first_step(states: list[Array]) -> Array:
    return np.stack([states[1], *(np.zeros_like(state) for state in states[2:])], axis=1)


_STACKED = "how the states of all steps become one array"
_FINAL = "which state is returned as the final one"


def result_misconceptions(page: str) -> tuple[Misconception, ...]:
    """Those about what is returned; ``page`` documents the layer of the question."""
    return (
        Misconception(
            id="returns-in-the-loop",
            title="The function returns after the first step",
            where="the indentation of the last line",
            explanation="The outputs of all steps but the first are zero: they were never "
            "computed.",
            hint="Is the line with return inside of the loop over the steps?",
            page=page,
            changes={"shown": _of_the_first_step, "final": lambda states: states[1][None]},
        ),
        Misconception(
            id="initial-state-among-the-outputs",
            title="The initial state is among the outputs",
            where=_STACKED,
            explanation="There is one output more than steps: the list that the states of the "
            "steps are put into begins with the initial state.",
            hint="See under Outputs which h_t is the first one, and what your list holds before "
            "the loop.",
            page=page,
            changes={"shown": lambda states: np.stack(states, axis=1)},
        ),
        Misconception(
            id="outputs-time-major",
            title="The outputs have time first and the batch second",
            where=_STACKED,
            explanation="The axis that counts the steps comes before that of the sequences. The "
            "layer of the notebook is built with batch_first=True. If your states have an axis of "
            "one, too, it is that of init_state, whose states are init_state[0].",
            hint="Look up which new axis the states of the steps are joined along.",
            page="torch.stack",
            changes={"shown": lambda states: np.stack(states[1:])},
        ),
        Misconception(
            id="outputs-reshaped",
            title="The outputs are reshaped where their axes should be exchanged",
            where=_STACKED,
            explanation="The values stand in the order [steps, batch] in an array of shape [batch, "
            "steps]: a reshape does not move any number in memory.",
            hint="Read how the page treats the order of elements; compare torch.transpose.",
            page="torch.reshape",
            changes={"shown": _reshaped},
        ),
        Misconception(
            id="outputs-reversed",
            title="The outputs stand in the order from the last step to the first",
            where=_STACKED,
            explanation="The outputs begin with the last step's state and end with the first "
            "one's.",
            hint="See under Outputs which h_t belongs to step t, and at which end your steps are "
            "stored.",
            page=page,
            changes={"shown": lambda states: np.stack(states[:0:-1], axis=1)},
        ),
        Misconception(
            id="outputs-one-step-late",
            title="The outputs are the states before the steps",
            where="when the state is stored in the loop",
            explanation="The first output is the initial state and the last state is missing: the "
            "state is stored before the step instead of after it.",
            hint="See under Outputs which h_t belongs to step t.",
            page=page,
            changes={"shown": lambda states: np.stack(states[:-1], axis=1)},
        ),
        Misconception(
            id="outputs-all-the-last",
            title="Every step shows the last state",
            where="what is stored for each step",
            explanation="All outputs of a sequence are the same. Either one array is changed in "
            "place and stored again at each step, or each step puts its state into all places.",
            hint="The page is about getting a copy: do your steps share one array? If not, see "
            "which places of the outputs a step assigns to.",
            page="torch.clone",
            changes={"shown": lambda states: np.stack([states[-1]] * (len(states) - 1), axis=1)},
        ),
        Misconception(
            id="final-state-of-the-first-step",
            title="The final state is that of the first step",
            where=_FINAL,
            explanation="The state after the first step is returned in the place of the one after "
            "the last.",
            hint="See under Outputs what h_n is.",
            page=page,
            changes={"final": lambda states: states[1][None]},
        ),
        Misconception(
            id="final-state-one-step-early",
            title="The final state is that of the last step but one",
            where=_FINAL,
            explanation="The state before the last step is returned in the place of the one after "
            "it.",
            hint="See under Outputs what h_n is.",
            page=page,
            changes={"final": lambda states: states[-2][None]},
        ),
        Misconception(
            id="final-state-is-the-initial",
            title="The final state is the initial one",
            where=_FINAL,
            explanation="The state that the first step begins with is returned in the place of the "
            "one after the last step.",
            hint="See under Outputs what h_n is, and which variable of yours holds it in the end.",
            page=page,
            changes={"final": lambda states: states[0][None]},
        ),
        Misconception(
            id="final-state-of-the-last-sequence",
            title="The final state is the last sequence, not the last step",
            where=_FINAL,
            explanation="The last entry along the first axis of the outputs is the last sequence "
            "of the batch with all of its steps. The final state is each sequence's last step.",
            hint="See under Outputs what each axis of output is when batch_first=True.",
            page=page,
            changes={"final": lambda states: np.stack(states[1:], axis=1)[-1]},
        ),
        Misconception(
            id="results-exchanged",
            title="The outputs and the final state are returned in the wrong order",
            where="the order of the two results",
            explanation="The final state comes first, and the outputs second.",
            hint="See under Outputs which of the two the layer returns first.",
            page=page,
            changes={"returned": lambda outputs, final: (final, outputs)},
        ),
    )
