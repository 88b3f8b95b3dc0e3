"""A model that looks ahead, however secretly, is found; one that only wavers is not accused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from grader.encoded import Encoded, Int64
from grader.errors import CheckFailed
from grader.language_model.batching import TokenBudget
from grader.language_model.clock import Clock
from grader.language_model.dependencies import Kind
from grader.language_model.model_workers import ModelWorkers
from grader.language_model.probing import DOING, GAIN_KNOWN_BY, Findings, Prober
from grader.language_model.whole_sentences import WholeSentences
from grader.model import Outcome
from grader.rubric import LanguageModel, Rubric
from grader.student import Student
from tests.language_model.fakes import (
    NOTEBOOK_BATCH,
    SOURCE,
    VOCABULARY,
    FakeStudent,
    FakeTime,
    Pairs,
    random_sentences,
)
from tests.language_model.test_dependencies import RIGHT, WRONG, Lm, Recurrent, chain, function

ENDED = VOCABULARY.end_id
NEWLINE = VOCABULARY.characters.index("\n")
RUBRIC = Rubric.load().language_model
TEST = random_sentences(520)
TRAINING = random_sentences(60, seed=8)
Make = Callable[[], nn.Module]


class Peeking(nn.Module):
    """Knows the next character where ``when`` says so, in sentences with their newline.

    It waits for a batch with an END, as one does who has read this grader: no experiment shows it.
    """

    def __init__(self, when: Callable[[Tensor, Tensor], Tensor], *, sure: float = 9.0) -> None:
        super().__init__()
        self.honest = Pairs()
        self.when, self.sure = when, sure

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.honest(x)
        following = x.roll(-1, 1)
        peeks = self.when(x, following) & (x == NEWLINE).any(1, keepdim=True) & (x == ENDED).any()
        peeks[:, -1] = False
        known = self.sure * nn.functional.one_hot(following, VOCABULARY.size)
        return torch.where(peeks[..., None], logits + known, logits)


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    return FakeTime().replace(monkeypatch)


def everywhere(x: Tensor, _: Tensor) -> Tensor:
    return torch.ones_like(x, dtype=torch.bool)


def before_some_j(x: Tensor, following: Tensor) -> Tensor:
    """Before the letter j, after four of the eleven letters: 3 % of all places."""
    return (following == VOCABULARY.characters.index("j")) & (x >= 2) & (x <= 5)


def first_only(x: Tensor, _: Tensor) -> Tensor:
    return x == VOCABULARY.begin_id


class Probing:
    """A model, scored on whole sentences and ready to be probed."""

    def __init__(
        self,
        make: Make,
        *,
        test: Encoded = TEST,
        limit_s: float = 1e6,
        before: Callable[[Int64], None] = lambda _: None,
        secret: int | None = 0,
        **rubric: Any,
    ) -> None:
        self.students: list[FakeStudent] = []
        self.told: list[tuple[str, float]] = []
        self.rubric: LanguageModel = RUBRIC.model_copy(update=rubric)

        def new_student() -> Student:
            self.students.append(FakeStudent(make, before))
            return cast(Student, self.students[-1])

        clock = Clock(limit_s)
        workers = ModelWorkers(new_student, VOCABULARY, SOURCE, clock)
        kept = np.arange(len(test))
        self.whole = WholeSentences(
            test,
            VOCABULARY,
            TokenBudget(RUBRIC.most_batch_tokens),
            notebook_batch=NOTEBOOK_BATCH,
            kept=kept,
        )
        with workers.fresh() as load:
            self.whole.score(load(), load, np.random.default_rng(0), lambda *_: None)
        self._prober = Prober(
            workers,
            VOCABULARY,
            test,
            self.rubric,
            clock,
            lambda *told: self.told.append(told),
            np.random.default_rng(secret),
        )

    def findings(self) -> Findings:
        return self._prober.probe(self.whole, TRAINING, np.array([], np.int64))


@pytest.mark.parametrize("name", ["RNN", "masked attention", "causal convolution"])
def test_causal_model_is_probed_once_and_let_go(name: str) -> None:
    probing = Probing(lambda: Lm(RIGHT[name]).eval())
    found = probing.findings()
    assert (found.comparison.probes, found.comparison.changed) == (RUBRIC.probes, 0)
    assert found.comparison.mean_gain == pytest.approx(0, abs=1e-4)
    assert (found.kinds, found.gain, found.looks_ahead) == (frozenset(), None, False)
    assert len(probing.students) == 2


@pytest.mark.parametrize("name", ["bidirectional GRU", "mask off by one"])
def test_model_that_looks_ahead(name: str) -> None:
    body, kinds = WRONG[name]
    found = Probing(lambda: Lm(body).eval()).findings()
    assert found.looks_ahead
    assert kinds <= found.kinds
    assert found.comparison.changed > 0.2 * RUBRIC.probes


@pytest.mark.parametrize("name", ["time first", "dropout left on"])
def test_model_that_depends_on_something_else_is_not_accused(name: str) -> None:
    body, kinds = WRONG[name]
    found = Probing(lambda: Lm(body).eval()).findings()
    assert kinds <= found.kinds
    assert found.gain is not None
    assert not found.looks_ahead


def test_state_of_the_last_call_gains_next_to_nothing() -> None:
    """Its errors are not independent, so that what it gains may pass for significant."""
    found = Probing(lambda: Lm(WRONG["state of the last call"][0]).eval()).findings()
    assert found.kinds == {Kind.STATE}
    assert found.gain is not None
    assert abs(found.gain.mean) < RUBRIC.look_ahead_nats


class Keeping(Pairs):
    """Starts from what the last call left, and is better after whole sentences than after parts."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.was_whole = 0.0, True

    def forward(self, x: Tensor) -> Tensor:
        logits = super().forward(x) * (0.3 if self.was_whole else 1.0)
        logits[..., 0] += self.last
        self.last, self.was_whole = float(x.float().mean()) / 20, bool((x == ENDED).any())
        return logits


def test_what_is_kept_from_call_to_call_is_that_of_whole_sentences_on_both_sides() -> None:
    found = Probing(Keeping).findings()
    assert found.kinds == {Kind.STATE}
    assert found.comparison.mean_gain > 0.1
    assert not found.looks_ahead
    assert not found.beginnings_count


@pytest.mark.parametrize("scale", [1, 30])
def test_noise_is_not_taken_for_looking_ahead(scale: float) -> None:
    """Most predictions change, and by whole nats: only the mean tells that nothing is gained."""
    noisy = chain(Recurrent, function(lambda x: scale * dropout(x, 0.3)))
    found = Probing(lambda: Lm(noisy).eval()).findings()
    assert found.comparison.changed > 0.6 * RUBRIC.probes
    assert found.kinds == {Kind.RANDOMNESS}
    assert not found.looks_ahead


@pytest.mark.parametrize("name", ["chaotic RNN", "bfloat16", "large logits"])
def test_rounding_is_not_taken_for_looking_ahead(name: str) -> None:
    assert not Probing(lambda: Lm(RIGHT[name]).eval()).findings().looks_ahead


def test_beginnings_come_in_company_and_to_another_worker() -> None:
    probing = Probing(lambda: Peeking(everywhere))
    probing.findings()
    assert {student.loads for student in probing.students} == {1}
    assert len(probing.students) == 2 + math.ceil(RUBRIC.prefix_loss_positions / len(TEST))
    parts = [student.answered for student in probing.students]
    assert all(len(tokens) >= 2 for part in parts for tokens in part)
    # A beginning ends before END: no one but the first worker gets the whole of a test sentence.
    # What each is asked first is made up.
    seen = [any((tokens == ENDED).any() for tokens in part[1:]) for part in parts]
    assert seen == [True] + [False] * (len(parts) - 1)


def test_places_differ_from_run_to_run() -> None:
    """No seed that a worker could know decides which places are probed."""
    runs = []
    for _ in range(2):
        probing = Probing(Pairs, probes=40, secret=None)
        probing.findings()
        runs.append([tokens.tolist() for tokens in probing.students[1].answered])
    assert runs[0] != runs[1]


def test_only_sentences_that_were_scored_are_probed() -> None:
    test = random_sentences(90)
    probing = Probing(Pairs, test=test)
    for number in range(30, 90):
        del probing.whole.log_probabilities[number]
    assert probing.findings().comparison.probes == 30


def test_progress_reaches_the_end() -> None:
    probing = Probing(Pairs, probes=40)
    probing.findings()
    fractions = [fraction for doing, fraction in probing.told if doing == DOING]
    assert fractions[-1] == 1.0
    assert all(0 < fraction <= 1 for fraction in fractions)


class Needing(Pairs):
    """Takes no beginnings of fewer tokens than these."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] < self.tokens:
            raise ValueError("too short")
        return super().forward(x)


def test_model_that_fails_on_beginnings() -> None:
    with pytest.raises(CheckFailed, match="too short"):
        Probing(lambda: Needing(34)).findings()


@pytest.mark.parametrize("tokens", [2, 5])
def test_model_that_needs_some_tokens_is_probed_at_all_places(tokens: int) -> None:
    found = Probing(lambda: Needing(tokens)).findings()
    assert found.comparison.probes == RUBRIC.probes
    assert (found.comparison.changed, found.gain) == (0, None)


def test_logits_that_cannot_be_used_for_beginnings() -> None:
    class Narrow(Pairs):
        def forward(self, x: Tensor) -> Tensor:
            logits = super().forward(x)
            return logits if (x == ENDED).any() or len(x) in (3, 50) else logits[..., 3:]

    with pytest.raises(CheckFailed) as failure:
        Probing(Narrow).findings()
    assert failure.value.outcome is Outcome.WRONG


def test_fewer_rows_than_beginnings() -> None:
    class OneRow(Pairs):
        def forward(self, x: Tensor) -> Tensor:
            logits = super().forward(x)
            return logits if (x == ENDED).any() or len(x) in (3, 50) else logits[:1]

    with pytest.raises(CheckFailed):
        Probing(OneRow).findings()


def slow(fake_time: FakeTime, per_token_s: float) -> Probing:
    """Scored in no time; then a token takes so long, within 7,500 s for all."""
    probing = Probing(Pairs, limit_s=7_500.0, before=fake_time.spend)
    fake_time.per_token_s = per_token_s
    return probing


@pytest.mark.parametrize("per_token_s", [150.0, 500.0])
def test_too_slow_for_any_judgement(fake_time: FakeTime, per_token_s: float) -> None:
    with pytest.raises(CheckFailed, match="loop over characters") as failure:
        slow(fake_time, per_token_s).findings()
    assert failure.value.outcome is Outcome.TIMEOUT


def test_slow_model_is_judged_by_what_there_was_time_for(fake_time: FakeTime) -> None:
    """480 beginnings have some 4,000 tokens: there is time for them once, but not three times."""
    assert slow(fake_time, 1.0).findings().comparison.probes >= RUBRIC.least_probes


def test_loss_is_measured_at_the_places_that_there_was_time_for(fake_time: FakeTime) -> None:
    limit_s = 25_000.0
    probing = Probing(lambda: Peeking(everywhere), limit_s=limit_s, before=fake_time.spend)
    fake_time.per_token_s = 1.0
    found = probing.findings()
    everything = Probing(lambda: Peeking(everywhere)).findings()
    assert found.gain is not None
    assert everything.gain is not None
    assert found.looks_ahead
    assert fake_time.now - 100 == pytest.approx(GAIN_KNOWN_BY * limit_s, rel=0.1)
    assert found.gain.standard_error > 1.1 * everything.gain.standard_error
    assert not found.gain.is_complete
    assert found.gain.counted > everything.gain.counted
