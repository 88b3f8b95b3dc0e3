"""An exception's text, as a worker sends it: what helps, and not all that there is."""

from __future__ import annotations

import pytest

from grader.wire import encode
from grader.worker.failures import MAX_TEXT, MOST_OF_A_NOTE, NOT_SHOWN, raised

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


def odd_syntax_error(**parts: object) -> SyntaxError:
    error = SyntaxError("no")
    for name, value in {"filename": "/nowhere/a.py", **parts}.items():
        setattr(error, name, value)
    return error


class OddNotes(Exception):
    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]
        raise SystemExit


class OddText(str):
    __slots__ = ()

    def __getitem__(self, key: object) -> str:
        raise SystemExit


class Nameless(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise SystemExit


class OddName(Exception, metaclass=Nameless):
    pass


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (odd_syntax_error(filename=object()), "SyntaxError", NOT_SHOWN),
        (odd_syntax_error(msg=object()), "SyntaxError", NOT_SHOWN),
        (odd_syntax_error(msg=None), "SyntaxError", ""),
        (odd_syntax_error(text=5), "SyntaxError", NOT_SHOWN),
        (odd_syntax_error(lineno="one"), "SyntaxError", NOT_SHOWN),
        (odd_syntax_error(lineno=10**5000), "SyntaxError", "no"),
        (OddNotes("no"), "OddNotes", NOT_SHOWN),
        (ValueError(OddText("x" * 500)), "ValueError", "x" * MAX_TEXT + " …"),
        (OddName("no"), "OddName", "no"),
    ],
    ids=["file", "message", "no message", "code", "line", "large line", "notes", "text", "name"],
)
def test_exception_with_odd_parts_is_told_all_the_same(
    error: BaseException, kind: str, text: str
) -> None:
    told = raised(error, "/nowhere")
    assert (told.fields["type"], told.fields["message"]) == (kind, text)
    assert b"".join(map(bytes, encode(told)))
