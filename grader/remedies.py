"""What a student can do about an exception that says too little, or that only grading raises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

A_NOTEBOOK = "Is this a notebook under another name? Its code is what 'Download .py' gives."


@dataclass(frozen=True)
class _Remedy:
    kinds: frozenset[str]
    """Names of exceptions."""
    fits: Callable[[str, str], bool]
    """By the exception's message, and the line of code that it names."""
    words: str


def _remedy(kinds: str, fits: Callable[[str, str], bool], words: str) -> _Remedy:
    return _Remedy(frozenset(kinds.split()), fits, words)


def remedy_for(kind: str, message: str, code: str) -> str:
    """One sentence or two for the first remedy that fits, or ''.

    ``kind`` is the exception's name, and ``code`` the line of the student's that raised it. All
    three are the worker's word; none of it is quoted.
    """
    found = (r.words for r in REMEDIES if kind in r.kinds and r.fits(message, code))
    return next(found, "")


REMEDIES = (
    _remedy(
        "ModuleNotFoundError",
        lambda message, _: "google" in message,
        "It is there in Colab alone: leave what needs it in the notebook.",
    ),
    _remedy(
        "ModuleNotFoundError",
        lambda *_: True,
        "It is neither in the hand-in nor installed where this is graded: if it is a file of "
        "yours, hand it in too; remove the import if it is not needed; otherwise ask the course "
        "staff to install it.",
    ),
    _remedy(
        "FileNotFoundError",
        lambda *_: True,
        "Where this is graded there are only the hand-in's own code, notebooks and models, and its "
        "small text, JSON and NumPy files.",
    ),
    _remedy(
        "PermissionError",
        lambda *_: True,
        "Where this is graded, code starts no other program, uses no network, reads its own files "
        "alone and writes only to the current folder.",
    ),
    _remedy(
        "SyntaxError UnicodeDecodeError ValueError",
        lambda message, _: any(
            words in message for words in ("null bytes", "unicode error", "codec can't", "UTF-8")
        ),
        "Save the file as UTF-8: editors have it under 'Save as' or 'Encoding'.",
    ),
    _remedy(
        "SyntaxError IndentationError",
        lambda _, code: code.lstrip().startswith(("%", "!")),
        "A line that begins with % or ! is for notebooks alone; remove it.",
    ),
    _remedy(
        "NameError",
        lambda message, _: any(f"'{name}'" in message for name in ("null", "true", "false")),
        A_NOTEBOOK,
    ),
)
