"""A model fails in words of its own on made-up sentences, before it has seen any of the test."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from grader.errors import CheckFailed, NotLoadable
from grader.language_model.loaded_model import LONGEST
from grader.language_model.rehearsal import failed_on_made_up
from grader.model import Outcome
from grader.remedies import SHAPES
from grader.wire import Message
from tests.language_model.fakes import VOCABULARY, FakeStudent, loaded

PAD, SIZE = VOCABULARY.pad_id, VOCABULARY.size


class Named(NamedTuple):
    out: Tensor


class Positions(nn.Module):
    """It knows so many positions, and ids below a bound."""

    def __init__(self, positions: int, ids: int) -> None:
        super().__init__()
        self.positions = nn.Embedding(positions, SIZE)
        self.ids = nn.Embedding(ids, SIZE)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.positions(torch.arange(x.shape[1])) + self.ids(x)
        return logits


class Like(nn.Module):
    """It gives what ``function`` makes of its input."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def failure(make: Any, finite: bool = True, **options: Any) -> CheckFailed:
    with pytest.raises(CheckFailed) as caught:
        loaded(FakeStudent(make, finite=finite), **options)
    return caught.value


def zeros(x: Tensor) -> Tensor:
    return torch.zeros(*x.shape, SIZE)


@pytest.mark.parametrize(("positions", "ids"), [(50, SIZE), (51, PAD)])
def test_what_the_longest_sentence_or_pad_is_too_much_for(positions: int, ids: int) -> None:
    """The commonest mistakes of their kind: their message is shown while it can be."""
    found = failure(lambda: Positions(positions, ids), longest=50)
    assert found.outcome is Outcome.EXCEPTION
    assert found.message.startswith("The model raised index out of range in self. It was given ")
    words = (
        "sentences of up to 50 characters, as the notebook has them: an int64 tensor [batch, 51]"
    )
    assert words in found.message
    loaded(FakeStudent(lambda: Positions(51, SIZE)), longest=50)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "The size of tensor a (101) must match the size of tensor b (100) at non-singleton "
            "dimension 1",
            "If what has 100 rows there is a table of positions or a mask, it is too short: the "
            "input can be 101 tokens long, BEGIN and 100 characters.",
        ),
        (
            "The shape of the 2D attn_mask is torch.Size([100, 100]), but should be (101, 101).",
            "what has 100 rows there is a table of positions or a mask",
        ),
        (
            "The size of tensor a (64) must match the size of tensor b (32) at non-singleton "
            "dimension 2",
            "the input is [batch, length]",
        ),
        (
            "shape '[1, 1, 101, 101]' is invalid for input of size 8100",
            "what has 90 rows there is a table of positions or a mask",
        ),
        ("shape '[1, 1, 101, 101]' is invalid for input of size 8101", "the input is"),
        ("mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)", "the input is [batch, length]"),
    ],
)
def test_shapes_that_do_not_go_together_are_told_in_words_of_a_model(said: str, words: str) -> None:
    raised = CheckFailed(Outcome.EXCEPTION, f"The model raised RuntimeError: {said}. {SHAPES}")
    told = failed_on_made_up(raised, 100).message
    assert words in told
    assert "docstrings of the given file" not in told
    assert "an int64 tensor [batch, 101]" in told


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (SIZE - 3, "must have len(freq) + 3 outputs in place of len(freq)."),
        (SIZE - 4, "Was it built with another freq?"),
    ],
)
def test_too_few_logits(columns: int, words: str) -> None:
    found = failure(lambda: Like(lambda x: torch.zeros(*x.shape, columns)))
    assert found.message.endswith(words)


def test_number_of_logits_must_not_change() -> None:
    """What a model says of one sentence in two calls is compared."""
    calls = itertools.count()
    found = failure(lambda: Like(lambda x: torch.zeros(*x.shape, SIZE + next(calls))))
    assert re.match(r"The model gave \d+ logits .* in its first call, and \d+ in a", found.message)


class Killed(FakeStudent):
    """The system kills its worker at one request."""

    def __init__(self, at: str) -> None:
        super().__init__(lambda: Positions(LONGEST + 1, SIZE))
        self.at = at

    def stream(self, requests: Any, limit_s: Any, doing: str) -> Iterator[Message]:
        for request in requests:
            if request.op == self.at:
                failure = CheckFailed(Outcome.OUT_OF_MEMORY, "killed by the system.")
                failure.by_system = True
                raise failure
            yield from super().stream([request], limit_s, doing)


@pytest.mark.parametrize("at", ["load_model", "logits", "model_place"])
def test_what_the_system_killed_stays_marked(at: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        loaded(Killed(at))
    assert caught.value.by_system
    assert isinstance(caught.value, NotLoadable) == (at == "load_model")


def test_made_up_sentences_are_as_the_notebook_has_them() -> None:
    student = FakeStudent(lambda: Positions(51, SIZE))
    loaded(student, longest=50)
    first = student.answered[0]
    begin, end = VOCABULARY.begin_id, VOCABULARY.end_id
    assert first.shape == (3, 51)
    assert (first[:, 0] == begin).all()
    # The longest one's END is no input. They are not in the order of their lengths.
    assert [row.tolist().index(end) for row in first[::2]] == [26, 13]
    assert [(row == PAD).sum() for row in first] == [24, 0, 37]
    assert (first[1, 1:] < begin).all()


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ((torch.zeros(1), None), "returns a tuple;"),
        (None, "returns None;"),
        (Named(torch.zeros(3, 101, SIZE)), "returns a tuple; one tensor"),
        (
            (None, torch.zeros(3, 101, SIZE)),
            f"item [1] alone, which has the shape [3, 101, {SIZE}",
        ),
        (np.zeros(1), "returns a NumPy array"),
        (nn.utils.rnn.pack_sequence([torch.zeros(2)]), "returns a PackedSequence, of which"),
        ({}, "returns a dict;"),
        ({"logits": torch.zeros(1)}, "nothing beside it. Return what it has under 'logits'."),
        (type("The_sentence_is", (), {})(), "returns no tensor;"),
    ],
)
def test_what_is_returned_in_place_of_logits(value: Any, what: str) -> None:
    """A name of the student's own is not shown: it could hold what nobody may see."""

    class Returning(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return value

    found = failure(Returning)
    assert what in found.message
    assert "sentence" not in found.message


@pytest.mark.parametrize(("rows", "is_noted"), [(50, True), (1, False)])
def test_number_of_sentences_that_a_model_insists_on_is_noted(rows: int, is_noted: bool) -> None:
    class Fixed(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.zeros(*x.shape, SIZE) + torch.zeros(rows, 1, 1)

    loading = loaded(FakeStudent(Fixed)).loading
    assert ("takes 50 sentences at once" in " ".join(loading.notes)) == is_noted
    assert loading.rows == (50 if is_noted else None)


@pytest.mark.parametrize(
    ("least", "fewest"), [(1, 2), (2, 2), (3, 4), (11, 11), (12, 16), (25, 33), (33, 33)]
)
def test_how_much_a_model_must_be_given(least: int, fewest: int) -> None:
    def long_alone(x: Tensor) -> Tensor:
        assert x.shape[1] >= least
        return zeros(x)

    assert loaded(FakeStudent(lambda: Like(long_alone), threads=2)).loading.fewest == fewest


@pytest.mark.parametrize(("fewest", "shape"), [(34, [3, 25]), (101, [3, 25])])
def test_what_short_beginnings_are_too_little_for(fewest: int, shape: list[int]) -> None:
    """Sentences are so short, and beginnings of all lengths will be asked for."""

    def long_alone(x: Tensor) -> Tensor:
        if x.shape[1] < fewest:
            raise ValueError("Expected sequence length to be larger than 0")
        return zeros(x)

    found = failure(lambda: Like(long_alone))
    assert found.outcome is Outcome.EXCEPTION
    assert found.message.startswith(
        "The model raised Expected sequence length to be larger than 0. The model was given "
        f"beginnings of made-up sentences, an input of shape {shape}. "
    )
    assert "beginnings one by one" in found.message
    assert found.message.endswith("of any length from 2 tokens on.")


def test_output_for_beginnings_has_their_shape() -> None:
    found = failure(lambda: Like(lambda x: zeros(x)[:, :20] if x.shape[1] < 50 else zeros(x)))
    assert found.outcome is Outcome.WRONG
    assert f"has shape [3, 20, {SIZE}] for an input of shape [3, 25]" in found.message
    assert "beginnings one by one" in found.message


@pytest.mark.parametrize("longest", [1, 2, 4, 11])
def test_beginnings_are_no_shorter_than_what_is_asked_for(longest: int) -> None:
    student = FakeStudent(lambda: Like(zeros))
    loaded(student, longest=longest)
    lengths = [tokens.shape[1] for tokens in student.answered]
    assert lengths[0] == longest + 1
    assert lengths == sorted(set(lengths), reverse=True)
    assert lengths[-1] == 2


def test_shape_of_what_a_model_fails_on_is_told() -> None:
    """Its own words are not shown once it has been given sentences."""

    def not_nine(x: Tensor) -> Tensor:
        if x.shape[1] == 9:
            raise ValueError("what it says")
        return zeros(x)

    model = loaded(FakeStudent(lambda: Like(not_nine)))
    good = np.zeros((2, 8), np.int64)
    with pytest.raises(CheckFailed) as caught:
        list(model.stream([good, np.zeros((7, 9), np.int64), good]))
    assert caught.value.outcome is Outcome.EXCEPTION
    assert "Its input had the shape [7, 9]: sentences" in caught.value.message


@pytest.mark.parametrize(
    ("finite", "words"),
    [
        (True, "though all its weights are finite"),
        (True, "the mask must leave the diagonal open, as torch.triu(..., diagonal=1) does"),
        (False, "because its weights are NaN or infinite: its training diverged"),
    ],
)
def test_why_the_first_predictions_are_not_numbers(finite: bool, words: str) -> None:
    found = failure(lambda: Like(lambda x: zeros(x) + torch.nan), finite=finite)
    assert found.outcome is Outcome.WRONG
    assert words in found.message


def test_made_up_text_may_give_what_is_not_a_number() -> None:
    """As counts of pairs do that never were: 0 / 0. No sentence need have one."""

    def after_the_first(x: Tensor) -> Tensor:
        logits = zeros(x)
        logits[:, 1:] = torch.nan
        return logits

    loaded(FakeStudent(lambda: Like(after_the_first)))


def test_argument_that_the_notebook_does_not_give() -> None:
    class NeedsState(nn.Module):
        def forward(self, x: Tensor, h: Tensor) -> Tensor:
            return zeros(x)

    assert "give h a default value, as in forward(self, x, h=None)" in failure(NeedsState).message
