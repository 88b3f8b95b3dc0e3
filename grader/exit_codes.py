"""What the exit code says."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Of ``python -m grader``."""

    GRADED = 0
    """Whatever the points."""
    UNDER_MIN_SCORE = 1
    USAGE = 2
    """The command line, the rubric or the data is wrong, or there is nothing to grade."""
    HARNESS = 3
    """The grader itself failed, or may not run student code here."""
    INTERRUPTED = 130
