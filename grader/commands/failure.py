"""What is said of an error that ends the program, and the exit code that goes with it."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator

from grader.errors import GraderError, UsageError
from grader.exit_codes import ExitCode

ABOUT_THE_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.EIO}
    | {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}
)
"""Errors of the system's that staff can do something about; of others the trace is of use."""


def failure(error: Exception) -> tuple[list[str], ExitCode]:
    """The lines for staff, and the exit code."""
    if isinstance(error, UsageError):
        return [f"Error: {error}"], ExitCode.USAGE
    if isinstance(error, GraderError):
        return [f"The grader failed, not the hand-in: {error}"], ExitCode.HARNESS
    if isinstance(error, OSError) and error.errno in ABOUT_THE_DISK:
        where = f": {error.filename}" if error.filename else ""
        words = f"The grader failed, not the hand-in: {error.strerror}{where}. What was graded "
        return [f"{words}before is kept; the same command goes on from there."], ExitCode.HARNESS
    words = "The grader failed, not the hand-in; the lines above say where."
    return [*_trace(error), words], ExitCode.HARNESS


def _trace(error: Exception) -> Iterator[str]:
    """The lines of a trace. What an exception says is one, as a student's words may be in it."""
    for part in traceback.format_exception(error):
        yield from part.splitlines() if part.startswith("  File") else [part.strip("\n")]
