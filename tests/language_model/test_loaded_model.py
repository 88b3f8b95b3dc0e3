"""A model fails in words of its own on made-up sentences, before it has seen any of the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.errors import CheckFailed, NotLoadable
from grader.language_model.loaded_model import LONGEST
from grader.model import Outcome
from grader.wire import Message
from tests.language_model.fakes import VOCABULARY, FakeStudent, loaded

PAD, SIZE = VOCABULARY.pad_id, VOCABULARY.size


class Positions(nn.Module):
    """It knows so many positions, and ids below a bound."""

    def __init__(self, positions: int, ids: int) -> None:
        super().__init__()
        self.positions = nn.Embedding(positions, SIZE)
        self.ids = nn.Embedding(ids, SIZE)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.positions(torch.arange(x.shape[1])) + self.ids(x)
        return logits


def failure(make: Any, **options: Any) -> CheckFailed:
    with pytest.raises(CheckFailed) as caught:
        loaded(FakeStudent(make), **options)
    return caught.value


@pytest.mark.parametrize(("positions", "ids"), [(50, SIZE), (51, PAD)])
def test_what_the_longest_sentence_or_pad_is_too_much_for(positions: int, ids: int) -> None:
    """The commonest mistakes of their kind: their message is shown while it can be."""
    found = failure(lambda: Positions(positions, ids), longest=50)
    assert found.outcome is Outcome.EXCEPTION
    assert found.message.startswith("The model raised index out of range in self. It was given ")
    words = "made-up sentences of up to 50 characters, so 51 tokens with BEGIN, and PAD"
    assert words in found.message
    loaded(FakeStudent(lambda: Positions(51, SIZE)), longest=50)


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
    # The longest one's END is no input.
    assert [row.tolist().index(end) for row in first[1:]] == [26, 13]
    assert [(row == PAD).sum() for row in first] == [0, 24, 37]
    assert (first[0, 1:] < begin).all()


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ((torch.zeros(1), None), "returns a tuple;"),
        (None, "returns None;"),
        ({}, "returns a dict;"),
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

    notes = " ".join(loaded(FakeStudent(Fixed)).loading.notes)
    assert ("takes 50 sentences at once" in notes) == is_noted
