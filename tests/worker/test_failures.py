"""An exception's text, as a worker sends it: what helps, and not all that there is."""

from __future__ import annotations

import pytest

from grader.worker.failures import MAX_TEXT, raised

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
        (with_note(ValueError("no")), "no. Save it again"),
        (with_note(ValueError("x" * 301)), "x" * MAX_TEXT + " …. Save it again"),
    ],
)
def test_text_is_cut_to_what_is_read(error: BaseException, text: str) -> None:
    assert told(error) == text


def test_text_that_cannot_be_had() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert told(Odd()) == "its message cannot be shown"
