"""Looking ahead is noticed, noise is not taken for it, and the probes are where they should be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.language_model.causality import (
    MOST_NATS,
    SIGNIFICANT,
    Gain,
    Place,
    compare,
    gain_of,
    group_by_cut,
    looks_ahead,
    one_place_each,
    random_places,
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
    gain = gain_of(alone, alone + difference)
    assert gain.mean == gain.clipped_mean == pytest.approx(difference.mean())
    assert gain.standard_error == pytest.approx(difference.std(ddof=1) / math.sqrt(PROBES))


def test_absurd_gain_counts_in_full_for_the_loss_and_little_for_the_judgement() -> None:
    alone = np.zeros(100)
    alone[0] = -1e4
    gain = gain_of(alone, np.zeros(100))
    assert gain.mean == pytest.approx(100.0)
    assert gain.clipped_mean == pytest.approx(MOST_NATS / 100)
    assert not gain.significant


def test_noise_is_not_significant() -> None:
    alone = log_probabilities()
    found = [gain_of(alone + noise(s), alone + noise(s + 1)) for s in range(0, 1000, 2)]
    assert not any(gain.significant for gain in found)
    # The standard error is not merely large: two of them hold 95 in 100.
    beyond = sum(abs(gain.mean) > 2 * gain.standard_error for gain in found)
    assert 8 <= beyond <= 45


@pytest.mark.parametrize("seed", range(5))
def test_gain_within_noise_is_significant(seed: int) -> None:
    alone = log_probabilities()
    assert gain_of(alone + noise(seed), alone + 0.15 + noise(seed + 9)).significant


def test_loss_by_whole_sentences_is_no_gain() -> None:
    alone = log_probabilities()
    assert not gain_of(alone, alone - 0.5 + noise(1)).significant


@pytest.mark.parametrize("size", [0, 1])
def test_too_few_for_a_judgement(size: int) -> None:
    with np.errstate(all="ignore"):
        gain = gain_of(np.full(size, -9.0), np.zeros(size)) if size else Gain(0.0, math.inf, 0.0)
    assert gain.standard_error == math.inf
    assert not gain.significant


def test_what_looks_ahead() -> None:
    nothing = Gain(0.0, 0.01, 0.0)
    gains = Gain(0.5, 0.01, (SIGNIFICANT + 0.1) * 0.01)
    assert looks_ahead(frozenset({Kind.FUTURE}), nothing)
    assert looks_ahead(frozenset({Kind.NEXT, Kind.STATE}), nothing)
    assert looks_ahead(frozenset(), gains)
    others = frozenset({Kind.BATCH, Kind.PADDING, Kind.STATE, Kind.RANDOMNESS})
    assert not looks_ahead(others, nothing)
    assert looks_ahead(others, gains)
    assert not looks_ahead(frozenset(), Gain(0.5, 0.01, (SIGNIFICANT - 0.1) * 0.01))


def test_gain_that_is_no_gain() -> None:
    """Measured on a GRU that keeps its state between calls, in one of six runs.

    What one call leaves behind is in all predictions of the next: their errors are not independent.
    """
    assert not looks_ahead(frozenset({Kind.STATE}), Gain(0.0026, 0.0005, 0.0026))


def test_each_target_is_as_likely_as_any_other() -> None:
    few = VOCABULARY.encode(["", "sen", "number of"])
    count = 60_000
    places = random_places(few, np.array([0, 2]), count, np.random.default_rng(5))
    assert {place.sentence for place in places} == {0, 2}
    # END of an empty sentence follows BEGIN and the newline: two targets; ten more in the other.
    possible = [Place(0, cut) for cut in (1, 2)] + [Place(2, cut) for cut in range(1, 12)]
    assert set(places) == set(possible)
    share = 1 / len(possible)
    spread = math.sqrt(count * share * (1 - share))
    for place in possible:
        assert places.count(place) == pytest.approx(count * share, abs=5 * spread)


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
    places = random_places(TEST, np.arange(len(TEST)), 200, rng)
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
