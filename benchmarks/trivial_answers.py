"""Answers that need no understanding, and that no check may take for right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.as_student import Implementation, Judged, new_check
from grader.oracle import rnn_to_copy
from grader.questions import test_q4_gru_as_rnn as q4
from grader.questions import test_q5_long_memory as q5

NOTEBOOK_SEED = 137
"""What the notebook passes to NumPy; torch's own numbers are not seeded there."""


def trivial_answers(question: Judged) -> dict[str, Implementation]:
    """By name: each has the shape of the right answer wherever it can have it."""
    memorised = question.solution(*notebook_arguments(question))
    return {
        "zeros": filled(question, lambda right: 0.0),
        "ones": filled(question, lambda right: 1.0),
        "the input": lambda *arguments: _inputs(question.id, arguments),
        "the right answer's mean": filled(question, lambda right: float(np.mean(right))),
        "the right answer to the notebook's draw": lambda *arguments: memorised,
    }


def filled(question: Judged, number: Callable[[list[float]], float]) -> Implementation:
    """Arrays of the right answer's shapes with one number everywhere, made of all right ones."""

    def numbers(value: Any) -> list[float]:
        if isinstance(value, (tuple, list)):
            return [number for item in value for number in numbers(item)]
        return list(np.ravel(value))

    def full(value: Any, number: float) -> Any:
        if isinstance(value, (tuple, list)):
            return tuple(full(item, number) for item in value)
        return np.full(np.shape(value), number)

    def answer(*arguments: Any) -> Any:
        right = question.solution(*arguments)
        return full(right, number(numbers(right)))

    return answer


def notebook_arguments(question: Judged) -> tuple[Any, ...]:
    """One draw of the notebook's sizes."""
    allowance = new_check(question.solution, "", 0).allowance
    if question.id == "q4":
        rnn = rnn_to_copy(q4.NOTEBOOK, NOTEBOOK_SEED)
        return rnn.wt_h, rnn.wt_x, rnn.bias
    if question.id == "q5":
        return q5.NOTEBOOK.inputs, q5.NOTEBOOK.hidden
    if question.parity is None:
        raise ValueError(f"there is no draw of {question.id}")
    return question.parity.draw(question.parity.notebook, NOTEBOOK_SEED, allowance).arguments


def _inputs(question: str, arguments: tuple[Any, ...]) -> Any:
    """What the function received, in the place of what it should return."""
    if question in ("q2", "q3"):
        *_, init_state, input_data = arguments
        return input_data, init_state
    if question == "q4":
        wt_h, wt_x, bias = arguments
        return [(wt_x, bias, wt_h, bias)] * 3
    if question == "q5":
        inputs, hidden = arguments
        shapes = ((inputs, hidden), (hidden,), (hidden, hidden), (hidden,))
        return [tuple(np.full(shape, float(inputs)) for shape in shapes)] * 3
    return arguments[-1]
