"""The checks that rnn, gru and mha have in common: agreement with torch's layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from grader.checking import SOURCES, Check, alike, wrong
from grader.oracle import Draw
from grader.own_work import require_own_work

NOTEBOOK_DRAWS = 5
OTHER_DRAWS = 2
OWN_WORK_DRAWS = 3


class Parity:
    """Subclass it as ``Test...`` and fill in the sizes of the question."""

    draw: ClassVar[Callable[..., Draw]]
    """From sizes, a seed and an allowance to a draw."""
    layers: ClassVar[frozenset[str]]
    """Torch's own layers that would answer the question."""
    notebook: ClassVar[Any]
    other: ClassVar[tuple[Any, ...]]
    one_in_batch: ClassVar[Any]
    one_step: ClassVar[Any]
    many_steps: ClassVar[Any]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "sizes" in metafunc.fixturenames:
            metafunc.parametrize("sizes", self.other, ids=str)

    def _agrees(self, check: Check, sizes: Any, draws: int) -> None:
        for seed in check.seeds(draws):
            check.agrees(type(self).draw(sizes, seed, check.allowance))

    def test_notebook_case(self, check: Check) -> None:
        """The sizes of the notebook give torch's values, for several random draws."""
        self._agrees(check, self.notebook, NOTEBOOK_DRAWS)

    def test_other_sizes(self, check: Check, sizes: Any) -> None:
        """Other sizes give torch's values too: nothing may be fixed to those of the notebook."""
        self._agrees(check, sizes, OTHER_DRAWS)

    def test_own_work(self, check: Check) -> None:
        """The layer is written out and not taken from torch."""
        # Of each call, and once more of each that follows from it, its own.
        draws = (
            type(self).draw(self.notebook, seed, check.allowance)
            for seed in check.seeds(OWN_WORK_DRAWS)
        )
        require_own_work(check, self.layers, draws)

    @pytest.mark.advisory
    def test_batch_of_one(self, check: Check) -> None:
        """A single sequence in the batch gives torch's values."""
        self._agrees(check, self.one_in_batch, 1)

    @pytest.mark.advisory
    def test_one_step(self, check: Check) -> None:
        """A sequence of a single step gives torch's values."""
        self._agrees(check, self.one_step, 1)

    @pytest.mark.advisory
    def test_many_steps(self, check: Check) -> None:
        """A long sequence gives torch's values."""
        self._agrees(check, self.many_steps, 1)

    @pytest.mark.advisory
    def test_float64(self, check: Check) -> None:
        """Inputs and parameters in float64 give torch's values."""
        draw = type(self).draw(self.notebook, check.seeds(1)[0], check.allowance)
        arguments = tuple(_as_float64(argument) for argument in draw.arguments)
        check.agrees(Draw(draw.function, arguments, draw.expected))

    @pytest.mark.advisory
    def test_inputs_unchanged(self, check: Check) -> None:
        """The arrays that were passed in are the same afterwards."""
        draw = type(self).draw(self.notebook, check.seeds(1)[0], check.allowance)
        if check.student.call(draw.function, draw.arguments, depth=0).changed_arguments:
            raise wrong(
                f"{draw.function} changes an array that it was given. Code that uses the array "
                "again gets other numbers; work on a copy (see numpy.ndarray.copy)."
            )

    @pytest.mark.advisory
    def test_repeatable(self, check: Check) -> None:
        """The same call twice gives the same answer."""
        draw = type(self).draw(self.notebook, check.seeds(1)[0], check.allowance)
        if not alike(check.values(draw), check.values(draw)):
            raise wrong(
                f"{draw.function} gives two answers to the same call, one after the other. "
                f"{SOURCES}"
            )


def _as_float64(argument: Any) -> Any:
    if isinstance(argument, (list, tuple)):
        return type(argument)(_as_float64(item) for item in argument)
    return argument.astype(np.float64) if isinstance(argument, np.ndarray) else argument.double()
