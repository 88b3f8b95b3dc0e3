"""Looking ahead is noticed, noise is not taken for it, and the probes are where they should be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.language_model.causality import (
    HARMLESS_NATS,
    MOST_NATS,
    MOST_ROUNDS,
    SIGNIFICANT,
    Comparison,
    Gain,
    Place,
    compare,
    gain_of,
    gain_of_all,
    group_by_cut,
    keep_as_many_first,
    looks_ahead,
    one_place_each,
    places_in_rounds,
)
from grader.language_model.corpus import Vocabulary
from grader.language_model.dependencies import Kind
from grader.rubric import Rubric

Float64 = NDArray[np.float64]
ALLOWED = Rubric.load().language_model.look_ahead_nats
PROBES = 480
ROWS = 50
SENTENCES = [f"sentence number {i} {'of the sample ' * (i % 5)}" for i in range(60)]
VOCABULARY = Vocabulary.of(SENTENCES)
TEST = VOCABULARY.encode(SENTENCES)


def log_probabilities(seed: int = 0, size: int = PROBES) -> Float64:
    return -np.random.default_rng(seed).exponential(1.5, size)


def noise(seed: int, scale: float = 0.3, size: int = PROBES) -> Float64:
    return scale * np.random.default_rng(seed).standard_normal(size)


def gain_from(alone: Float64, revealed: Float64) -> Gain:
    """Of places that count for as much each."""
    return gain_of(alone, revealed, np.ones(len(alone)))


def changes(committed: Float64, revealed: Float64) -> int:
    return compare(committed, revealed, ALLOWED).changed


def test_same_predictions_have_not_changed() -> None:
    found = compare(log_probabilities(), log_probabilities(), ALLOWED)
    assert (found.probes, found.changed, found.mean_gain) == (PROBES, 0, 0.0)


@pytest.mark.parametrize("scale", [1e-6, 1e-4, 1e-3])
def test_rounding_is_no_change(scale: float) -> None:
    committed = log_probabilities()
    assert changes(committed, committed + noise(1, scale)) == 0


@pytest.mark.parametrize("by", [0.5, -0.5])
@pytest.mark.parametrize("at", [0, PROBES - 1])
def test_one_changed_prediction_is_counted(by: float, at: int) -> None:
    committed = log_probabilities()
    revealed = committed.copy()
    revealed[at] += by
    found = compare(committed, revealed, ALLOWED)
    assert found.changed == 1
    assert found.mean_gain == pytest.approx(by / PROBES)


def test_allowance_grows_with_the_log_probability() -> None:
    committed = np.full(PROBES, -20.0)
    assert changes(committed, committed + 20 * ALLOWED) == 0
    assert changes(committed, committed + 22 * ALLOWED) == PROBES
    assert changes(np.zeros(PROBES), np.full(PROBES, -0.9 * ALLOWED)) == 0
    assert changes(np.zeros(PROBES), np.full(PROBES, -1.1 * ALLOWED)) == PROBES


@pytest.mark.parametrize("nats", [-600.0, -1e4, -1e30])
def test_absurd_predictions_that_come_true_have_changed(nats: float) -> None:
    assert changes(np.full(PROBES, nats), np.zeros(PROBES)) == PROBES


def test_absurd_prediction_does_not_drown_the_mean() -> None:
    committed = log_probabilities()
    revealed = committed.copy()
    committed[0] = -1e6
    found = compare(committed, revealed, ALLOWED)
    assert found.mean_gain == pytest.approx(MOST_NATS / PROBES)


def test_nothing_to_compare() -> None:
    nothing = np.empty(0)
    found = compare(nothing, nothing, ALLOWED)
    assert (found.probes, found.changed, found.mean_gain) == (0, 0, 0.0)


def test_gain_is_a_mean_with_its_standard_error() -> None:
    alone, difference = log_probabilities(), noise(4, 0.4)
    gain = gain_from(alone, alone + difference)
    assert gain.mean == gain.clipped_mean == pytest.approx(difference.mean())
    error = difference.std(ddof=1) / math.sqrt(PROBES)
    assert gain.standard_error == gain.clipped_error == pytest.approx(error)
    assert gain.is_complete


def test_gain_is_that_of_a_random_token() -> None:
    """One place of each sentence stands for all of its tokens."""
    alone, tokens = np.zeros(4000), np.tile([1.0, 9.0], 2000)
    revealed = np.where(tokens > 1, 1.0, 0.0) + noise(3, 0.5, 4000)
    gain = gain_of(alone, revealed, tokens)
    assert gain.mean == pytest.approx(0.9, abs=0.03)
    means = [gain_of(alone, np.roll(noise(s, 0.5, 4000), s), tokens).mean for s in range(300)]
    assert gain.standard_error == pytest.approx(np.std(means), rel=0.15)


def test_absurd_gain_counts_in_full_for_the_loss_and_little_for_the_judgement() -> None:
    alone = np.zeros(100)
    alone[0] = -1e4
    gain = gain_from(alone, np.zeros(100))
    assert gain.mean == pytest.approx(100.0)
    assert gain.clipped_mean == pytest.approx(MOST_NATS / 100)
    assert not gain.significant
    assert gain.may_matter


def test_noise_is_not_significant() -> None:
    alone = log_probabilities()
    found = [gain_from(alone + noise(s), alone + noise(s + 1)) for s in range(0, 1000, 2)]
    assert not any(gain.significant for gain in found)
    # The standard error is not merely large: two of them hold 95 in 100.
    beyond = sum(abs(gain.mean) > 2 * gain.standard_error for gain in found)
    assert 8 <= beyond <= 45


@pytest.mark.parametrize("seed", range(5))
def test_gain_within_noise_is_significant(seed: int) -> None:
    alone = log_probabilities()
    assert gain_from(alone + noise(seed), alone + 0.15 + noise(seed + 9)).significant


@pytest.mark.parametrize(("scale", "may_matter"), [(0.01, False), (0.1, False), (1.0, True)])
def test_gain_may_matter_unless_it_is_known_not_to(scale: float, may_matter: bool) -> None:
    alone = log_probabilities()
    gain = gain_from(alone, alone + noise(1, scale))
    assert not gain.significant
    assert gain.may_matter == may_matter


def test_gain_that_is_hidden_in_noise_may_matter() -> None:
    """Sure of a twentieth of all targets, and wrong on purpose at others as often as that hides."""
    alone = np.full(4000, -1.0)
    gains = np.where(np.arange(4000) % 20 == 0, 9.0, 0.0)
    gains[1::20] = -6.0
    gain = gain_from(alone, alone + gains)
    assert gain.mean == pytest.approx(0.15)
    assert not gain.significant
    assert gain.may_matter


def test_loss_by_whole_sentences_is_no_gain() -> None:
    alone = log_probabilities()
    assert not gain_from(alone, alone - 0.5 + noise(1)).significant


def test_gain_of_what_was_cut_short_counts_at_its_upper_end() -> None:
    alone, revealed = log_probabilities(), log_probabilities() + noise(2)
    everything = gain_from(alone, revealed)
    assert everything.counted == everything.mean
    alone[100:] = math.nan
    part = gain_from(alone, revealed)
    assert not part.is_complete
    assert part.mean == pytest.approx((revealed - alone)[:100].mean())
    assert part.counted == pytest.approx(part.mean + SIGNIFICANT * part.standard_error)


def test_too_few_for_a_judgement() -> None:
    gain = gain_from(np.full(1, -9.0), np.zeros(1))
    assert gain.standard_error == math.inf
    assert not gain.significant
    assert gain.may_matter


def test_gain_on_all_sentences() -> None:
    first = Gain(0.4, 0.03, 0.3, 0.02, 0.2, 0.01)
    others = Gain(0.8, 0.04, 0.7, 0.08, 0.6, 0.12, is_complete=False)
    gain = gain_of_all(first, others, 0.25)
    assert (gain.mean, gain.clipped_mean, gain.bounded_mean) == pytest.approx((0.5, 0.4, 0.3))
    assert gain.standard_error == pytest.approx(math.hypot(0.0225, 0.01))
    assert gain.clipped_error == pytest.approx(0.025)
    assert gain.bounded_error == pytest.approx(math.hypot(0.0075, 0.03))
    assert not gain.is_complete
    alone = gain_of_all(None, others, 0.25)
    assert (alone.mean, alone.standard_error) == pytest.approx((0.2, 0.01))


def test_places_are_compared_in_two_parts() -> None:
    found = Comparison(480, 3, 0.1).and_at(Comparison(120, 7, 0.6))
    assert (found.probes, found.changed) == (600, 10)
    assert found.mean_gain == pytest.approx(0.2)


def gain_with(clipped: float, error: float) -> Gain:
    return Gain(0.5, 0.01, clipped, error, 0.5, 0.01)


def test_what_looks_ahead() -> None:
    nothing = gain_with(0.0, 0.01)
    gains = gain_with((SIGNIFICANT + 0.1) * 0.01, 0.01)
    changed, same = Comparison(PROBES, 3, 0.0), Comparison(PROBES, 0, 0.0)
    assert looks_ahead(frozenset({Kind.FUTURE}), changed, nothing)
    assert looks_ahead(frozenset({Kind.NEXT, Kind.STATE}), changed, nothing)
    assert not looks_ahead(frozenset({Kind.FUTURE}), same, nothing)
    assert looks_ahead(frozenset(), same, gains)
    others = frozenset({Kind.BATCH, Kind.PADDING, Kind.STATE, Kind.RANDOMNESS})
    assert not looks_ahead(others, changed, nothing)
    assert looks_ahead(others, changed, gains)
    nearly = gain_with((SIGNIFICANT - 0.1) * 0.01, 0.01)
    assert not looks_ahead(frozenset(), changed, nearly)


def test_gain_that_is_no_gain() -> None:
    """Measured on a GRU that keeps its state between calls, in one of six runs.

    What one call leaves behind is in all predictions of the next: their errors are not independent.
    """
    gain = Gain(*(0.0026, 0.0005), *(0.0026, 0.0005), *(0.0026, 0.0005))
    assert not looks_ahead(frozenset({Kind.STATE}), Comparison(PROBES, 99, 0.0), gain)
    assert gain.counted < HARMLESS_NATS
    assert not gain.may_matter


@pytest.mark.parametrize(("count", "sizes"), [(7, [7]), (60, [60]), (130, [60, 60, 10]), (0, [])])
def test_no_worker_gets_two_beginnings_of_a_sentence(count: int, sizes: list[int]) -> None:
    rounds = places_in_rounds(TEST, np.arange(60), count, np.random.default_rng(5))
    assert [len(places) for places in rounds] == sizes
    for places in rounds:
        assert len({place.sentence for place in places}) == len(places)
    if count == 130:
        assert rounds[0] != rounds[1]


def test_few_sentences_do_not_make_many_workers() -> None:
    rounds = places_in_rounds(TEST, np.arange(2), 4000, np.random.default_rng(5))
    assert [len(places) for places in rounds] == [2] * MOST_ROUNDS


def test_one_place_in_each_sentence() -> None:
    among = np.array([5, 3, 40])
    rng = np.random.default_rng(0)
    seen: dict[int, set[int]] = {number: set() for number in among.tolist()}
    for _ in range(1500):
        places = one_place_each(TEST, among, rng)
        assert [place.sentence for place in places] == among.tolist()
        for place in places:
            seen[place.sentence].add(place.cut)
    assert seen == {number: set(range(1, TEST.tokens[number] + 1)) for number in seen}


@pytest.mark.parametrize("seed", range(5))
def test_probes_are_beginnings_and_what_follows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = one_place_each(TEST, rng.integers(0, len(TEST), 200), rng)
    probes = group_by_cut(places, TEST, rng, ROWS)
    assert len({probe.tokens.shape[1] for probe in probes}) == len(probes) > 20
    for probe in probes:
        cut = probe.tokens.shape[1]
        assert probe.tokens.shape == (len(probe.members), cut)
        for row, member in enumerate(probe.members):
            assert places[member].cut == cut
            whole = TEST.batch([places[member].sentence])[0]
            assert probe.tokens[row].tolist() == whole[:cut].tolist()
            assert probe.targets[row] == whole[cut]
        assert VOCABULARY.pad_id not in probe.tokens
        assert VOCABULARY.pad_id not in probe.targets
    members = [member for probe in probes for member in probe.members]
    assert sorted(members) == list(range(len(places)))


def test_lengths_come_in_random_order() -> None:
    places = [Place(0, cut) for cut in range(1, 12)]
    orders = {
        tuple(
            p.tokens.shape[1] for p in group_by_cut(places, TEST, np.random.default_rng(seed), ROWS)
        )
        for seed in range(5)
    }
    assert len(orders) == 5


def test_rows_have_a_bound() -> None:
    places = [Place(number, 3) for number in range(23)]
    probes = group_by_cut(places, TEST, np.random.default_rng(0), 10)
    assert [len(probe.members) for probe in probes] == [10, 10, 3]
    assert [m for probe in probes for m in probe.members] == list(range(23))


def test_no_places() -> None:
    assert group_by_cut([], TEST, np.random.default_rng(0), ROWS) == []


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_what_is_asked_first_is_kept_as_often_as_the_rest_was_reached(share: float) -> None:
    places = [Place(number, 1 if number < 1000 else 5) for number in range(2000)]
    found = np.zeros(2000)
    found[1000 + int(1000 * share) :] = math.nan
    keep_as_many_first(found, places, np.random.default_rng(3))
    known = np.isfinite(found)
    assert known[:1000].sum() == pytest.approx(1000 * share, abs=60)
    assert known[1000:].sum() == 1000 * share


def test_places_after_begin_alone_are_kept_where_there_are_no_others() -> None:
    found = np.zeros(3)
    keep_as_many_first(found, [Place(number, 1) for number in range(3)], np.random.default_rng(3))
    assert np.isfinite(found).all()
