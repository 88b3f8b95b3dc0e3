"""What goes wrong with the states and steps of a sequence in any recurrent network."""

from __future__ import annotations

import numpy as np

from grader.questions.misconceptions.record import Array, Misconception
from grader.questions.misconceptions.sequence_results import result_misconceptions


def _as_time_major(inputs: Array) -> Array:
    batch, steps, width = inputs.shape
    return inputs.reshape(steps, batch, width).swapaxes(0, 1)


def _after_a_gap(states: list[Array]) -> Array:
    return np.stack([np.zeros_like(states[0]), *states[1:]], axis=1)


def _before_a_gap(states: list[Array]) -> Array:
    return np.stack([*states[1:], np.zeros_like(states[0])], axis=1)


def _zeros_first(inputs: Array, step: int) -> Array:
    return inputs[:, step - 1] if step else np.zeros_like(inputs[:, 0])


def _zeros_last(inputs: Array, step: int) -> Array:
    return inputs[:, step + 1] if step + 1 < inputs.shape[1] else np.zeros_like(inputs[:, 0])


_INPUT = "how the input of one step is taken from input_data"


def sequence_misconceptions(page: str) -> tuple[Misconception, ...]:
    """Those about the sequence; ``page`` documents the layer of the question."""
    return (
        Misconception(
            id="initial-state-ignored",
            title="The initial state is not used",
            where="the state that the first step begins with",
            explanation="The network starts from zeros. The function is given a state to start "
            "from, and it is not zero.",
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
            id="starts-from-ones",
            title="The first step begins with a state of ones",
            where="the state that the first step begins with",
            explanation="Every unit of the state is 1 before the first step. The function is given "
            "a state to start from.",
            hint="Compare what the page says under Inputs about h_0 with what your first step "
            "takes for the previous state.",
            page=page,
            changes={"begun": lambda init_state: np.ones_like(init_state[0])},
        ),
        Misconception(
            id="state-runs-on",
            title="Each sequence goes on from the one before",
            where="the state that the first step begins with",
            explanation="Each sequence of the batch but the first begins with the last state of "
            "the one before, where it should begin with its own initial state.",
            hint="In which line does the state get its first value, and is it run again for each "
            "sequence?",
            page=page,
            changes={"runs_on": True},
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
            id="new-state-thrown-away",
            title="The new state is never assigned to the one that is carried and returned",
            where="what is carried from one step to the next",
            explanation="Each step begins with the state that the first one begins with, and that "
            "is also what is returned as the final state: what a step makes goes into the outputs "
            "alone.",
            hint="The formula on the page names the states at the times t-1 and t. Which variable "
            "of your loop holds the first, and where does it become the second?",
            page=page,
            changes={"kept": lambda new, old: old, "final": lambda states: states[0][None]},
        ),
        Misconception(
            id="units-updated-in-place",
            title="The units of the state are overwritten one after the other",
            where="the array that a step's new state is written into",
            explanation="Within a step each unit is computed from a state whose first units are "
            "new already. All units of a step should be made from the state before it.",
            hint="The page is about getting a copy: is the array that your step reads also the one "
            "that it writes unit by unit?",
            page="torch.clone",
            changes={"unit_by_unit": True},
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
            id="initial-state-for-the-first-step",
            title="The first output is the initial state, and the first input is not read",
            where="where the loop over the steps begins",
            explanation="The initial state stands in the first place of the outputs, and the loop "
            "begins with the second step, so that there is one step too few.",
            hint="See under Outputs which h_t is the first one, and whether it has read an input.",
            page=page,
            changes={
                "read": lambda inputs: inputs[:, 1:],
                "shown": lambda states: np.stack(states, axis=1),
            },
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
            id="last-step-skipped-and-returned",
            title="The last step is left out, and its empty place is returned as the final state",
            where="where the loop over the steps ends",
            explanation="The outputs of the last step stay zero, since the loop ends one step "
            "early, and the final state is taken from there.",
            hint="The page counts the time t up to the last input; see what your loop counts to.",
            page=page,
            changes={
                "read": lambda inputs: inputs[:, :-1],
                "shown": _before_a_gap,
                "final": lambda states: np.zeros_like(states[0])[None],
            },
        ),
        Misconception(
            id="as-many-steps-as-sequences",
            title="There are as many steps as there are sequences",
            where="where the loop over the steps ends",
            explanation="The loop counts the first axis of input_data, which is the batch. The "
            "steps are on the second one.",
            hint="See under Inputs of the page, for batch_first=True, which axis of the input has "
            "the length of the sequence; what does your loop count?",
            page=page,
            changes={"read": lambda inputs: inputs[:, : len(inputs)]},
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
            explanation="The input that goes into a step is that of the first one each time.",
            hint="The page's formula has an input x_t; find what t is in your loop.",
            page=page,
            changes={"at": lambda inputs, step: inputs[:, 0]},
        ),
        Misconception(
            id="last-input-always",
            title="Every step reads the last input",
            where=_INPUT,
            explanation="The input that goes into a step is that of the last one each time.",
            hint="The page's formula has an input x_t; find what t is in your loop.",
            page=page,
            changes={"at": lambda inputs, step: inputs[:, -1]},
        ),
        Misconception(
            id="input-missing",
            title="The input is not used",
            where="where the input enters the step",
            explanation="No input goes into the steps: the numbers are the same whatever "
            "input_data holds.",
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
            id="inputs-counted-from-the-end",
            title="From the second step on, the inputs are read from the end",
            where=_INPUT,
            explanation="The first step reads the first input, the second one the last, the third "
            "one the one before, and so on: a negative index counts from the end.",
            hint="The page's formula has an input x_t; find which one your index takes in the "
            "first three steps.",
            page=page,
            changes={"at": lambda inputs, step: inputs[:, -step]},
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
            id="averaged-with-the-old-state",
            title="The new state is averaged with the old one",
            where="what is carried from one step to the next",
            explanation="The step's formula gives the new state; here half of it and half of the "
            "state before are added up.",
            hint="Find each place of the old state in the page's formula, and in what your loop "
            "makes of it.",
            page=page,
            changes={"added": lambda made, old: (made + old) / 2},
        ),
        *result_misconceptions(page),
    )
