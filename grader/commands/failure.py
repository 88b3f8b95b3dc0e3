"""What is said of an error that ends the program, and the exit code that goes with it."""

from __future__ import annotations

import errno
import traceback

from grader.errors import GraderError, UsageError
from grader.exit_codes import ExitCode

ABOUT_THE_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.EIO}
    | {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}
)
"""Errors of the system's that staff can do something about; of others the trace is of use."""


def failure(error: Exception) -> tuple[str, ExitCode]:
    """The words for staff, and the exit code."""
    if isinstance(error, UsageError):
        return f"Error: {error}", ExitCode.USAGE
    if isinstance(error, GraderError):
        return f"The grader failed, not the hand-in: {error}", ExitCode.HARNESS
    if isinstance(error, OSError) and error.errno in ABOUT_THE_DISK:
        where = f": {error.filename}" if error.filename else ""
        words = f"The grader failed, not the hand-in: {error.strerror}{where}. What was graded "
        return f"{words}before is kept; the same command goes on from there.", ExitCode.HARNESS
    trace = "".join(traceback.format_exception(error))
    words = f"{trace}The grader failed, not the hand-in; the lines above say where."
    return words, ExitCode.HARNESS
