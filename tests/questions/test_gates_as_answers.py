"""The mistakes of q4 and q5, where a GRU's parameters are the answer, and what tells them apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.student_code import mistaken
from grader.questions.misconceptions.diagnosis import as_hint
from grader.questions.misconceptions.matching import Diagnosis
from tests.questions.known_mistakes import BY_ID, SEED, misconception


def in_wrong_shape(wt_h: Any, wt_x: Any, bias: Any) -> Any:
    """Torch's own layout, in all three gates."""
    return [(wt_x.T, bias, wt_h.T, 0 * bias)] * 3


def not_finite(wt_h: Any, wt_x: Any, bias: Any) -> Any:
    gates = [list(gate) for gate in mistaken("q4", "update-gate-open")(wt_h, wt_x, bias)]
    gates[1][1] = gates[1][1] * np.nan
    return gates


@pytest.mark.parametrize("answer", [in_wrong_shape, not_finite])
def test_gates_that_no_layer_takes_get_no_name(answer: Callable[..., Any]) -> None:
    assert BY_ID["q4"].diagnosed(answer, SEED) is None


INFINITE_BIASES = [
    ("q4", np.inf, np.inf, "update-gate-open"),
    ("q4", -np.inf, -np.inf, "reset-gate-shut"),
    ("q4", -np.inf, np.inf, "gates-exchanged"),
    ("q4", 0.0, -np.inf, "reset-gate-untouched"),
    ("q5", 0.0, -np.inf, "update-gate-shut"),
    ("q5", np.inf, 0.0, "reset-gate-instead"),
    ("q5", np.inf, -np.inf, "update-gate-shut"),
]


@pytest.mark.parametrize(("question", "reset", "update", "cause"), INFINITE_BIASES)
@pytest.mark.parametrize("largest", [np.inf, 100.0])
def test_infinite_biases_are_taken_for_large_ones(
    question: str, reset: float, update: float, cause: str, largest: float
) -> None:
    def gates(*arguments: Any) -> Any:
        inputs, hidden = arguments[1].shape if question == "q4" else arguments
        r, z = (gate(inputs, hidden, np.clip(bias, -largest, largest)) for bias in (reset, update))
        return r, z, mistaken(question)(*arguments)[2]

    found = BY_ID[question].diagnosed(gates, SEED)
    assert found == Diagnosis((misconception(question, cause),))


def test_infinite_biases_hold_a_gate() -> None:
    def copied(wt_h: Any, wt_x: Any, bias: Any) -> Any:
        inputs, hidden = wt_x.shape
        n = mistaken("q4", "bias-twice")(wt_h, wt_x, bias)[2]
        return gate(inputs, hidden, np.inf), gate(inputs, hidden, -np.inf), n

    found = BY_ID["q4"].diagnosed(copied, SEED)
    assert found == Diagnosis((misconception("q4", "bias-twice"),))


@pytest.mark.parametrize(
    ("question", "order"),
    [("q4", order) for order in ("zrn", "nrz", "nzr", "rnz", "znr")]
    + [("q5", order) for order in ("zrn", "rnz", "nrz")],
)
def test_tuples_in_another_order_are_told_by_their_order(question: str, order: str) -> None:
    def gates(*arguments: Any) -> Any:
        right = dict(zip("rzn", mistaken(question)(*arguments), strict=True))
        return [right[gate] for gate in order]

    found = BY_ID[question].diagnosed(gates, SEED)
    assert found is not None
    assert "the order r, z, n" in as_hint(found).hint


def test_reset_gate_of_one_half_is_no_mistake_where_the_candidate_makes_up_for_it() -> None:
    def doubled(wt_h: Any, wt_x: Any, bias: Any) -> Any:
        r, z, n = mistaken("q4", "reset-gate-untouched", "update-gate-weak")(wt_h, wt_x, bias)
        return r, z, (n[0], bias, 2 * wt_h, 0 * bias)

    found = BY_ID["q4"].diagnosed(doubled, SEED)
    assert found == Diagnosis((misconception("q4", "update-gate-weak"),))


def gate(
    inputs: int, hidden: int, bias: float, kernel: float = 0.0, recurrent: Any = None
) -> tuple[Any, ...]:
    """One gate: kernels of random numbers of a size, and a bias that is the same in all units."""
    rng = np.random.default_rng(SEED)
    wt_h = kernel * rng.standard_normal((hidden, hidden)) if recurrent is None else recurrent
    wt_x = kernel * rng.standard_normal((inputs, hidden))
    return wt_x, np.full(hidden, bias), wt_h, np.zeros(hidden)


@pytest.mark.parametrize(
    ("bias", "kernel", "cause"),
    [
        (3.0, 0.01, "update-gate-weak"),
        (5.0, 0.01, "update-gate-weak"),
        (5.0, 1.0, "update-gate-weak"),
        (0.0, 0.01, "update-gate-weak"),
        (-9.0, 0.01, "update-gate-shut"),
        (0.0, 1.0, "update-gate-driven"),
        (9.0, 3.0, "update-gate-driven"),
    ],
)
def test_kernels_are_named_where_a_larger_bias_alone_would_not_do(
    bias: float, kernel: float, cause: str
) -> None:
    def memory(inputs: int, hidden: int) -> Any:
        zero = gate(inputs, hidden, 0)
        return zero, gate(inputs, hidden, bias, kernel), zero

    found = BY_ID["q5"].diagnosed(memory, SEED)
    assert found == Diagnosis((misconception("q5", cause),))


@pytest.mark.parametrize(
    ("bias", "kernel", "cause"),
    [
        (-2.0, 0.01, "update-gate-weak"),
        (9.0, 0.01, "update-gate-open"),
        (-9.0, 3.0, "update-gate-driven"),
    ],
)
def test_kernels_of_a_copied_rnns_gate_are_named_likewise(
    bias: float, kernel: float, cause: str
) -> None:
    def copied(wt_h: Any, wt_x: Any, rnn_bias: Any) -> Any:
        r, _, n = mistaken("q4")(wt_h, wt_x, rnn_bias)
        inputs, hidden = wt_x.shape
        return r, gate(inputs, hidden, bias, kernel), n

    found = BY_ID["q4"].diagnosed(copied, SEED)
    assert found == Diagnosis((misconception("q4", cause),))


@pytest.mark.parametrize(
    ("reset", "update", "cause"),
    [
        (-100.0, 4.0, "update-gate-weak"),
        (100.0, 5.0, "update-gate-weak"),
        (-100.0, -100.0, "update-gate-shut"),
        (100.0, -100.0, "state-through-the-candidate"),
        (0.0, -100.0, "state-through-the-candidate"),
        (100.0, 0.0, "state-through-the-candidate"),
    ],
)
def test_state_goes_through_the_candidate_where_the_gates_let_it(
    reset: float, update: float, cause: str
) -> None:
    def memory(inputs: int, hidden: int) -> Any:
        n = gate(inputs, hidden, 0, recurrent=np.eye(hidden))
        return gate(inputs, hidden, reset), gate(inputs, hidden, update), n

    found = BY_ID["q5"].diagnosed(memory, SEED)
    assert found == Diagnosis((misconception("q5", cause),))


def of_two_units(parameters: tuple[Any, ...]) -> tuple[Any, ...]:
    """The gate with the biases of its first two units alone."""
    wt_x, bias, wt_h, bias_h = parameters
    return wt_x, np.where(np.arange(len(bias)) < 2, bias, 0), wt_h, bias_h


def test_gates_that_two_overlapping_mistakes_explain_get_no_name() -> None:
    def both(inputs: int, hidden: int) -> Any:
        held = (np.zeros((inputs, hidden)), np.full(hidden, 9.0), np.zeros((hidden, hidden)))
        gates = mistaken("q5", "update-gate-untouched")(inputs, hidden)
        return (*held, np.zeros(hidden)), gates[1], (*held, np.zeros(hidden))

    assert BY_ID["q5"].diagnosed(both, SEED) is None


def test_mistake_that_shows_only_where_there_are_more_units_is_named() -> None:
    def copied(wt_h: Any, wt_x: Any, bias: Any) -> Any:
        r, z, n = mistaken("q4")(wt_h, wt_x, bias)
        return r, of_two_units(z), n

    def memory(inputs: int, hidden: int) -> Any:
        zero = gate(inputs, hidden, 0)
        return zero, of_two_units(gate(inputs, hidden, 100)), zero

    for question, code in (("q4", copied), ("q5", memory)):
        found = BY_ID[question].diagnosed(code, SEED)
        assert found == Diagnosis((misconception(question, "update-gate-weak"),))


def test_mistake_that_costs_nothing_is_not_named_beside_one_that_does() -> None:
    def copied(wt_h: Any, wt_x: Any, bias: Any) -> Any:
        _, _, n = mistaken("q4")(wt_h, wt_x, bias)
        inputs, hidden = wt_x.shape
        return gate(inputs, hidden, 5.8), gate(inputs, hidden, -2), n

    found = BY_ID["q4"].diagnosed(copied, SEED)
    assert found == Diagnosis((misconception("q4", "update-gate-weak"),))
