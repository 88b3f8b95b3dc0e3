"""Whole sentences are scored once each, and as plain formulas have it, whatever the batches."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from grader.encoded import Encoded
from grader.errors import CheckFailed
from grader.language_model.batching import TokenBudget
from grader.language_model.clock import Clock
from grader.language_model.corpus import Vocabulary
from grader.language_model.loaded_model import LoadedModel, ModelSource
from grader.language_model.totals import LossTotals
from grader.language_model.whole_sentences import Stop, WholeSentences
from grader.model import Outcome
from grader.student import Student
from grader.wire import Message
from grader.worker.forward import Forward

Int64 = NDArray[np.int64]
CPU = torch.device("cpu")
VOCABULARY = Vocabulary.of(["abcdefgh ij"])
SOURCE = ModelSource("cpu", 3, weights=np.zeros(1, np.uint8))
NOTEBOOK_BATCH = 50
START_S = 100.0


def random_sentences(count: int, seed: int = 0, longest: int = 24) -> Encoded:
    """Sentences of random letters, of 4 to ``longest`` characters."""
    rng = np.random.default_rng(seed)
    letters = list(VOCABULARY.characters[1:])
    lengths = rng.integers(4, longest + 1, count)
    return VOCABULARY.encode("".join(rng.choice(letters, length)) for length in lengths)


class Pairs(nn.Module):
    """Predicts by the last character alone: causal, and quick to run."""

    def __init__(self, scale: float = 1.5) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(0)
        size = VOCABULARY.size
        self.table = nn.Parameter(scale * torch.randn(size, size, generator=random))

    def forward(self, x: Tensor) -> Tensor:
        return self.table[x]


class Limited(Pairs):
    """Takes no more sentences at a time than the notebook gives."""

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > NOTEBOOK_BATCH:
            raise ValueError("too many sentences")
        return super().forward(x)


@dataclass
class FakeStudent:
    """A student's worker in this process: a torch module that answers as the worker's would.

    ``before`` is called with the tokens of each request, before the module is.
    """

    make: Callable[[], nn.Module]
    before: Callable[[Int64], None] = lambda _: None
    answered: list[Int64] = field(default_factory=list)
    loads: int = 0
    quotes: bool = True
    threads: int = 1
    model: nn.Module | None = None
    forward: Forward = field(default_factory=lambda: Forward(()))

    def restart(self) -> None:
        self.model = None

    def quote_no_more(self) -> None:
        self.quotes = False

    def ask(self, request: Message, limit_s: float, doing: str) -> Message:
        [reply] = self.stream([request], lambda: limit_s, doing)
        return reply

    def stream(
        self, requests: Iterable[Message], limit_s: Callable[[], float], doing: str
    ) -> Iterator[Message]:
        waiting = iter(requests)
        for request in waiting:
            try:
                reply = self._answer(request, doing)
            except CheckFailed:
                if next(waiting, None) is not None:
                    # One that is under way then ends the real worker, too.
                    self.restart()
                raise
            if limit_s() <= 0.01:
                raise CheckFailed(Outcome.TIMEOUT, f"{doing} did not finish")
            yield reply

    def _answer(self, request: Message, doing: str) -> Message:
        if request.op == "load_model":
            self.model = copy.deepcopy(self.make())
            self.loads += 1
            return Message("loaded", {"device": "cpu", "parameters": 7, "notes": ["as it is"]})
        tokens = request.arrays[0].astype(np.int64)
        self.before(tokens)
        try:
            reply = self.forward.logits(self.model, CPU, request)
        except Exception as error:
            raise CheckFailed(Outcome.EXCEPTION, f"{doing} raised {error}") from None
        self.answered.append(tokens)
        return reply


def loaded(student: FakeStudent, limit_s: float = 1e6) -> LoadedModel:
    model = LoadedModel(cast(Student, student), VOCABULARY, Clock(limit_s))
    model.load(SOURCE)
    return model


class FakeTime:
    """In place of the ``time`` module: it passes only when a model is run, by tokens."""

    def __init__(self, per_token_s: float = 0.0) -> None:
        self.now = START_S
        self.per_token_s = per_token_s

    def monotonic(self) -> float:
        return self.now

    def spend(self, tokens: Int64) -> None:
        self.now += self.per_token_s * tokens.size

    def replace(self, monkeypatch: pytest.MonkeyPatch) -> FakeTime:
        for module in ("clock", "whole_sentences", "loaded_model", "generation"):
            monkeypatch.setattr(f"grader.language_model.{module}.time", self)
        return self


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    return FakeTime().replace(monkeypatch)


class Pass:
    """A pass of a model over sentences, and what came of it."""

    def __init__(
        self,
        test: Encoded,
        make: Callable[[], nn.Module] = Pairs,
        *,
        budget: TokenBudget | None = None,
        stop: Stop = lambda *_: None,
        seed: int = 0,
        kept: Sequence[int] = (),
        before: Callable[[Int64], None] = lambda _: None,
    ) -> None:
        self.test = test
        self.student = FakeStudent(make, before)
        self.whole = WholeSentences(
            test,
            VOCABULARY,
            budget or TokenBudget(),
            notebook_batch=NOTEBOOK_BATCH,
            kept=np.array(kept, np.int64),
        )
        self.first = loaded(self.student)
        self.student.answered.clear()
        self._stop = stop
        self._rng = np.random.default_rng(seed)

    def run(self) -> LossTotals:
        self.last = self.whole.score(
            self.first, lambda: loaded(self.student), self._rng, self._stop
        )
        return self.whole.totals

    def sentences_asked(self) -> list[list[int]]:
        """The sentences in the order in which the model got them, BEGIN and END removed."""
        rows = [row for tokens in self.student.answered for row in tokens.tolist()]
        return [[id for id in row if id < VOCABULARY.begin_id] for row in rows]


def plain_log_probabilities(make: Callable[[], nn.Module], test: Encoded) -> list[NDArray[Any]]:
    """Each sentence scored alone, by torch's own cross-entropy."""
    result = []
    with torch.no_grad():
        for number in range(len(test)):
            batch = torch.from_numpy(test.batch([number]))
            logits = make()(batch[:, :-1]).double()
            result.append(-cross_entropy(logits[0], batch[0, 1:], reduction="none").numpy())
    return result


def as_rows(test: Encoded) -> list[list[int]]:
    return [test.sentence(number).tolist() for number in range(len(test))]


def test_figures_are_the_plain_ones() -> None:
    test = random_sentences(430)
    scored = Pass(test)
    totals = scored.run()
    plain = plain_log_probabilities(Pairs, test)
    assert totals.loss == pytest.approx(-np.concatenate(plain).mean(), rel=1e-6)
    batches = [np.concatenate(plain[i : i + NOTEBOOK_BATCH]) for i in range(0, 430, NOTEBOOK_BATCH)]
    assert totals.notebook_loss == pytest.approx(-np.mean([b.mean() for b in batches]), rel=1e-6)
    assert totals.tokens == sum(map(len, plain))
    assert scored.whole.stopped == "finished"
    assert scored.last is scored.first
    assert scored.student.loads == 1


@pytest.mark.parametrize("tokens", [100, 700, 1 << 16])
def test_every_sentence_is_scored_once(tokens: int) -> None:
    test = random_sentences(300)
    scored = Pass(test, budget=TokenBudget(tokens))
    totals = scored.run()
    assert totals.sentences == totals.all_sentences == 300
    assert sorted(scored.sentences_asked()) == sorted(as_rows(test))
    assert min(map(len, scored.student.answered)) >= 2


@pytest.mark.parametrize("count", [2, 5, 7, 13])
def test_long_sentences_come_in_company(count: int) -> None:
    """Two of these have more tokens than a batch."""
    test = random_sentences(count, longest=4)
    long = Encoded(np.tile(test.ids[:1], count * 3000), np.full(count, 3000), test.characters)
    scored = Pass(long)
    scored.run()
    assert min(map(len, scored.student.answered)) >= 2


def test_order_is_random_and_follows_the_seed() -> None:
    test = random_sentences(300)
    orders = []
    for seed in (0, 0, 1):
        scored = Pass(test, budget=TokenBudget(40), seed=seed)
        scored.run()
        orders.append(scored.sentences_asked())
    assert orders[0] == orders[1] != orders[2]
    # The first windows are a sample of the file, neither its beginning nor the shortest sentences.
    first, in_file = orders[0][:80], as_rows(test)
    assert 20 < sum(row in first for row in in_file[:150]) < 60
    assert np.mean(list(map(len, first))) == pytest.approx(test.lengths.mean(), abs=3)


def test_kept_sentences_are_remembered() -> None:
    test = random_sentences(120)
    kept = [0, 7, 119]
    scored = Pass(test, kept=kept)
    scored.run()
    plain = plain_log_probabilities(Pairs, test)
    assert sorted(scored.whole.log_probabilities) == kept
    for number, found in scored.whole.log_probabilities.items():
        assert found == pytest.approx(plain[number], rel=1e-6)


def test_batches_grow_while_that_is_faster(fake_time: FakeTime) -> None:
    def before(tokens: Int64) -> None:
        fake_time.now += 1.0 + 1e-6 * tokens.size  # the batch itself costs, its tokens do not

    test = random_sentences(6000)
    scored = Pass(test, before=before, budget=TokenBudget(1 << 14))
    scored.run()
    largest = [tokens.size for tokens in scored.student.answered]
    assert max(largest[:2]) <= 4096
    assert 8192 < max(largest) <= 1.25 * (1 << 14)
    assert scored.whole.budget.tokens == 1 << 14
    assert scored.whole.seconds == pytest.approx(fake_time.now - START_S - 1, abs=0.1)


def test_large_batch_that_fails_is_made_smaller() -> None:
    test = random_sentences(430)
    scored, without = Pass(test, Limited), Pass(test)
    totals, expected = scored.run(), without.run()
    assert scored.student.loads == 2
    assert scored.last is not scored.first
    assert max(map(len, scored.student.answered)) == NOTEBOOK_BATCH
    assert max(map(len, without.student.answered)) > NOTEBOOK_BATCH
    assert totals.sentences == 430
    assert totals.loss == pytest.approx(expected.loss, rel=1e-9)
    assert totals.notebook_loss == pytest.approx(expected.notebook_loss, rel=1e-9)
    assert totals.by_position == expected.by_position
    assert totals.standard_error == pytest.approx(expected.standard_error, rel=1e-6)


def test_window_that_fails_half_way_leaves_nothing_behind() -> None:
    class FailsOnce(Pairs):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            FailsOnce.calls += 1
            if FailsOnce.calls == 5:
                raise ValueError("once")
            return super().forward(x)

    test = random_sentences(300)
    # Four batches a window: this one fails in its third, when the rehearsal is counted too.
    scored = Pass(test, FailsOnce, budget=TokenBudget(1000))
    totals = scored.run()
    assert scored.student.loads == 2
    assert totals.sentences == 300
    assert totals.tokens == test.tokens.sum()


class Refusing(Pairs):
    """Fails in a batch of any size once there is an END in it, which rehearsals never have."""

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > 3:
            raise ValueError("never works")
        return super().forward(x)


@pytest.mark.parametrize(("count", "loads"), [(430, 2), (NOTEBOOK_BATCH, 1)])
def test_batch_of_the_notebooks_size_must_work(count: int, loads: int) -> None:
    scored = Pass(random_sentences(count), Refusing)
    with pytest.raises(CheckFailed, match="never works"):
        scored.run()
    assert scored.student.loads == loads
    assert scored.whole.totals.sentences == 0


def test_time_that_is_over_is_not_tried_again(fake_time: FakeTime) -> None:
    scored = Pass(random_sentences(430), before=fake_time.spend)
    fake_time.per_token_s = 1e6
    with pytest.raises(CheckFailed) as failure:
        scored.run()
    assert failure.value.outcome is Outcome.TIMEOUT
    assert "loop over characters" in failure.value.message
    assert scored.student.loads == 1


@pytest.mark.parametrize("wrong", ["narrow", "NaN", "rows"])
def test_logits_that_cannot_be_used(wrong: str) -> None:
    class Wrong(Pairs):
        def forward(self, x: Tensor) -> Tensor:
            logits = super().forward(x)
            if len(x) == 3:
                return logits
            if wrong == "NaN":
                return logits * float("nan")
            return logits[..., :-3] if wrong == "narrow" else logits[:-1]

    with pytest.raises(CheckFailed) as failure:
        Pass(random_sentences(80), Wrong).run()
    assert failure.value.outcome is Outcome.WRONG


def test_stop_is_asked_between_windows_and_obeyed(fake_time: FakeTime) -> None:
    told: list[tuple[int, float]] = []

    def stop(totals: LossTotals, expected_s: float) -> str | None:
        told.append((totals.sentences, expected_s))
        return "quick" if len(told) == 3 else None

    test = random_sentences(400)
    fake_time.per_token_s = 0.25
    scored = Pass(test, budget=TokenBudget(100), stop=stop, before=fake_time.spend)
    totals = scored.run()
    assert scored.whole.stopped == "quick"
    assert totals.sentences == told[-1][0] < totals.all_sentences
    assert [count for count, _ in told] == sorted({count for count, _ in told})
    # Of what is known by then: the seconds for a window, which some padding adds to.
    window_s = 0.25 * scored.whole.budget.window_tokens
    assert all(window_s <= expected_s < 1.2 * window_s for _, expected_s in told)


def test_stop_is_not_asked_when_all_is_done() -> None:
    asked: list[int] = []

    def stop(totals: LossTotals, _: float) -> str:
        asked.append(totals.sentences)
        return "time"

    scored = Pass(random_sentences(30), stop=stop)
    scored.run()
    assert (asked, scored.whole.stopped) == ([], "finished")
