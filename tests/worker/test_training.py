"""Training is the notebook's loop, gives the same weights each time, and keeps the best epoch."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from grader.encoded import Encoded
from grader.worker.training import (
    Untrainable,
    best_epoch,
)
from tests.worker.small_training import (
    FOREVER,
    SETTINGS,
    Model,
    Scripted,
    same,
    training,
    weights_of,
)
from tests.worker.training_support import PAD, V, sentences


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


def test_ends_in_the_middle_of_an_epoch() -> None:
    run = training(lambda: Scripted((3.0, 1.0)))
    for _ in range(14):
        run.advance(0.0)
    state, (first, second) = weights_of(run), run.finish()[1]
    assert state["steps"] == 13  # 13 batches to train on and one to validate on
    assert (first.number, second.number) == (1, 2)
    assert second.validation_loss < first.validation_loss


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


def test_size_of_the_weights_is_known_beforehand() -> None:
    run = training()
    assert run.state_bytes <= len(run.finish()[0]) < run.state_bytes + 10_000
