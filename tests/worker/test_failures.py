"""An exception's text, as a worker sends it: what helps, and not all that there is."""

from __future__ import annotations

import pytest

from grader.worker.failures import MAX_TEXT, MOST_OF_A_NOTE, raised

ESSAY = "The linker failed. It was called with " + "-O2 " * 500


def told(error: BaseException) -> str:
    message: str = raised(error, "/nowhere").fields["message"]
    return message


def with_note(error: BaseException) -> BaseException:
    error.add_note("Save it again")
    return error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no"), "no"),
        (ValueError("x" * MAX_TEXT), "x" * MAX_TEXT),
        (ValueError("x" * 301), "x" * MAX_TEXT + " …"),
        (ValueError("a" * 200 + ". " + "b" * 200), "a" * 200 + ". …"),
        (ValueError("a" * 200 + ".\n" + "b" * 200), "a" * 200 + ". …"),
        (RuntimeError(ESSAY), ESSAY[:MAX_TEXT] + " …"),
        (with_note(ValueError("no")), "no"),
        (NotImplementedError(), ""),
    ],
)
def test_text_is_cut_to_what_is_read(error: BaseException, text: str) -> None:
    assert told(error) == text


@pytest.mark.parametrize("error", [ValueError("no"), NotImplementedError()])
def test_notes_are_apart_from_the_text(error: BaseException) -> None:
    assert raised(error, "/nowhere").fields["notes"] == []
    assert raised(with_note(error), "/nowhere").fields["notes"] == ["Save it again"]


def test_notes_that_are_none() -> None:
    error = ValueError("no")
    error.__notes__ = [3, "Save it again", "x" * 10_000]  # type: ignore[list-item]
    assert raised(error, "/nowhere").fields["notes"] == ["Save it again", "x" * MOST_OF_A_NOTE]
    error.__notes__ = None  # type: ignore[assignment]
    assert raised(error, "/nowhere").fields["notes"] == []


def test_text_that_cannot_be_had() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert told(Odd()) == "its message cannot be shown"
