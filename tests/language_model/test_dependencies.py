"""Each thing that a prediction should not depend on is found, and models that are right have none.

The modules are what students write, in small. Others ask more of them: see test_evaluation.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, pad

from grader.encoded import Encoded, Int64
from grader.errors import CheckFailed
from grader.language_model.dependencies import AHEAD, Kind, dependencies
from grader.language_model.loaded_model import REHEARSAL
from grader.model import Outcome
from grader.rubric import Rubric
from tests.language_model.fakes import (
    REHEARSED,
    VOCABULARY,
    FakeStudent,
    loaded,
    random_sentences,
)

ALLOWED = Rubric.load().language_model.look_ahead_nats
WIDTH = 8
TRAINING = random_sentences(60, seed=8)
Body = Callable[[], nn.Module]


class Lm(nn.Module):
    """Embeddings, a body that keeps their shape [B,L,W], and logits."""

    def __init__(self, body: Body, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(VOCABULARY.size, WIDTH)
            self.body = body()
            self.head = nn.Linear(WIDTH, VOCABULARY.size)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(self.embedding(x)))
        return logits


class Recurrent(nn.Module):
    def __init__(
        self, kind: Callable[..., nn.Module] = nn.GRU, gain: float = 1.0, **options: bool
    ) -> None:
        super().__init__()
        both = 2 if options.get("bidirectional") else 1
        self.layer = kind(WIDTH, WIDTH // both, **{"batch_first": True, **options})
        with torch.no_grad():
            for parameter in self.layer.parameters():
                parameter.mul_(gain)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.layer(x)[0]
        return result


class Attention(nn.Module):
    def __init__(self, diagonal: int | None = 0) -> None:
        """A place sees as many of the tokens after it as ``diagonal`` says; None: all."""
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.diagonal = diagonal

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        scores = q @ k.transpose(1, 2) / math.sqrt(WIDTH)
        if self.diagonal is not None:
            ahead = torch.ones_like(scores[0]).triu(1 + self.diagonal).bool()
            scores = scores.masked_fill(ahead, -math.inf)
        result: Tensor = x + scores.softmax(-1) @ v
        return result


class Convolution(nn.Module):
    def __init__(self, left: int, right: int) -> None:
        super().__init__()
        self.padding = left, right
        self.layer = nn.Conv1d(WIDTH, WIDTH, left + right + 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.layer(pad(x.transpose(1, 2), self.padding))).transpose(1, 2)


class Cached(Attention):
    """One token after the other, with the keys and values of those before."""

    def __init__(self, *, kept: bool = False) -> None:
        super().__init__()
        self.kept = kept
        self.cache: list[tuple[Tensor, Tensor]] = []

    def forward(self, x: Tensor) -> Tensor:
        if not self.kept or (self.cache and len(self.cache[0][0]) != len(x)):
            self.cache = []
        outputs = []
        for token in x.unbind(1):
            q, k, v = self.qkv(token).chunk(3, -1)
            self.cache.append((k, v))
            keys, values = (torch.stack(part, 1) for part in zip(*self.cache, strict=True))
            weights = (keys @ q[:, :, None] / math.sqrt(WIDTH)).softmax(1)
            outputs.append(token + (weights * values).sum(1))
        self.cache = self.cache[-200:]
        return torch.stack(outputs, 1)


class Function(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Remembering(nn.Module):
    """The hidden state of one call is where the next one begins."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.state: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.state is not None and self.state.shape[1] != len(x):
            self.state = None
        result, self.state = self.layer(x, self.state)
        return torch.as_tensor(result)


class Impressed(nn.Module):
    """Keeps how the last call's sentences spread, so coarsely that most sentences look alike."""

    def __init__(self) -> None:
        super().__init__()
        self.spread = torch.tensor(0.0)

    def forward(self, x: Tensor) -> Tensor:
        result = x + self.spread
        self.spread = (x.std((0, 1)).mean() / x.std().clamp(min=1)).round()
        return result


def coarse(x: Tensor) -> Tensor:
    return x.bfloat16().float()


def function(of: Callable[[Tensor], Tensor]) -> Body:
    return lambda: Function(of)


def by_fft(x: Tensor) -> Tensor:
    """A causal convolution whose rounding depends on the length, and on all that follows."""
    length = x.shape[1]
    kernel = 0.7 ** torch.arange(length)[:, None]
    spectrum = torch.fft.rfft(x, 2 * length, 1) * torch.fft.rfft(kernel, 2 * length, 0)
    result: Tensor = torch.fft.irfft(spectrum, 2 * length, 1)[:, :length]
    return result


def by_size(x: Tensor) -> Tensor:
    """Stands for coarse arithmetic that is another for larger inputs, be they longer or more."""
    return x * (1.2 if x.shape[0] * x.shape[1] > 150 else 1.0)


def chain(*bodies: Body) -> Body:
    return lambda: nn.Sequential(*(body() for body in bodies))


def mean_over_length(x: Tensor) -> Tensor:
    return 3 * x.cumsum(1) / x.shape[1]


RIGHT: dict[str, Body] = {
    "RNN": lambda: Recurrent(nn.RNN),
    "GRU": Recurrent,
    "masked attention": Attention,
    "causal convolution": lambda: Convolution(3, 0),
    "cache of one call": Cached,
    "running mean": function(lambda x: x.cumsum(1) / torch.arange(1, x.shape[1] + 1)[:, None]),
    "convolution by FFT": function(by_fft),
    "arithmetic by the size": chain(Recurrent, function(by_size)),
    "bfloat16": chain(function(coarse), Recurrent, function(coarse)),
    "chaotic RNN": lambda: Recurrent(nn.RNN, gain=9.0),
    "large logits": chain(Recurrent, function(lambda x: 300 * x)),
    "dropout that eval() turns off": chain(Recurrent, lambda: nn.Dropout(0.5)),
}
WRONG: dict[str, tuple[Body, set[Kind]]] = {
    "bidirectional GRU": (lambda: Recurrent(bidirectional=True), {Kind.FUTURE}),
    "attention without a mask": (lambda: Attention(None), {Kind.FUTURE}),
    "mean of the whole sentence": (
        function(lambda x: x + x.mean(1, keepdim=True)),
        {Kind.FUTURE},
    ),
    "two characters ahead": (lambda: Attention(2), {Kind.FUTURE}),
    "mask off by one": (lambda: Attention(1), {Kind.NEXT}),
    "input shifted by one": (chain(function(lambda x: x.roll(-1, 1)), Recurrent), {Kind.NEXT}),
    "convolution padded on both sides": (lambda: Convolution(1, 1), {Kind.NEXT}),
    "time first": (lambda: Recurrent(batch_first=False), {Kind.BATCH}),
    "softmax over the batch": (function(lambda x: x * (4 * x).softmax(0)), {Kind.BATCH}),
    "divided by the padded length": (function(mean_over_length), {Kind.PADDING}),
    "state of the last call": (Remembering, {Kind.STATE}),
    "cache of the last call": (lambda: Cached(kept=True), {Kind.STATE}),
    "coarse impression of the last call": (Impressed, {Kind.STATE}),
    "dropout left on": (chain(Recurrent, function(lambda x: dropout(x, 0.3))), {Kind.RANDOMNESS}),
    "two things at once": (
        chain(lambda: Recurrent(batch_first=False), function(lambda x: dropout(x, 0.3))),
        {Kind.BATCH, Kind.RANDOMNESS},
    ),
}


def found_in(
    body: Body,
    seed: int = 0,
    before: Callable[[Int64], None] = lambda _: None,
    training: Encoded = TRAINING,
) -> set[Kind]:
    model = loaded(FakeStudent(lambda: Lm(body).eval(), before))
    found = set(dependencies(model, training, ALLOWED, np.random.default_rng(seed)))
    # What looks ahead sees the padding too; whether that is said as well is left open here.
    return found - {Kind.PADDING} if found & AHEAD else found


@pytest.mark.parametrize("name", RIGHT)
def test_right_model_depends_on_nothing_else(name: str) -> None:
    for seed in range(3):
        assert found_in(RIGHT[name], seed) == set()


@pytest.mark.parametrize("name", WRONG)
def test_wrong_model_depends_on_exactly_that(name: str) -> None:
    body, kinds = WRONG[name]
    for seed in range(3):
        assert found_in(body, seed) == kinds


def test_experiments_are_on_training_sentences_only() -> None:
    """Neither END nor PAD but for the padding experiment, and every row begins with BEGIN."""
    asked: list[Int64] = []
    found_in(Recurrent, before=asked.append)
    known = {tuple(TRAINING.sentence(number).tolist()) for number in range(len(TRAINING))}
    asked = asked[REHEARSED:]
    [longest] = {tokens.shape[1] for tokens in asked} - {asked[0].shape[1]}
    rows = [row for tokens in asked for row in tokens.tolist()]
    assert {row[0] for row in rows} == {VOCABULARY.begin_id}
    assert all(VOCABULARY.end_id not in row for row in rows)
    padded = [row for row in rows if VOCABULARY.pad_id in row]
    assert {len(row) for row in padded} == {longest, len(asked[0][0])}
    assert all(row in padded for row in rows if len(row) == longest)
    for row in asked[0].tolist():
        assert any(sentence[: len(row) - 1] == tuple(row[1:]) for sentence in known)


def test_what_was_found_before_a_failure_stays() -> None:
    """A model of limited length fails when its input is padded."""

    def limited(x: Tensor) -> Tensor:
        if x.shape[1] > 24 and len(x) != len(REHEARSAL):
            raise IndexError("no position for that")
        return x

    body = chain(function(limited), lambda: Recurrent(batch_first=False))
    assert found_in(body) == {Kind.BATCH}


def test_time_that_is_over_leaves_what_was_found() -> None:
    calls = itertools.count()

    def before(tokens: Int64) -> None:
        if len(tokens) == 8 and next(calls) > 2:
            raise CheckFailed(Outcome.TIMEOUT, "too late")

    body, kinds = WRONG["mask off by one"]
    assert found_in(body, before=before) == kinds - {Kind.PADDING}


def test_logits_of_another_shape_are_no_failure_of_the_grader() -> None:
    """They are right when the model is tried out, and wrong in some of the experiments."""
    body = function(lambda x: x[:, :-2] if x.shape[0] == 16 else x)
    found_in(body)


class Counted(Lm):
    """It knows how many tokens come before PAD."""

    def __init__(self) -> None:
        super().__init__(Recurrent)
        self.lengths = nn.Embedding(200, VOCABULARY.size)

    def forward(self, x: Tensor) -> Tensor:
        counted: Tensor = self.lengths((x != VOCABULARY.pad_id).sum(1))
        return super().forward(x) + counted[:, None]


class Packed(Lm):
    """It is right, and leaves padding out of what it computes."""

    def __init__(self, gain: float) -> None:
        super().__init__(lambda: Recurrent(nn.RNN, gain=gain))

    def forward(self, x: Tensor) -> Tensor:
        lengths = (x != VOCABULARY.pad_id).sum(1)
        options = {"batch_first": True, "enforce_sorted": False}
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(x), lengths, **options)
        states, _ = self.body.layer(packed)  # type: ignore[operator]
        unpacked, _ = nn.utils.rnn.pad_packed_sequence(states, True, total_length=x.shape[1])
        logits: Tensor = self.head(unpacked)
        return logits


def test_length_of_the_sentence_is_found() -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        model = loaded(FakeStudent(lambda: Counted().eval()))
        assert dependencies(model, TRAINING, ALLOWED, rng) == {Kind.PADDING}


@pytest.mark.parametrize("gain", [1.0, 9.0])
def test_packed_sentences_are_right(gain: float) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        model = loaded(FakeStudent(lambda: Packed(gain).eval()))
        assert dependencies(model, TRAINING, ALLOWED, rng) == set()


@pytest.mark.parametrize("count", [1, 3])
def test_few_training_sentences(count: int) -> None:
    few = random_sentences(count, longest=5)
    for body, kinds in ((RIGHT["GRU"], set()), WRONG["mask off by one"], WRONG["time first"]):
        assert found_in(body, training=few) == kinds
