"""Q5: parameters that make a GRU keep its initial state.

The student's parameters are loaded into ``torch.nn.GRU`` as the notebook does it, and the mean of
|h_10 - h_0| is measured, as the notebook prints it. How small it must be stands in the rubric,
under ``long_memory``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from grader.checking import Check, Gate, wrong
from grader.compare import Closeness, Float64
from grader.errors import CheckFailed
from grader.model import Mismatch, Outcome, Question
from grader.oracle import RecurrentSizes, gru_states, state_to_keep
from grader.questions.misconceptions.diagnosis import RECURRENT_SIZES, STATE_KEPT, GateDiagnosis
from grader.questions.misconceptions.q5 import MISCONCEPTIONS
from grader.questions.not_finite import why_not_finite

QUESTION = Question(
    id="q5", title="A GRU that keeps its memory", function="init_gru_with_long_term_memory"
)
diagnose = GateDiagnosis(
    "init_gru_with_long_term_memory", MISCONCEPTIONS, RECURRENT_SIZES, STATE_KEPT
)
DRAWS = 2
BATCH = 256
"""Many states, so that the mean hardly depends on the draw: only the sizes reach the student. The
rubric says how many steps there are."""
NOTEBOOK = RecurrentSizes(batch=BATCH, steps=10, inputs=3, hidden=2)
# An input is never as large as a state: see q4.
OTHER = (
    RecurrentSizes(batch=BATCH, steps=10, inputs=4, hidden=5),
    RecurrentSizes(batch=BATCH, steps=10, inputs=2, hidden=7),
    RecurrentSizes(batch=BATCH, steps=10, inputs=6, hidden=3),
)


def _keeps_state(check: Check, sizes: RecurrentSizes, draws: int, step: int) -> None:
    most = check.rubric.long_memory.max_mean_difference
    for seed in check.fixed_seeds(draws):
        gates = check.gates("init_gru_with_long_term_memory", (sizes.inputs, sizes.hidden))
        init_state, inputs = state_to_keep(replace(sizes, steps=step), seed)
        try:
            states = gru_states(gates, init_state, inputs)
        except ValueError as error:
            raise wrong(f"The GRU cannot be given these parameters: {error}.") from None
        by_unit = np.mean(np.abs(states[:, step - 1] - init_state[0]), axis=0)
        drift = float(np.mean(by_unit))
        check.note(Closeness(drift, most, (step,)))
        if not drift <= most:
            what = f"mean |h_{step} - h_0|"
            raise CheckFailed(
                Outcome.WRONG,
                f"{what} is {drift:.3g}: {_why(by_unit, gates, step, most)}",
                mismatch=Mismatch(
                    what=what,
                    at=(step,),
                    expected=0.0,
                    actual=drift,
                    error=drift,
                    allowed=most,
                    differing=1,
                    total=1,
                ),
            )


def _why(by_unit: Float64, gates: Sequence[Gate], step: int, most: float) -> str:
    """What is wrong with a state that differs, by unit, or that is no number at all."""
    if not np.all(np.isfinite(by_unit)):
        return why_not_finite(gates)
    units = np.flatnonzero(~(by_unit <= most))
    some = f" in unit{'s' * (len(units) > 1)} {', '.join(map(str, units))} alone"
    where = some if 0 < len(units) < len(by_unit) else ""
    return (
        f"after {step} steps the state differs from the initial one{where}; at most {most:g} is "
        "allowed. Look at what each gate must be for the new state to equal the old one."
    )


def test_notebook_case(check: Check) -> None:
    """With the notebook's sizes, the state after ten steps is the initial state."""
    _keeps_state(check, NOTEBOOK, DRAWS, check.rubric.long_memory.steps)


@pytest.mark.parametrize("sizes", OTHER, ids=str)
def test_other_sizes(check: Check, sizes: RecurrentSizes) -> None:
    """With other sizes, the state after ten steps is the initial state."""
    _keeps_state(check, sizes, DRAWS, check.rubric.long_memory.steps)


@pytest.mark.advisory
def test_hundred_steps(check: Check) -> None:
    """The state after a hundred steps is still the initial state."""
    _keeps_state(check, NOTEBOOK, 1, 100)
