"""A course: from the hand-ins of a folder to a row for each, and the files that are made of those.

Everything is there already when the run ends, but for these files: each submission's own results
are written when it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.asked import model_is_asked
from grader.batch.fingerprints import given_fingerprints
from grader.batch.grade_one import Done, Task, ungraded_row
from grader.batch.keys import data_digest
from grader.batch.local import Executor
from grader.batch.results import alone_in, others_in, take_over
from grader.destination import check_destination, resolved
from grader.engine import wanted_questions
from grader.errors import GraderError, SubmissionError, UsageError
from grader.grading import Request
from grader.handed_in.naming import (
    CANVAS_FILE,
    COURSE_FILES,
    GRADEBOOK_FILE,
    MOODLE_FILE,
    SUMMARY_PAGE,
)
from grader.intake import arrivals
from grader.language_model.corpus import Corpus
from grader.reports.canvas import to_canvas
from grader.reports.class_list import has_grades
from grader.reports.files import REPORT_FILES, write_atomically
from grader.reports.gradebook import to_gradebook
from grader.reports.moodle import to_moodle
from grader.reports.summary import to_summary
from grader.roster.matching import Matching, match
from grader.roster.reading import Platform, Roster
from grader.rows import ROW_FILE, Row, Status
from grader.rubric import Rubric
from grader.similarity import Group, common_marks, groups, of_one_file

IMPORT_FILES = {Platform.CANVAS: CANVAS_FILE, Platform.MOODLE: MOODLE_FILE}


@dataclass(frozen=True)
class ClassList:
    """The class list of a course, and the place of the assignment's column if it is Canvas'."""

    roster: Roster
    column: int | None


@dataclass(frozen=True)
class Graded:
    """What came of a course, as far as it was graded."""

    rows: list[Row]
    fresh: int
    """How many of the graded hand-ins were graded just now, at least in part."""
    files: tuple[str, ...]
    """The names of the course's files."""
    matching: Matching
    """Which hand-in is whose in the class list."""
    interrupted: bool
    """Whether the run was stopped by hand before all were graded."""
    others: tuple[str, ...] = ()
    """Hand-ins of earlier runs whose results are there, too, but which are not among these."""
    stale: tuple[str, ...] = ()
    """Import files of an earlier run that are still there and were not written anew."""
    copies: int = 0
    """How many groups of hand-ins have a file, such as code or a model, that is the same."""


def plan(request: Request, out: Path, unpacked: Path, *, regrade: bool) -> list[Task]:
    """A task for each hand-in at the request's path; bulk archives are unpacked into ``unpacked``.

    Raises UsageError when there is none, or when the request, the rubric or the data is wrong: all
    that would end every task alike is found here, and nothing is written.
    """
    rubric = Rubric.load(request.rubric)
    wanted_questions(request, rubric)
    corpus = Corpus.open(request.corpus)
    if request.model.private_test is not None:
        corpus.encoded_private_test_set(request.model.private_test)
    inside = out.resolve()
    if inside == request.path.resolve():
        raise UsageError(f"{out} holds the hand-ins; name another folder for the results")
    hand_ins = [
        hand_in
        for hand_in in arrivals(request.path, unpacked / "export", rubric.intake)
        # Results among the hand-ins are not one of them.
        if all(resolved(part.path) != inside for part in hand_in.parts)
    ]
    for part in (part for hand_in in hand_ins for part in hand_in.parts):
        if inside.is_relative_to(resolved(part.path)):
            raise UsageError(f"{out} lies in a hand-in; name another folder for the results")
    check_destination(out, COURSE_FILES, [part.path for h in hand_ins for part in h.parts])
    for hand_in in hand_ins:
        check_destination(out / hand_in.arrival.name, (*REPORT_FILES, ROW_FILE), ())
    if not hand_ins:
        raise SubmissionError(f"there are no hand-ins in {request.path}")
    data = data_digest(request.corpus, request.model.private_test)
    return [
        Task(hand_in, request, data, out / hand_in.arrival.name, regrade) for hand_in in hand_ins
    ]


def grade_course(
    tasks: Sequence[Task],
    executor: Executor,
    out: Path,
    rubric: Rubric,
    *,
    listed: ClassList | None = None,
    told: Callable[[Done], None] = lambda _: None,
) -> Graded:
    """Grade the tasks into ``out`` and write the course's files there.

    ``told`` is called with each result when it has been written. Raises UsageError when another
    run writes there, and what the executor raises, when the files are of what was done before that;
    stopped by hand, it returns what there is.
    """
    done: list[Done] = []
    interrupted, failure = False, None
    with alone_in(out):
        students = {t.hand_in.arrival.name: t.hand_in.arrival.student_id for t in tasks}
        take_over(out, students)
        try:
            with executor:
                for result in executor.run(tasks):
                    done.append(result)
                    told(result)
        except KeyboardInterrupt:
            interrupted = True
        except GraderError as error:
            if not done:
                raise
            failure = error
        rows = rows_of(tasks, done)
        alike = groups(rows, given_fingerprints())
        files, matching = course_files(rows, rubric, listed, tasks[0].request, alike)
        for name, text in files.items():
            write_atomically(out / name, text)
        others = others_in(out, students)
        stale = [n for n in IMPORT_FILES.values() if n not in files and (out / n).exists()]
    if failure is not None:
        raise failure
    fresh = sum(result.fresh and result.row.status is Status.GRADED for result in done)
    return Graded(
        rows,
        fresh,
        tuple(files),
        matching,
        interrupted,
        others=tuple(others),
        stale=tuple(stale),
        copies=len(of_one_file(alike)),
    )


def rows_of(tasks: Iterable[Task], done: Iterable[Done]) -> list[Row]:
    """The rows of all tasks, also of those whose turn did not come.

    What an earlier run has left of these may be of another hand-in: nobody has compared them.
    """
    rows = {result.row.arrival.name: result.row for result in done}
    return [rows.get(t.hand_in.arrival.name) or ungraded_row(t, Status.NOT_DONE) for t in tasks]


def course_files(
    rows: Sequence[Row],
    rubric: Rubric,
    listed: ClassList | None,
    request: Request,
    alike: Sequence[Group],
) -> tuple[dict[str, str], Matching]:
    """The texts of a course's files by name, and which hand-in is whose in the class list.

    There is none to import where it would have no grade: a platform might take it all the same.
    """
    thresholds = [(t.below, t.points) for t in rubric.language_model.thresholds]
    found = match(listed.roster, rows) if listed is not None else Matching((), (), ())
    files = {
        GRADEBOOK_FILE: to_gradebook(rows),
        SUMMARY_PAGE: to_summary(
            rows,
            alike,
            thresholds,
            data=str(request.data) if request.data and model_is_asked(request) else "",
            common_marks=common_marks(rows, given_fingerprints()),
            matching=found,
        ),
    }
    if listed is None or not has_grades(listed.roster, listed.column, found):
        return files, found
    if listed.column is not None:
        files[IMPORT_FILES[Platform.CANVAS]] = to_canvas(
            listed.roster, found.matches, listed.column
        )
    elif listed.roster.kind is Platform.MOODLE:
        files[IMPORT_FILES[Platform.MOODLE]] = to_moodle(listed.roster, found.matches)
    return files, found
