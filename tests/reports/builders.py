"""Small reports to make text of."""

from __future__ import annotations

from typing import Any

from grader.measures import (
    Baselines,
    Causality,
    Epoch,
    Interval,
    ModelMeasures,
    TrainingRun,
)
from grader.model import CheckResult, Isolation, Outcome, QuestionResult, Report, Versions
from grader.modes import IsolationMode

HOSTILE = "\x1b[31mred\x1b[0m \x1b]0;title\x07\x00\x08\x9b2J\u202egnp [bold]b[/bold] [/x] <&>\"']]>"
"""What a student's message may hold: escapes, control characters, and markup of several kinds."""
HARMLESS = "red 2Jgnp [bold]b[/bold] [/x] <&>\"']]>"
CONTROLS = [chr(n) for n in range(32) if chr(n) not in "\t\n"] + [chr(n) for n in range(127, 160)]


def check(name: str = "notebook_case", **values: Any) -> CheckResult:
    failed: dict[str, Any] = {
        "name": name,
        "title": f"What {name} asks",
        "outcome": Outcome.WRONG,
        "graded": True,
        "message": f"{name} is wrong",
    }
    return CheckResult(**{**failed, **values})


def passed(name: str, **values: Any) -> CheckResult:
    return check(name, **{"outcome": Outcome.PASSED, "message": "", **values})


def question(
    *checks: CheckResult, id: str = "q2", score: float = 0, **values: Any
) -> QuestionResult:
    return QuestionResult(
        **{"id": id, "title": f"Title of {id}", "score": score, "max_score": 3.0, **values},
        checks=checks,
    )


def measures(**values: Any) -> ModelMeasures:
    """Figures of a causal model that was scored on all sentences."""
    fields: dict[str, Any] = {
        "loss": 1.23456,
        "interval": Interval(low=1.22, high=1.25),
        "bits_per_character": 1.78,
        "perplexity": 3.44,
        "notebook_loss": 1.25,
        "whole_sentence_loss": 1.23456,
        "loss_from_eleventh": 1.1,
        "loss_by_position": (3.0, 2.0, 1.5),
        "baselines": Baselines(frequency=3.13, zip=2.44, given_model=1.363, literature=0.991),
        "training_loss": 1.15,
        "sentences": 4000,
        "all_sentences": 4000,
        "stopped": "finished",
        "characters": 40619,
        "tokens": 44619,
        "causality": causality(),
        "generated": ("I have a cat.", "I had a dog."),
        "device": "cpu",
        "parameters": 1_000_000,
        "batch_tokens": 8192,
        "tokens_per_s": 20_000.0,
    }
    return ModelMeasures(**{**fields, **values})


def causality(*kinds: str, **values: Any) -> Causality:
    fields = {"probes": 480, "changed": 0, "mean_gain": 0.0, "looks_ahead": False}
    return Causality(**{**fields, **values}, kinds=kinds)


def training_run(**values: Any) -> TrainingRun:
    losses = (1.9, 1.5, 1.6)
    epochs = tuple(
        Epoch(number=number, training_loss=loss - 0.1, validation_loss=loss, seconds=30.0)
        for number, loss in enumerate(losses, start=1)
    )
    fields: dict[str, Any] = {
        "why": "There is no trained model.",
        "epochs": epochs,
        "best_epoch": 2,
        "planned_epochs": 5,
        "stopped": "time",
        "batch_size": 64,
        "learning_rate": 0.001,
        "characters_per_s": 1e5,
    }
    return TrainingRun(**{**fields, **values})


def report(*questions: QuestionResult, **values: Any) -> Report:
    fields: dict[str, Any] = {
        "submission": "alice",
        "score": sum(q.score for q in questions),
        "max_score": sum(q.max_score for q in questions),
        "seed": 1,
        "versions": Versions(grader="0", python="3", numpy="2", torch="2"),
        "rubric": "0" * 64,
        "isolation": Isolation(mode=IsolationMode.BEST_EFFORT, layers={"session": True}),
        "duration_s": 1.5,
        "questions": questions,
    }
    return Report(**{**fields, **values})
