"""The best epoch on held-back sentences is kept, also where a training or its validation fails."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from grader.worker.training import (
    EpochDone,
    Untrainable,
    best_epoch,
)
from tests.worker.small_training import FOREVER, Model, Scripted, training, weights_of


@pytest.mark.parametrize(
    ("script", "best"), [((3.0, 1.0, 2.0), 2), ((1.0, 2.0, 3.0), 1), ((2.0, 1.0, 1.0), 2)]
)
def test_best_epoch_is_kept(script: tuple[float, ...], best: int) -> None:
    run = training(lambda: Scripted(script), epochs=3)
    run.advance(FOREVER)
    assert weights_of(run)["steps"] == 10 * best
    _, history = run.finish()
    assert [epoch.number for epoch in history] == [1, 2, 3]
    assert best_epoch(history) == best


def test_earlier_epoch_is_kept_when_the_unfinished_one_is_worse() -> None:
    run = training(lambda: Scripted((1.0, 3.0)))
    for _ in range(14):
        run.advance(0.0)
    assert weights_of(run)["steps"] == 10


def test_validation_of_an_unfinished_epoch_takes_no_more_than_its_time() -> None:
    run = training(validation_fraction=0.5)
    run.advance(0.0)
    run.finish(0.0)
    assert isinstance(run.model, Model)
    assert len(run.model.validated_on) == 1


class Diverging(Scripted):
    """Becomes NaN after some steps."""

    def __init__(self, steps: int) -> None:
        super().__init__((1.0, 1.0, 1.0))
        self.most = steps

    def forward(self, tokens: Tensor) -> Tensor:
        logits = super().forward(tokens)
        return logits * (float("nan") if self.steps > self.most else 1.0)


def test_divergence_keeps_the_best_epoch_before() -> None:
    run = training(lambda: Diverging(14), epochs=3)
    progress = run.advance(FOREVER)
    assert (progress.done, progress.diverged, progress.epoch) == (True, True, 2)
    assert progress.loss is None
    assert weights_of(run)["steps"] == 10
    assert len(run.finish()[1]) == 1


def test_divergence_is_noticed_within_a_slice() -> None:
    run = training(lambda: Diverging(4))
    steps = [run.advance(0.0).diverged for _ in range(6)]
    assert steps == [False] * 4 + [True] * 2


def test_divergence_in_the_first_epoch() -> None:
    run = training(lambda: Diverging(4))
    run.advance(FOREVER)
    with pytest.raises(Untrainable, match="NaN or infinite in the first epoch"):
        run.finish()


class FailsInEval(Scripted):
    """Fails in ``eval()`` mode; there are statistics that each pass in ``train()`` mode changes."""

    def __init__(self, fail: Callable[[Tensor], Tensor], after: int = 0) -> None:
        super().__init__((1.0, 1.0, 1.0))
        self.fail = fail
        self.after = after

    def forward(self, tokens: Tensor) -> Tensor:
        logits = super().forward(tokens)
        return logits if self.training or self.steps <= self.after else self.fail(logits)


def broken(logits: Tensor) -> Tensor:
    raise ValueError("not in this mode")


def infinite(logits: Tensor) -> Tensor:
    return logits * math.inf


@pytest.mark.parametrize("fail", [broken, infinite, lambda logits: logits[:, -1]])
def test_train_mode_validates_where_eval_mode_fails(fail: Callable[[Tensor], Tensor]) -> None:
    run = training(lambda: FailsInEval(fail))
    progress = run.advance(FOREVER)
    assert (progress.done, progress.diverged) == (True, False)
    assert run.validates_in_train_mode
    weights, history = weights_of(run), run.finish()[1]
    assert len(history) == 2
    assert history[1].validation_loss < history[0].validation_loss
    assert weights["steps"] == 20  # and none more from the validation


def test_modules_are_left_as_they_were_by_validation_in_train_mode() -> None:
    class Replaces(FailsInEval):
        def forward(self, tokens: Tensor) -> Tensor:
            if self.training:
                self.steps = self.steps + 1
            return super().forward(tokens)

    run = training(lambda: Replaces(broken))
    run.advance(FOREVER)
    assert weights_of(run)["steps"] == 40


def test_failure_in_validation_is_told_as_such() -> None:
    class Broken(FailsInEval):
        def forward(self, tokens: Tensor) -> Tensor:
            return super().forward(tokens) if torch.is_grad_enabled() else broken(tokens)

    run = training(lambda: Broken(broken))
    with pytest.raises(ValueError, match="not in this mode") as caught:
        run.advance(FOREVER)
    [note] = caught.value.__notes__
    assert note.startswith("The steps of the training itself worked")
    assert "fails, too" in note


def test_shape_that_is_wrong_in_validation_alone() -> None:
    class Last(Scripted):
        def forward(self, tokens: Tensor) -> Tensor:
            logits = super().forward(tokens)
            return logits if torch.is_grad_enabled() else logits[:, -1]

    run = training(lambda: Last((1.0, 1.0)))
    with pytest.raises(Untrainable, match=r"has shape .*steps of the training itself work"):
        run.advance(FOREVER)


def test_infinite_loss_in_validation_alone() -> None:
    class Bad(Scripted):
        def forward(self, tokens: Tensor) -> Tensor:
            logits = super().forward(tokens)
            return logits if torch.is_grad_enabled() else infinite(logits)

    run = training(lambda: Bad((1.0, 1.0)))
    assert run.advance(FOREVER).diverged
    with pytest.raises(Untrainable, match="loss on held-back sentences is NaN or infinite"):
        run.finish()


def test_eval_mode_that_worked_once_counts() -> None:
    run = training(lambda: FailsInEval(infinite, after=10))
    assert run.advance(FOREVER).diverged
    assert not run.validates_in_train_mode
    assert weights_of(run)["steps"] == 10
    run = training(lambda: FailsInEval(broken, after=10))
    with pytest.raises(ValueError, match="not in this mode") as caught:
        run.advance(FOREVER)
    assert "worked after an earlier epoch" in caught.value.__notes__[0]


def test_best_epoch_is_the_first_of_equals() -> None:
    history = tuple(EpochDone(i, 1.0, loss, 1.0) for i, loss in enumerate((2.0, 1.0, 1.0), 1))
    assert best_epoch(history) == 2
