"""Models that fail in eval() mode, and work in train() mode, in which the notebook scores them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from grader.errors import CheckFailed
from grader.language_model.explanations import failure_in_eval_mode
from tests.language_model.evaluating import TEST, Evaluating, loss_at_once
from tests.language_model.fakes import FakeStudent, Pairs, loaded
from tests.reports.builders import measures


def not_a_number(logits: Tensor) -> Tensor:
    return logits * torch.nan


def last_only(logits: Tensor) -> Tensor:
    return logits[:, -1]


def no_beginnings(logits: Tensor) -> Tensor:
    return logits if logits.shape[1] > 10 else logits[:, :1]


def broken(logits: Tensor) -> Tensor:
    raise ValueError("not in this mode")


FAILING = (not_a_number, last_only, no_beginnings, broken)


class InOneMode(Pairs):
    """It fails in ``eval()`` mode, or in the other one."""

    def __init__(self, fails: Callable[[Tensor], Tensor], in_train_mode: bool = False) -> None:
        super().__init__()
        self.fails = fails
        self.in_train_mode = in_train_mode

    def forward(self, x: Tensor) -> Tensor:
        logits = super().forward(x)
        return self.fails(logits) if self.training == self.in_train_mode else logits


@pytest.mark.parametrize("fails", FAILING)
def test_mode_in_which_it_was_saved_counts_where_eval_fails(
    evaluating: Evaluating, fails: Callable[[Tensor], Tensor]
) -> None:
    found = evaluating(lambda: InOneMode(fails), probes=20).measures
    assert found.loss == pytest.approx(loss_at_once(Pairs, TEST))
    assert not found.causality.looks_ahead
    told = failure_in_eval_mode(found)
    assert told.startswith("The model cannot be scored in eval() mode. The model")
    assert "In train() mode, in which it was saved and the notebook scores it" in told
    assert found.fails_in_eval_mode.startswith("The model")


@pytest.mark.parametrize("fails", FAILING)
def test_model_that_was_saved_in_eval_mode_counts_in_that(
    fails: Callable[[Tensor], Tensor],
) -> None:
    with pytest.raises(
        CheckFailed, match=r"In train\(\) mode this does not happen.* It was saved in"
    ):
        loaded(FakeStudent(lambda: InOneMode(fails).eval()))


def softmax(logits: Tensor) -> Tensor:
    return logits.softmax(-1)


def test_logits_of_train_mode_count_where_eval_gives_probabilities(evaluating: Evaluating) -> None:
    found = evaluating(lambda: InOneMode(softmax), probes=20).measures
    assert found.loss == pytest.approx(loss_at_once(Pairs, TEST))
    told = failure_in_eval_mode(found)
    assert told.startswith(
        "The model cannot be scored in eval() mode. There it gives probabilities"
    )


@pytest.mark.parametrize(
    "model",
    [
        lambda: InOneMode(softmax).eval(),
        lambda: InOneMode(softmax, in_train_mode=True),
        lambda: nn.Sequential(Pairs(), nn.Softmax(-1)),
    ],
    ids=["saved in eval", "in train alone", "in both"],
)
def test_probabilities_of_the_mode_that_counts_are_scored_as_they_are(
    evaluating: Evaluating, model: Callable[[], nn.Module]
) -> None:
    found = evaluating(model, probes=20).measures
    assert found.loss == pytest.approx(loss_at_once(lambda: model().eval(), TEST))
    assert found.fails_in_eval_mode == ""


def test_what_fails_in_both_modes_is_told_of_eval_mode() -> None:
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise ValueError(f"in {'train' if self.training else 'eval'}() mode")

    with pytest.raises(CheckFailed, match=r"raised in eval\(\) mode") as caught:
        loaded(FakeStudent(Broken))
    assert "self.training" not in caught.value.message


def test_nothing_is_told_of_a_model_that_works_in_eval_mode() -> None:
    student = FakeStudent(lambda: InOneMode(broken, in_train_mode=True))
    assert loaded(student).loading.notes == ("as it is",)
    assert student.loads == 1
    assert loaded(student).loading.fails_in_eval == ""
    assert failure_in_eval_mode(measures()) == ""
