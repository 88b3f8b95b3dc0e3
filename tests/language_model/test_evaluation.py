"""All figures of a model, the loss that gives the points, and when scoring ends early."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from grader.doctor import Sandbox
from grader.encoded import Encoded, Int64
from grader.errors import CheckFailed
from grader.grading import Grading, Request
from grader.language_model.corpus import Corpus
from grader.language_model.evaluation import IN_DOUBT, Z_QUICK, Evaluation, Evaluator, Wanted
from grader.measures import ModelMeasures
from grader.model import Outcome
from grader.plugin import Silent
from grader.rubric import LossThreshold, Rubric
from grader.student import Student
from tests.language_model.fakes import (
    NOTEBOOK_BATCH,
    SOURCE,
    VOCABULARY,
    FakeStudent,
    FakeTime,
    Limited,
    Pairs,
    plain_log_probabilities,
    random_sentences,
)
from tests.language_model.test_dependencies import WRONG, Lm
from tests.language_model.test_probing import Peeking, everywhere

RUBRIC = Rubric.load().language_model
TEST = random_sentences(520)
TRAINING = random_sentences(80, seed=8)
Make = Callable[[], nn.Module]


def texts(sentences: Encoded) -> list[str]:
    rows = (sentences.sentence(number) for number in range(len(sentences)))
    return ["".join(VOCABULARY.characters[id] for id in row[:-1]) for row in rows]


def write(file: Path, sentences: Sequence[str], *more: str) -> Path:
    """A CSV file with a header, and more columns than one if that is wanted."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([("text", *more), *((s, *more) for s in sentences)])
    return file


def write_corpus(folder: Path, test: Encoded, training: Encoded = TRAINING) -> Path:
    folder.mkdir()
    write(folder / "train.csv", texts(training), "label")
    write(folder / "test.csv", texts(test))
    return folder


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    return FakeTime().replace(monkeypatch)


class Evaluating:
    """Evaluates models on a corpus, without a sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.students: list[FakeStudent] = []

    def __call__(
        self,
        make: Make = Pairs,
        test: Encoded = TEST,
        *,
        before: Callable[[Int64], None] = lambda _: None,
        limit_s: float = 1e6,
        quick: bool = False,
        private: Sequence[str] = (),
        **rubric: Any,
    ) -> Evaluation:
        if not self.folder.exists():
            write_corpus(self.folder, test)
        file = write(self.folder / "private.csv", private) if private else None

        def new_student() -> Student:
            self.students.append(FakeStudent(make, before))
            return cast(Student, self.students[-1])

        return Evaluator(
            new_student,
            Corpus.open(self.folder),
            RUBRIC.model_copy(update=rubric),
            SOURCE,
            Wanted(limit_s, quick, file),
            lambda *_: None,
        ).evaluate()


@pytest.fixture
def evaluating(tmp_path: Path) -> Evaluating:
    return Evaluating(tmp_path / "corpus")


def loss_of(log_probabilities: Sequence[np.ndarray]) -> float:
    return -float(np.concatenate(log_probabilities).mean())


def loss_at_once(make: Make, test: Encoded) -> float:
    """As ``loss_of``, of a model that minds neither the batch nor the padding: quickly."""
    batch = torch.from_numpy(test.batch(range(len(test))))
    with torch.no_grad():
        logits = make()(batch[:, :-1]).double().transpose(1, 2)
    pad = VOCABULARY.pad_id
    return float(nn.functional.cross_entropy(logits, batch[:, 1:], ignore_index=pad))


def loss_from_beginnings(make: Make, test: Encoded) -> float:
    """Of every target, from a pass over nothing but what comes before it."""
    batch = torch.from_numpy(test.batch(range(len(test))))
    model, nats, tokens = make(), 0.0, 0
    with torch.no_grad():
        for cut in range(1, batch.shape[1]):
            rows = torch.from_numpy(test.tokens >= cut)
            logits = model(batch[rows, :cut])[:, -1].double()
            targets = batch[rows, cut]
            nats += float(nn.functional.cross_entropy(logits, targets, reduction="sum"))
            tokens += len(targets)
    return nats / tokens


def half_width(measures: ModelMeasures) -> float:
    return (measures.interval.high - measures.interval.low) / 2


def test_figures_of_a_causal_model(evaluating: Evaluating) -> None:
    evaluation = evaluating()
    measures, plain = evaluation.measures, plain_log_probabilities(Pairs, TEST)
    loss = loss_of(plain)
    assert evaluation.flags == ()
    assert measures.loss == measures.whole_sentence_loss == pytest.approx(loss, rel=1e-6)
    assert measures.prefix_loss is None
    assert measures.bits_per_character == pytest.approx(loss / math.log(2), rel=1e-6)
    assert measures.perplexity == pytest.approx(math.exp(loss), rel=1e-6)
    batches = [loss_of(plain[i : i + NOTEBOOK_BATCH]) for i in range(0, 520, NOTEBOOK_BATCH)]
    assert measures.notebook_loss == pytest.approx(np.mean(batches), rel=1e-6)
    later = [row[RUBRIC.given_characters :] for row in plain]
    assert measures.loss_from_eleventh == pytest.approx(loss_of(later), rel=1e-6)
    assert measures.loss_by_position[0] == pytest.approx(-np.mean([r[0] for r in plain]), abs=1e-4)
    training = loss_of(plain_log_probabilities(Pairs, TRAINING))
    assert measures.training_loss == pytest.approx(training, rel=1e-6)
    assert measures.generalisation_gap == pytest.approx(loss - training, abs=1e-5)
    assert (measures.sentences, measures.all_sentences) == (520, 520)
    assert (measures.characters, measures.tokens) == (len(TEST.ids), len(TEST.ids) + 520)
    assert (measures.stopped, measures.private_loss) == ("finished", None)
    assert (measures.device, measures.parameters) == ("cpu", 7)
    assert measures.loading == ("as it is",)
    assert measures.causality.kinds == ()
    assert not measures.causality.looks_ahead
    assert measures.baselines.given_model == RUBRIC.baselines.given_model
    assert 0 < half_width(measures) < 0.1


@pytest.mark.parametrize("name", ["bidirectional GRU", "hidden peeking"])
def test_loss_of_a_model_that_looks_ahead_is_that_from_beginnings(
    evaluating: Evaluating, name: str
) -> None:
    makes: dict[str, Make] = {
        "bidirectional GRU": lambda: Lm(WRONG["bidirectional GRU"][0], seed=1).eval(),
        "hidden peeking": lambda: Peeking(everywhere),
    }
    measures = evaluating(makes[name], prefix_loss_positions=400).measures
    assert measures.causality.looks_ahead
    assert measures.prefix_loss == measures.loss
    assert measures.interval.low < measures.loss < measures.interval.high
    plain = loss_from_beginnings(makes[name], TEST)
    # Three half-widths, because the places are others in each run.
    assert measures.loss == pytest.approx(plain, abs=3 * half_width(measures))
    assert half_width(measures) < 0.25
    assert measures.whole_sentence_loss != pytest.approx(plain, abs=1e-3)
    if name == "hidden peeking":
        assert plain > measures.whole_sentence_loss + 1
        # The interval is that of 400 places, and not of the few nats that are left to the whole.
        spread = np.concatenate(plain_log_probabilities(Pairs, TEST)).std()
        assert half_width(measures) > 0.7 * 1.96 * spread / math.sqrt(400)


@pytest.mark.parametrize("name", ["dropout left on", "time first"])
def test_loss_of_a_model_that_is_not_accused_is_that_of_whole_sentences(
    evaluating: Evaluating, name: str
) -> None:
    measures = evaluating(lambda: Lm(WRONG[name][0]).eval(), random_sentences(120)).measures
    assert measures.causality.kinds
    assert not measures.causality.looks_ahead
    assert measures.prefix_loss is None
    assert measures.loss == measures.whole_sentence_loss


def test_model_that_takes_no_more_than_the_notebook_gives(evaluating: Evaluating) -> None:
    assert len(TEST) * int(TEST.tokens.max()) > 2 * 4096
    limited = evaluating(Limited, probes=20).measures
    free = evaluating(Pairs, probes=20).measures
    for figure in ("loss", "notebook_loss", "tokens", "stopped", "loss_by_position"):
        assert getattr(limited, figure) == pytest.approx(getattr(free, figure)), figure


def test_beginnings_come_in_batches_of_no_more_than_the_notebook_gives(
    evaluating: Evaluating,
) -> None:
    """Of 480 places in very short sentences, some 80 have a length in common."""
    measures = evaluating(Limited, random_sentences(520, longest=5)).measures
    assert measures.causality.probes == RUBRIC.probes


def test_too_slow_for_all_sentences(evaluating: Evaluating, fake_time: FakeTime) -> None:
    test = random_sentences(5000)
    fake_time.per_token_s = 1.0
    evaluation = evaluating(test=test, before=fake_time.spend, limit_s=80_000.0)
    measures = evaluation.measures
    assert measures.stopped == "time"
    assert RUBRIC.least_sentences <= measures.sentences < measures.all_sentences == 5000
    [flag] = evaluation.flags
    assert f"a random {measures.sentences:,} of 5,000" in flag
    everything = loss_at_once(Pairs, test)
    assert measures.loss != everything
    assert measures.loss == pytest.approx(everything, abs=3 * half_width(measures))


def test_too_slow_for_enough_sentences(evaluating: Evaluating, fake_time: FakeTime) -> None:
    fake_time.per_token_s = 1.0
    with pytest.raises(CheckFailed) as failure:
        evaluating(
            test=random_sentences(3000),
            before=fake_time.spend,
            limit_s=40_000.0,
            least_sentences=2500,
        )
    assert failure.value.outcome is Outcome.TIMEOUT
    assert "at least 2500 are needed" in failure.value.message
    assert "loop over characters" in failure.value.message


@pytest.mark.parametrize("limit_s", [50.0, 500.0, 5_000.0, 15_000.0])
def test_slow_model_is_a_timeout_whenever_it_is(
    evaluating: Evaluating, fake_time: FakeTime, limit_s: float
) -> None:
    """While it loads, in its first window, and while it is probed."""
    fake_time.per_token_s = 1.0
    with pytest.raises(CheckFailed, match="loop over characters") as failure:
        evaluating(before=fake_time.spend, limit_s=limit_s)
    assert failure.value.outcome is Outcome.TIMEOUT


MANY = random_sentences(3000)
FULL_LOSS = loss_at_once(Pairs, MANY)


def thresholds(*bounds: float) -> tuple[LossThreshold, ...]:
    return tuple(LossThreshold(below=b, points=1, why="for this test") for b in bounds)


@pytest.mark.parametrize("by", [-2.0, -0.3, 0.3, 2.0])
def test_quick_ends_when_the_points_are_certain(evaluating: Evaluating, by: float) -> None:
    bounds = thresholds(FULL_LOSS + by, 0.01, 9.0)
    measures = evaluating(test=MANY, quick=True, probes=5, thresholds=bounds).measures
    assert measures.stopped == "quick"
    assert measures.sentences < 2000
    assert (measures.loss < bounds[0].below) == (by > 0)
    assert evaluating.students[0].loads == 1


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


class Knowing(nn.Module):
    """Knows that b follows a, and a follows b; nothing else."""

    def forward(self, x: Tensor) -> Tensor:
        a, b = map(VOCABULARY.characters.index, "ab")
        following = torch.where(x == a, b, torch.where(x == b, a, 0))
        logits: Tensor = 4.0 * nn.functional.one_hot(following, VOCABULARY.size)
        return logits


PUBLIC = VOCABULARY.encode(["ab" * (3 + i % 5) for i in range(60)])
OTHERS = texts(random_sentences(60, seed=5))


def test_far_better_on_the_public_test_set(evaluating: Evaluating) -> None:
    evaluation = evaluating(Knowing, PUBLIC, private=OTHERS)
    [flag] = evaluation.flags
    private = loss_of(plain_log_probabilities(Knowing, VOCABULARY.encode(OTHERS)))
    assert evaluation.measures.private_loss == pytest.approx(private, rel=1e-6)
    assert evaluation.measures.loss == pytest.approx(
        loss_of(plain_log_probabilities(Knowing, PUBLIC)), rel=1e-6
    )
    assert f"({evaluation.measures.loss:.3f}) than on the private one ({private:.3f})" in flag
    assert "points are unchanged" in flag


@pytest.mark.parametrize(
    ("public", "private"),
    [
        (PUBLIC, texts(PUBLIC)[:30]),
        (VOCABULARY.encode(OTHERS), texts(PUBLIC)),
        # Worse by nats, and yet no more than two such sentences may be.
        (PUBLIC, ["abababababab", "cccccccccccccc"]),
    ],
    ids=["alike", "better", "too few to tell"],
)
def test_no_suspicion(evaluating: Evaluating, public: Encoded, private: list[str]) -> None:
    evaluation = evaluating(Knowing, public, private=private)
    assert evaluation.measures.private_loss is not None
    assert evaluation.flags == ()


def test_private_test_set_that_fails(evaluating: Evaluating) -> None:
    class Allergic(Knowing):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) > 3 and (x == VOCABULARY.characters.index("j")).any():
                raise ValueError("no j")
            return super().forward(x)

    evaluation = evaluating(Allergic, PUBLIC, private=OTHERS, probes=5)
    [flag] = evaluation.flags
    assert "could not be scored on the private test set" in flag
    assert evaluation.measures.private_loss is None


def test_nothing_is_quoted_once_the_test_sentences_are_there(evaluating: Evaluating) -> None:
    evaluating(probes=5)
    assert not any(student.quotes for student in evaluating.students)


CODE = """
import torch
from torch import nn

class SentenceModel(nn.Module):
    def __init__(self, freq):
        super().__init__()
        self.embedding = nn.Embedding(len(freq) + 3, 8)
        self.layer = nn.GRU(8, 8, batch_first=True)
        self.head = nn.Linear(8, len(freq) + 3)

    def forward(self, x):
        return self.head(self.layer(self.embedding(x))[0])
"""


def test_in_a_worker(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same figures as without one."""
    folder = tmp_path / "handin"
    folder.mkdir()
    (folder / "rnn_lm.py").write_text(CODE)
    module = ModuleType("rnn_lm")
    monkeypatch.setitem(sys.modules, "rnn_lm", module)
    exec(CODE, vars(module))
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = module.SentenceModel(VOCABULARY.counts).eval()
    torch.save(model, folder / "rnn_lm.sav")
    test = random_sentences(240)
    request = Request(folder, data=write_corpus(tmp_path / "data", test), device="cpu")
    with Grading(request, sandbox, Silent().progress) as grading:
        measures = grading.model_evaluation("q7")().measures
    expected = loss_of(plain_log_probabilities(lambda: model, test))
    assert measures.loss == pytest.approx(expected, rel=1e-5)
    assert measures.sentences == 240
    assert (measures.causality.kinds, measures.causality.changed) == ((), 0)
