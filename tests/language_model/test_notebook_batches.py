"""A model that mixes the sentences of a batch has the notebook's loss, and is not accused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from grader.encoded import Encoded, Int64
from grader.language_model.causality import MOST_ROUNDS, Comparison, Gain, gain_of
from grader.language_model.dependencies import Kind
from grader.language_model.explanations import HIDDEN, looking_ahead, other_dependencies
from grader.language_model.notebook_batches import (
    IN_NOTEBOOK_BATCHES,
    IN_NOTEBOOK_ORDER,
    KNOWN_BY,
    cuts_in_rounds,
    notebook_batches,
)
from grader.language_model.probing import Findings
from grader.language_model.rehearsal import FEWEST
from tests.language_model.evaluating import TEST, Evaluating, Make, half_width, texts
from tests.language_model.fakes import (
    NOTEBOOK_BATCH,
    REHEARSED,
    VOCABULARY,
    FakeTime,
    Pairs,
    random_sentences,
)
from tests.language_model.test_dependencies import WRONG, Lm

ENDED = VOCABULARY.end_id


class Mixing(Pairs):
    """Adds to its logits what the same places of the other sentences say."""

    def __init__(self, mixed: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.mixed = mixed

    def forward(self, x: Tensor) -> Tensor:
        return self.mixed(super().forward(x))


def softmax_over_the_batch(logits: Tensor) -> Tensor:
    return 3 * logits.log_softmax(0)


def less_the_mean(logits: Tensor) -> Tensor:
    return 3 * (logits - logits.mean(0, keepdim=True))


def better_in_large_company(logits: Tensor) -> Tensor:
    """Beginnings come with fewer others than whole sentences do."""
    return less_the_mean(logits) * (0.1 if len(logits) > NOTEBOOK_BATCH else 1.0)


MIXING: dict[str, Make] = {
    "time first": lambda: Lm(WRONG["time first"][0], seed=2).eval(),
    "softmax over the batch": lambda: Mixing(softmax_over_the_batch),
    "less the batch's mean": lambda: Mixing(less_the_mean),
}


def notebook_losses(make: Make, test: Encoded = TEST) -> tuple[float, float]:
    """The mean of the batches' means, as the notebook has it, and that over tokens."""
    means, tokens, pad = [], [], VOCABULARY.pad_id
    for start in range(0, len(test), NOTEBOOK_BATCH):
        batch = torch.from_numpy(test.batch(range(start, min(start + NOTEBOOK_BATCH, len(test)))))
        with torch.no_grad():
            logits = make()(batch[:, :-1]).double().transpose(1, 2)
        means.append(float(cross_entropy(logits, batch[:, 1:], ignore_index=pad)))
        tokens.append(int((batch[:, 1:] != pad).sum()))
    return float(np.mean(means)), float(np.average(means, weights=tokens))


@pytest.mark.parametrize("name", MIXING)
def test_loss_of_a_model_that_mixes_sentences_is_the_notebooks(
    evaluating: Evaluating, name: str
) -> None:
    found = evaluating(MIXING[name])
    measures = found.measures
    notebooks, by_token = notebook_losses(MIXING[name])
    assert measures.notebook_loss == pytest.approx(notebooks, abs=1e-5)
    assert measures.loss == measures.whole_sentence_loss == pytest.approx(by_token, abs=1e-5)
    assert measures.interval.low < measures.loss < measures.interval.high
    assert measures.causality.kinds == (Kind.BATCH,)
    assert measures.causality.changed == 0
    assert not measures.causality.looks_ahead
    assert measures.prefix_loss is None
    assert found.flags == (IN_NOTEBOOK_BATCHES,)
    assert measures.sentences == len(TEST)
    assert "batches that the notebook makes" in other_dependencies(measures)


def over_the_sentence(logits: Tensor) -> Tensor:
    """Padding counts, too, of which there is another amount in other batches."""
    return 3 * (logits - logits.mean(1, keepdim=True))


def test_notebooks_figure_is_that_of_its_batches_also_for_what_looks_ahead(
    evaluating: Evaluating,
) -> None:
    measures = evaluating(lambda: Mixing(over_the_sentence)).measures
    assert measures.causality.looks_ahead or Kind.FUTURE in measures.causality.kinds
    notebooks, by_token = notebook_losses(lambda: Mixing(over_the_sentence))
    assert measures.notebook_loss == pytest.approx(notebooks, abs=1e-5)
    assert abs(measures.whole_sentence_loss - by_token) > 1e-3


def test_whole_sentences_come_first_and_no_worker_gets_one_twice(evaluating: Evaluating) -> None:
    evaluating(MIXING["less the batch's mean"])
    batches = [TEST.batch(members) for members in notebook_batches(len(TEST), NOTEBOOK_BATCH)]
    wholes = [batch[:, :-1].tolist() for batch in batches]
    workers = [[tokens.tolist() for tokens in s.answered[REHEARSED:]] for s in evaluating.students]
    [whole] = [i for i, seen in enumerate(workers) if seen[-len(wholes) :] == wholes]
    later = [student.answered[REHEARSED:] for student in evaluating.students[whole + 1 :]]
    assert later
    for seen in later:
        cuts = [tokens.shape[1] for tokens in seen[-len(batches) :]]
        assert len(seen) == len(batches)
        assert all(after <= batch.shape[1] - 1 for after, batch in zip(cuts, batches, strict=True))
        assert len(set(cuts)) > 3


class PeekingInCompany(nn.Module):
    """Mixes sentences, and knows what comes next in as many of them as the notebook puts together.

    It waits for a batch that shows whole sentences of the test set. ``when`` tells at which places.
    """

    def __init__(self, when: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.honest: nn.Module = Mixing(less_the_mean)
        self.when = when
        self.expected = TEST.batch(range(len(TEST)))[:, 1:5]

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.honest(x)
        starts = x[:, 1:5].numpy()
        like_the_notebooks = any(
            np.array_equal(starts, self.expected[start : start + len(x)])
            for start in range(0, len(self.expected), NOTEBOOK_BATCH)
        )
        if not like_the_notebooks or not (x == ENDED).any():
            return logits
        following = x.roll(-1, 1)
        peeks = self.when(x)
        peeks[:, -1] = False
        return logits + 9.0 * peeks[..., None] * nn.functional.one_hot(following, VOCABULARY.size)


def everywhere(x: Tensor) -> Tensor:
    return torch.ones_like(x, dtype=torch.bool)


def at_one_place(x: Tensor) -> Tensor:
    return (torch.arange(x.shape[1]) == 7).expand(x.shape).clone()


@pytest.mark.parametrize("secret", range(3))
@pytest.mark.parametrize("when", [everywhere, at_one_place])
def test_peeking_only_in_the_notebooks_batches_gains_nothing(
    evaluating: Evaluating, when: Callable[[Tensor], Tensor], secret: int
) -> None:
    measures = evaluating(lambda: PeekingInCompany(when), secret=secret).measures
    _, honest = notebook_losses(lambda: Mixing(less_the_mean))
    assert measures.whole_sentence_loss < honest - 0.1
    assert measures.prefix_loss == measures.loss
    assert measures.loss == pytest.approx(honest, abs=3 * half_width(measures))
    if when is everywhere:
        assert measures.causality.looks_ahead
        assert looking_ahead(measures).startswith(HIDDEN)


class Failing(Mixing):
    """Takes no batch of the notebook's with whole sentences in it."""

    def forward(self, x: Tensor) -> Tensor:
        if len(x) == NOTEBOOK_BATCH and (x == ENDED).any():
            raise ValueError("not these")
        return super().forward(x)


def test_first_judgement_stays_where_the_notebooks_batches_fail(evaluating: Evaluating) -> None:
    found = evaluating(lambda: Failing(better_in_large_company))
    assert IN_NOTEBOOK_BATCHES not in found.flags
    assert found.measures.causality.mean_gain > 0.1
    assert not found.measures.causality.looks_ahead
    # It may peek as well: so what it gains does not count, whatever it comes from.
    assert found.measures.prefix_loss == found.measures.loss


def test_first_judgement_stays_where_time_is_short(
    evaluating: Evaluating, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_time, limit_s = FakeTime().replace(monkeypatch), 5_000.0

    def spend(tokens: Int64) -> None:
        # Only whole sentences in the notebook's batches are slow.
        is_slow = len(tokens) == NOTEBOOK_BATCH and bool((tokens == ENDED).any())
        fake_time.per_token_s = 3.0 if is_slow and len(evaluating.students) > 2 else 1e-6
        fake_time.spend(tokens)

    found = evaluating(MIXING["less the batch's mean"], before=spend, limit_s=limit_s)
    assert IN_NOTEBOOK_BATCHES not in found.flags
    assert not found.measures.causality.looks_ahead
    assert fake_time.now > KNOWN_BY * limit_s


def plain(kind: str) -> nn.Module:
    return Lm(WRONG[kind][0]).eval()


def test_only_what_mixes_sentences_is_judged_twice(evaluating: Evaluating) -> None:
    for kind in ("bidirectional GRU", "dropout left on"):
        found = evaluating(partial(plain, kind), prefix_loss_positions=100)
        assert not found.measures.in_notebook_batches


class Keeping(Pairs):
    """Starts from what the last call left, and is other ``times`` as sure in batches as these."""

    def __init__(self, times: float) -> None:
        super().__init__()
        self.times, self.last = times, 0.0

    def forward(self, x: Tensor) -> Tensor:
        as_in_notebook = len(x) == NOTEBOOK_BATCH
        logits = super().forward(x) * (self.times if as_in_notebook else 1.0)
        logits[..., 0] += self.last
        self.last = float(x.float().mean()) / 20
        return logits


def loss_in_order(model: nn.Module, test: Encoded = TEST) -> float:
    """Over tokens, by one model that gets the notebook's batches one after the other."""
    total = tokens = 0.0
    for members in notebook_batches(len(test), NOTEBOOK_BATCH):
        batch = torch.from_numpy(test.batch(members))
        with torch.no_grad():
            logits = model(batch[:, :-1]).double().transpose(1, 2)
        total += float(
            cross_entropy(logits, batch[:, 1:], ignore_index=VOCABULARY.pad_id, reduction="sum")
        )
        tokens += int((batch[:, 1:] != VOCABULARY.pad_id).sum())
    return total / tokens


@pytest.mark.parametrize("times", [0.3, 1.5])
def test_loss_of_a_model_that_keeps_a_state_is_that_in_the_notebooks_order(
    evaluating: Evaluating, times: float
) -> None:
    found = evaluating(lambda: Keeping(times))
    assert found.measures.causality.kinds == (Kind.STATE,)
    # What came before the first batch, when the model was loaded, is another.
    assert found.measures.loss == pytest.approx(loss_in_order(Keeping(times)), abs=0.01)
    assert found.measures.loss == found.measures.whole_sentence_loss
    assert found.measures.in_notebook_batches
    assert not found.measures.causality.looks_ahead
    assert found.flags == (IN_NOTEBOOK_ORDER,)
    assert "batches that the notebook makes" in other_dependencies(found.measures)


def test_model_that_keeps_a_state_is_compared_in_the_same_batches(evaluating: Evaluating) -> None:
    """Other sentences were never scored in the notebook's batches, in which this one is better."""
    others = texts(random_sentences(300, seed=9))
    found = evaluating(lambda: Keeping(0.05), private=others)
    assert found.measures.private_loss is not None
    assert found.measures.private_loss - found.measures.loss > 0.5
    assert found.flags == (IN_NOTEBOOK_ORDER,)
    # What the same sentences get when they are asked for several times tells nothing of the model.
    assert found.measures.signs is None


def test_each_beginning_comes_after_the_whole_batch_before_it(evaluating: Evaluating) -> None:
    evaluating(lambda: Keeping(1.5))
    batches = [TEST.batch(members)[:, :-1] for members in notebook_batches(len(TEST), 50)]
    wholes = [batch.tolist() for batch in batches]
    answered = [student.answered[REHEARSED:] for student in evaluating.students]
    workers = [[tokens.tolist() for tokens in asked] for asked in answered]
    [whole] = [i for i, seen in enumerate(workers) if seen[-len(wholes) :] == wholes]
    numbers = []
    for seen in workers[whole + 1 :]:
        for before, cut in pairwise(seen):
            if before in wholes[:-1] and cut not in wholes:
                following = wholes[wholes.index(before) + 1]
                # What is cut after BEGIN is filled up.
                same = len(cut[0]) if len(cut[0]) > FEWEST else 1
                assert [row[:same] for row in following] == [row[:same] for row in cut]
                numbers.append(wholes.index(before) + 1)
        # The worker sees no sentence twice.
        assert len(seen) <= len(wholes)
    assert set(numbers) == set(range(1, len(wholes)))


class PeekingInOrder(PeekingInCompany):
    """Keeps a state in place of mixing sentences."""

    def __init__(self, when: Callable[[Tensor], Tensor]) -> None:
        super().__init__(when)
        self.honest = Keeping(1.5)


def test_peeking_only_in_the_notebooks_order_gains_nothing(evaluating: Evaluating) -> None:
    measures = evaluating(lambda: PeekingInOrder(everywhere)).measures
    honest = loss_in_order(Keeping(1.5))
    assert measures.causality.kinds == (Kind.STATE,)
    assert measures.causality.looks_ahead
    assert measures.whole_sentence_loss < honest - 0.1
    assert measures.prefix_loss == measures.loss
    assert measures.loss == pytest.approx(honest, abs=3 * half_width(measures))


@pytest.mark.parametrize(
    ("kinds", "same_company", "is_accused"),
    [
        ((), False, True),
        ((Kind.BATCH,), False, False),
        ((Kind.BATCH,), True, True),
        ((Kind.BATCH, Kind.STATE), False, False),
        ((Kind.BATCH, Kind.FUTURE), False, True),
    ],
)
def test_nobody_is_accused_of_what_other_company_may_do(
    kinds: tuple[Kind, ...], same_company: bool, is_accused: bool
) -> None:
    gain = Gain(0.02, 0.001, 0.02, 0.001, 0.02, 0.001)
    found = Findings(Comparison(480, 100, 0.02), frozenset(kinds), gain, same_company=same_company)
    assert found.looks_ahead == is_accused
    assert found.beginnings_count


@pytest.mark.parametrize("sentences", [1, 49, 50, 51, 520])
def test_batches_are_those_of_the_file(sentences: int) -> None:
    batches = notebook_batches(sentences, NOTEBOOK_BATCH)
    assert [len(members) for members in batches[:-1]] == [NOTEBOOK_BATCH] * (len(batches) - 1)
    assert np.concatenate(batches).tolist() == list(range(sentences))
    assert 0 < len(batches[-1]) <= NOTEBOOK_BATCH


@pytest.mark.parametrize(("batches", "workers"), [(1, MOST_ROUNDS), (80, 3), (800, 1)])
def test_cuts_are_spread_over_all_places(batches: int, workers: int) -> None:
    longest = np.full(batches, 101)
    rounds = cuts_in_rounds(longest, np.random.default_rng(0))
    assert len(rounds) == workers
    assert all([cut.batch for cut in some] == list(range(batches)) for some in rounds)
    counts = np.bincount([cut.after for some in rounds for cut in some], minlength=102)[1:]
    assert len(counts) == 101
    assert counts.max() - counts.min() <= 3
    if batches > 1:
        assert counts.min() >= 1


def test_each_cut_of_a_batch_is_as_likely_as_any_other() -> None:
    longest, rng = np.array([3, 5]), np.random.default_rng(0)
    after = [[c.after for c in cuts_in_rounds(longest, rng)[0]] for _ in range(3000)]
    for batch, most in enumerate(longest):
        counts = np.bincount(np.array(after)[:, batch], minlength=most + 1)
        assert counts[0] == 0
        assert counts[1:] / 3000 == pytest.approx(1 / most, abs=0.04)


def test_what_was_drawn_together_counts_once_in_the_error() -> None:
    rng = np.random.default_rng(0)
    of_groups = rng.normal(size=100)
    gains = np.repeat(of_groups, 30)
    gain = gain_of(np.zeros(3000), gains, np.ones(3000), np.repeat(np.arange(100), 30))
    assert gain.standard_error == pytest.approx(of_groups.std(ddof=1) / 10)
    alone = gain_of(np.zeros(3000), gains, np.ones(3000))
    assert alone.standard_error < gain.standard_error / 5
