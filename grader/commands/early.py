"""What a grading begins with, before this process imports anything large.

To import torch takes a second, here and in each server that forks with it in memory. The sooner the
servers begin, the more of that overlaps.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from grader.errors import GraderError, SubmissionError, UsageError
from grader.sandbox.forkserver import ForkServer


def check_writable(folder: Path) -> None:
    """Raises UsageError when reports cannot be written there; makes nothing."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise UsageError(f"reports cannot be written to {folder}: look at {nearest}")


@contextmanager
def fork_server(reports: Path) -> Iterator[ForkServer]:
    """The server that workers are forked from, for a ``Sandbox``; it ends with the context.

    Raises UsageError when nothing can be written to the folder ``reports``.
    """
    check_writable(reports)
    with closing(ForkServer()) as server:
        yield server


@contextmanager
def gradescope_told(file: Path | None) -> Iterator[None]:
    """Gradescope shows nothing where no result was written: it learns of failures, too."""
    try:
        yield
    except GraderError as error:
        if file is not None:
            from grader.reports.files import write_atomically
            from grader.reports.gradescope import failed_to_gradescope

            unreadable = isinstance(error, SubmissionError)
            write_atomically(file, failed_to_gradescope(str(error), unreadable=unreadable))
        raise
