"""What a grading begins with, before this process imports anything large.

To import torch takes a second, here and in each server that forks with it in memory. The sooner the
servers begin, the more of that overlaps.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkstemp

import typer

from grader.console import complain
from grader.errors import GraderError, SubmissionError, UsageError
from grader.exit_codes import ExitCode
from grader.sandbox.forkserver import ForkServer

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""GitHub shows the text of the file that this variable names on the job's page."""


def check_writable(folder: Path) -> None:
    """Raises UsageError when reports cannot be written there; leaves nothing.

    It is tried: what a system says of rights does not hold for root, nor in every file system.
    """
    try:
        nearest = _nearest(folder)
        if not nearest.is_dir():
            what = "is a link that leads nowhere" if nearest.is_symlink() else "is a file"
            raise UsageError(
                f"reports cannot be written to {folder}: {nearest} {what}, not a folder"
            )
        _try_in(nearest)
    except OSError as error:
        raise UsageError(
            f"reports cannot be written to {folder}: nothing can be made in {nearest} "
            f"({error.strerror}); name another folder by --out"
        ) from None


def check_results(file: Path) -> None:
    """Raises UsageError when ``write_results`` cannot write there, as ``check_writable``."""
    if file.is_dir():
        raise UsageError(f"--gradescope {file} is a folder; name a file in it")
    nearest = _nearest(file.parent)
    try:
        _try_in(nearest)
    except OSError as error:
        raise UsageError(
            f"--gradescope {file} cannot be written: nothing can be made in {nearest} "
            f"({error.strerror})"
        ) from None


def write_results(file: Path, text: str) -> None:
    """Write Gradescope's results; their folder is made if need be."""
    from grader.reports.files import write_atomically

    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, text)


def check_step_summary() -> None:
    """Raises UsageError when the page that GitHub shows cannot be added to, if there is one."""
    page = os.environ.get(STEP_SUMMARY)
    try:
        if page:
            Path(page).open("a", encoding="utf-8").close()
    except OSError as error:
        raise UsageError(
            f"{STEP_SUMMARY} names {page}, which cannot be written to ({error.strerror}); unset "
            "it, or leave out --summary"
        ) from None


def _nearest(folder: Path) -> Path:
    """The folder, or the first above it that there is."""
    return next(p for p in (folder, *folder.absolute().parents) if os.path.lexists(p))


def _try_in(folder: Path) -> None:
    fd, file = mkstemp(prefix=".partial-", dir=folder)
    os.close(fd)
    Path(file).unlink(missing_ok=True)


@contextmanager
def fork_server(reports: Path) -> Iterator[ForkServer]:
    """The server that workers are forked from, for a ``Sandbox``; it ends with the context.

    Raises UsageError when nothing can be written to the folder ``reports``.
    """
    check_writable(reports)
    with closing(ForkServer()) as server:
        yield server


@contextmanager
def interruption_told() -> Iterator[None]:
    """Says in one line that it was stopped by hand, wherever it was, and ends with that code."""
    try:
        yield
    except KeyboardInterrupt:
        complain("Interrupted; the same command grades what is not done yet.")
        raise typer.Exit(ExitCode.INTERRUPTED) from None


@contextmanager
def gradescope_told(file: Path | None) -> Iterator[None]:
    """Gradescope shows nothing where no result was written: it learns of failures, too."""
    try:
        yield
    except GraderError as error:
        if file is not None:
            from grader.reports.gradescope import failed_to_gradescope

            unreadable = isinstance(error, SubmissionError)
            write_results(file, failed_to_gradescope(str(error), unreadable=unreadable))
        raise
