"""Models with one mistake each get the hint for it; right ones, however weak, get no false one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from grader.language_model.flags import flags_of_mode
from grader.questions.misconceptions.q7 import (
    EXPLANATIONS,
    STILL_FALLING,
)
from grader.questions.misconceptions.q7_decisive import DECISIVE
from grader.questions.test_q7_language_model import ADVICE, advice_on
from grader.rubric import Rubric
from tests.questions.scored_models import (
    BEGIN,
    END,
    PAD,
    SIZE,
    Does,
    Rnn,
    explained,
    frequencies,
    hardly,
    log_chances,
    measured,
    mixed,
    named,
    noise,
    pad_after_end,
    pairs,
    run,
    smoothed,
    trained,
    triples,
    without_spaces,
)
from tests.questions.test_misconceptions import CODE_WORDS
from tests.reports.builders import causality, measures

RIGHT: dict[str, Callable[[], nn.Module]] = {
    "two characters of memory": lambda: Does(triples),
    "logits that are not normalised": lambda: Does(lambda x: triples(x) + x[..., None] / 10),
    "a log-softmax": lambda: Does(lambda x: triples(x).log_softmax(-1)),
    "never BEGIN or PAD": lambda: Does(
        lambda x: triples(x).index_fill(-1, torch.tensor([BEGIN, PAD]), -math.inf)
    ),
    "no column for PAD": lambda: Does(lambda x: triples(x)[..., :PAD]),
    "more columns": lambda: Does(lambda x: nn.functional.pad(triples(x), (0, 3), value=-20.0)),
    "NaN at padding": lambda: Does(
        lambda x: triples(x).masked_fill((x >= END)[..., None], math.nan)
    ),
    "undecided": lambda: Does(smoothed),
    "a little too sure": lambda: Does(lambda x: 1.3 * triples(x)),
    "not sure enough yet": lambda: Does(lambda x: 0.5 * hardly(x)),
    "a little too unsure": lambda: Does(lambda x: 0.7 * triples(x)),
    "trained for a while": lambda: trained(60),
}
WRONG: dict[str, tuple[str, Callable[[], nn.Module]]] = {
    "softmax": ("softmax-before-loss", lambda: Does(lambda x: triples(x).softmax(-1))),
    "softmax of nothing learnt": (
        "softmax-before-loss",
        lambda: Does(lambda x: noise(x, 0.1).softmax(-1)),
    ),
    "argmax": ("one-hot", lambda: Does(lambda x: one_hot(triples(x).argmax(-1), SIZE).float())),
    "a loss": ("sign-turned-round", lambda: Does(lambda x: -triples(x))),
    "spaces left out": ("target-left-out", lambda: Does(without_spaces)),
    "other ids": ("trained-on-others", lambda: Does(lambda x: triples((x + 3) % BEGIN))),
    "rows exchanged": ("trained-on-others", lambda: Does(lambda x: smoothed(x).roll(1, 0))),
    "tanh": ("bounded-logits", lambda: Does(lambda x: (triples(x) + 5).tanh())),
    "sigmoid": ("bounded-logits", lambda: Does(lambda x: (triples(x) + 3).sigmoid())),
    "copies its input": ("misaligned", lambda: Does(lambda x: 12.0 * one_hot(x, SIZE))),
    "one place too far": ("misaligned", lambda: Does(lambda x: log_chances(apart=2)[x])),
    "PAD after the end": ("pad-learnt", lambda: Does(pad_after_end)),
    "PAD anywhere": (
        "pad-learnt",
        lambda: Does(lambda x: mixed(triples(x), torch.tensor(PAD), 0.3)),
    ),
    "PAD among frequencies": (
        "pad-learnt",
        lambda: Does(lambda x: mixed(frequencies(x), torch.tensor(PAD), 0.2)),
    ),
    "copies at times": ("misaligned", lambda: Does(lambda x: mixed(frequencies(x), x, 0.2))),
    "PAD in the loss": ("pad-learnt", lambda: trained(60, ignored=-100)),
    "frequencies": ("same-everywhere", lambda: Does(frequencies)),
    "about frequencies": (
        "frequencies-only",
        lambda: Does(lambda x: frequencies(x) + noise(x, 0.2)),
    ),
    "trained hardly": ("frequencies-only", lambda: trained(8)),
    "equal": ("untrained", lambda: Does(lambda x: torch.zeros(*x.shape, SIZE))),
    "an untrained RNN": ("untrained", lambda: Rnn(layer=nn.RNN)),
    "a random table": ("untrained", lambda: Does(lambda x: noise(x, 1.0))),
    "large random logits": ("sure-and-wrong", lambda: Does(lambda x: noise(x, 20.0))),
    "too small": ("wrong-scale", lambda: Does(lambda x: triples(x) / 8)),
    "too large": ("wrong-scale", lambda: Does(lambda x: triples(x) * 8)),
    "pairs": ("no-memory", lambda: Does(pairs)),
    "time and batch exchanged": ("no-memory", lambda: trained(60, batch_first=False)),
}
NOT_OF_LOGITS_ALONE = {"overfitted", "good-at-first", "only-in-eval-mode"}


@pytest.mark.parametrize("name", RIGHT)
def test_right_model_gets_no_hint(name: str) -> None:
    figures = measured(RIGHT[name]())
    assert 1.5 < figures.loss < 3.6
    assert named(figures) is None


@pytest.mark.parametrize("name", WRONG)
def test_mistake_is_named(name: str) -> None:
    id, make = WRONG[name]
    assert named(measured(make())) == id


def test_what_was_trained_with_a_softmax_is_no_less_told() -> None:
    softmaxed = nn.Sequential(trained(60, softmax=1), nn.Softmax(-1))
    assert named(measured(softmaxed)) == "softmax-before-loss"


def test_every_explanation_has_a_model() -> None:
    ids = [explanation.id for explanation in (*EXPLANATIONS, *DECISIVE)]
    assert len(set(ids)) == len(ids)
    assert {id for id, _ in WRONG.values()} | NOT_OF_LOGITS_ALONE == set(ids)


@pytest.mark.parametrize("size", [1.0, 20.0])
@pytest.mark.parametrize(
    ("by_position", "expected"),
    [
        ((3.4, *[1.8] * 9, *[4.7] * 40), "good-at-first"),
        ((3.4, *[4.2] * 9, *[4.7] * 40), None),
        ((3.4, *[1.8] * 9, *[2.7] * 40), None),
        # Too few sentences are longer.
        ((3.4, *[1.8] * 9, *[4.7] * 9), None),
        ((4.7,) * 50, None),
    ],
)
def test_model_that_is_good_at_first(
    size: float, by_position: tuple[float, ...], expected: str | None
) -> None:
    """It goes on with its own predictions, say."""
    figures = measured(Does(lambda x: noise(x, size)), loss_by_position=by_position)
    otherwise = "untrained" if size == 1.0 else "sure-and-wrong"
    assert named(figures) == (expected or otherwise)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda x: triples(x).softmax(-1), r"below 3\.60\. Taken as what they are, .* of [12]\.\d"),
        (lambda x: 12.0 * one_hot(x, SIZE), "that it was just given"),
        (lambda x: log_chances(apart=2)[x], "after the next one"),
        (lambda x: triples(x) / 8, "Multiplied by 8,"),
        (lambda x: triples(x) * 8, r"Multiplied by 0\.125,"),
        (pad_after_end, "a chance of 100%"),
        (lambda x: torch.zeros(*x.shape, SIZE), r"loss of 4\.58.* alone one of 3\.1"),
        (
            without_spaces,
            r"Of the loss \d\d% come of one target alone: a space\. All others .* [12]\.",
        ),
        (lambda x: -triples(x), r"other sign .* loss of [12]\.\d"),
    ],
)
def test_explanation_has_the_figures(model: Callable[[Tensor], Tensor], words: str) -> None:
    assert re.search(words, explained(measured(Does(model))))


def test_other_sentences_are_named_where_they_count() -> None:
    alone = explained(measured(Does(pairs)))
    along = explained(measured(Does(pairs), causality=causality("batch")))
    assert "other sentences" not in alone
    assert "other sentences" in along


def test_learnt_by_heart() -> None:
    figures = measured(Does(triples), training_loss=0.7)
    assert named(figures) == "overfitted"
    assert "0.700" in explained(figures)


def test_scale_alone_is_nothing_learnt_by_heart() -> None:
    """It makes the loss on the training sentences as much greater, and their difference, too."""
    figures = measured(Does(lambda x: triples(x) * 8))
    apart = figures.model_copy(update={"training_loss": figures.loss - 0.4})
    assert named(apart) == "wrong-scale"


class OfTheMode(nn.Module):
    """In ``eval()`` mode it returns something else."""

    def __init__(self, there: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.there = there

    def forward(self, x: Tensor) -> Tensor:
        return triples(x) if self.training else self.there(triples(x))


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (lambda logits: logits.softmax(-1), r"mode the .* of about [12]\.\d.* as after a softmax"),
        (lambda logits: (logits + 5).tanh(), "between -1 and 1"),
        (lambda logits: logits * 8, "what counts is"),
    ],
)
def test_what_eval_mode_alone_does_is_told_as_that(
    there: Callable[[Tensor], Tensor], words: str
) -> None:
    """That no model of that form gets lower would not be true: in train() mode it does."""
    figures = measured(OfTheMode(there).eval())
    assert named(figures) == "only-in-eval-mode"
    assert re.search(words, explained(figures))
    assert "no model of this form" not in explained(figures)


def test_loss_in_train_mode_is_told_as_the_note_for_staff_tells_it() -> None:
    found = measured(OfTheMode(lambda logits: logits * 8).eval())
    figures = found.model_copy(update={"loss": found.loss + 0.1})
    assert figures.signs is not None
    [note] = flags_of_mode("", figures.loss, figures.signs, Rubric.load().language_model)
    of_the_note = note.partition("loss is about ")[2][:4]
    assert f"a loss of about {of_the_note};" in explained(figures)


def test_two_explanations_are_none() -> None:
    assert named(measured(Does(pairs), training_loss=0.7)) is None


def test_loss_that_was_still_falling() -> None:
    assert named(measured(Does(triples), training=run(2.6, 2.3))) == STILL_FALLING.id
    assert named(measured(Does(pairs), training=run(2.6, 2.3))) == "no-memory"


def test_training_of_the_graders_own_explains_nothing() -> None:
    """What it did, the student's loop did not do."""
    assert named(measured(trained(8))) is not None
    assert named(measured(trained(8), training=run(2.3, 2.6, best=1))) is None


def test_time_that_was_over_is_not_the_students_doing() -> None:
    """How far a training came in the grader's time explains nothing; other mistakes do."""
    stopped = run(2.6, 2.3).model_copy(update={"stopped": "time"})
    assert named(measured(Does(triples), training=stopped)) is None
    assert named(measured(trained(8), training=stopped)) is None
    assert named(measured(Does(pairs), training=stopped)) == "no-memory"


@pytest.mark.parametrize("losses", [(2.3,), (2.31, 2.30), (2.3, 2.6), (2.2, 2.5, 2.4)])
def test_loss_that_no_longer_fell(losses: tuple[float, ...]) -> None:
    best = 1 + losses.index(min(losses))
    assert named(measured(Does(triples), training=run(*losses, best=best))) is None


def test_model_that_looks_ahead_has_its_explanation_already() -> None:
    figures = measured(Does(pairs), causality=causality("future", looks_ahead=True))
    assert named(figures) is None


def test_nothing_measured_gives_no_hint() -> None:
    assert named(measures(signs=None, training=run(2.6, 2.3))) is None


@pytest.mark.parametrize(
    "explanation",
    [*EXPLANATIONS, *DECISIVE, STILL_FALLING],
    ids=lambda explanation: explanation.id,
)
def test_words_lead_to_the_documentation_without_the_line_to_write(explanation: Any) -> None:
    assert explanation.link.startswith("https://docs.pytorch.org/docs/stable/")
    assert explanation.title[0].isupper()
    assert explanation.hint[-1] in ".?"
    said = f"{explanation.title} {explanation.explanation} {explanation.hint}"
    assert [word for word in CODE_WORDS if word in said] == []


def test_advice_on_a_loss_that_nothing_explains() -> None:
    assert advice_on(measures(loss=1.9), 97) == ADVICE
    assert "has 4.57, so this one is worse than none" in advice_on(measures(loss=6.4), 97)


def test_no_advice_beside_an_explanation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advice_on.__module__ + ".what_the_loss_says", lambda _: EXPLANATIONS[0])
    assert advice_on(measures(loss=1.9), 97) == advice_on(measures(loss=6.4), 97) == ""
