"""The records that flow from the checks to the reports. All are frozen."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from grader.measures import FiniteOrNull, ModelMeasures, Record
from grader.modes import IsolationMode


class Outcome(StrEnum):
    """How a check ended, and so whose doing that is."""

    PASSED = "passed"
    WRONG = "wrong"
    """The student's code ran and its answer is not the right one."""
    MISSING = "missing"
    """The file or function that the check needs was not handed in."""
    EXCEPTION = "exception"
    """The student's code raised an exception, or cannot be imported."""
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CRASH = "crash"
    """The student's process ended before it answered."""
    FORBIDDEN = "forbidden"
    """The answer comes from torch's own layer, where the task was to write that layer."""
    HARNESS_ERROR = "harness_error"
    """The grader failed. Never the student's fault, and never scored as a zero unseen."""


def by_number(id: str) -> tuple[str, int]:
    """What questions' ids are sorted by: q10 comes after q9."""
    letters = id.rstrip("0123456789")
    return letters, int(id[len(letters) :] or 0)


class TracebackLine(Record):
    """One line of a student's traceback; ``file`` is relative to the hand-in."""

    file: str
    line: int
    function: str
    code: str


Numbers = tuple[tuple[FiniteOrNull, ...], ...]
"""A small table of numbers: a tuple for each row."""


class Excerpt(Record):
    """A small cut of two arrays around their first difference, and where they differ as a whole."""

    rows: str = Field(description="What the rows of the cut are, such as 'steps'.")
    columns: str = Field(description="What its columns are, such as 'hidden'.")
    where: str = Field(description="The index on the other axes, such as 'batch 0'; '' if none.")
    first_row: int = Field(description="The index of the cut's first row in the array.")
    first_column: int
    marked: tuple[int, int] = Field(description="Row and column of the first difference in it.")
    expected: Numbers
    actual: Numbers
    ratios: Numbers = Field(description="Of the cut: each difference over what was allowed there.")
    overview: Numbers = Field(
        description="The largest such ratio over all other axes, and over blocks of rows and "
        "columns where there are many; null: not finite."
    )
    shape: tuple[int, int] = Field(description="How many rows and columns the overview stands for.")


class Mismatch(Record):
    """Where two arrays differ by more than is allowed. All numbers are absolute."""

    what: str
    at: tuple[int, ...]
    """The first index, in row-major order, whose difference is not allowed."""
    expected: FiniteOrNull
    actual: FiniteOrNull
    error: FiniteOrNull
    allowed: FiniteOrNull
    differing: int
    total: int
    excerpt: Excerpt | None = None


class Hint(Record):
    """What a student probably misunderstood; it explains a whole question and costs nothing."""

    title: str
    explanation: str = ""
    hint: str = Field(default="", description="Where to look, and what for.")
    link: str = Field(default="", description="Pages of torch's documentation.")
    near: bool = Field(
        default=False, description="True: the answers are close to those of the mistake, not equal."
    )


class Visibility(StrEnum):
    """What students see of a check."""

    VISIBLE = "visible"
    HIDDEN = "hidden"
    """Its name and outcome, but no message and no numbers."""


class Question(Record):
    """What a question's file says of itself; its points stand in the rubric."""

    id: str
    title: str
    function: str | None = None
    """The function of ``implementation.py`` that is graded, if it is one."""


class CheckResult(Record):
    """What came of one check."""

    name: str
    title: str = Field(description="What the check asks, for the student.")
    outcome: Outcome
    graded: bool = Field(description="False: advisory, reported but without influence on points.")
    message: str
    points: float | None = Field(
        default=None, description="Points of this check alone, where a question is scored by parts."
    )
    error: FiniteOrNull = Field(
        default=None,
        description="The difference at `at`: of the first value that is not allowed, or, where "
        "all are, of the one nearest to its allowance.",
    )
    allowed: FiniteOrNull = Field(default=None, description="How much was allowed there.")
    at: tuple[int, ...] | None = None
    mismatch: Mismatch | None = None
    hint: Hint | None = Field(
        default=None, description="Given once for each question, at its first wrong answer."
    )
    visibility: Visibility = Visibility.VISIBLE
    traceback: tuple[TracebackLine, ...] = ()
    output: str = Field(default="", description="What the student's code printed, cut to a bound.")
    duration_s: float = 0.0

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    @property
    def hidden(self) -> bool:
        return self.visibility is Visibility.HIDDEN


class QuestionResult(Record):
    """The points of one question and the checks that they come from."""

    id: str
    title: str
    score: float
    max_score: float
    checks: tuple[CheckResult, ...]
    measured: ModelMeasures | None = None
    made_up: bool = Field(
        default=False,
        description="Whether its points are a model's on sentences that the grader made up, as no "
        "data of the course's was given.",
    )
    notes: tuple[str, ...] = Field(
        default=(), description="Those of the report's notes that its checks gave rise to."
    )

    @property
    def harness_failed(self) -> bool:
        """Whether some of it was not judged, which is not the student's fault."""
        return any(check.outcome is Outcome.HARNESS_ERROR for check in self.checks)


class Versions(Record):
    """The programs that a result depends on."""

    grader: str
    python: str
    numpy: str
    torch: str


class Verdict(Record):
    """What came of one forbidden act, attempted from inside a worker."""

    act: str
    held: bool = Field(description="Whether the worker was kept from it.")
    by: str = Field(description="What kept it, or what happened instead.")


class Isolation(Record):
    """Which protections were in force while student code ran."""

    mode: IsolationMode
    layers: dict[str, bool]
    verdicts: tuple[Verdict, ...] = ()


class ClaimVerdict(StrEnum):
    """Whether a number that a notebook shows goes with what the grader measured."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_SHOWN = "not shown"
    INCOMPARABLE = "cannot be compared"


class Claim(Record):
    """A number that a submitted notebook shows, beside what was measured. It changes no points."""

    question: str
    what: str
    claimed: FiniteOrNull = Field(description="Null: not shown, or shown as NaN or infinity.")
    measured: FiniteOrNull = Field(description="Null: not measured, or no number that compares.")
    verdict: ClaimVerdict
    cell: str = Field(default="", description="The notebook and the cell that show it.")
    why: str = Field(default="", description="What the verdict rests on.")


class Report(Record):
    """The whole result of grading one submission; every report format is made from it."""

    submission: str
    score: float
    max_score: float
    seed: int
    versions: Versions
    rubric: str = Field(description="SHA-256 of the rubric in force, as hexadecimal digits.")
    isolation: Isolation
    duration_s: float
    notes: tuple[str, ...] = Field(
        default=(), description="What staff should know, such as files that were not understood."
    )
    claims: tuple[Claim, ...] = Field(
        default=(), description="What the notebooks show; for staff, and only when asked for."
    )
    questions: tuple[QuestionResult, ...]

    @property
    def harness_failed(self) -> bool:
        return any(question.harness_failed for question in self.questions)
