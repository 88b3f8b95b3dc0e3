"""What goes wrong with the sequence in any recurrent network."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception


def _as_time_major(inputs: Array) -> Array:
    batch, steps, width = inputs.shape
    return inputs.reshape(steps, batch, width).swapaxes(0, 1)


def _reshaped(states: list[Array]) -> Array:
    outputs = np.stack(states[1:])
    return outputs.reshape(outputs.shape[1], outputs.shape[0], -1)


def _after_a_gap(states: list[Array]) -> Array:
    return np.stack([np.zeros_like(states[0]), *states[1:]], axis=1)


def _before_a_gap(states: list[Array]) -> Array:
    return np.stack([*states[1:], np.zeros_like(states[0])], axis=1)


def _of_the_first_step(states: list[Array]) -> Array:
    return np.stack([states[1], *(np.zeros_like(state) for state in states[2:])], axis=1)


def _zeros_first(inputs: Array, step: int) -> Array:
    return inputs[:, step - 1] if step else np.zeros_like(inputs[:, 0])


def _zeros_last(inputs: Array, step: int) -> Array:
    return inputs[:, step + 1] if step + 1 < inputs.shape[1] else np.zeros_like(inputs[:, 0])


_INPUT = "how the input of one step is taken from input_data"
_STACKED = "how the states of all steps become one array"


def sequence_misconceptions(page: str) -> tuple[Misconception, ...]:
    """Those about the sequence; ``page`` documents the layer of the question."""
    return (
        Misconception(
            id="initial-state-ignored",
            title="The initial state is not used",
            where="the state that the first step begins with",
            explanation="The numbers are those of a network that starts from zeros. "
            "The function is given a state to start from, and it is not zero.",
            hint="Compare what the page says under Inputs about h_0 with what your first step "
            "takes for the previous state.",
            page=page,
            changes={"begun": lambda init_state: np.zeros_like(init_state[0])},
        ),
        Misconception(
            id="one-initial-state-for-all",
            title="The whole batch starts from the first sequence's state",
            where="how init_state is indexed",
            explanation="Each sequence of the batch has an initial state of its own; here all "
            "of them start from that of the first one, and broadcasting hides it.",
            hint="Look up the shape of h_0: which of its axes is the batch, and which did your "
            "indexing take away?",
            page=page,
            changes={"begun": lambda init: np.repeat(init[0, :1], init.shape[1], axis=0)},
        ),
        Misconception(
            id="state-runs-on",
            title="Each sequence goes on from the one before",
            where="the state that the first step begins with",
            explanation="The first sequence of the batch is right. Each further one begins with "
            "the last state of the one before, where it should begin with its own initial state.",
            hint="In which line does the state get its first value, and is it run again for each "
            "sequence?",
            page=page,
            changes={"runs_on": True},
        ),
        Misconception(
            id="returns-in-the-loop",
            title="The function returns after the first step",
            where="the indentation of the last line",
            explanation="The first step is right, and the outputs of all others are zero: they "
            "were never computed.",
            hint="Is the line with return inside of the loop over the steps?",
            page=page,
            changes={"shown": _of_the_first_step, "final": lambda states: states[1][None]},
        ),
        Misconception(
            id="state-not-updated",
            title="Every step starts from the initial state",
            where="what is carried from one step to the next",
            explanation="Each step is computed from its input and the initial state, so that "
            "nothing is remembered. A step must start from the state that the one before it made.",
            hint="The formula on the page names the state at time t-1. Which variable of your "
            "loop holds that, and where does it get a new value?",
            page=page,
            changes={"kept": lambda new, old: old},
        ),
        Misconception(
            id="runs-backwards",
            title="The sequence is read from its end",
            where="the order of the steps",
            explanation="The states are those of the reversed sequence: the last input is read "
            "first.",
            hint="The page counts the time t upwards; look at what your loop counts.",
            page=page,
            changes={"read": lambda inputs: inputs[:, ::-1]},
        ),
        Misconception(
            id="runs-backwards-in-place",
            title="The steps run from the end to the beginning",
            where="the order of the steps",
            explanation="The last input is read first, and each state is put where its input was.",
            hint="The page counts the time t upwards; look at what your loop counts.",
            page=page,
            changes={
                "read": lambda inputs: inputs[:, ::-1],
                "shown": lambda states: np.stack(states[:0:-1], axis=1),
            },
        ),
        Misconception(
            id="first-step-skipped",
            title="The first step is left out",
            where="where the loop over the steps begins",
            explanation="The outputs of the first step stay zero, and the first input is not "
            "read: the loop begins with the second step.",
            hint="The page counts the time t from the first input on; see what your loop counts "
            "from.",
            page=page,
            changes={"read": lambda inputs: inputs[:, 1:], "shown": _after_a_gap},
        ),
        Misconception(
            id="last-step-skipped",
            title="The last step is left out",
            where="where the loop over the steps ends",
            explanation="The outputs of the last step stay zero, and the last input is not read: "
            "the loop ends one step early.",
            hint="The page counts the time t up to the last input; see what your loop counts to.",
            page=page,
            changes={"read": lambda inputs: inputs[:, :-1], "shown": _before_a_gap},
        ),
        Misconception(
            id="inputs-reshaped",
            title="The inputs are reshaped where their axes should be exchanged",
            where=_INPUT,
            explanation="A reshape keeps the order of the numbers in memory, so that a step gets "
            "rows of other steps and other sequences, though the shape is right.",
            hint="Read how the page treats the order of elements; compare torch.transpose.",
            page="torch.reshape",
            changes={"read": _as_time_major},
        ),
        Misconception(
            id="first-input-always",
            title="Every step reads the first input",
            where=_INPUT,
            explanation="The states change from step to step, but the input that goes into them is "
            "that of the first step each time.",
            hint="The page's formula has an input x_t; find what t is in your loop.",
            page=page,
            changes={"at": lambda inputs, step: inputs[:, 0]},
        ),
        Misconception(
            id="last-input-always",
            title="Every step reads the last input",
            where=_INPUT,
            explanation="The states change from step to step, but the input that goes into them is "
            "that of the last step each time.",
            hint="The page's formula has an input x_t; find what t is in your loop.",
            page=page,
            changes={"at": lambda inputs, step: inputs[:, -1]},
        ),
        Misconception(
            id="input-missing",
            title="The input is not used",
            where="where the input enters the step",
            explanation="Each state depends on the one before it and on the parameters alone; "
            "the numbers are the same whatever input_data holds.",
            hint="The page's formula has an input x_t; find each place where it enters, and the "
            "same places in your step.",
            page=page,
            changes={"at": lambda inputs, step: np.zeros_like(inputs[:, step])},
        ),
        Misconception(
            id="inputs-one-step-late",
            title="Each step reads the input before its own",
            where=_INPUT,
            explanation="The first step reads zeros, the second one the first input, and so on; "
            "the last input is never read.",
            hint="See in the page's formula whether the times of the input and of the new state "
            "differ.",
            page=page,
            changes={"at": _zeros_first},
        ),
        Misconception(
            id="inputs-one-step-late-wrapped",
            title="Each step reads the input before its own, and the first one reads the last",
            where=_INPUT,
            explanation="The second step reads the first input, and so on. Before the first input "
            "there is none, and an index of -1 counts from the end.",
            hint="See in the page's formula whether the times of the input and of the new state "
            "differ.",
            page=page,
            changes={"at": lambda inputs, step: inputs[:, step - 1]},
        ),
        Misconception(
            id="inputs-one-step-early",
            title="Each step reads the input after its own",
            where=_INPUT,
            explanation="The first step reads the second input, and so on; the first input is "
            "never read, and the last step reads zeros.",
            hint="See in the page's formula whether the times of the input and of the new state "
            "differ.",
            page=page,
            changes={"at": _zeros_last},
        ),
        Misconception(
            id="old-state-added",
            title="The old state is added to the new one",
            where="what is carried from one step to the next",
            explanation="The step's formula gives the new state; here its result is added to the "
            "state before, as in a residual network, so that states can grow beyond 1.",
            hint="Find each place of the old state in the page's formula, and in what your loop "
            "makes of it.",
            page=page,
            changes={"added": lambda made, old: made + old},
        ),
        Misconception(
            id="outputs-time-major",
            title="The outputs have time first and the batch second",
            where=_STACKED,
            explanation="The values are right, in another order of axes: the steps come first. "
            "The layer of the notebook is built with batch_first=True.",
            hint="Look up which new axis the states of the steps are joined along.",
            page="torch.stack",
            changes={"shown": lambda states: np.stack(states[1:])},
        ),
        Misconception(
            id="outputs-reshaped",
            title="The outputs are reshaped where their axes should be exchanged",
            where=_STACKED,
            explanation="The shape is right, but the values stand in the order [steps, batch]: a "
            "reshape does not move any number in memory.",
            hint="Read how the page treats the order of elements; compare torch.transpose.",
            page="torch.reshape",
            changes={"shown": _reshaped},
        ),
        Misconception(
            id="outputs-reversed",
            title="The outputs stand in the order from the last step to the first",
            where=_STACKED,
            explanation="Each state is right, and so is the final one, but the outputs begin with "
            "the last step's and end with the first one's.",
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
            where="which state is returned as the final one",
            explanation="The outputs are right, but the state after the first step is returned in "
            "the place of the one after the last.",
            hint="See under Outputs what h_n is.",
            page=page,
            changes={"final": lambda states: states[1][None]},
        ),
        Misconception(
            id="final-state-one-step-early",
            title="The final state is that of the last step but one",
            where="which state is returned as the final one",
            explanation="The outputs are right, but the state before the last step is returned.",
            hint="See under Outputs what h_n is.",
            page=page,
            changes={"final": lambda states: states[-2][None]},
        ),
        Misconception(
            id="final-state-is-the-initial",
            title="The final state is the initial one",
            where="which state is returned as the final one",
            explanation="The outputs are right, but the state that was passed in is returned "
            "unchanged.",
            hint="See under Outputs what h_n is, and which variable of yours holds it in the end.",
            page=page,
            changes={"final": lambda states: states[0][None]},
        ),
        Misconception(
            id="final-state-of-the-last-sequence",
            title="The final state is the last sequence, not the last step",
            where="which state is returned as the final one",
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
            explanation="Both are right, but the final state comes first.",
            hint="See under Outputs which of the two the layer returns first.",
            page=page,
            changes={"returned": lambda outputs, final: (final, outputs)},
        ),
    )
