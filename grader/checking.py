"""What a check in ``questions/`` works with: it calls the student's code and judges what came."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from grader.answers import Answer, Returned, Several, Value, arrays_of, parts_of
from grader.compare import Closeness, Expected, as_expected_shape, closeness, describe, mismatch
from grader.errors import CheckFailed
from grader.measures import ModelMeasures
from grader.model import Hint, Outcome
from grader.oracle import Draw
from grader.oracle.draws import Allowance
from grader.precision import remark
from grader.remedies import SHAPES
from grader.rubric import Rubric
from grader.student import Student
from grader.wire import Array
from grader.worker.values import ONE_ARRAY, described_array
from grader.wrong_shape import wrong_shape

Gate = tuple[Array, ...]
GATE_ITEMS = 4
LEFT_OVER = frozenset({Outcome.WRONG, Outcome.EXCEPTION})
"""How a call may end because of what earlier calls have left behind."""
KEEPS_STATE = (
    "In a new process the same call is right, so something is left of the call before: a list or "
    "array outside of the function, a default argument, a cache? Let it begin with nothing but its "
    "arguments."
)
MOST_VALUES = 1 << 20
"""Of an answer that is compared value by value with another one."""
CHANGES = (
    "It also changes an array that it was given, which may be why: work on a copy of that (see "
    "numpy.ndarray.copy, and torch.clone for a tensor)."
)
SOURCES = (
    "Is there a random number in it, an array of np.empty that is not filled, or a variable "
    "outside of it that it changes?"
)
VARIES = f"Asked the same once more, it gives another answer. {SOURCES}"
SIZES = re.compile(r"[\[(]\d[\d, ]*[\])]|\bsize \d|\dx\d")
"""In what NumPy and torch say of arrays. Where it is not, the message is the same for all sizes."""
OUTPUTS_AGREE = (
    "The outputs agree, and the state after the last step is the last of them: compare what is "
    "returned with outputs[:, -1]."
)


class Check:
    """One check under way. Methods return when all is well and raise CheckFailed otherwise."""

    def __init__(self, student: Student, rubric: Rubric, name: str, seed: int) -> None:
        self.student = student
        self.rubric = rubric
        self.allowance = Allowance(rubric.rounding.safety, rubric.rounding.activation_ulps)
        self.closest: Closeness | None = None
        """Of all comparisons so far, the one nearest to its allowance."""
        self.points: float | None = None
        """What this check alone is worth, in a question that is scored by parts."""
        self.measured: ModelMeasures | None = None
        """Figures for the report that belong to the whole question."""
        self.hint: Hint | None = None
        """What was misunderstood, if that is known."""
        self.look_at = ""
        """What to look at next, where that is not known."""
        self.changes_arguments = False
        """Whether a wrong answer was of a call that changed an array that it was given."""
        self.remarks: list[str] = []
        """What a person should look at, though it costs nothing."""
        self._name = name
        self._seed = seed

    def seeds(self, count: int) -> list[int]:
        """Seeds of this check's own: no two checks draw the same numbers."""
        return _seeds(f"{self._seed} {self._name}", count)

    def fixed_seeds(self, count: int) -> list[int]:
        """Seeds of this check's own that are the same for every hand-in.

        For what is judged by how close is close enough: else the same answer, near to that, would
        pass or not by the luck of the draw.
        """
        return _seeds(self._name, count)

    def agrees(self, draw: Draw, **layers: bool) -> None:
        """The student's function gives the draw's answers, within what rounding allows.

        What is asked of torch's own ``layers`` meanwhile is as for ``Student.call``. A failure says
        so where the same call is right in a new worker, or has another answer each time: for that
        the function is called again.
        """
        try:
            self._agrees(draw, **layers)
        except CheckFailed as failure:
            if failure.outcome in LEFT_OVER and self._is_right_when_new(draw, **layers):
                raise failure.with_more(KEEPS_STATE) from None
            if failure.outcome is Outcome.WRONG and self._varies(draw):
                raise failure.with_more(VARIES) from None
            raise

    def _varies(self, draw: Draw) -> bool:
        """Whether the same call has two answers, one after the other; found out once a question."""
        student = self.student
        if student.varies is None and student.may_be_asked_further:
            student.varies = False
            with suppress(CheckFailed):
                student.varies = not alike(self.values(draw), self.values(draw))
        return bool(student.varies)

    def values(self, draw: Draw) -> list[Array]:
        """The arrays that a student's function returns, whatever is right."""
        return arrays_of(self.student.call(draw.function, draw.arguments, draw.depth).value)

    def _is_right_when_new(self, draw: Draw, **layers: bool) -> bool:
        """Whether a call that failed after others is right in a new worker.

        That is not tried again in a question once it was no help.
        """
        student, closest = self.student, self.closest
        if student.keeps_state is False or student.inherited:
            return False
        is_right = False
        if student.calls > 1:
            student.restart()
            with suppress(CheckFailed):
                self._agrees(draw, **layers)
                is_right = True
            self.closest = closest
        student.keeps_state = is_right or bool(student.keeps_state)
        return is_right

    def _agrees(self, draw: Draw, **layers: bool) -> None:
        answer = self._answer(draw, **layers)
        value = answer.value
        try:
            self._compare(draw, value)
        except CheckFailed as failure:
            told = self._with_place(failure, draw.function, value)
            self.changes_arguments |= answer.changed_arguments and failure.mismatch is not None
            raise told from None

    def _with_place(self, failure: CheckFailed, function: str, value: Value) -> CheckFailed:
        """The failure, with where else the function is if it returned nothing and that is known."""
        place = self.student.where_else(function) if _is_nothing(value) else ""
        return failure.with_more(place) if place else failure

    def _answer(self, draw: Draw, **layers: bool) -> Answer:
        try:
            return self.student.call(draw.function, draw.arguments, draw.depth, **layers)
        except CheckFailed as failure:
            said, advice, rest = failure.message.partition(SHAPES)
            if not (draw.sizes and advice and SIZES.search(said)):
                raise
            told = f"{said}The sizes here are: {draw.sizes}. {advice}{rest}"
            raise failure.told_as(told) from None

    def _compare(self, draw: Draw, value: Value) -> None:
        first, *others = zip(self._unpacked(draw, value), draw.expected, strict=True)
        try:
            self.close(*first, rounding=True)
        except CheckFailed as failure:
            if others and _is_one_array(value):
                raise failure.told_as(_no_tuple(draw, value)) from None
            raise
        for other in others:
            try:
                self.close(*other, rounding=True)
            except CheckFailed as failure:
                raise self._advised(failure, OUTPUTS_AGREE) from None

    @property
    def advises(self) -> bool:
        """Whether students are told more of a wrong answer than how it differs."""
        return self.rubric.hints != "none"

    def _advised(self, failure: CheckFailed, advice: str) -> CheckFailed:
        """The failure with advice, if there is any and the rubric does not hold it back."""
        return failure.with_more(advice) if advice and self.advises else failure

    def close(self, value: Value, expected: Expected, *, rounding: bool = False) -> None:
        """An array agrees with the expected one, within what is allowed for each value.

        ``rounding`` says that the allowance comes from float32's rounding; then a failure also says
        whether it looks like a matter of precision.
        """
        actual = as_expected_shape(_array(value, expected.what), expected.value.shape)
        if actual is None:
            shape = [int(n) for n in _array(value, expected.what).shape]
            wanted = expected.value.shape
            failure = wrong(
                f"{expected.what} has shape {shape}; {expected.axes} is expected, here "
                f"{list(wanted)}."
            )
            raise self._advised(failure, wrong_shape(shape, wanted, expected.axes))
        measured = closeness(actual, expected)
        self.note(measured)
        found = None if measured.ratio < 1 else mismatch(actual, expected)
        if found is not None:
            largest = float(np.max(np.abs(actual - expected.value)))
            how = remark(actual, expected, advise=self.advises) if rounding else ""
            words = [describe(found, largest), how]
            raise CheckFailed(Outcome.WRONG, " ".join(filter(None, words)), mismatch=found)

    def note(self, measured: Closeness) -> None:
        """Remember a measurement for the report; the one nearest to its allowance is kept."""
        if self.closest is None or measured.ratio > self.closest.ratio:
            self.closest = measured

    def gates(self, function: str, arguments: Sequence[Any]) -> tuple[Gate, Gate, Gate]:
        """The three tuples (r, z, n) of GRU parameters that a student's function returns."""
        value = self.student.call(function, arguments, depth=2).value
        try:
            return self._gates(function, value)
        except CheckFailed as failure:
            raise self._with_place(failure, function, value) from None

    def _gates(self, function: str, value: Value) -> tuple[Gate, Gate, Gate]:
        if not isinstance(value, Several) or value.count != 3:
            raise wrong(
                f"{function} returned {_described(value)}; three tuples (linear_trans_r, "
                "linear_trans_z, linear_trans_n) are expected."
            )
        r, z, n = (_gate(item, name) for item, name in zip(value.items, "rzn", strict=True))
        return r, z, n

    def _unpacked(self, draw: Draw, value: Value) -> Sequence[Value]:
        if len(draw.expected) == 1:
            if isinstance(value, Returned) and value.text.startswith("a tuple"):
                no_array = _no_array(value, draw.expected[0].what)
                raise no_array.with_more("If one of its items is that, return it alone.")
            return [value]
        if not isinstance(value, Several) or value.count != len(draw.expected):
            raise wrong(_no_tuple(draw, value))
        return value.items


def alike(first: Sequence[Array], second: Sequence[Array]) -> bool:
    """Whether answers are the same, but for another order of the same sums."""
    return [a.shape for a in first] == [a.shape for a in second] and all(
        map(_are_alike, first, second)
    )


def _are_alike(one: Array, other: Array) -> bool:
    if one.size > MOST_VALUES:  # of no right answer; allclose takes many times the memory
        return one.dtype == other.dtype and np.array_equal(_raw(one), _raw(other))
    return np.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)


def _raw(array: Array) -> Array:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _seeds(name: str, count: int) -> list[int]:
    start = zlib.crc32(name.encode())
    return [(start + 7919 * k) % 2**32 for k in range(count)]


ADVISORY_MARK = "advisory: a check that costs no points, unless the rubric says so"
"""The mark, as pytest wants to be told of it."""
CHECK: pytest.StashKey[Check] = pytest.StashKey()
"""Where a pytest item keeps its check, for the plugin to read what was measured."""


def check_name(item: pytest.Function) -> str:
    """A check's name in the rubric: its function's, without the sizes."""
    return (item.originalname or item.name).removeprefix("test_")


def counts(rubric: Rubric, item: pytest.Function) -> bool:
    """Whether the check that an item runs decides on points."""
    advisory = item.get_closest_marker("advisory") is not None
    return rubric.counts(item.module.QUESTION.id, check_name(item), advisory=advisory)


def wrong(message: str) -> CheckFailed:
    """The student's code ran and what it returned is not right."""
    return CheckFailed(Outcome.WRONG, message)


def _is_nothing(value: Value) -> bool:
    """Whether a function returned None, or a tuple with None in it."""
    parts = parts_of(value)
    return any(isinstance(part, Returned) and part.text.startswith("None") for part in parts)


def _array(value: Value, what: str) -> Array:
    if isinstance(value, (Several, Returned)):
        raise _no_array(value, what)
    return value


def _no_array(value: Several | Returned, what: str) -> CheckFailed:
    return wrong(f"{what} is {value.text}; an array of numbers is expected.")


def _gate(value: Value, name: str) -> Gate:
    if not isinstance(value, Several) or value.count < GATE_ITEMS:
        raise wrong(
            f"linear_trans_{name} is {_described(value)}; a tuple (wt_x, bias_x, wt_h, bias_h) is "
            "expected."
        )
    items = value.items[:GATE_ITEMS]
    return tuple(_array(item, f"item {i} of linear_trans_{name}") for i, item in enumerate(items))


def _no_tuple(draw: Draw, value: Value) -> str:
    wanted = ", ".join(expected.what.replace(" ", "_") for expected in draw.expected)
    return f"{draw.function} returned {_described(value)}; a tuple ({wanted}) is expected."


def _is_one_array(value: Value) -> bool:
    """Whether the items are an array's rows, and there happen to be as many as are asked for."""
    return isinstance(value, Several) and value.text.startswith(ONE_ARRAY)


def _described(value: Value) -> str:
    if isinstance(value, (Several, Returned)):
        return value.text
    return described_array(value.shape)
