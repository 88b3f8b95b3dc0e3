"""One submission under way: what was handed in, what it is judged by, and the workers for it."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from grader import __version__
from grader.claims import Notebooks, claims_of
from grader.errors import CheckFailed
from grader.handed_in.gathering import Part
from grader.handed_in.naming import IMPLEMENTATION
from grader.handed_in.submission import Submission, stage
from grader.language_model.assessment import Assessment, ModelRequest
from grader.language_model.clock import Progress
from grader.language_model.corpus import EMBEDDED_CORPUS, Corpus
from grader.language_model.evaluation import Evaluation
from grader.model import Claim, QuestionResult, Report, Versions
from grader.modes import IsolationMode
from grader.remedies.place import NOT_INSTALLED
from grader.remedies.python import NEWER_SYNTAX
from grader.rubric import Limits, Rubric
from grader.sandbox.lent import SandboxUse
from grader.sandbox.scratch import remove_scratch
from grader.student import Student

MODEL_QUESTION = "q7"
SPARE_S = 200.0
"""For loading, validation and the last batch of a training that has reached its time."""
SEED_DIGITS = 13
"""52 bits: too many to search for a hand-in with a wanted seed, few enough for any JSON reader."""
ABSENT = (
    f"{IMPLEMENTATION} imports what is neither beside it nor installed where this is graded: {{}}; "
    "that costs nothing where no function needs it, and what does may be right where they are"
)
PASSED_OVER = (
    f"{IMPLEMENTATION} was imported without what begins in line {{}}: that needs files, programs, "
    "a GPU, a terminal or a screen, or a setting of a system, that is not here, and costs nothing "
    "where no function needs it"
)

TOO_OLD = (
    "the hand-in seems to be written for a newer Python than the one that graded it: grade it with "
    "that one before its missing points count"
)
NEEDS = (
    "the language model needs what is neither handed in nor installed where this is graded: {}; "
    "where that is a package, install it and grade Q7 again before its missing points count"
)
NO_MODULE = re.compile(r"No module named '([\w.]+)'")


@dataclass(frozen=True)
class Request:
    """What a user asks for."""

    path: Path
    """What is graded: one hand-in, or the folder or archive of many."""
    parts: tuple[Part, ...] = ()
    """The files and folders of one hand-in of many; empty: all that is at ``path``."""
    name: str = ""
    """What the submission is called; '': as what is at ``path``."""
    data: Path | None = None
    """The folder with the course's sentences; None: the made-up ones of this program."""
    rubric: Path | None = None
    only: frozenset[str] = frozenset()
    """Ids of the questions to grade; empty: all."""
    device: str = "auto"
    seed: int | None = None
    """None: from the submission's content, so that no answer can be prepared for it."""
    timeout_s: float | None = None
    model: ModelRequest = field(default_factory=ModelRequest)
    claims: bool = False
    """Compare what the notebooks show with what was measured."""

    @property
    def corpus(self) -> Path:
        """The folder of the sentences that the language model is scored on."""
        return self.data or EMBEDDED_CORPUS


class Grading:
    """Everything that the checks of one submission share; as a context, it ends its workers."""

    def __init__(
        self,
        request: Request,
        sandbox: SandboxUse,
        progress: Progress,
        corpus: Corpus | None = None,
        staged: Submission | None = None,
        rubric: Rubric | None = None,
    ) -> None:
        """What has been done already: ``corpus`` is that of the request's data, ``staged`` what was
        handed in, in a folder that workers can pass through to, and ``rubric`` the request's."""
        self.request = request
        self.progress = progress
        self.rubric = rubric or rubric_of(request)
        self._sandbox = sandbox
        self._start = time.monotonic()
        self._corpus = corpus
        self._folder = Path(tempfile.mkdtemp(prefix="submission-", dir=sandbox.folder))
        # Workers may have a user id of their own: they pass through, but cannot list what is there.
        self._folder.chmod(0o711)
        self._students: list[Student] = []
        self._shared: dict[str, Student] = {}
        self._asking: tuple[str, Student] | None = None
        self.diagnosed: set[str] = set()
        """The questions of which it was asked what was misunderstood."""
        self.misshapen: set[str] = set()
        """Those of which a graded check ended with an exception about shapes."""
        self.right_in_notebook: set[str] = set()
        """Those of which the notebook's own case is right."""
        self.explained: set[str] = set()
        """Those of which students were told why an answer is wrong, or may be."""
        self._remarks: dict[str, dict[str, None]] = {}
        try:
            self.submission: Submission = staged or stage(
                request.parts or request.path,
                self._folder / "submission",
                self.rubric.submission,
                request.name,
            )
        except BaseException:
            remove_scratch(self._folder)
            raise
        self.seed = seed_of(request, self.submission)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers and remove the staged copy."""
        for student in self._students:
            student.restart()
        remove_scratch(self._folder)

    @cached_property
    def corpus(self) -> Corpus:
        return self._corpus or Corpus.open(self.request.corpus)

    def new_student(self, question: str) -> Student:
        """A handle on the submission's code, with the limits of a question; no worker runs yet."""
        is_model = question == MODEL_QUESTION
        student = Student(
            self._sandbox.server,
            self.submission,
            self._folder / f"scratch-{len(self._students)}",
            self._model_limits() if is_model else self.rubric.limits_for(question),
            threads=self._sandbox.cores if is_model else 1,
            isolate=self._sandbox.mode is not IsolationMode.OFF,
            slot_bytes=self._logits_bytes() if is_model else 0,
        )
        if not all(other.quotes for other in self._students):
            # One that was given test sentences could have told them to this one.
            student.quote_no_more()
        self._students.append(student)
        return student

    def student_for(self, question: str) -> Student:
        """The handle for a question's calls; asked for another question, that one begins.

        Questions with the same limits share a worker: to start and to end one takes longer than
        most questions do. The language model has workers of its own, and so has each question that
        fails in a worker which it has inherited: see ``grader.questions.conftest``. The worker of
        other questions ends.
        """
        if self._asking is None or self._asking[0] != question:
            alike = self.rubric.limits_for(question).model_dump_json()
            key = question if question == MODEL_QUESTION else alike
            if key not in self._shared:
                self._shared[key] = self.new_student(question)
            self._end_workers(but=self._shared[key])
            self._shared[key].begin_question()
            self._asking = question, self._shared[key]
        return self._asking[1]

    def _end_workers(self, *, but: Student | None = None) -> None:
        """What a worker takes is looked at while it is asked something. One that nobody will ask
        for minutes could fill memory and disk meanwhile, by a thread."""
        for student in self._students:
            if student is not but:
                student.restart()

    @property
    def mode(self) -> IsolationMode:
        """How student code is isolated."""
        return self._sandbox.mode

    def take_output(self) -> str:
        """What student code printed since the last call."""
        return "".join(student.take_output() for student in self._students)

    def remark(self, question: str, *remarks: str) -> None:
        """Add to what the report says to staff of a question; each is said once."""
        self._remarks.setdefault(question, {}).update(dict.fromkeys(remarks))

    def remarks_on(self, question: str) -> tuple[str, ...]:
        """What was remarked on a question."""
        return tuple(self._remarks.get(question, ()))

    def model_evaluation(self, question: str) -> Callable[[], Evaluation]:
        """The evaluation of the language model: made once, and then its result or failure again."""
        results: list[Evaluation | Exception] = []

        def evaluate() -> Evaluation:
            if not results:
                self._end_workers()
                assessment = Assessment(
                    lambda: self.new_student(question),
                    self.submission,
                    self.corpus,
                    self.rubric.language_model,
                    self.request.model,
                    device=self.request.device,
                    seed=self.seed,
                    limit_s=self.rubric.limits_for(question).call_s,
                    progress=self.progress,
                )
                with self._sandbox.model_turn:
                    results.append(_evaluated(assessment))
                if isinstance(results[0], Evaluation):
                    self.remark(question, *results[0].flags)
            result = results[0]
            if isinstance(result, CheckFailed):
                raise result.with_traceback(None)
            if isinstance(result, Exception):
                raise result
            return result

        return evaluate

    def _model_limits(self) -> Limits:
        """The kernel's own backstop counts the seconds of all threads together."""
        limits = self.rubric.limits_for(MODEL_QUESTION)
        plan = self.request.model.plan(self.rubric.language_model)
        longest = self._sandbox.cores * (max(limits.call_s, plan.max_time_s) + SPARE_S)
        return limits.model_copy(update={"cpu_s": max(limits.cpu_s, int(longest))})

    def _logits_bytes(self) -> int:
        """What the largest batch's logits take as float32."""
        logits = self.rubric.language_model.most_batch_tokens * self.corpus.vocabulary.size
        return logits * np.dtype(np.float32).itemsize

    def report(self, questions: tuple[QuestionResult, ...]) -> Report:
        """The report of what was graded so far."""
        noted = [self.submission.notes, *(question.notes for question in questions)]
        if any(NEWER_SYNTAX in check.message for q in questions for check in q.checks):
            noted.append((TOO_OLD,))
        noted.append(tuple(_packages_wanted(questions)))
        return Report(
            submission=self.submission.name,
            score=sum(q.score for q in questions),
            max_score=sum(q.max_score for q in questions),
            seed=self.seed,
            versions=versions(),
            rubric=self.rubric.digest,
            isolation=self._sandbox.isolation(),
            duration_s=round(time.monotonic() - self._start, 3),
            notes=tuple(dict.fromkeys(n for notes in noted for n in notes)),
            claims=self._claims(questions) if self.request.claims else (),
            questions=questions,
        )

    def _claims(self, questions: tuple[QuestionResult, ...]) -> tuple[Claim, ...]:
        notebooks = Notebooks.read(self.submission.folder, sorted(self.submission.files))
        return claims_of(notebooks, questions, same_data=self.request.data is not None)


def _packages_wanted(questions: Sequence[QuestionResult]) -> list[str]:
    """What to say of packages for want of which the model cannot be judged."""
    messages = (c.message for q in questions if q.id == MODEL_QUESTION for c in q.checks)
    names = [n for said in messages if NOT_INSTALLED in said for n in NO_MODULE.findall(said)]
    return [NEEDS.format(", ".join(dict.fromkeys(names)))] if names else []


def rubric_of(request: Request) -> Rubric:
    """The rubric that a request names, with the limit that it asks for. Raises RubricError."""
    rubric = Rubric.load(request.rubric)
    return rubric if request.timeout_s is None else rubric.with_call_limit(request.timeout_s)


def seed_of(request: Request, submission: Submission) -> int:
    """The seed of all draws for a submission: the one asked for, or else its own."""
    own = int(submission.digest[:SEED_DIGITS], 16)
    return own if request.seed is None else request.seed


def absence(student: Student) -> list[str]:
    """What to remark where the student's code wants what is not here, when it is imported."""
    names, lines = student.absent_modules, map(str, student.lines_passed_over)
    wanted = ((ABSENT, ", ".join(names)), (PASSED_OVER, ", ".join(lines)))
    return [remark.format(what) for remark, what in wanted if what]


def _evaluated(assessment: Assessment) -> Evaluation | Exception:
    """The evaluation, of a second attempt where the system has killed the first one's worker; or
    why there is none, which is the grader's own failure if it is no CheckFailed."""
    try:
        return assessment.evaluate()
    except CheckFailed as failure:
        if not failure.by_system:
            return failure
    except Exception as failure:
        return failure
    try:
        return assessment.evaluate()
    except Exception as failure:
        return failure


@cache
def versions() -> Versions:
    """The versions that a result depends on."""
    from importlib.metadata import version

    return Versions(
        grader=__version__,
        python=".".join(map(str, sys.version_info[:3])),
        numpy=version("numpy"),
        torch=version("torch"),
    )


GRADING: pytest.StashKey[Grading] = pytest.StashKey()
"""Where the pytest configuration of a run keeps the submission under way."""
RUBRIC: pytest.StashKey[Rubric] = pytest.StashKey()
"""Where it keeps the rubric, which decides what checks there are."""
