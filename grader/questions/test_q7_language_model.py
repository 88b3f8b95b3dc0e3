"""Q7: the trained character model, scored by its loss on the test set.

The model is loaded and scored once; the checks below ask different things of that one result.
Points come from the thresholds of the rubric.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from grader.checking import Check, wrong
from grader.compare import Closeness
from grader.errors import CheckFailed, NotLoadable
from grader.grading import RUBRIC, Grading
from grader.handed_in.naming import MODEL
from grader.language_model.assessment import ASKED_FOR
from grader.language_model.evaluation import Evaluation
from grader.language_model.explanations import (
    by_length,
    by_state,
    failure_in_eval_mode,
    looking_ahead,
    of_one_size,
    of_other_data,
    other_dependencies,
    unsteadiness,
)
from grader.language_model.other_models import also_there
from grader.measures import ModelMeasures, TrainingRun
from grader.model import Question
from grader.questions.misconceptions.matching import Diagnosis
from grader.questions.misconceptions.q7 import what_the_loss_says
from grader.rubric import LossThreshold

QUESTION = Question(id="q7", title="Character language model")
ADVICE = (
    "Where there is no mistake, longer training, a larger hidden size or a lower learning rate at "
    "the end all help."
)
WORSE_THAN_NOTHING = (
    "A model that takes all tokens for equally likely has {:.2f}, so this one is worse than none: "
    "see whether what is saved is what was trained, and whether the characters have the same "
    "numbers as in the given data set, in training and in the model."
)
Evaluate = Callable[[], Evaluation]


def diagnose(check: Check) -> Diagnosis | None:
    """What the loss comes from, if the figures show it."""
    return None if check.measured is None else what_the_loss_says(check.measured)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One check for each threshold of the rubric."""
    if "threshold" in metafunc.fixturenames:
        thresholds = metafunc.config.stash[RUBRIC].language_model.thresholds
        metafunc.parametrize("threshold", thresholds, ids=[f"{t.below:g}" for t in thresholds])


@pytest.fixture(scope="module")
def evaluate(grading: Grading) -> Evaluate:
    """The evaluation, made when it is first asked for; a failure is raised each time."""
    return grading.model_evaluation(QUESTION.id)


def test_model_runs(evaluate: Evaluate, check: Check) -> None:
    """The trained model can be loaded, and gives usable logits for every sentence."""
    check.measured = evaluate().measures


@pytest.mark.advisory
def test_trained_model_is_there(evaluate: Evaluate, grading: Grading) -> None:
    """The trained model was handed in and could be loaded; the grader need not train it."""
    training = None
    try:
        training = evaluate().measures.training
    except NotLoadable:
        raise
    except CheckFailed:
        pass  # What is wrong with a model that is there, other checks say.
    if training is not None and training.why != ASKED_FOR:
        raise wrong(f"The grader trained the model itself. {training.why}")
    if not grading.submission.has(MODEL):
        raise wrong(f"There is no trained model {MODEL} in the hand-in; the grader trained one.")


def test_looks_only_back(evaluate: Evaluate) -> None:
    """What the model predicts next depends on the characters before, and on nothing after."""
    measures = evaluate().measures
    if measures.causality.looks_ahead:
        raise wrong(looking_ahead(measures))


@pytest.mark.advisory
def test_looks_at_nothing_else(evaluate: Evaluate) -> None:
    """Neither other sentences, nor padding, nor earlier calls change what the model predicts."""
    if found := other_dependencies(evaluate().measures):
        raise wrong(found)


@pytest.mark.advisory
def test_repeatable(evaluate: Evaluate) -> None:
    """The same sentence twice gives the same prediction."""
    if found := unsteadiness(evaluate().measures):
        raise wrong(found)


@pytest.mark.advisory
def test_works_in_eval_mode(evaluate: Evaluate) -> None:
    """The model works in eval() mode, too, in which models are scored."""
    if found := failure_in_eval_mode(evaluate().measures):
        raise wrong(found)


@pytest.mark.advisory
def test_takes_any_number_of_sentences(evaluate: Evaluate, check: Check) -> None:
    """The model takes as many sentences at once as the notebook's test gives it."""
    at_once = check.rubric.language_model.batch_size
    if found := of_one_size(evaluate().measures, at_once):
        raise wrong(found)


def test_loss_below(
    evaluate: Evaluate, check: Check, threshold: LossThreshold, grading: Grading
) -> None:
    """The loss for each character of the test set is below the threshold."""
    check.points = threshold.points
    check.measured = measures = evaluate().measures
    loss = measures.loss
    check.closest = Closeness(loss, threshold.below, ())
    if not loss < threshold.below:
        # Once is enough: at the first threshold that is missed.
        missed = max(t.below for t in check.rubric.language_model.thresholds if loss >= t.below)
        is_first, tokens = threshold.below == missed, grading.corpus.vocabulary.size
        advice = advice_on(measures, tokens) if is_first else ""
        if measures.training is not None:
            advice = _of_training(measures.training, advice)
        if measures.prefix_loss is not None:
            looks_ahead = measures.causality.looks_ahead
            why = "the model looks ahead" if looks_ahead else "its predictions vary so much"
            if by_state(measures):
                why = "what it predicts depends on what it was asked before"
            if by_length(measures):
                why = "what it predicts depends on how far a sentence goes on or is padded"
            advice = f"It is measured from the sentences' beginnings, because {why}."
        if is_first and measures.training is None:
            advice += also_there(grading.submission)
        if is_first:
            advice += of_other_data(measures, tokens)
        mode = "train()" if failure_in_eval_mode(measures) else "eval()"
        raise wrong(
            f"The loss is {loss:.3f} nats a character in {mode} mode; below {threshold.below:g} "
            f"gives {threshold.points:g} points more. {advice}".rstrip()
        )


def advice_on(measures: ModelMeasures, tokens: int) -> str:
    """What to do about a loss; nothing where a hint says what it comes from."""
    if what_the_loss_says(measures) is not None:
        return ""
    uniform = math.log(tokens)
    return WORSE_THAN_NOTHING.format(uniform) if measures.loss > uniform else ADVICE


def _of_training(run: TrainingRun, advice: str) -> str:
    """What to do about the loss of a model that the grader trained: before all, hand in one."""
    told = "The grader trained this model itself"
    if run.was_cut_short:
        told += f", and its time was over in epoch {len(run.epochs)} of {run.planned_epochs}"
        advice = ""
    if run.why != ASKED_FOR:
        told += ": hand in the model that you have trained"
    elif not run.was_cut_short:
        return advice
    return f"{told}. {advice}"
