"""How states run through a sequence in any recurrent network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.questions.misconceptions.record import Array

Step = Callable[[Array, Array], tuple[Array, Array]]
"""From ``(x, h)`` to the new state, and what is shown of it."""


@dataclass(frozen=True)
class Recurrence:
    """The parts that an RNN and a GRU have in common."""

    begun: Callable[[Array], Array] = lambda init_state: init_state[0]
    """From ``init_state`` [1,B,H] to the state before the first step [B,H]."""
    read: Callable[[Array], Array] = lambda inputs: inputs
    """The inputs in the order in which the steps meet them."""
    at: Callable[[Array, int], Array] = lambda inputs, step: inputs[:, step]
    added: Callable[[Array, Array], Array] = lambda made, old: made
    """What a step gives, from what its formula makes and the state before."""
    kept: Callable[[Array, Array], Array] = lambda new, old: new
    """The state that the next step begins with."""
    shown: Callable[[list[Array]], Array] = lambda states: np.stack(states[1:], axis=1)
    """From the initial state and the output of each step to the outputs."""
    final: Callable[[list[Array]], Array] = lambda states: states[-1][None]
    returned: Callable[[Array, Array], Any] = lambda outputs, final: (outputs, final)
    runs_on: bool = False
    """Whether each sequence begins with the last state of the one before."""
    unit_by_unit: bool = False
    """Whether a step puts each unit of the new state into the array that the next one reads."""

    def run(
        self,
        step: Step,
        init_state: Array,
        input_data: Array,
    ) -> Any:
        """What the function returns whose step makes of ``(x, h)`` a new state, and an output."""
        inputs = self.read(_wide(input_data))
        state = self.begun(_wide(init_state))
        step = _unit_by_unit(step) if self.unit_by_unit else step
        if self.runs_on:
            states, seen = self._one_by_one(step, state[:1], inputs)
        else:
            states, seen = self._steps(step, state, inputs)
        return self.returned(self.shown(seen), self.final(states))

    def _steps(self, step: Step, state: Array, inputs: Array) -> tuple[list[Array], list[Array]]:
        """The initial state, and the state after each step, as it is and as it is shown."""
        states, seen = [state], [state]
        for t in range(inputs.shape[1]):
            made, output = (self.added(item, state) for item in step(self.at(inputs, t), state))
            states.append(made)
            seen.append(output)
            state = self.kept(made, state)
        return states, seen

    def _one_by_one(
        self, step: Step, state: Array, inputs: Array
    ) -> tuple[list[Array], list[Array]]:
        of_each = []
        for sequence in inputs:
            of_each.append(self._steps(step, state, sequence[None]))
            state = of_each[-1][0][-1]
        states, seen = zip(*of_each, strict=True)
        return _together(states), _together(seen)


NOTHING_ADDED: Mapping[str, Any] = {"added": Recurrence().added}
"""Among the changes of a misconception that says how much of the old state a step adds: so it is no
pair with the one that says that the old state is added to what the step makes."""


def _unit_by_unit(step: Step) -> Step:
    def units(x: Array, h: Array) -> tuple[Array, Array]:
        h, output = h.copy(), np.empty_like(h)
        for unit in range(h.shape[1]):
            new, seen = step(x, h)
            h[:, unit], output[:, unit] = new[:, unit], seen[:, unit]
        return h, output

    return units


def _together(of_each: Sequence[list[Array]]) -> list[Array]:
    return [np.concatenate(rows) for rows in zip(*of_each, strict=True)]


def _wide(array: Array) -> Array:
    return np.asarray(array, dtype=np.float64)
