"""Every exception that this program raises on purpose, but for ``saved_file.CannotLoad`` and
``training.Untrainable``, which stay in a worker, and ``notebook_outputs.NotebookError``, which its
callers expect.

::

    GraderError
    ├── UsageError            the command line, the rubric or the data is wrong: exit code 2
    │   ├── RubricError       a rubric file that cannot be used
    │   ├── DataError         train.csv or test.csv that cannot be used
    │   └── SubmissionError   nothing there that could be graded
    ├── HarnessError          this program failed, not the student: exit code 3
    │   └── IsolationRefused  student code could not be kept in, and that was required
    ├── WireError             bytes from a worker that are no message; never leaves the sandbox
    └── CheckFailed           a student's check did not pass; carries what the report needs
        └── NotLoadable       the language model's file is missing or cannot be loaded

Whatever else leaves a check is a defect of the harness and is reported as one, never as a zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from grader.model import Mismatch, Outcome, TracebackLine


class GraderError(Exception):
    """The root of the tree."""


class UsageError(GraderError):
    """What the user asked for cannot be done; the message says what to change."""


class RubricError(UsageError):
    """The rubric file is missing, is no TOML or has a value that is not allowed."""


class DataError(UsageError):
    """The corpus files are missing or are not in the assignment's format."""


class SubmissionError(UsageError):
    """The path holds nothing that could be graded, or is not safe to read."""


class HarnessError(GraderError):
    """The grader itself failed; the student's points are not touched."""


class IsolationRefused(HarnessError):
    """Some protection does not hold here; the message says which, and how to get it."""


class WireError(GraderError):
    """The bytes that a worker sent are not a message within the bounds."""


class CheckFailed(GraderError):
    """One check did not pass, and it is known why.

    ``outcome`` says whose doing it is, ``message`` is what the student reads first, ``mismatch``
    is there when arrays were compared, and ``traceback`` holds lines of the student's own files.
    """

    def __init__(
        self,
        outcome: Outcome,
        message: str,
        *,
        mismatch: Mismatch | None = None,
        traceback: tuple[TracebackLine, ...] = (),
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.mismatch = mismatch
        self.traceback = traceback
        self.by_system = False
        """Whether the system killed the worker: of a second attempt, something else may come."""

    def told_as(self, message: str) -> Self:
        """The same failure in other words."""
        return type(self).of(self, message)

    def with_more(self, further: str) -> Self:
        """The same failure with a further sentence, which may follow what Python has said, or an
        address."""
        said = self.message.rstrip()
        *_, last = said.split(" ")
        end = "" if said.endswith((".", "?", "!", ":")) or "://" in last else "."
        return self.told_as(f"{said}{end} {further}")

    @classmethod
    def of(cls, failure: CheckFailed, message: str) -> Self:
        """A failure of this class with another's marks."""
        result = cls(
            failure.outcome, message, mismatch=failure.mismatch, traceback=failure.traceback
        )
        result.by_system = failure.by_system
        return result


class NotLoadable(CheckFailed):
    """There is no trained language model, or none that can be loaded; it may be trained instead."""
