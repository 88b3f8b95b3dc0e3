"""Training is the notebook's loop, gives the same weights each time, and keeps the best epoch."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from grader.encoded import Encoded
from grader.worker.training import (
    EpochDone,
    Settings,
    Training,
    Untrainable,
    best_epoch,
)
from tests.worker.training_support import CPU, PAD, V, sentences

SETTINGS = Settings(
    device=CPU, seed=3, epochs=2, batch_size=4, learning_rate=0.01, validation_fraction=0.1
)


FOREVER = 1e9


class Model(nn.Module):
    """A small model of the kind that students write; remembers how it was called."""

    def __init__(self, columns: int = V + 3) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V + 3, 5)
        self.rnn = nn.RNN(5, 6, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.linear = nn.Linear(6, columns)
        self.trained_on: list[Tensor] = []
        self.validated_on: list[Tensor] = []

    def forward(self, tokens: Tensor) -> Any:
        (self.trained_on if self.training else self.validated_on).append(tokens.clone())
        assert self.training == torch.is_grad_enabled()
        logits: Tensor = self.linear(self.dropout(self.rnn(self.embedding(tokens))[0]))
        return logits


def training(
    make: Callable[[], object] = Model, encoded: Encoded | None = None, **changes: Any
) -> Training:
    return Training(make, encoded or sentences(), replace(SETTINGS, **changes))


def weights_of(run: Training) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(io.BytesIO(run.finish()[0]), weights_only=True)
    return state


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one.keys() | other.keys())


def rows(batches: list[Tensor]) -> list[tuple[int, ...]]:
    """The inputs as sentences, without padding; sorted."""
    return sorted(tuple(t for t in row if t < V) for batch in batches for row in batch.tolist())


def test_is_the_notebooks_loop() -> None:
    """A plain loop over the same batches ends at the same weights and losses."""
    run = training(lambda: _without_dropout(Model()))
    run.advance(FOREVER)
    weights, history = run.finish()
    torch.manual_seed(SETTINGS.seed)
    model = _without_dropout(Model())
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01, fused=False)
    loss_of = nn.CrossEntropyLoss(ignore_index=PAD)
    assert isinstance(run.model, Model)
    losses = []
    for inputs in run.model.trained_on:
        targets = _targets(inputs)
        optimiser.zero_grad()
        loss = loss_of(model(inputs).reshape(-1, V + 3), targets.reshape(-1))
        loss.backward()
        optimiser.step()
        losses.append((loss.item(), int((targets != PAD).sum())))
    for name, value in torch.load(io.BytesIO(weights), weights_only=True).items():
        torch.testing.assert_close(value, model.state_dict()[name], rtol=1e-4, atol=1e-6)
    for epoch, half in zip(history, (losses[:10], losses[10:]), strict=True):
        mean = sum(loss * n for loss, n in half) / sum(n for _, n in half)
        assert epoch.training_loss == pytest.approx(mean, rel=1e-5)


def _without_dropout(model: Model) -> Model:
    model.dropout = nn.Dropout(0.0)
    return model


def _targets(inputs: Tensor) -> Tensor:
    """What follows each input; the last column was cut off, and holds END or PAD."""
    last = torch.where((inputs == V + 1).any(1), PAD, V + 1)
    return torch.cat([inputs[:, 1:], last[:, None]], 1)


def test_every_sentence_is_trained_on_once_an_epoch_or_held_out() -> None:
    encoded, run = sentences(), training()
    run.advance(FOREVER)
    model = run.model
    assert isinstance(model, Model)
    first, second, held_out = (
        rows(model.trained_on[:10]),
        rows(model.trained_on[10:]),
        rows(model.validated_on[:1]),
    )
    assert first == second
    assert len(held_out) == 4
    everything = sorted(tuple(encoded.sentence(i).tolist()) for i in range(len(encoded)))
    assert sorted(first + held_out) == everything


def test_at_least_two_sentences_are_held_out_and_one_trained_on() -> None:
    for fraction, count, held_out in ((0.001, 7, 2), (0.999, 2, 1)):
        run = training(encoded=sentences(count), validation_fraction=fraction, epochs=1)
        run.advance(FOREVER)
        assert isinstance(run.model, Model)
        assert len(rows(run.model.validated_on)) == held_out
        assert len(rows(run.model.trained_on)) == count - held_out


def test_same_seed_gives_the_same_weights_in_any_slices() -> None:
    def weights(slice_s: float, seed: int) -> dict[str, Any]:
        run = training(seed=seed)
        while not run.advance(slice_s).done:
            pass
        return weights_of(run)

    at_once = weights(FOREVER, 3)
    assert same(at_once, weights(0.0, 3))
    assert not same(at_once, weights(FOREVER, 4))


def test_seed_draws_the_batches() -> None:
    runs = [training(seed=seed) for seed in (3, 3, 4)]
    for run in runs:
        run.advance(0.0)
    first, again, other = (rows(run.model.trained_on) for run in runs)  # type: ignore[arg-type]
    assert first == again
    assert first != other


def test_validation_counts_each_token_once() -> None:
    run = training(epochs=1, validation_fraction=0.5)
    run.advance(FOREVER)
    [epoch] = run.finish()[1]
    model = run.model
    assert isinstance(model, Model)
    inputs = list(model.validated_on)
    assert len(inputs) == 6
    with torch.no_grad():
        losses = [
            nn.functional.cross_entropy(
                model(batch).flatten(0, 1),
                _targets(batch).flatten(),
                reduction="sum",
                ignore_index=PAD,
            )
            for batch in inputs
        ]
    tokens = sum(int((_targets(batch) != PAD).sum()) for batch in inputs)
    assert epoch.validation_loss == pytest.approx(sum(map(float, losses)) / tokens, rel=1e-5)


def test_progress() -> None:
    run = training()
    first = run.advance(0.0)
    assert (first.epoch, first.fraction, first.done) == (1, 1 / 20, False)
    steps = [run.advance(0.0) for _ in range(30)]
    fractions = [progress.fraction for progress in steps]
    assert fractions == sorted(fractions)
    assert steps[-1].done
    assert not steps[-1].diverged
    assert (steps[-1].epoch, steps[-1].fraction) == (2, 1.0)
    assert isinstance(run.model, Model)
    assert steps[-1].characters == sum(len(row) for row in rows(run.model.trained_on))
    assert all(progress.loss is not None and 1 < progress.loss < 3 for progress in steps)


def test_learns_what_there_is_to_learn() -> None:
    encoded = Encoded(np.tile(np.array([0, 1, 2, 3], np.uint8), 60), np.full(60, 4), V)
    run = training(lambda: _without_dropout(Model()), encoded, epochs=12)
    run.advance(FOREVER)
    _, history = run.finish()
    assert history[0].training_loss > 1.0
    assert history[-1].validation_loss < 0.2
    assert best_epoch(history) == 12


class Scripted(nn.Module):
    """Its loss in ``eval()`` mode follows a script of one strength for each epoch of ten steps."""

    def __init__(self, script: tuple[float, ...]) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(V + 3))
        self.steps: Tensor
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.script = script

    def forward(self, tokens: Tensor) -> Tensor:
        if self.training:
            self.steps += 1
            return self.bias.expand(*tokens.shape, V + 3)
        # All on a token that never comes next: the more, the worse.
        strength = self.script[int(self.steps - 1) // 10]
        return (strength * nn.functional.one_hot(torch.tensor(V), V + 3)).expand(*tokens.shape, -1)


@pytest.mark.parametrize(
    ("script", "best"), [((3.0, 1.0, 2.0), 2), ((1.0, 2.0, 3.0), 1), ((2.0, 1.0, 1.0), 2)]
)
def test_best_epoch_is_kept(script: tuple[float, ...], best: int) -> None:
    run = training(lambda: Scripted(script), epochs=3)
    run.advance(FOREVER)
    assert weights_of(run)["steps"] == 10 * best
    _, history = run.finish()
    assert [epoch.number for epoch in history] == [1, 2, 3]
    assert best_epoch(history) == best


def test_ends_in_the_middle_of_an_epoch() -> None:
    run = training(lambda: Scripted((3.0, 1.0)))
    for _ in range(14):
        run.advance(0.0)
    state, (first, second) = weights_of(run), run.finish()[1]
    assert state["steps"] == 13  # 13 batches to train on and one to validate on
    assert (first.number, second.number) == (1, 2)
    assert second.validation_loss < first.validation_loss


def test_earlier_epoch_is_kept_when_the_unfinished_one_is_worse() -> None:
    run = training(lambda: Scripted((1.0, 3.0)))
    for _ in range(14):
        run.advance(0.0)
    assert weights_of(run)["steps"] == 10


def test_ends_between_two_epochs() -> None:
    run = training()
    for _ in range(11):
        run.advance(0.0)
    _, history = run.finish()
    assert [epoch.number for epoch in history] == [1]
    assert isinstance(run.model, Model)
    assert len(run.model.trained_on) == 10


def test_ends_before_it_began() -> None:
    _, history = training().finish()
    assert [epoch.number for epoch in history] == [1]


def test_validation_of_an_unfinished_epoch_takes_no_more_than_its_time() -> None:
    run = training(validation_fraction=0.5)
    run.advance(0.0)
    run.finish(0.0)
    assert isinstance(run.model, Model)
    assert len(run.model.validated_on) == 1


class Diverging(Scripted):
    """Becomes NaN after some steps."""

    def __init__(self, steps: int) -> None:
        super().__init__((1.0, 1.0, 1.0))
        self.most = steps

    def forward(self, tokens: Tensor) -> Tensor:
        logits = super().forward(tokens)
        return logits * (float("nan") if self.steps > self.most else 1.0)


def test_divergence_keeps_the_best_epoch_before() -> None:
    run = training(lambda: Diverging(14), epochs=3)
    progress = run.advance(FOREVER)
    assert (progress.done, progress.diverged, progress.epoch) == (True, True, 2)
    assert progress.loss is None
    assert weights_of(run)["steps"] == 10
    assert len(run.finish()[1]) == 1


def test_divergence_is_noticed_within_a_slice() -> None:
    run = training(lambda: Diverging(4))
    steps = [run.advance(0.0).diverged for _ in range(6)]
    assert steps == [False] * 4 + [True] * 2


def test_divergence_in_the_first_epoch() -> None:
    run = training(lambda: Diverging(4))
    run.advance(FOREVER)
    with pytest.raises(Untrainable, match="NaN or infinite in the first epoch"):
        run.finish()


class FailsInEval(Scripted):
    """Fails in ``eval()`` mode; there are statistics that each pass in ``train()`` mode changes."""

    def __init__(self, fail: Callable[[Tensor], Tensor], after: int = 0) -> None:
        super().__init__((1.0, 1.0, 1.0))
        self.fail = fail
        self.after = after

    def forward(self, tokens: Tensor) -> Tensor:
        logits = super().forward(tokens)
        return logits if self.training or self.steps <= self.after else self.fail(logits)


def broken(logits: Tensor) -> Tensor:
    raise ValueError("not in this mode")


def infinite(logits: Tensor) -> Tensor:
    return logits * math.inf


@pytest.mark.parametrize("fail", [broken, infinite, lambda logits: logits[:, -1]])
def test_train_mode_validates_where_eval_mode_fails(fail: Callable[[Tensor], Tensor]) -> None:
    run = training(lambda: FailsInEval(fail))
    progress = run.advance(FOREVER)
    assert (progress.done, progress.diverged) == (True, False)
    assert run.validates_in_train_mode
    weights, history = weights_of(run), run.finish()[1]
    assert len(history) == 2
    assert history[1].validation_loss < history[0].validation_loss
    assert weights["steps"] == 20  # and none more from the validation


def test_modules_are_left_as_they_were_by_validation_in_train_mode() -> None:
    class Replaces(FailsInEval):
        def forward(self, tokens: Tensor) -> Tensor:
            if self.training:
                self.steps = self.steps + 1
            return super().forward(tokens)

    run = training(lambda: Replaces(broken))
    run.advance(FOREVER)
    assert weights_of(run)["steps"] == 40


def test_failure_in_validation_is_told_as_such() -> None:
    class Broken(FailsInEval):
        def forward(self, tokens: Tensor) -> Tensor:
            return super().forward(tokens) if torch.is_grad_enabled() else broken(tokens)

    run = training(lambda: Broken(broken))
    with pytest.raises(ValueError, match="not in this mode") as caught:
        run.advance(FOREVER)
    [note] = caught.value.__notes__
    assert note.startswith("The steps of the training itself worked")
    assert "fails, too" in note


def test_shape_that_is_wrong_in_validation_alone() -> None:
    class Last(Scripted):
        def forward(self, tokens: Tensor) -> Tensor:
            logits = super().forward(tokens)
            return logits if torch.is_grad_enabled() else logits[:, -1]

    run = training(lambda: Last((1.0, 1.0)))
    with pytest.raises(Untrainable, match=r"has shape .*steps of the training itself work"):
        run.advance(FOREVER)


def test_infinite_loss_in_validation_alone() -> None:
    class Bad(Scripted):
        def forward(self, tokens: Tensor) -> Tensor:
            logits = super().forward(tokens)
            return logits if torch.is_grad_enabled() else infinite(logits)

    run = training(lambda: Bad((1.0, 1.0)))
    assert run.advance(FOREVER).diverged
    with pytest.raises(Untrainable, match="loss on held-back sentences is NaN or infinite"):
        run.finish()


def test_eval_mode_that_worked_once_counts() -> None:
    run = training(lambda: FailsInEval(infinite, after=10))
    assert run.advance(FOREVER).diverged
    assert not run.validates_in_train_mode
    assert weights_of(run)["steps"] == 10
    run = training(lambda: FailsInEval(broken, after=10))
    with pytest.raises(ValueError, match="not in this mode") as caught:
        run.advance(FOREVER)
    assert "worked after an earlier epoch" in caught.value.__notes__[0]


class Output(Model):
    """Has its output changed by a function."""

    def __init__(self, change: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.change = change

    def forward(self, tokens: Tensor) -> Any:
        return self.change(super().forward(tokens))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda logits: (logits, None), "returns a tuple; one tensor"),
        (lambda logits: logits.detach().numpy(), "returns a ndarray"),
        (lambda logits: logits[:, -1], "the output|output has shape"),
        (lambda logits: logits[:, :-1], "output has shape"),
        (lambda logits: logits.transpose(0, 1), "output has shape"),
        (lambda logits: logits[..., : V + 1], rf"characters \+ 3\] = \[\d+, \d+, {V + 3}\]"),
        (lambda logits: logits.detach(), "does not depend on its parameters"),
    ],
)
def test_output_that_cannot_be_trained_on(change: Callable[[Tensor], Any], words: str) -> None:
    run = training(lambda: Output(change))
    with pytest.raises(Untrainable, match=words):
        run.advance(0.0)


def test_flat_logits_are_those_of_the_same_model() -> None:
    found = []
    for last in (0, 1):
        run = training(partial(Output, partial(torch.flatten, start_dim=0, end_dim=last)))
        assert run.advance(FOREVER).done
        found.append(weights_of(run))
    assert same(*found)


def test_model_without_a_column_for_pad_or_with_more_is_fine() -> None:
    for columns in (V + 2, V + 9):
        run = training(lambda columns=columns: Model(columns))  # type: ignore[misc]
        assert run.advance(FOREVER).done


def test_device_that_the_model_names_is_redirected() -> None:
    class OnGpu(Model):
        def forward(self, tokens: Tensor) -> Any:
            return super().forward(tokens.to("cuda:0"))

    assert training(OnGpu).advance(FOREVER).done


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.Dropout(), "no parameters to train"),
        (lambda: Model().requires_grad_(False), "no parameters to train"),
        (lambda: 3, "gives a int, which is no torch.nn.Module"),
    ],
)
def test_model_that_cannot_be_trained(make: Callable[[], object], words: str) -> None:
    with pytest.raises(Untrainable, match=words):
        training(make)


def test_what_is_frozen_stays() -> None:
    def frozen() -> Model:
        model = Model()
        model.embedding.requires_grad_(False)
        return model

    run = training(frozen)
    torch.manual_seed(SETTINGS.seed)
    before = frozen().state_dict()
    run.advance(FOREVER)
    after = weights_of(run)
    assert torch.equal(before["embedding.weight"], after["embedding.weight"])
    assert not torch.equal(before["linear.weight"], after["linear.weight"])
    assert run.parameters == sum(v.numel() for k, v in after.items() if not k.startswith("emb"))


def test_best_epoch_is_the_first_of_equals() -> None:
    history = tuple(EpochDone(i, 1.0, loss, 1.0) for i, loss in enumerate((2.0, 1.0, 1.0), 1))
    assert best_epoch(history) == 2


def test_size_of_the_weights_is_known_beforehand() -> None:
    run = training()
    assert run.state_bytes <= len(run.finish()[0]) < run.state_bytes + 10_000
