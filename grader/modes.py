"""What a user chooses between on the command line."""

from __future__ import annotations

from enum import StrEnum


def ids_in(words: str) -> frozenset[str]:
    """The ids of questions that somebody writes in either case, between commas or spaces; a number
    alone is a question's, too."""
    ids = words.lower().replace(",", " ").split()
    return frozenset(f"q{id}" if id.isdigit() else id for id in ids)


class IsolationMode(StrEnum):
    """What to do where student code cannot be kept in completely."""

    REQUIRE = "require"
    """Refuse to grade."""
    BEST_EFFORT = "best-effort"
    """Grade with the layers that there are, and report what does not hold."""
    OFF = "off"
    """Do not even try."""


class ModelMode(StrEnum):
    """Where the language model comes from."""

    LOAD = "load"
    """From the file that was handed in."""
    TRAIN = "train"
    """The grader trains it from its code."""
    AUTO = "auto"
    """From the file, or, where there is none that can be loaded, from its code."""


class Device(StrEnum):
    """Where the language model runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Summary(StrEnum):
    """The format of the summary for a CI job."""

    MARKDOWN = "markdown"
