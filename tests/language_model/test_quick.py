"""``--quick`` ends when the points are certain, and not before."""

from __future__ import annotations

import pytest
from torch import nn

from grader.language_model.evaluation import Z_QUICK
from grader.language_model.flags import IN_DOUBT
from tests.language_model.evaluating import (
    TEST,
    Evaluating,
    half_width,
    loss_at_once,
    loss_from_beginnings,
    thresholds,
)
from tests.language_model.fakes import (
    Pairs,
    random_sentences,
)
from tests.language_model.test_probing import Peeking, everywhere

MANY = random_sentences(3000)
FULL_LOSS = loss_at_once(Pairs, MANY)


@pytest.mark.parametrize("by", [-2.0, -0.3, 0.3, 2.0])
def test_quick_ends_when_the_points_are_certain(evaluating: Evaluating, by: float) -> None:
    bounds = thresholds(FULL_LOSS + by, 0.01, 9.0)
    measures = evaluating(test=MANY, quick=True, probes=5, thresholds=bounds).measures
    assert measures.stopped == "quick"
    assert measures.sentences < 2000
    assert (measures.loss < bounds[0].below) == (by > 0)
    assert evaluating.students[0].loads == 1


def test_quick_probes_as_many_sentences_as_it_scored(evaluating: Evaluating) -> None:
    """Though few of all, in an order that the hand-in may know, were drawn before the scoring."""
    bounds = thresholds(FULL_LOSS + 2.0, 0.01, 9.0)
    measures = evaluating(
        test=MANY, quick=True, probes=480, prefix_loss_positions=500, thresholds=bounds
    ).measures
    assert measures.sentences < 2000
    assert measures.causality.probes == min(480, measures.sentences)


@pytest.mark.parametrize("by", [-0.06, -0.02, 0.0, 0.02, 0.06])
def test_quick_never_ends_while_a_threshold_is_in_doubt(evaluating: Evaluating, by: float) -> None:
    bound = FULL_LOSS + by
    bounds = thresholds(9.0, bound)
    measures = evaluating(test=MANY, quick=True, probes=5, thresholds=bounds).measures
    margin = Z_QUICK * half_width(measures) / 1.96
    if measures.stopped == "quick":
        assert abs(measures.loss - bound) >= margin * 0.999
        assert (measures.loss < bound) == (by > 0)
    else:
        assert measures.sentences == 3000
    assert (measures.stopped == "finished") or abs(by) > 0.03


@pytest.mark.parametrize(("by", "in_doubt"), [(0.0, True), (3.0, False)])
def test_quick_says_so_when_what_looks_ahead_is_near_a_threshold(
    evaluating: Evaluating, by: float, in_doubt: bool
) -> None:
    def make() -> nn.Module:
        return Peeking(everywhere)

    bounds = thresholds(loss_from_beginnings(make, TEST) + by)
    found = evaluating(make, test=MANY, quick=True, prefix_loss_positions=400, thresholds=bounds)
    assert found.measures.stopped == "quick"
    assert found.measures.causality.looks_ahead
    assert (IN_DOUBT in found.flags) == in_doubt


def test_all_sentences_are_scored_unless_quick_was_asked_for(evaluating: Evaluating) -> None:
    measures = evaluating(test=MANY, probes=5, thresholds=thresholds(0.01)).measures
    assert (measures.stopped, measures.sentences) == ("finished", 3000)
