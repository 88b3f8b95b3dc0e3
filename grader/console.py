"""What is shown while something runs, and at its end; this alone prints."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

import typer
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from grader.model import CheckResult, Question
from grader.reports.plain import plain

PLAIN_WIDTH = 100
IN_GITHUB = "GITHUB_ACTIONS"
"""The environment variable that GitHub's runners set: they take printed lines for commands."""


def open_streams() -> None:
    """Have the program's streams take any text, whatever they encode and even where one is closed.

    What is shown, such as a student's name, is no reason to fail.
    """
    # Else the next file to be opened gets the number of a closed stream, and what is printed.
    while (nowhere := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(nowhere, True)
    os.close(nowhere)
    sys.stdout = _taking_all(sys.stdout, 1)
    sys.stderr = _taking_all(sys.stderr, 2)


def _taking_all(stream: TextIO | None, number: int) -> TextIO:
    """The stream, or a new one to where its number leads now if Python found it closed."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream or open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def show(*parts: RenderableType) -> None:
    """Print to a terminal as it is, and elsewhere as plain lines of a fixed width."""
    console = Console(highlight=False)
    if sys.stdout.isatty():
        console.print(*parts, sep="\n")
        return
    console = Console(highlight=False, width=PLAIN_WIDTH, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    lines = captured.get().removesuffix("\n").split("\n")
    say("\n".join(line.rstrip() for line in lines))


def say(line: str) -> None:
    """Print a text as it is."""
    _print(line, sys.stdout)


def complain(*lines: str) -> None:
    """Print what is wrong to where errors go. Each stays one line, whoever named what it names."""
    for line in lines:
        _print(" ".join(plain(line).split("\n")), sys.stderr)


def _print(text: str, stream: TextIO) -> None:
    """Print, as long as somebody reads: when ``head`` has enough, the grading still goes on."""
    try:
        typer.echo(text, file=stream)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class SubmissionProgress:
    """Shows on a terminal what is under way in one submission; elsewhere it is silent."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> SubmissionProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def check_done(self, question: Question, result: CheckResult) -> None:
        """A check has ended; the next one begins."""
        self._bar.update(self._task, description=question.title, total=None)

    def progress(self, doing: str, fraction: float) -> None:
        """Something long is under way; ``fraction`` of it is done."""
        self._bar.update(self._task, description=doing, total=1.0, completed=fraction)


class CourseProgress:
    """A line for each submission as it is done, and on a terminal how many are left."""

    def __init__(self, count: int) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("grading", total=count)

    def __enter__(self) -> CourseProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def done(self, line: str, *, told_again: bool = False) -> None:
        """One more is done, of which ``line`` tells.

        Of what is ``told_again`` at the end, it is shown on a terminal alone, where it passes by.
        """
        if self._bar.disable:
            if not told_again:
                complain(line)
        else:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        self._bar.advance(self._task)
