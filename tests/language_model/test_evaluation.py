"""All figures of a model, the loss that gives the points, and when scoring ends early."""

from __future__ import annotations

import math
import sys
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor

from grader.doctor import Sandbox
from grader.encoded import Int64
from grader.errors import CheckFailed
from grader.grading import Grading, Request
from grader.language_model import generation
from grader.language_model.causality import HELD_BACK
from grader.language_model.flags import (
    LOOKS_AHEAD,
    SLOW_ALONE,
    VARIES,
)
from grader.language_model.generation import SENTENCES
from grader.model import Outcome
from grader.plugin import Silent
from tests.language_model.evaluating import (
    RUBRIC,
    TEST,
    TRAINING,
    Evaluating,
    Make,
    half_width,
    loss_at_once,
    loss_from_beginnings,
    loss_of,
    thresholds,
    write_corpus,
)
from tests.language_model.fakes import (
    NOTEBOOK_BATCH,
    VOCABULARY,
    FakeTime,
    Limited,
    Pairs,
    plain_log_probabilities,
    random_sentences,
)
from tests.language_model.test_dependencies import WRONG, Lm
from tests.language_model.test_hidden_peeking import Drowning
from tests.language_model.test_probing import Peeking, everywhere


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


@pytest.mark.parametrize(("secret", "is_same"), [(None, False), (0, True)])
def test_no_seed_of_a_run_decides_where_a_model_is_probed(
    evaluating: Evaluating, secret: int | None, is_same: bool
) -> None:
    asked = []
    for _ in range(2):
        evaluating.students.clear()
        evaluating(secret=secret, probes=40)
        asked.append([tokens.tolist() for tokens in evaluating.students[1].answered])
    assert (asked[0] == asked[1]) == is_same


@pytest.mark.parametrize("name", ["dropout left on", "time first"])
def test_loss_of_a_model_that_is_not_accused_is_that_of_whole_sentences(
    evaluating: Evaluating, name: str
) -> None:
    measures = evaluating(lambda: Lm(WRONG[name][0]).eval(), random_sentences(120)).measures
    assert measures.causality.kinds
    assert not measures.causality.looks_ahead
    assert measures.prefix_loss is None
    assert measures.loss == measures.whole_sentence_loss


def test_loss_of_a_model_that_may_hide_what_it_gains_is_that_from_beginnings(
    evaluating: Evaluating,
) -> None:
    found = evaluating(Drowning)
    measures = found.measures
    assert not measures.causality.looks_ahead
    assert measures.prefix_loss == measures.loss
    assert measures.loss == pytest.approx(loss_at_once(Pairs, TEST), abs=3 * half_width(measures))
    assert found.flags == (VARIES,)


def test_loss_of_what_is_too_slow_for_all_beginnings_is_the_most_that_it_may_be(
    evaluating: Evaluating, fake_time: FakeTime
) -> None:
    def spend(tokens: Int64) -> None:
        fake_time.per_token_s = 1.0 if len(evaluating.students) > 2 else 1e-6
        fake_time.spend(tokens)

    found = evaluating(lambda: Peeking(everywhere), before=spend, limit_s=5_000.0)
    assert found.measures.causality.looks_ahead
    assert found.measures.loss > loss_at_once(Pairs, TEST)
    assert found.flags[:2] == (LOOKS_AHEAD, SLOW_ALONE)


class Unwilling(Pairs):
    """Fails on the few rows alike that sentences are written with, and on no batch of others."""

    def forward(self, x: Tensor) -> Tensor:
        if len(x) == SENTENCES and (x == x[0]).all():
            raise ValueError("too few")
        return super().forward(x)


def test_model_that_writes_no_sentences_is_scored(
    evaluating: Evaluating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "START", "a be")
    assert len(evaluating(probes=5).measures.generated) == SENTENCES
    measures = evaluating(Unwilling, probes=5).measures
    assert (measures.generated, measures.sentences) == ((), len(TEST))


def test_no_sentence_that_a_model_writes_is_longer_than_the_longest(
    evaluating: Evaluating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "START", "a be")
    evaluating(probes=5)
    asked = [len(tokens[0]) for tokens in evaluating.students[0].answered if len(tokens) == 3]
    assert max(asked) <= TEST.lengths.max() + 1


def test_sentences_that_are_all_too_short_to_be_looked_into(evaluating: Evaluating) -> None:
    found = evaluating(test=VOCABULARY.encode(["", "", "", ""]), probes=2)
    assert found.measures.signs is None
    assert found.measures.loss > 0


class Moody(Pairs):
    """Better in one of its modes."""

    def __init__(self, better: bool) -> None:
        super().__init__()
        self.better = better

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * (0.1 if self.training == self.better else 1)


@pytest.mark.parametrize(("better", "is_told"), [(True, True), (False, False)])
def test_better_in_the_notebooks_mode(evaluating: Evaluating, better: bool, is_told: bool) -> None:
    losses = [
        loss_at_once(partial(Moody(better).train, is_training), TEST)
        for is_training in (False, True)
    ]
    bounds = thresholds(0.1, sum(losses) / 2)
    found = evaluating(lambda: Moody(better).eval(), probes=20, thresholds=bounds)
    assert found.measures.loss == pytest.approx(losses[0])
    assert any("in train() mode" in flag for flag in found.flags) == is_told


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
    measures = evaluating(Limited, random_sentences(640, longest=5)).measures
    assert measures.causality.probes == RUBRIC.probes + 640 // HELD_BACK


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


@pytest.mark.parametrize("limit_s", [50.0, 500.0, 5_000.0, 14_000.0])
def test_slow_model_is_a_timeout_whenever_it_is(
    evaluating: Evaluating, fake_time: FakeTime, limit_s: float
) -> None:
    """While it loads, in its first window, and while it is probed."""
    fake_time.per_token_s = 1.0
    with pytest.raises(CheckFailed, match="loop over characters") as failure:
        evaluating(before=fake_time.spend, limit_s=limit_s)
    assert failure.value.outcome is Outcome.TIMEOUT


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


class Wide(Pairs):
    """Gives logits for tokens that there are not, which take a part of all chances."""

    def __init__(self, more: int) -> None:
        super().__init__()
        self.more = torch.linspace(-3, 1, more)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([super().forward(x), self.more.expand(*x.shape, -1)], -1)


@pytest.mark.parametrize("more", [1000, 1200])
def test_logits_of_what_there_is_not_count_in_the_softmax(
    evaluating: Evaluating, more: int
) -> None:
    found = evaluating(lambda: Wide(more), random_sentences(60), probes=20)
    expected = loss_at_once(lambda: Wide(more), random_sentences(60))
    assert found.measures.loss == pytest.approx(expected, rel=1e-6)
    assert any(f"gives {VOCABULARY.size + more} logits" in flag for flag in found.flags)
    assert (found.measures.signs is None) == (more > 1024)
