"""A remedy: which exceptions it is for, and the words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Fits = Callable[[str, str], bool]
"""By the exception's message, and the line of code that it names."""


@dataclass(frozen=True)
class Remedy:
    """What a student can do about some exceptions."""

    kinds: frozenset[str]
    """Their names."""
    fits: Fits
    words: str


def remedy(kinds: str, fits: Fits, words: str) -> Remedy:
    """A remedy for the exceptions that ``kinds`` names, with spaces between."""
    return Remedy(frozenset(kinds.split()), fits, words)


def says(*parts: str) -> Fits:
    """For messages that have one of the parts in them."""
    return lambda message, _: any(part in message for part in parts)


def always(message: str, code: str) -> bool:
    """For all messages."""
    return True
