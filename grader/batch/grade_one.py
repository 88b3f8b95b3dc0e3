"""Grades one submission of a course, as far as its results are not there yet."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch.fingerprints import file_digests, fingerprints
from grader.batch.keys import question_keys
from grader.batch.results import (
    Earlier,
    lacks_reports,
    read_earlier,
    read_row,
    write_graded,
    write_ungraded,
)
from grader.catalogue import question_files
from grader.claims import Notebooks, claims_of
from grader.engine import Judge, grade_questions, wanted_questions
from grader.errors import HarnessError, SubmissionError, UsageError
from grader.grading import Grading, Request
from grader.handed_in.naming import readable
from grader.handed_in.submission import Submission
from grader.intake import HandIn
from grader.language_model.corpus import Corpus
from grader.model import Report, by_number
from grader.modes import IsolationMode
from grader.plugin import Silent
from grader.reports.view import stopped_by
from grader.rows import Row, Status, row_of
from grader.rubric import Rubric
from grader.sandbox.lent import SandboxUse

ATTEMPTS = 2
"""A process that dies takes its submission along; what it died of may have been another's doing."""

OUTDATED = (
    "graded by an earlier run, and the hand-in, the rubric, the data, the options or the grader "
    "has changed since; grade without --only to bring it up to date"
)


@dataclass(frozen=True)
class Task:
    """One submission to grade into its own folder ``out``."""

    hand_in: HandIn
    request: Request
    """What all submissions of the course are graded by; its path is theirs together."""
    data: str
    """The digest of the corpus."""
    out: Path
    regrade: bool = False
    """Whether what is there already is graded all the same."""


@dataclass(frozen=True)
class Done:
    """A submission's row, and whether anything of it was graded just now."""

    row: Row
    fresh: bool = True


def grade_one(
    task: Task,
    sandbox: SandboxUse,
    corpus: Corpus,
    judge: Judge = grade_questions,
    *,
    staged: Submission | None = None,
    rubric: Rubric | None = None,
) -> Done:
    """Grade what is not graded yet and write the results; see ``Grading`` for what is done already.

    A hand-in that cannot be read gives a row that says why, and so does a failure of the grader
    itself, which is tried again the next time: one submission must not end the others. Raises
    UsageError when the request is wrong.
    """
    hand_in = task.hand_in
    if hand_in.problem:
        return unreadable(task, hand_in.problem)
    request = replace(task.request, parts=hand_in.parts, name=hand_in.arrival.name)
    try:
        with Grading(request, sandbox, Silent().progress, corpus, staged, rubric) as grading:
            return _grade(task, grading, judge)
    except SubmissionError as error:
        return unreadable(task, str(error))
    except UsageError:
        raise
    except HarnessError as error:
        return failed(task, str(error))
    except Exception as error:
        return failed(task, defect(error))


def unreadable(task: Task, reason: str) -> Done:
    """The row of what cannot be unpacked, or holds nothing to grade."""
    return _ungraded(task, Status.UNREADABLE, reason)


def failed(task: Task, reason: str) -> Done:
    """The row of a submission whose grading the grader itself did not survive.

    Results of an earlier run stay where they are, and the next run goes on from them.
    """
    if read_earlier(task.out) is not None:
        return Done(ungraded_row(task, Status.GRADER_FAILED, reason), fresh=False)
    return _ungraded(task, Status.GRADER_FAILED, reason)


def defect(error: Exception) -> str:
    """What staff should know of an exception that nobody expected."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"the grader failed, not the hand-in: {type(error).__name__}: {str(error)[:300]} "
        f"({Path(last.filename).name}, line {last.lineno})"
    )


def _ungraded(task: Task, status: Status, reason: str) -> Done:
    row = ungraded_row(task, status, reason)
    if read_row(task.out) == row:
        return Done(row, fresh=False)
    try:
        write_ungraded(row, task.out)
    except OSError as error:
        said = f"{reason}; and its results cannot be written: {error.strerror}"
        row = ungraded_row(task, Status.GRADER_FAILED, said)
    return Done(row)


def ungraded_row(task: Task, status: Status, reason: str = "") -> Row:
    """The row of a submission of which nothing is graded."""
    arrival = task.hand_in.arrival
    return Row(arrival=arrival, status=status, reason=readable(reason), notes=arrival.notes)


@dataclass(frozen=True)
class Standing:
    """How far a submission's results are there."""

    keys: Mapping[str, str]
    """Of all questions, as the submission is now."""
    earlier: Earlier | None
    graded: Mapping[str, str]
    """The keys that the earlier results have."""
    todo: tuple[str, ...]
    """The ids of the questions to grade."""
    worthless: frozenset[str] = frozenset()
    """Those for which there are no points: a total does not wait for them."""

    @classmethod
    def of(
        cls, task: Task, submission: Submission, rubric: Rubric, mode: IsolationMode
    ) -> Standing:
        questions = question_files()
        keys = question_keys(questions, submission, task.request, rubric, mode, task.data)
        earlier = read_earlier(task.out)
        if earlier and earlier.row.arrival.student_id != task.hand_in.arrival.student_id:
            earlier = None  # the results of another student, whose hand-in had this name
        graded = {q.id: q.key for q in earlier.row.questions if q.id in keys} if earlier else {}
        wanted = wanted_questions(task.request, rubric)
        todo = tuple(id for id in wanted if task.regrade or graded.get(id) != keys[id])
        worthless = frozenset(id for id, q in rubric.questions.items() if q.points == 0)
        return cls(keys, earlier, graded, todo, worthless)

    @property
    def kept(self) -> dict[str, str]:
        """The keys of the questions whose earlier results stay."""
        return {id: key for id, key in self.graded.items() if id not in self.todo}

    @property
    def outdated(self) -> tuple[str, ...]:
        """Those of them whose results are not those of the submission as it is now.

        Where the grader failed there is no key, and there are no results that could be so.
        """
        return tuple(sorted(id for id, key in self.kept.items() if key not in ("", self.keys[id])))

    @property
    def current(self) -> frozenset[str]:
        """The questions whose results, old or new, are of the submission as it is now."""
        return frozenset({*self.kept, *self.todo} - {*self.outdated})

    @property
    def open(self) -> tuple[str, ...]:
        """The questions that are outdated, and those with points that are not graded at all."""
        known = self.current | (self.worthless - {*self.outdated})
        return tuple(id for id in self.keys if id not in known)

    def unchanged(self, task: Task, submission: Submission) -> Done | None:
        """The row, where nothing is to be graded.

        The points are as they were. What of them is outdated may not be: that is written, and so
        is what is asked for of the notebooks, and are reports that somebody has removed.
        """
        if self.earlier is None or self.todo:
            return None
        arrival, row = task.hand_in.arrival, self.earlier.row
        report = _noted(self.earlier.report, self.outdated)
        if task.request.claims:
            report = _with_claims(report, submission, task.request, self.current)
        update = {"arrival": arrival, "notes": (*arrival.notes, *report.notes), "open": self.open}
        row = row.model_copy(update=update)
        has_new_claims = report.claims != self.earlier.report.claims
        if row != self.earlier.row or has_new_claims or lacks_reports(task.out):
            write_graded(row, report, task.out)
        return Done(row, fresh=False)


def _grade(task: Task, grading: Grading, judge: Judge) -> Done:
    arrival = task.hand_in.arrival
    standing = Standing.of(task, grading.submission, grading.rubric, grading.mode)
    done = standing.unchanged(task, grading.submission)
    if done is not None:
        return done
    keys, todo = standing.keys, standing.todo
    report = _merged(standing, judge(grading, todo, Silent()))
    if task.request.claims:
        # Of what was graded now it has them.
        kept = standing.current - {*todo}
        report = _with_claims(report, grading.submission, task.request, kept)
    # A question in which the grader failed has no key: it is tried again the next time.
    judged = {q.id: keys[q.id] for q in report.questions if q.id in todo and not q.harness_failed}
    files = file_digests(grading.submission)
    row = row_of(
        arrival,
        report,
        digest=grading.submission.digest,
        keys={**standing.kept, **judged},
        fingerprints=fingerprints(grading.submission, files),
        files=files,
        open=standing.open,
        reason=stopped_by(report),
    )
    write_graded(row, report, task.out)
    return Done(row)


def _merged(standing: Standing, report: Report) -> Report:
    """The new report with the questions of the earlier one that stay, and what is said of those."""
    if standing.earlier is None or not standing.kept:
        return report
    earlier, kept = standing.earlier.report, standing.kept
    old = [question for question in earlier.questions if question.id in kept]
    questions = sorted([*old, *report.questions], key=lambda question: by_number(question.id))
    notes = (report.notes, *(question.notes for question in old))
    claims = (*report.claims, *(claim for claim in earlier.claims if claim.question in kept))
    merged = report.model_copy(
        update={
            "score": sum(q.score for q in questions),
            "max_score": sum(q.max_score for q in questions),
            "questions": tuple(questions),
            "notes": tuple(dict.fromkeys(note for some in notes for note in some)),
            "claims": tuple(sorted(claims, key=lambda claim: by_number(claim.question))),
        }
    )
    return _noted(merged, standing.outdated)


def _with_claims(
    report: Report, submission: Submission, request: Request, current: Collection[str]
) -> Report:
    """The report with what the notebooks show of the ``current`` questions that it has nothing of.

    An earlier run was not asked for it. What is outdated is not compared: the notebooks, or what
    they are compared with, may be other ones now.
    """
    known = {claim.question for claim in report.claims}
    lacking = [q for q in report.questions if q.id in current and q.id not in known]
    if not lacking:
        return report
    notebooks = Notebooks.read(submission.folder, sorted(submission.files))
    # Results that are current were made on the data of this request: it is in their keys.
    same_data = request.data is not None
    claims = (*report.claims, *claims_of(notebooks, lacking, same_data=same_data))
    ordered = sorted(claims, key=lambda claim: by_number(claim.question))
    return report.model_copy(update={"claims": tuple(ordered)})


def _noted(report: Report, outdated: Sequence[str]) -> Report:
    """The report with a note on the questions that are outdated now."""
    notes = [note for note in report.notes if not note.endswith(OUTDATED)]
    if outdated:
        notes.append(f"{', '.join(outdated).upper()}: {OUTDATED}")
    return report.model_copy(update={"notes": tuple(notes)})
