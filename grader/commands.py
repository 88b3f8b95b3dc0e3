"""What ``python -m grader PATH`` does with one hand-in, and with those of a course.

Each function returns the exit code. It is imported when the fork server has been started, so that
the server's import of torch and this one go on side by side.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from grader.batch.course import Class, Graded, plan
from grader.batch.course import grade_course as in_course
from grader.batch.local import Executor, LocalExecutor
from grader.batch.turns import model_turns
from grader.console import CourseProgress, SubmissionProgress, say, show
from grader.doctor import Sandbox
from grader.engine import grade
from grader.errors import UsageError
from grader.exit_codes import ExitCode
from grader.grading import Request
from grader.naming import SUMMARY_TEXT
from grader.reports.course import course_table, one_line
from grader.reports.files import write_atomically, write_reports
from grader.reports.gradescope import to_gradescope
from grader.reports.markdown import course_to_markdown, to_annotations, to_markdown
from grader.reports.terminal import to_terminal
from grader.roster import Kind, assignment_column, highest_grade, read_roster
from grader.rows import Row, Status
from grader.rubric import Rubric

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""GitHub shows the text of the file that this variable names on the job's page."""
IN_GITHUB = "GITHUB_ACTIONS"


@dataclass(frozen=True)
class Output:
    """Where results go, and how they are shown."""

    folder: Path | None
    """None: ``results/<name>`` for one hand-in, ``results`` for a course."""
    verbose: bool = False
    min_score: float | None = None
    markdown: bool = False
    """Write a summary for the page of a CI job."""
    gradescope: Path | None = None


@dataclass(frozen=True)
class Course:
    """How a course is graded."""

    jobs: int
    """At once, on this machine."""
    cluster: str
    """The address of a Dask scheduler, whose workers grade in place of this machine; '': none."""
    regrade: bool
    roster: Path | None
    assignment: str

    def listed(self) -> Class | None:
        """The class list. Raises UsageError when it cannot be read, or has no such assignment."""
        if self.roster is None:
            return None
        roster = read_roster(self.roster)
        if roster.kind is Kind.CANVAS and assignment_column(roster, self.assignment) is None:
            columns = ", ".join(cell for cell in roster.header if cell.rstrip().endswith(")"))
            raise UsageError(
                f"--assignment {self.assignment!r} names no column of {self.roster}, or several; "
                f"its assignments: {columns or 'none'}"
            )
        return Class(roster, self.assignment)


def grade_hand_in(request: Request, sandbox: Sandbox, output: Output) -> int:
    """Grade one hand-in, show its report and write it in all formats."""
    try:
        with SubmissionProgress() as progress:
            report = grade(request, sandbox, progress)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    folder = output.folder or Path("results") / report.submission
    write_reports(report, folder)
    if output.gradescope is not None:
        write_atomically(output.gradescope, to_gradescope(report))
    show(to_terminal(report, verbose=output.verbose), Text(f"Reports: {folder}", style="dim"))
    if output.markdown:
        _summarise(to_markdown(report), folder)
        if os.environ.get(IN_GITHUB):
            for line in to_annotations(report, _in_repository(request.path)):
                say(line)
    if report.harness_failed:
        return ExitCode.HARNESS
    if output.min_score is not None and report.score < output.min_score:
        return ExitCode.UNDER_MIN_SCORE
    return ExitCode.GRADED


def grade_course(request: Request, sandbox: Sandbox, course: Course, output: Output) -> int:
    """Grade all hand-ins of a course that are not graded yet, and write its gradebook."""
    folder = output.folder or Path("results")
    listed = course.listed()
    rubric = Rubric.load(request.rubric)
    with tempfile.TemporaryDirectory(prefix="unpacked-", dir=sandbox.folder) as unpacked:
        tasks = plan(request, folder, Path(unpacked), regrade=course.regrade)
        executor = _executor(request, sandbox, course, rubric)
        with CourseProgress(len(tasks)) as progress:
            graded = in_course(
                tasks,
                executor,
                folder,
                rubric,
                listed=listed,
                told=lambda done: progress.done(one_line(done.row, fresh=done.fresh)),
            )
    show(course_table(graded.rows, fresh=graded.fresh))
    if listed is not None:
        show(*(Text(line, style="yellow") for line in _to_look_at(listed, graded)))
    show(Text(f"Results: {folder}/ ({', '.join(graded.files)})", style="dim"))
    if output.markdown:
        _summarise(course_to_markdown(graded.rows), folder)
    if graded.interrupted:
        how = "the same command without --regrade" if course.regrade else "the same command"
        say(f"Interrupted; what is done is kept, and {how} goes on with the rest.")
        return ExitCode.INTERRUPTED
    return _exit_code(graded.rows, output.min_score)


def _executor(request: Request, sandbox: Sandbox, course: Course, rubric: Rubric) -> Executor:
    if course.cluster:
        try:
            from grader.batch.cluster import ClusterExecutor
        except ModuleNotFoundError as error:
            raise UsageError(
                f"--cluster needs Dask ({error}): pip install -c constraints.txt -e '.[cluster]'"
            ) from None
        return ClusterExecutor(course.cluster, request, sandbox.mode, sandbox.folder)
    return LocalExecutor(course.jobs, sandbox, request, model_turns(request.device, rubric))


def _to_look_at(listed: Class, graded: Graded) -> list[str]:
    """What did not go into the platform's file, or may be wrong there."""
    matching = graded.matching
    lines = [f"Not in the class list: {u.row.arrival.name} ({u.why})" for u in matching.unmatched]
    if matching.absent:
        lines.append(f"No hand-in of: {', '.join(line.name for line in matching.absent)}")
    lines += [
        f"No grade for {m.row.arrival.name}: {', '.join(m.row.open).upper()} not graded, or not as "
        "the hand-in is now"
        for m in matching.matches
        if m.row.open
    ]
    theirs = highest_grade(listed.roster, listed.assignment)
    ours = max((row.max_score for row in graded.rows), default=0.0)
    if theirs is not None and theirs != ours:
        lines.append(f"The platform's highest grade is {theirs:g}, and that of the rubric {ours:g}")
    return lines


def _exit_code(rows: list[Row], min_score: float | None) -> int:
    if any(row.status is Status.GRADER_FAILED for row in rows):
        return ExitCode.HARNESS
    if min_score is not None and any(row.score < min_score for row in rows):
        return ExitCode.UNDER_MIN_SCORE
    return ExitCode.GRADED


def _in_repository(path: Path) -> str:
    """Where GitHub knows a hand-in: relative to its repository, if it is in one."""
    whole = path.resolve()
    for folder in (whole, *whole.parents):
        if (folder / ".git").exists():
            return whole.relative_to(folder).as_posix().removeprefix(".")
    return str(path)


def _summarise(markdown: str, folder: Path) -> None:
    write_atomically(folder / SUMMARY_TEXT, markdown)
    page = os.environ.get(STEP_SUMMARY)
    if page:
        with Path(page).open("a", encoding="utf-8") as writer:
            writer.write(markdown)
