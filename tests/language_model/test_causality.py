"""Looking ahead is noticed, noise is not taken for it, and the probes are where they should be."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.language_model.causality import (
    SHORTEST,
    CausalityVerdict,
    judge,
    make_probes,
    sample_sentences,
)
from grader.language_model.corpus import Vocabulary
from grader.rubric import Rubric

Float64 = NDArray[np.float64]
ALLOWED = Rubric.load().language_model.look_ahead_nats
PROBES = 480
SENTENCES = [f"sentence number {i} {'of the sample ' * (i % 5)}" for i in range(60)]
VOCABULARY = Vocabulary.of(SENTENCES)


def log_probabilities(seed: int = 0, size: int = PROBES) -> Float64:
    return -np.random.default_rng(seed).exponential(1.5, size)


def noise(seed: int, scale: float = 0.3, size: int = PROBES) -> Float64:
    return scale * np.random.default_rng(seed).standard_normal(size)


def verdict(
    committed: Float64, revealed: Float64, repeated: Float64 | None = None
) -> CausalityVerdict:
    return judge(committed, committed if repeated is None else repeated, revealed, ALLOWED)


def test_same_predictions_are_causal() -> None:
    found = verdict(log_probabilities(), log_probabilities())
    assert not found.looks_ahead
    assert found.repeatable
    assert (found.probes, found.changed, found.mean_gain) == (PROBES, 0, 0.0)


@pytest.mark.parametrize("scale", [1e-6, 1e-4, 1e-3])
def test_rounding_is_causal(scale: float) -> None:
    committed = log_probabilities()
    found = verdict(committed, committed + noise(1, scale))
    assert not found.looks_ahead
    assert found.changed == 0


@pytest.mark.parametrize("by", [0.5, -0.5])
@pytest.mark.parametrize("at", [0, PROBES - 1])
def test_one_changed_prediction_is_enough(by: float, at: int) -> None:
    committed = log_probabilities()
    revealed = committed.copy()
    revealed[at] += by
    found = verdict(committed, revealed)
    assert found.looks_ahead
    assert found.changed == 1
    assert found.mean_gain == pytest.approx(by / PROBES)


def test_tolerance_grows_with_the_log_probability() -> None:
    committed = np.full(PROBES, -20.0)
    assert not verdict(committed, committed + 15 * ALLOWED).looks_ahead
    assert verdict(committed, committed + 25 * ALLOWED).looks_ahead
    assert verdict(np.zeros(PROBES), np.zeros(PROBES) - 1.5 * ALLOWED).looks_ahead


def test_no_mask_is_noticed() -> None:
    found = verdict(log_probabilities(), np.full(PROBES, -0.01))
    assert found.looks_ahead
    assert found.changed > PROBES / 2
    assert found.mean_gain > 1


def test_noise_is_not_taken_for_looking_ahead() -> None:
    committed = log_probabilities()
    accused = 0
    for seed in range(0, 600, 3):
        found = verdict(
            committed + noise(seed), committed + noise(seed + 1), committed + noise(seed + 2)
        )
        assert not found.repeatable
        assert found.changed > 0
        accused += found.looks_ahead
    # Three standard errors: one in 740 by chance, and less with what is allowed on top.
    assert accused <= 2


def test_noise_with_a_gain_is_accused() -> None:
    committed = log_probabilities()
    for seed in range(0, 60, 3):
        found = verdict(
            committed + noise(seed), committed + 0.2 + noise(seed + 1), committed + noise(seed + 2)
        )
        assert not found.repeatable
        assert found.looks_ahead


def test_noise_with_a_loss_is_not_accused() -> None:
    committed = log_probabilities()
    found = verdict(committed + noise(1), committed - 0.5 + noise(2), committed + noise(3))
    assert not found.looks_ahead


def test_one_noisy_probe_proves_nothing() -> None:
    found = verdict(np.array([-1.0]), np.array([-0.2]), np.array([-1.5]))
    assert not found.repeatable
    assert not found.looks_ahead


def test_rounding_is_repeatable() -> None:
    committed = log_probabilities()
    found = verdict(committed, committed, committed + noise(1, 1e-5))
    assert found.repeatable


def test_sample_is_uniform() -> None:
    sentences, count, repeats = [str(i) for i in range(20)], 5, 4000
    rng = np.random.default_rng(3)
    times = np.zeros(len(sentences))
    for _ in range(repeats):
        sample = sample_sentences(iter(sentences), count, rng)
        assert len({number for number, _ in sample}) == count
        times[[number for number, _ in sample]] += 1
    share = count / len(sentences)
    spread = np.sqrt(repeats * share * (1 - share))
    assert np.abs(times - repeats * share).max() < 5 * spread


def test_sample_keeps_the_sentences_numbers() -> None:
    sample = sample_sentences(SENTENCES, 10, np.random.default_rng(0))
    assert len(sample) == 10
    assert all(SENTENCES[number] == sentence for number, sentence in sample)


@pytest.mark.parametrize("count", [0, 1, 3, 4])
def test_sample_of_few_sentences_is_all_of_them(count: int) -> None:
    sample = sample_sentences("a" * count, 4, np.random.default_rng(0))
    assert sorted(number for number, _ in sample) == list(range(count))


@pytest.mark.parametrize("seed", range(10))
def test_probes_are_beginnings_and_what_follows(seed: int) -> None:
    sample = list(enumerate(SENTENCES))
    probes = make_probes(sample, VOCABULARY, np.random.default_rng(seed))
    assert len({probe.tokens.shape[1] for probe in probes}) == len(probes) > 6
    seen: list[int] = []
    for probe in probes:
        cut = probe.tokens.shape[1]
        assert cut >= SHORTEST
        assert probe.tokens.shape == (len(probe.sentences), cut)
        assert probe.targets.shape == (len(probe.sentences),)
        assert probe.position == cut - 1
        seen += probe.sentences.tolist()
        for row, number in enumerate(probe.sentences):
            whole = VOCABULARY.pad(VOCABULARY.encode([SENTENCES[number]]))[0]
            assert probe.tokens[row].tolist() == whole[:cut].tolist()
            assert probe.targets[row] == whole[cut]
            # The logits at `position`, along the whole sentence's input, predict this target.
            assert whole[1:][probe.position] == probe.targets[row]
    assert sorted(seen) == list(range(len(SENTENCES)))


def test_probes_reach_every_length() -> None:
    sample = [(0, "abcd"), (1, "abcd")]
    vocabulary = Vocabulary.of(["abcd"])
    rng = np.random.default_rng(0)
    cuts = {p.tokens.shape[1] for _ in range(200) for p in make_probes(sample, vocabulary, rng)}
    # BEGIN with 1 to 5 characters, the newline among them; then END is what follows.
    assert cuts == {2, 3, 4, 5, 6}


def test_probes_of_sentences_of_different_length_stay_inside() -> None:
    sentences = ["", "a", "ab" * 30]
    vocabulary = Vocabulary.of(["ab"])
    for seed in range(50):
        rng = np.random.default_rng(seed)
        for probe in make_probes(list(enumerate(sentences)), vocabulary, rng):
            assert vocabulary.pad_id not in probe.tokens
            assert vocabulary.pad_id not in probe.targets


@pytest.mark.parametrize("count", [1, 2, 13])
def test_few_sentences(count: int) -> None:
    sample = list(enumerate(SENTENCES[:count]))
    probes = make_probes(sample, VOCABULARY, np.random.default_rng(0))
    assert sum(len(probe.sentences) for probe in probes) == count
    assert all(len(probe.sentences) for probe in probes)
