"""A training takes as many threads as are faster where it runs, and looks again in a slump."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from grader.worker.threads import ENOUGH_S, Threads
from tests.worker.small_training import FOREVER, Model, same, training, weights_of

ALL = 4


@pytest.fixture(autouse=True)
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(ALL)
    yield
    torch.set_num_threads(before)


class Machine:
    """A clock that only trials move: by so many seconds each, according to the threads."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self.seconds = seconds
        self.now = 0.0
        self.tried: list[int] = []
        self.works = True

    def trial(self) -> bool:
        threads = torch.get_num_threads()
        # The first one with another number of threads starts them.
        starts = not self.tried or self.tried[-1] != threads
        self.now += self.seconds(threads) * (5 if starts else 1)
        self.tried.append(threads)
        return self.works

    def threads(self) -> Threads:
        return Threads(self.trial, lambda: self.now)


@pytest.mark.parametrize(
    ("of_all", "of_one", "chosen"), [(0.1, 0.3, ALL), (0.1, 0.09, ALL), (0.1, 0.07, 1), (1, 0.1, 1)]
)
def test_one_thread_must_be_clearly_faster(of_all: float, of_one: float, chosen: int) -> None:
    machine = Machine(lambda threads: of_one if threads == 1 else of_all)
    machine.threads().choose()
    assert torch.get_num_threads() == chosen


def test_slow_steps_are_tried_once() -> None:
    machine = Machine(lambda _: ENOUGH_S)
    machine.threads().choose()
    assert machine.tried == [ALL, 1]


def test_trial_that_cannot_be_run_changes_nothing() -> None:
    machine = Machine(lambda threads: threads)
    machine.works = False
    machine.threads().choose()
    assert torch.get_num_threads() == ALL


def test_single_thread_needs_no_trial() -> None:
    torch.set_num_threads(1)
    machine = Machine(lambda _: 1.0)
    machine.threads().choose()
    assert machine.tried == []


def test_slump_is_looked_into_once() -> None:
    machine = Machine(lambda threads: 0.1 * threads)
    threads = machine.threads()
    for rate in (100.0, 90.0, 120.0, 61.0):
        threads.note(rate)
    assert machine.tried == []
    threads.note(59.0)
    assert torch.get_num_threads() == 1
    tried = len(machine.tried)
    for rate in (50.0, 60.0):
        threads.note(rate)
    assert len(machine.tried) == tried


def test_trial_of_a_training_leaves_it_as_it_was() -> None:
    """Its dropout draws from the same random numbers as the steps do."""
    weights = []
    for trials in (0, 3):
        run = training()
        assert all(run.trial() for _ in range(trials))
        run.advance(FOREVER)
        weights.append(weights_of(run))
    assert same(*weights)


def test_trial_of_a_model_that_fails_is_none() -> None:
    class Failing(Model):
        def forward(self, tokens: Tensor) -> Tensor:
            raise ValueError("no")

    assert not training(Failing).trial()
