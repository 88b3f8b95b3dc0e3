"""One submission's row in a course: small enough to keep hundreds; gradebooks are made of it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from grader.measures import FiniteOrNull, Record
from grader.model import Outcome, QuestionResult, Report

JSON_FILE = "report.json"
JUNIT_FILE = "junit.xml"
ROW_FILE = "row.json"
"""A folder with it, or with both of the others, has the results of a hand-in."""


class Status(StrEnum):
    """How far the grading of a submission came."""

    GRADED = "graded"
    UNREADABLE = "cannot be read"
    """What was handed in cannot be unpacked, or holds nothing to grade."""
    GRADER_FAILED = "grader failed"
    """Some of it was not judged, and that is not the student's fault: never take it for a zero."""
    NOT_DONE = "not done"
    """The run was stopped before its turn came."""


class Arrival(Record):
    """What is known of a hand-in before it is opened. All texts are a stranger's."""

    name: str = Field(description="Of its folder among the results; no two of a course share it.")
    student: str = Field(default="", description="The student's name, as the platform spells it.")
    student_id: str = Field(default="", description="The platform's id of the student.")
    is_school_id: bool = Field(
        default=False, description="Whether that is the school's number, not the platform's own."
    )
    submission_id: str = Field(default="", description="The platform's id of the upload.")
    other_ids: tuple[str, ...] = Field(
        default=(),
        description="Ids of students that names of its files have as well, if they are read "
        "otherwise: a part of them is of the student's choice.",
    )
    email: str = ""
    logins: tuple[str, ...] = Field(
        default=(),
        description="What may be the login, where a file's name has it at the end of other words.",
    )
    late: bool | None = Field(
        default=None,
        description="As the platform's export says it; None where it says nothing.",
    )
    notes: tuple[str, ...] = Field(
        default=(), description="For staff, such as that an earlier upload was passed over."
    )


class QuestionRow(Record):
    """What came of one question."""

    id: str
    title: str
    score: float
    max_score: float
    outcome: Outcome = Field(description="Of the first graded check that did not pass.")
    failed: tuple[str, ...] = Field(default=(), description="The graded checks that did not pass.")
    misconception: str = Field(default="", description="The title of the hint, if there is one.")
    near: bool = Field(default=False, description="Whether the hint is for a near miss.")
    made_up: bool = Field(
        default=False, description="Whether its points are for the grader's made-up sentences."
    )
    key: str = Field(default="", description="Of everything that the result depends on.")


class Row(Record):
    """One submission of a course and what came of it."""

    arrival: Arrival
    status: Status
    reason: str = Field(
        default="",
        description="For staff: why it was not graded or, where it was, the one thing that stops "
        "several of its questions or the whole of one, such as a file that cannot be imported.",
    )
    digest: str = Field(default="", description="SHA-256 over what was handed in.")
    notes: tuple[str, ...] = Field(default=(), description="The arrival's and the report's.")
    questions: tuple[QuestionRow, ...] = ()
    open: tuple[str, ...] = Field(
        default=(), description="Questions that are not graded, or not as the hand-in is now."
    )
    loss: FiniteOrNull = Field(default=None, description="Of the language model, in nats.")
    duration_s: float = 0.0
    fingerprints: dict[str, tuple[int, ...]] = Field(
        default={}, description="Of each of its code files, to compare hand-ins with each other."
    )
    files: dict[str, str] = Field(
        default={}, description="SHA-256 of each handed-in file, to find files that are the same."
    )

    @property
    def outdated(self) -> tuple[str, ...]:
        """Questions with points that are not those of the hand-in, or the rubric, as it is now."""
        return tuple(question.id for question in self.questions if question.id in self.open)

    @property
    def made_up(self) -> tuple[str, ...]:
        """Questions with points that are not for the course's own data."""
        return tuple(question.id for question in self.questions if question.made_up)

    @property
    def score(self) -> float:
        return sum(question.score for question in self.questions)

    @property
    def max_score(self) -> float:
        return sum(question.max_score for question in self.questions)


def question_row(result: QuestionResult, key: str = "") -> QuestionRow:
    """The row of a question's result."""
    failed = [check for check in result.checks if check.graded and not check.passed]
    hint = next((check.hint for check in result.checks if check.hint is not None), None)
    return QuestionRow(
        id=result.id,
        title=result.title,
        score=result.score,
        max_score=result.max_score,
        outcome=failed[0].outcome if failed else Outcome.PASSED,
        failed=tuple(check.name for check in failed),
        misconception=hint.title if hint is not None else "",
        near=hint.near if hint is not None else False,
        made_up=result.made_up,
        key=key,
    )


def row_of(
    arrival: Arrival,
    report: Report,
    *,
    digest: str,
    keys: dict[str, str],
    fingerprints: dict[str, tuple[int, ...]],
    files: dict[str, str],
    open: tuple[str, ...],
    reason: str = "",
) -> Row:
    """The row of a graded submission; ``keys`` are those of its questions."""
    measured = [q.measured for q in report.questions if q.measured is not None]
    return Row(
        arrival=arrival,
        status=Status.GRADER_FAILED if report.harness_failed else Status.GRADED,
        reason=reason,
        digest=digest,
        notes=(*arrival.notes, *report.notes),
        questions=tuple(question_row(q, keys.get(q.id, "")) for q in report.questions),
        loss=measured[0].loss if measured else None,
        duration_s=report.duration_s,
        fingerprints=fingerprints,
        files=files,
        open=open,
    )
