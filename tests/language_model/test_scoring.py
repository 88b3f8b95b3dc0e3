"""Log-probabilities are those of torch's cross-entropy, and logits that have none are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from grader.errors import CheckFailed
from grader.language_model.corpus import Vocabulary
from grader.language_model.scoring import (
    ROWS,
    check_shape,
    score_batch,
    target_log_probabilities,
)
from grader.language_model.totals import LossTotals
from grader.model import Outcome

Logits = NDArray[Any]
LARGEST = float(np.finfo(np.float32).max)
SENTENCES = ["abc", "a", "cabbage", "bee", ""]
VOCABULARY = Vocabulary.of(["abcde fg", "gabe"])
SIZE = VOCABULARY.size


def batch_of(*sentences: str) -> NDArray[np.int64]:
    return VOCABULARY.encode(sentences).batch(range(len(sentences)))


def random_logits(batch: NDArray[np.int64], seed: int = 0) -> Logits:
    rng = np.random.default_rng(seed)
    shape = (*batch[:, 1:].shape, VOCABULARY.size)
    return (5 * rng.standard_normal(shape)).astype(np.float32)


def torch_loss(logits: Logits, batch: NDArray[np.int64], reduction: str = "mean") -> float:
    """The notebook's own line."""
    flat = torch.from_numpy(logits).double().reshape(-1, logits.shape[-1])
    target = torch.from_numpy(batch[:, 1:]).reshape(-1)
    ignored = VOCABULARY.pad_id
    return float(cross_entropy(flat, target, ignore_index=ignored, reduction=reduction))


def refusal(logits: Logits, batch: NDArray[np.int64]) -> str:
    with pytest.raises(CheckFailed) as failure:
        score_batch(logits, batch, VOCABULARY)
    assert failure.value.outcome is Outcome.WRONG
    return failure.value.message


def loss_of(logits: Logits, batch: NDArray[np.int64]) -> float:
    """The mean of what is counted."""
    scored = score_batch(logits, batch, VOCABULARY)
    return -float(scored.log_probabilities[scored.counted].mean())


@pytest.mark.parametrize("value", [1e9, -1e9, 1e17, -1e17, 1e20, LARGEST, -LARGEST])
def test_the_same_logit_everywhere_is_a_uniform_guess(value: float) -> None:
    """However large it is: beside it the logarithm of their number must not be lost."""
    batch = batch_of(*SENTENCES)
    logits = np.full((*batch[:, 1:].shape, VOCABULARY.size), value, np.float32)
    assert loss_of(logits, batch) == pytest.approx(np.log(VOCABULARY.size))


@pytest.mark.parametrize("seed", range(5))
def test_loss_of_one_batch_is_cross_entropy(seed: int) -> None:
    batch = batch_of(*SENTENCES)
    logits = random_logits(batch, seed)
    assert loss_of(logits, batch) == pytest.approx(torch_loss(logits, batch), rel=1e-12)


def test_more_positions_than_are_worked_on_at_a_time() -> None:
    batch = batch_of(*["abcde fg" * 5] * 60)
    assert batch[:, 1:].size > 2 * ROWS
    logits = random_logits(batch)
    assert loss_of(logits, batch) == pytest.approx(torch_loss(logits, batch), rel=1e-12)


def test_sentence_scores_the_same_in_another_batch() -> None:
    whole = batch_of(*SENTENCES)
    logits = random_logits(whole)
    together = score_batch(logits, whole, VOCABULARY)
    for row, sentence in enumerate(SENTENCES):
        alone = batch_of(sentence)
        length = alone.shape[1] - 1
        apart = score_batch(logits[row : row + 1, :length], alone, VOCABULARY)
        assert apart.counted.all()
        assert together.counted[row].sum() == length
        expected = together.log_probabilities[row, :length]
        assert apart.log_probabilities[0] == pytest.approx(expected, rel=1e-12)


def test_scored_log_probabilities_are_of_the_targets() -> None:
    batch = batch_of("abc", "a")
    logits = random_logits(batch)
    scored = score_batch(logits, batch, VOCABULARY)
    for row, position in np.ndindex(2, batch.shape[1] - 1):
        target = batch[row, position + 1]
        line = logits[row, position].astype(np.float64)
        expected = line[target] - np.log(np.exp(line).sum())
        assert scored.log_probabilities[row, position] == pytest.approx(expected, rel=1e-9)
        assert scored.counted[row, position] == (target != VOCABULARY.pad_id)


def test_large_logits_do_not_overflow() -> None:
    logits = np.array([[1e30, -1e30, 0.0]], np.float32)
    assert target_log_probabilities(logits, np.array([0]))[0] == 0.0


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int64, np.int8])
def test_logits_of_other_types(dtype: Any) -> None:
    """Only a worker that was tampered with sends them; float64 has room for an infinite loss."""
    batch = batch_of("abc")
    assert f"came as {dtype.__name__}" in refusal(random_logits(batch).astype(dtype), batch)


def test_worst_logits_have_finite_figures() -> None:
    batch = batch_of(*SENTENCES)
    logits = np.full((*batch[:, 1:].shape, VOCABULARY.size), -LARGEST, np.float32)
    logits[..., VOCABULARY.begin_id] = LARGEST
    totals = LossTotals(len(batch), 2)
    totals.add(np.arange(len(batch)), score_batch(logits, batch, VOCABULARY))
    figures = [totals.loss, totals.standard_error, totals.notebook_loss, *totals.by_position]
    assert np.isfinite(figures).all()
    assert totals.loss == pytest.approx(2.0 * LARGEST)


def test_logits_in_another_memory_order() -> None:
    batch = batch_of("abc", "ab")
    logits = random_logits(batch)
    one = score_batch(logits, batch, VOCABULARY)
    other = score_batch(np.asfortranarray(logits), batch, VOCABULARY)
    assert np.array_equal(one.log_probabilities, other.log_probabilities)


@pytest.mark.parametrize("columns", [1, VOCABULARY.size - 3, VOCABULARY.size - 2])
def test_wrong_number_of_logits_names_both(columns: int) -> None:
    batch = batch_of("abc", "a")
    message = refusal(np.zeros((*batch[:, 1:].shape, columns), np.float32), batch)
    assert f"gives {columns} logits" in message
    assert f"{VOCABULARY.size} are expected" in message


@pytest.mark.parametrize("change", ["one position more", "flattened", "turned", "scalar", "last"])
def test_wrong_shape(change: str) -> None:
    batch = batch_of("abc", "a")
    logits = random_logits(batch)
    wrong = {
        "one position more": random_logits(batch_of("abcd", "a")),
        "flattened": logits.reshape(-1, VOCABULARY.size),
        "turned": logits.swapaxes(1, 2),
        "scalar": np.zeros((), np.float32),
        "last": logits[:, -1],
    }[change]
    message = refusal(wrong, batch)
    assert str(list(wrong.shape)) in message
    assert str(list(logits.shape)) in message


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("at_target", [True, False])
def test_nan_or_infinite_logits(value: float, at_target: bool) -> None:
    batch = batch_of("abc", "a")
    logits = random_logits(batch)
    target = batch[0, 2]
    logits[0, 1, target if at_target else (target + 1) % VOCABULARY.size] = value
    message = refusal(logits, batch)
    assert ("NaN or infinite" if np.isnan(value) or at_target else "infinite") in message


def test_nothing_but_negative_infinity() -> None:
    batch = batch_of("abc", "a")
    logits = random_logits(batch)
    logits[0, 1] = -np.inf
    assert "NaN or infinite" in refusal(logits, batch)


def test_target_that_is_ruled_out() -> None:
    batch = batch_of("abc", "a")
    logits = random_logits(batch)
    logits[1, 0, batch[1, 1]] = -np.inf
    assert "probability zero to 'a'" in refusal(logits, batch)
    logits[0, 1, batch[0, 2]] = -np.inf
    assert "probability zero to a character that does occur" in refusal(logits, batch)


def test_end_that_is_ruled_out() -> None:
    batch = batch_of("abc", "a")
    logits = random_logits(batch)
    logits[..., VOCABULARY.begin_id :] = -np.inf
    assert "probability zero to END, which is the last target of each" in refusal(logits, batch)


def test_ruling_out_what_never_comes_next_is_fine() -> None:
    batch = batch_of("abc", "a")
    logits = random_logits(batch)
    logits[..., [VOCABULARY.begin_id, VOCABULARY.pad_id]] = -np.inf
    assert loss_of(logits, batch) == pytest.approx(torch_loss(logits, batch), rel=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_padding_is_not_looked_at(value: float) -> None:
    batch = batch_of("abc", "a")
    logits = random_logits(batch)
    clean = score_batch(logits.copy(), batch, VOCABULARY)
    logits[batch[:, 1:] == VOCABULARY.pad_id] = value
    dirty = score_batch(logits, batch, VOCABULARY)
    assert np.array_equal(
        clean.log_probabilities[clean.counted], dirty.log_probabilities[dirty.counted]
    )


@pytest.mark.parametrize("columns", [VOCABULARY.size - 1, VOCABULARY.size + 12])
def test_columns_that_are_no_targets(columns: int) -> None:
    """Without a column for PAD, or with columns to spare, the notebook gives the same loss."""
    batch = batch_of("abc", "a")
    target = batch[:, 1:]
    logits = np.random.default_rng(0).standard_normal((*target.shape, columns)).astype(np.float32)
    scored = score_batch(logits, batch, VOCABULARY)
    loss = torch.nn.functional.cross_entropy(
        torch.from_numpy(logits).double().reshape(-1, columns),
        torch.from_numpy(target).reshape(-1),
        ignore_index=VOCABULARY.pad_id,
    )
    assert -scored.log_probabilities[scored.counted].mean() == pytest.approx(loss.item(), rel=1e-12)


def test_character_after_which_nan_begins_is_told() -> None:
    batch = batch_of("abc", "cab", "bee")
    logits = random_logits(batch)
    logits[0, 3:] = logits[1, 1:] = np.nan  # after c
    assert "NaN begins after the character 'c'" in refusal(logits, batch)
    logits[2, 1] = np.nan  # after b
    assert "NaN begins" not in refusal(logits, batch)


def test_nan_at_the_last_place_alone_is_of_no_character() -> None:
    batch = batch_of("bee", "abc", "ee")
    logits = random_logits(batch)
    logits[0, -1] = np.nan
    told = refusal(logits, batch)
    assert "NaN begins" not in told
    assert "NaN at the last place of the longest sentences alone" in told


def test_nan_from_the_beginning_is_of_no_character() -> None:
    batch = batch_of("abc", "bee")
    logits = random_logits(batch)
    logits[0] = np.nan
    assert "NaN begins" not in refusal(logits, batch)


def test_nan_behind_the_sentence_is_nothing() -> None:
    batch = batch_of("abc", "b")
    logits = random_logits(batch)
    logits[0, 2], logits[1, 3:] = np.nan, np.nan
    assert "NaN begins after the character 'b'" in refusal(logits, batch)


def test_more_logits_than_a_worker_sends_are_refused() -> None:
    with pytest.raises(CheckFailed, match="gives 1,025 logits for each position, and more than"):
        check_shape(np.zeros((2, 3, 1025), np.float32), (2, 3), VOCABULARY)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((4, 9), "was argmax taken"),
        ((4, SIZE), "only the last step kept"),
        ((4, SIZE, 9), "last two axes are exchanged"),
        ((9, 4, SIZE), "length comes before the batch"),
        ((4, 8, SIZE), "Of 9 places 8 have a prediction"),
        ((4, 9, SIZE - 2), "There is one beside the characters"),
        ((4, 9, SIZE - 3), "those of the characters alone"),
        ((4, 9, SIZE - 5), "another freq"),
        ((5, 9, SIZE), "is expected."),
        ((3,), "is expected."),
    ],
)
def test_what_made_another_shape(shape: tuple[int, ...], words: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        check_shape(np.zeros(shape, np.float32), (4, 9), VOCABULARY)
    assert words in caught.value.message
    assert not words.startswith("is") or caught.value.message.endswith(words)
