"""What a check in ``questions/`` works with: it calls the student's code and judges what came."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.answers import Returned, Several, Value
from grader.compare import Closeness, Expected, as_expected_shape, closeness, describe, mismatch
from grader.errors import CheckFailed
from grader.listing import beginning
from grader.measures import ModelMeasures
from grader.model import Hint, Outcome
from grader.naming import IMPLEMENTATION
from grader.oracle import Draw
from grader.oracle.draws import Allowance
from grader.precision import remark
from grader.rubric import Rubric
from grader.source import (
    BROKEN,
    MAX_ALL_SOURCE,
    MAX_SOURCE,
    RECORDED,
    SWITCHED_OFF,
    can_be_searched,
    may_hide_layers,
    torch_layers_used,
)
from grader.student import Student
from grader.wire import Array

Gate = tuple[Array, ...]
GATE_ITEMS = 4
LEFT_OVER = frozenset({Outcome.WRONG, Outcome.EXCEPTION})
"""How a call may end because of what earlier calls have left behind."""
KEEPS_STATE = (
    "In a new process the same call is right, so something is left of the call before: a list or "
    "array outside of the function, a default argument, a cache? Let it begin with nothing but its "
    "arguments."
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
        so where the same call is right in a new worker.
        """
        try:
            self._agrees(draw, **layers)
        except CheckFailed as failure:
            if failure.outcome in LEFT_OVER and self._is_right_when_new(draw, **layers):
                raise failure.told_as(f"{failure.message} {KEEPS_STATE}") from None
            raise

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
        depth = 0 if len(draw.expected) == 1 else 1
        answer = self.student.call(draw.function, draw.arguments, depth, **layers)
        values = self._unpacked(draw, answer.value)
        for value, expected in zip(values, draw.expected, strict=True):
            self.close(value, expected, rounding=True)

    def close(self, value: Value, expected: Expected, *, rounding: bool = False) -> None:
        """An array agrees with the expected one, within what is allowed for each value.

        ``rounding`` says that the allowance comes from float32's rounding; then a failure also says
        whether it looks like a matter of precision.
        """
        actual = as_expected_shape(_array(value, expected.what), expected.value.shape)
        if actual is None:
            shape = [int(n) for n in _array(value, expected.what).shape]
            raise wrong(
                f"{expected.what} has shape {shape}; {expected.axes} is expected, here "
                f"{list(expected.value.shape)}."
            )
        measured = closeness(actual, expected)
        self.note(measured)
        found = None if measured.ratio < 1 else mismatch(actual, expected)
        if found is not None:
            largest = float(np.max(np.abs(actual - expected.value)))
            words = [describe(found, largest), remark(actual, expected) if rounding else ""]
            raise CheckFailed(Outcome.WRONG, " ".join(filter(None, words)), mismatch=found)

    def note(self, measured: Closeness) -> None:
        """Remember a measurement for the report; the one nearest to its allowance is kept."""
        if self.closest is None or measured.ratio > self.closest.ratio:
            self.closest = measured

    def gates(self, function: str, arguments: Sequence[Any]) -> tuple[Gate, Gate, Gate]:
        """The three tuples (r, z, n) of GRU parameters that a student's function returns."""
        value = self.student.call(function, arguments, depth=2).value
        if not isinstance(value, Several) or value.count != 3:
            raise wrong(
                f"{function} returned {_described(value)}; three tuples (linear_trans_r, "
                "linear_trans_z, linear_trans_n) are expected."
            )
        r, z, n = (_gate(item, name) for item, name in zip(value.items, "rzn", strict=True))
        return r, z, n

    def own_work(self, layers: frozenset[str], draw: Draw, unseen: Callable[[], Draw]) -> None:
        """The function is written out, not delegated to a layer of torch's own.

        A layer that is named and was seen in no call of this question, as in a comparison that is
        switched off, is remarked on for staff; so is one that ran and that the right answer for
        the draw ``unseen``, which no earlier call was given, does not depend on. Neither helps
        where a file has means to run a layer out of sight, or where one did for ``draw``.
        """
        self._watch(draw)
        function = draw.function
        source = _source(self.student.submission.folder / IMPLEMENTATION)
        if not can_be_searched(source):
            self.remarks.append(
                f"{IMPLEMENTATION} is too long, or nested too deep, to be searched for torch's own "
                "layers"
            )
        named = torch_layers_used(source, function, layers)
        called = sorted(self.student.layers_seen & layers)
        hidden = self.student.out_of_sight & layers
        if not named and not called and not hidden:
            return
        places = [f"{call.name} in line {call.line}" for call in named]
        ran = sorted(hidden.union(called))
        what = ", ".join(places) if places else ", ".join(f"torch's {name}" for name in ran)
        if not hidden and not self._has_means():
            if not called:
                self.remarks.append(f"{function} names {what}, and no call of it ran that layer")
                return
            if self._does_without_layers(unseen(), layers):
                self.remarks.append(
                    f"{function} runs {what}, and is right, too, where that gives random numbers"
                )
                return
        raise forbidden(
            f"{function} uses {what}, the layer that this question asks you to write yourself. "
            "Write its steps out; NumPy and torch arithmetic (products, sums, tanh, softmax) are "
            "fine. If it is there only to compare with, take it out of the function."
        )

    def _watch(self, draw: Draw) -> None:
        """Call the function where no layer runs out of sight; what will not be watched is no work.

        Whether it is right in itself is for others to judge. Code that ends Python's own watch, or
        raises something under it, may do so by an accident, and is only remarked on where the
        hand-in has no means to run a layer out of sight.
        """
        function = draw.function
        watched = self._failure(draw, watch_layers=True)
        unseen = self.student.out_of_sight
        if watched is not None:
            if watched.outcome not in (Outcome.WRONG, Outcome.EXCEPTION):
                raise watched
            failure = self._failure(draw)
            if failure is None:
                self._right_unwatched(draw, watched)
            elif failure.outcome is not Outcome.WRONG:
                raise failure
        if BROKEN in unseen or (SWITCHED_OFF in unseen and self._has_means()):
            raise forbidden(
                f"{IMPLEMENTATION} switches off that by which the grader sees whether {function} "
                "is your own work: torch's profiler, its function modes or sys.setprofile. Take "
                "out what changes or uses them, profiling of your own included."
            )
        if RECORDED in unseen:
            raise forbidden(
                f"{function} runs code that torch has written from what it saw run (torch.fx), so "
                "nobody can tell whether it is your own work. Write the steps out."
            )
        if SWITCHED_OFF in unseen:
            self.remarks.append(
                f"{function} switched the profiler off by which the grader looks for torch's own "
                "layers"
            )

    def _right_unwatched(self, draw: Draw, watched: CheckFailed) -> None:
        """Judge a function that is right, and was not so in the call before, which was watched."""
        only_unwatched = f"{draw.function} is right, and not so while the grader looks for torch's"
        # A wrong answer without means is no accident either, unless it does not come again.
        costs = self._has_means() or watched.outcome is Outcome.WRONG
        if costs and self._failure(draw, watch_layers=True) and not self._failure(draw):
            raise forbidden(
                f"{only_unwatched} own layers, so that nobody can tell whether it is your own "
                f"work. Then, {watched.message} Take out what asks whether a profiler is on or "
                "who calls, and let the function give the same answer each time."
            )
        self.remarks.append(f"{only_unwatched} own layers: {watched.message}")

    def _has_means(self) -> bool:
        """Whether a file of the hand-in names something by which a layer can run unseen."""
        return may_hide_layers(_sources(self.student.submission.folder))

    def _does_without_layers(self, unseen: Draw, layers: frozenset[str]) -> bool:
        failure = self._failure(unseen, spoil_layers=True)
        return failure is None and not self.student.out_of_sight & (layers | {BROKEN})

    def _failure(self, draw: Draw, **layers: bool) -> CheckFailed | None:
        """What ``agrees`` raises; the report tells nothing of this comparison."""
        closest = self.closest
        try:
            self.agrees(draw, **layers)
        except CheckFailed as failure:
            return failure
        finally:
            self.closest = closest
        return None

    def _unpacked(self, draw: Draw, value: Value) -> Sequence[Value]:
        names = [expected.what for expected in draw.expected]
        if len(names) == 1:
            return [value]
        if not isinstance(value, Several) or value.count != len(names):
            wanted = ", ".join(name.replace(" ", "_") for name in names)
            raise wrong(
                f"{draw.function} returned {_described(value)}; a tuple ({wanted}) is expected."
            )
        return value.items


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


def forbidden(message: str) -> CheckFailed:
    """The answer is not the student's own work, or cannot be seen to be."""
    return CheckFailed(Outcome.FORBIDDEN, message)


def _sources(folder: Path) -> tuple[str, ...]:
    """The texts of a hand-in's Python files; no more than shows that they are too many."""
    texts, left = [], MAX_ALL_SOURCE
    for file in sorted(folder.rglob("*.py")):
        texts.append(_source(file))
        left -= len(texts[-1])
        if left < 0:
            break
    return tuple(texts)


def _source(file: Path) -> str:
    """A file's text, or as much as shows that it is too long; '' of one that cannot be read."""
    # A character may take four bytes.
    return beginning(file, 4 * (MAX_SOURCE + 1)).decode("utf-8", "replace")


def _array(value: Value, what: str) -> Array:
    if isinstance(value, (Several, Returned)):
        raise wrong(f"{what} is {value.text}; an array of numbers is expected.")
    return value


def _gate(value: Value, name: str) -> Gate:
    if not isinstance(value, Several) or value.count < GATE_ITEMS:
        raise wrong(
            f"linear_trans_{name} is {_described(value)}; a tuple (wt_x, bias_x, wt_h, bias_h) is "
            "expected."
        )
    items = value.items[:GATE_ITEMS]
    return tuple(_array(item, f"item {i} of linear_trans_{name}") for i, item in enumerate(items))


def _described(value: Value) -> str:
    if isinstance(value, (Several, Returned)):
        return value.text
    return f"one array of shape {[int(n) for n in value.shape]}"
