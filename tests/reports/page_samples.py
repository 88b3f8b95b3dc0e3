"""Reports that have everything a page can show."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.compare import Expected, mismatch
from grader.measures import Baselines, Causality, Epoch, Interval, ModelMeasures, TrainingRun
from grader.model import (
    Claim,
    ClaimVerdict,
    Hint,
    Isolation,
    Mismatch,
    Outcome,
    Report,
    TracebackLine,
    Verdict,
    Visibility,
)
from grader.modes import IsolationMode
from tests.reports.builders import check, passed, question, report

LINK = "https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html"


def mismatched(actual: float | None = 0.5961) -> Mismatch:
    """Of two arrays [2, 12, 3] that differ from batch 1, step 3 on."""
    right = np.full((2, 12, 3), 0.4607)
    wrong = right.copy()
    wrong[1, 3:] += np.linspace(1e-6, 0.1, 27).reshape(9, 3)
    wrong[1, 3, 1] = np.nan if actual is None else actual
    expected = Expected("outputs", right, np.full(right.shape, 1e-5), "[batch, steps, hidden]")
    found = mismatch(wrong, expected)
    assert found is not None
    return found


def measures(**values: Any) -> ModelMeasures:
    fields: dict[str, Any] = {
        "loss": 1.3931,
        "interval": Interval(low=1.3712, high=1.4149),
        "bits_per_character": 2.01,
        "perplexity": 4.03,
        "notebook_loss": 1.3944,
        "whole_sentence_loss": 1.3931,
        "loss_from_eleventh": 1.2,
        "loss_by_position": (3.1, 2.5, 2.0, 1.5, 1.4, 1.3, 1.35, 1.2),
        "baselines": Baselines(frequency=3.13, zip=2.44, given_model=1.363, literature=0.991),
        "training_loss": 1.2,
        "private_loss": 1.777,
        "sentences": 500,
        "all_sentences": 1000,
        "stopped": "quick",
        "characters": 40159,
        "tokens": 40659,
        "causality": Causality(
            probes=480, changed=0, mean_gain=0.0, looks_ahead=False, kinds=("batch",)
        ),
        "generated": ("I have a dream", "I have a plan"),
        "device": "cpu",
        "parameters": 123456,
        "loading": ("a class was taken from the notebook",),
        "batch_tokens": 4096,
        "tokens_per_s": 1e5,
    }
    return ModelMeasures(**{**fields, **values})


def looking_ahead() -> ModelMeasures:
    causality = Causality(
        probes=480, changed=473, mean_gain=3.0, looks_ahead=True, kinds=("future", "padding")
    )
    return measures(loss=7.4, prefix_loss=7.4, whole_sentence_loss=0.0264, causality=causality)


def looking_ahead_for_nothing() -> ModelMeasures:
    """A model that sees what comes, and loses by it."""
    causality = Causality(
        probes=480, changed=473, mean_gain=-0.4, looks_ahead=True, kinds=("future",)
    )
    return measures(loss=2.9, whole_sentence_loss=2.9, causality=causality)


def trained() -> ModelMeasures:
    epochs = tuple(
        Epoch(number=n, training_loss=3.2 - n / 2, validation_loss=3.0 - n / 2, seconds=9.0)
        for n in (1, 2)
    )
    run = TrainingRun(
        why="the file is damaged",
        epochs=epochs,
        best_epoch=2,
        planned_epochs=5,
        stopped="time",
        batch_size=64,
        learning_rate=0.001,
        characters_per_s=1e4,
    )
    return measures(training=run)


def full_report(actual: float | None = 0.5961) -> Report:
    hint = Hint(title="the reset gate", explanation="why", hint="where to look", link=LINK)
    line = TracebackLine(file="implementation.py", line=7, function="gru", code="h = x @ w")
    gru = question(
        check("notebook_case", message="outputs differ", mismatch=mismatched(actual), hint=hint),
        check(
            "other_sizes[B2]",
            outcome=Outcome.EXCEPTION,
            message="ValueError: shapes",
            traceback=(line,),
            output="printed!",
        ),
        check("one_step", graded=False, message="differs a little"),
        passed("own_work", error=1e-7, allowed=2e-6, output="once more"),
        id="q3",
    )
    model = question(
        passed("loss_below[2.5]", points=5.0, error=1.39, allowed=2.5),
        passed("loss_below[2]", points=3.0, error=1.39, allowed=2.0),
        passed("loss_below[1.5]", points=2.0, error=1.39, allowed=1.5),
        id="q7",
        score=10,
        max_score=10.0,
        measured=measures(),
    )
    claim = Claim(
        question="q3",
        what="the GRU's difference",
        claimed=4.8e-7,
        measured=None,
        verdict=ClaimVerdict.INCOMPARABLE,
        cell="rnn.ipynb, cell 9",
        why="the check ended otherwise",
    )
    return report(
        gru,
        model,
        notes=("a note for staff",),
        claims=(claim,),
        isolation=Isolation(
            mode=IsolationMode.BEST_EFFORT,
            layers={"session": True, "landlock": False},
            verdicts=(Verdict(act="raw sockets", held=False, by="nothing"),),
        ),
    )


def hidden_report() -> Report:
    found = Mismatch(
        what="outputs",
        at=(0,),
        expected=12345.0,
        actual=1.0,
        error=12344.0,
        allowed=1e-6,
        differing=1,
        total=1,
    )
    hidden = {"visibility": Visibility.HIDDEN, "output": "secret print", "error": 12345.0}
    return report(
        question(
            check(
                "secret_sizes",
                title="What secret sizes ask",
                message="secret message",
                mismatch=found,
                hint=Hint(title="secret hint"),
                **hidden,
            ),
            passed("secret_steps", allowed=1.0, **hidden),
        )
    )
