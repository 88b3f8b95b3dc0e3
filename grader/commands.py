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

from grader.batch.course import Class, course_files, plan, rows_of, write_course
from grader.batch.gpu import gpu_turns
from grader.batch.grade_one import Done, Task
from grader.batch.local import Executor, LocalExecutor
from grader.console import CourseProgress, SubmissionProgress, say, show
from grader.doctor import Sandbox
from grader.engine import grade
from grader.errors import UsageError
from grader.exit_codes import ExitCode
from grader.grading import Request
from grader.reports.course import course_table, one_line
from grader.reports.files import write_atomically, write_reports
from grader.reports.gradescope import to_gradescope
from grader.reports.markdown import course_to_markdown, to_annotations, to_markdown
from grader.reports.terminal import to_terminal
from grader.roster import Matching, read_roster
from grader.rows import Row, Status
from grader.rubric import Rubric

SUMMARY_FILE = "summary.md"
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
    listed = None
    if course.roster is not None:
        listed = Class(read_roster(course.roster), course.assignment)
    done: list[Done] = []
    interrupted = False
    with tempfile.TemporaryDirectory(prefix="unpacked-", dir=sandbox.folder) as unpacked:
        tasks = plan(request, folder, Path(unpacked), regrade=course.regrade)
        try:
            _run(tasks, _executor(request, sandbox, course), done)
        except KeyboardInterrupt:
            interrupted = True
        rows = rows_of(tasks, done)
    files, matching = course_files(rows, Rubric.load(request.rubric), listed)
    write_course(files, folder)
    show(course_table(rows, fresh=sum(d.fresh for d in done)), *_strangers(matching))
    show(Text(f"Results: {folder}/ ({', '.join(files)})", style="dim"))
    if output.markdown:
        _summarise(course_to_markdown(rows), folder)
    if interrupted:
        say("Interrupted; what is done is kept, and the same command goes on with the rest.")
        return ExitCode.INTERRUPTED
    return _exit_code(rows, output.min_score)


def _executor(request: Request, sandbox: Sandbox, course: Course) -> Executor:
    if course.cluster:
        try:
            from grader.batch.cluster import ClusterExecutor
        except ModuleNotFoundError as error:
            raise UsageError(
                f"--cluster needs Dask ({error}): pip install -c constraints.txt -e '.[cluster]'"
            ) from None
        return ClusterExecutor(course.cluster, request, sandbox.mode, sandbox.folder)
    model_mb = Rubric.load(request.rubric).language_model.gpu_mb
    return LocalExecutor(course.jobs, sandbox, request, gpu_turns(request.device, model_mb))


def _run(tasks: list[Task], executor: Executor, done: list[Done]) -> None:
    with CourseProgress(len(tasks)) as progress, executor:
        for result in executor.run(tasks):
            done.append(result)
            progress.done(one_line(result.row, fresh=result.fresh))


def _strangers(matching: Matching) -> list[Text]:
    """What to look at in the class list."""
    lines = [f"Not in the class list: {u.row.arrival.name} ({u.why})" for u in matching.unmatched]
    if matching.absent:
        names = ", ".join(line.name for line in matching.absent)
        lines.append(f"No hand-in of: {names}")
    return [Text(line, style="yellow") for line in lines]


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
    write_atomically(folder / SUMMARY_FILE, markdown)
    page = os.environ.get(STEP_SUMMARY)
    if page:
        with Path(page).open("a", encoding="utf-8") as writer:
            writer.write(markdown)
