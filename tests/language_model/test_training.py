"""The grader keeps the time of a training run itself, and believes nothing that a worker says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from grader.errors import CheckFailed, DataError, UsageError
from grader.language_model.corpus import Corpus
from grader.language_model.training import (
    ANSWER_S,
    SLICE_S,
    VALIDATION_S,
    TrainedModel,
    TrainingPlan,
    train,
)
from grader.model import Outcome
from grader.rubric import Rubric
from grader.student import Student
from grader.wire import Message
from tests.language_model.conftest import PLAN, SENTENCES, corpus_of

WEIGHTS = np.arange(5, dtype=np.uint8)
CHARACTERS = sum(len(sentence) + 1 for sentence in SENTENCES)


def epoch(number: int, validation_loss: Any) -> dict[str, Any]:
    return {
        "number": number,
        "training_loss": 2.0,
        "validation_loss": validation_loss,
        "seconds": 1.5,
    }


def progress(fraction: float, **changes: Any) -> dict[str, Any]:
    fields = {
        "epoch": 1 + int(2 * fraction - 1e-9),
        "fraction": fraction,
        "loss": 1.5,
        "characters": int(2 * CHARACTERS * fraction),
        "done": fraction == 1.0,
        "diverged": False,
    }
    return {**fields, **changes}


class Fake:
    """Stands in for a student; each request takes ``step_s`` of its own clock."""

    def __init__(self, *steps: dict[str, Any], step_s: float = 1.0) -> None:
        self.steps = list(steps) or [progress(0.25), progress(0.75), progress(1.0)]
        self.replies: dict[str, Message | CheckFailed] = {
            "devices": Message("devices", {"cuda": False}),
            "train_begin": Message("training", {"parameters": 7}),
            "train_end": Message(
                "trained", {"epochs": [epoch(1, 1.5), epoch(2, 1.7)], "best_epoch": 1}, (WEIGHTS,)
            ),
        }
        self.asked: list[tuple[Message, float]] = []
        self.told: list[tuple[str, float]] = []
        self.step_s = step_s
        self.now = 1000.0
        self.restarted = False

    def ask(self, request: Message, limit_s: float, doing: str) -> Message:
        self.asked.append((request, limit_s))
        assert not self.restarted
        if request.op == "train_more":
            self.now += self.step_s
            # The last step again and again, as by a worker that is never done.
            step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
            return Message("progress", step)
        reply = self.replies[request.op]
        if isinstance(reply, CheckFailed):
            raise reply
        return reply

    def restart(self) -> None:
        self.restarted = True

    def end_with(self, *arrays: Any, **changes: Any) -> None:
        reply = self.replies["train_end"]
        assert isinstance(reply, Message)
        fields = {**reply.fields, **changes}
        self.replies["train_end"] = Message("trained", fields, arrays or reply.arrays)

    def ops(self) -> list[str]:
        return [request.op for request, _ in self.asked]


def run(
    fake: Fake, corpus: Corpus, plan: TrainingPlan = PLAN, device: str = "auto"
) -> TrainedModel:
    return train(
        cast(Student, fake),
        corpus,
        plan,
        seed=2**40 + 9,
        device=device,
        why="there is no model",
        progress=lambda text, fraction: fake.told.append((text, fraction)),
        clock=lambda: fake.now,
    )


def failure(fake: Fake, corpus: Corpus) -> CheckFailed:
    with pytest.raises(CheckFailed) as error:
        run(fake, corpus)
    assert fake.restarted
    return error.value


def test_what_comes_of_it(corpus: Corpus) -> None:
    fake = Fake()
    trained = run(fake, corpus)
    assert trained.weights.tolist() == WEIGHTS.tolist()
    assert trained.run.why == "there is no model"
    assert [e.validation_loss for e in trained.run.epochs] == [1.5, 1.7]
    assert (trained.run.best_epoch, trained.run.planned_epochs) == (1, 2)
    assert trained.run.stopped == "finished"
    assert (trained.run.batch_size, trained.run.learning_rate) == (4, 0.01)
    assert trained.run.characters_per_s == 2 * CHARACTERS / 3
    assert fake.restarted


def test_sentences_are_sent_once(corpus: Corpus) -> None:
    fake = Fake()
    run(fake, corpus)
    assert fake.ops() == ["train_begin", "train_more", "train_more", "train_more", "train_end"]
    begin = fake.asked[0][0]
    counts, ids, lengths = begin.arrays
    assert counts.tolist() == corpus.vocabulary.counts.tolist()
    assert [ids.dtype, lengths.dtype] == [np.dtype(np.uint8), np.dtype(np.int32)]
    assert lengths.tolist() == [len(sentence) + 1 for sentence in SENTENCES]
    text = "".join(corpus.vocabulary.characters[i] for i in ids)
    assert text == "".join(f"{sentence}\n" for sentence in SENTENCES)
    assert begin.fields == {
        "device": "auto",
        "seed": 9,
        "epochs": 2,
        "batch_size": 4,
        "learning_rate": 0.01,
        "validation_fraction": 0.1,
        "characters": "\n abcd",
    }
    assert not any(request.arrays for request, _ in fake.asked[1:])


def test_progress_is_told(corpus: Corpus) -> None:
    fake = Fake(
        progress(0.25, characters=80_000), progress(0.5, loss=None), progress(1.0), step_s=1.0
    )
    with pytest.raises(CheckFailed):
        run(fake, corpus)  # more characters than there are
    fake = Fake(progress(0.02), progress(0.5, loss=None), progress(1.0), step_s=2.0)
    run(fake, corpus)
    texts, fractions = zip(*fake.told, strict=True)
    speed = f"{2 * CHARACTERS * 0.02 / 2:,.0f}"
    assert texts[1] == f"training: epoch 1/2, loss 1.500, {speed} characters/s, 1:38 left"
    assert texts[2].startswith("training: epoch 1/2, ")
    assert "loss" not in texts[2]
    assert texts[2].endswith("0:04 left")
    assert fractions[1:4] == (0.02, 0.5, 1.0)


def test_time_left_is_by_the_speed_so_far_or_the_budget(corpus: Corpus) -> None:
    fake = Fake(progress(0.001), progress(0.5), progress(1.0), step_s=10.0)
    run(fake, corpus)
    assert fake.told[1][0].endswith("1:30 left")
    assert fake.told[1][1] == 0.1  # of the time
    assert fake.told[2][0].endswith("0:20 left")


def test_time_is_kept_by_the_graders_clock(corpus: Corpus) -> None:
    fake = Fake(progress(0.25), step_s=1.5)
    trained = run(fake, corpus, replace(PLAN, max_time_s=10.0))
    assert trained.run.stopped == "time"
    assert fake.ops().count("train_more") == 7  # the seventh ends after 10.5 s
    asked = [request.fields["seconds"] for request, _ in fake.asked if request.op == "train_more"]
    assert asked[:-1] == [SLICE_S] * 6
    assert asked[-1] == SLICE_S  # of the one second that was left
    assert fake.ops()[-1] == "train_end"


def test_last_slice_is_what_is_left(corpus: Corpus) -> None:
    fake = Fake(progress(0.25), step_s=0.75)
    run(fake, corpus, replace(PLAN, max_time_s=1.0))
    asked = [request.fields["seconds"] for request, _ in fake.asked if request.op == "train_more"]
    assert asked == [SLICE_S, 0.25]


def test_each_request_has_a_limit_of_its_own(corpus: Corpus) -> None:
    fake = Fake()
    run(fake, corpus)
    limits = [limit for _, limit in fake.asked]
    assert limits == [ANSWER_S, *[SLICE_S + ANSWER_S] * 3, VALIDATION_S + ANSWER_S]


def test_divergence(corpus: Corpus) -> None:
    fake = Fake(progress(0.25), progress(0.75, diverged=True, done=True, loss=None))
    fake.end_with(epochs=[epoch(1, 1.5)])
    trained = run(fake, corpus)
    assert trained.run.stopped == "diverged"
    assert len(trained.run.epochs) == 1


@pytest.mark.parametrize("op", ["train_begin", "train_more", "train_end"])
def test_model_that_cannot_be_trained(corpus: Corpus, op: str) -> None:
    fake = Fake()
    fake.replies[op] = Message("untrainable", {"message": "it has no parameters"})
    if op == "train_more":
        fake.ask = _answering(fake, op)  # type: ignore[method-assign]
    failed = failure(fake, corpus)
    assert failed.outcome is Outcome.WRONG
    assert failed.message == "it has no parameters"


def _answering(fake: Fake, op: str) -> Any:
    ask = fake.ask

    def answer(request: Message, limit_s: float, doing: str) -> Message:
        reply = fake.replies.get(request.op) if request.op == op else None
        return reply if isinstance(reply, Message) else ask(request, limit_s, doing)

    return answer


def test_one_step_that_takes_too_long(corpus: Corpus) -> None:
    fake = Fake()
    fake.replies["train_end"] = CheckFailed(Outcome.TIMEOUT, "did not finish")
    failed = failure(fake, corpus)
    assert failed.outcome is Outcome.TIMEOUT
    assert failed.message.startswith("Validating the model took more than 60 s")


def test_other_failures_are_left_as_they_are(corpus: Corpus) -> None:
    fake = Fake()
    fake.replies["train_begin"] = CheckFailed(Outcome.EXCEPTION, "raised TypeError")
    failed = failure(fake, corpus)
    assert (failed.outcome, failed.message) == (Outcome.EXCEPTION, "raised TypeError")


NAN = float("nan")
INFINITE = float("inf")


FRACTIONS: list[Any] = [-0.1, 1.1, NAN, INFINITE, None, "x", [], True]


LOSSES: list[Any] = [-0.1, NAN, INFINITE, "x", {}, False, 10**400]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("epoch", value) for value in (0, 3, 1.0, True, None, "1", 10**400)],
        *[("fraction", value) for value in FRACTIONS],
        *[("loss", value) for value in LOSSES],
        *[("characters", value) for value in (-1, 2 * CHARACTERS + 1, 1.5, None, True)],
    ],
)
def test_progress_that_cannot_be(corpus: Corpus, name: str, value: Any) -> None:
    failed = failure(Fake({**progress(0.5), name: value}), corpus)
    assert failed.outcome is Outcome.CRASH
    assert "no answer" in failed.message


@pytest.mark.parametrize("value", [1, "true", [True], None])
def test_only_true_is_done(corpus: Corpus, value: Any) -> None:
    fake = Fake({**progress(0.5), "done": value, "diverged": value}, step_s=30.0)
    assert run(fake, corpus).run.stopped == "time"


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": []},
        {"epochs": None},
        {"epochs": [3]},
        {"epochs": [{}]},
        {"epochs": [epoch(2, 1.0)]},
        {"epochs": [epoch(1, 1.0), epoch(1, 1.0)]},
        *[{"epochs": [epoch(1, value)]} for value in (NAN, INFINITE, -1.0, "1", None, 10**400)],
        *[{"epochs": [{**epoch(1, 1.0), "seconds": value}]} for value in (NAN, -1.0, True)],
        *[{"best_epoch": value} for value in (0, 3, 1.0, None, "1", True)],
    ],
)
def test_history_that_cannot_be(corpus: Corpus, changes: dict[str, Any]) -> None:
    fake = Fake()
    fake.end_with(**changes)
    assert failure(fake, corpus).outcome is Outcome.CRASH


def test_more_epochs_than_planned_are_not_believed(corpus: Corpus) -> None:
    fake = Fake()
    fake.end_with(epochs=[epoch(i, 1.0) for i in range(1, 100)])
    assert len(run(fake, corpus).run.epochs) == 2


@pytest.mark.parametrize("arrays", [(WEIGHTS, WEIGHTS), (WEIGHTS.astype(np.int8),)])
def test_weights_that_are_no_bytes(corpus: Corpus, arrays: tuple[Any, ...]) -> None:
    fake = Fake()
    fake.end_with(*arrays)
    assert failure(fake, corpus).outcome is Outcome.CRASH


def test_no_weights_at_all(corpus: Corpus) -> None:
    fake = Fake()
    reply = fake.replies["train_end"]
    assert isinstance(reply, Message)
    fake.replies["train_end"] = Message("trained", reply.fields)
    assert failure(fake, corpus).outcome is Outcome.CRASH


def test_one_sentence_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train\.csv has too few sentences"):
        run(Fake(), corpus_of(tmp_path / "data", ["ab cd"]))


def test_cuda_that_is_not_here_is_the_users_mistake(corpus: Corpus) -> None:
    fake = Fake()
    with pytest.raises(UsageError, match="no CUDA device"):
        run(fake, corpus, device="cuda")
    assert fake.ops() == ["devices"]


def test_plan_is_the_rubrics_but_for_what_a_user_gives() -> None:
    rubric = Rubric.load().language_model.training
    plan = TrainingPlan.of(rubric)
    assert (plan.epochs, plan.batch_size, plan.lr) == (5, 64, 0.001)  # the notebook's
    changed = TrainingPlan.of(rubric, epochs=2, batch_size=8, lr=0.1, max_time_s=7.0)
    assert changed == TrainingPlan(2, 8, 0.1, 7.0, plan.validation_fraction)
