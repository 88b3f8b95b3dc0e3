"""Where results go beside the reports, and how they are shown."""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.commands.early import STEP_SUMMARY
from grader.console import IN_GITHUB, say
from grader.errors import UsageError
from grader.handed_in.naming import SUMMARY_TEXT
from grader.reports.files import write_atomically


@dataclass(frozen=True)
class Output:
    """Where results go, and how they are shown."""

    folder: Path | None
    """None: ``results/<name>`` for one hand-in, ``results`` for a course."""
    verbose: bool = False
    min_score: float | None = None
    markdown: bool = False
    """Write a summary for the page of a CI job."""
    gradescope: Path | None = None
    guessed: bool = False
    """Whether nobody has said if the path holds one hand-in or a course."""
    one: bool = False
    """Whether it was said that it holds one hand-in, or a result of one is asked for."""


@contextmanager
def no_commands() -> Iterator[None]:
    """While active, GitHub takes no printed line for a command of the workflow's.

    Reports show what students' code prints. Only a token that it cannot know ends that.
    """
    if not os.environ.get(IN_GITHUB):
        yield
        return
    token = secrets.token_hex(16)
    say(f"::stop-commands::{token}")
    try:
        yield
    finally:
        say(f"::{token}::")


def check_min_score(min_score: float | None) -> None:
    """Raises UsageError for a minimum that nothing reaches or misses for certain."""
    if min_score is not None and not math.isfinite(min_score):
        raise UsageError(f"--min-score is {min_score:g}; it must be a number of points")


def beyond_reach(min_score: float | None, max_score: float) -> str:
    """What to say of a minimum above what there is to reach; '' of others."""
    if min_score is None or min_score <= max_score:
        return ""
    return f"--min-score {min_score:g} is more than the {max_score:g} points that there are."


def summarise(markdown: str, folder: Path) -> None:
    """Write the summary of a CI job beside the reports, and where GitHub shows it."""
    write_atomically(folder / SUMMARY_TEXT, markdown)
    page = os.environ.get(STEP_SUMMARY)
    if page:
        with Path(page).open("a", encoding="utf-8") as writer:
            writer.write(markdown)
