"""The hand-ins of a course."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from grader.batch.course import IMPORT_FILES, ClassList, Graded, plan
from grader.batch.course import grade_course as in_course
from grader.batch.executors import executor_for
from grader.commands.output import Output, beyond_reach, no_commands, summarise
from grader.console import CourseProgress, complain, say, show
from grader.doctor import Sandbox
from grader.exit_codes import ExitCode
from grader.grading import Request
from grader.handed_in.naming import SUMMARY_PAGE
from grader.reports.class_list import to_look_at
from grader.reports.course import course_table, one_line
from grader.reports.gradebook import some
from grader.reports.markdown import course_to_markdown
from grader.reports.plain import plain
from grader.roster.reading import Platform, assignment_column, read_roster
from grader.rows import Row, Status
from grader.rubric import Rubric


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
    """Canvas' column of the grades; '': the usual one."""

    def listed(self) -> ClassList | None:
        """The class list. Raises UsageError when it cannot be read, or has no such assignment."""
        if self.roster is None:
            return None
        roster = read_roster(self.roster)
        if roster.kind is not Platform.CANVAS:
            return ClassList(roster, None)
        column = assignment_column(roster, self.assignment, str(self.roster))
        return ClassList(roster, column)


def grade_course(request: Request, sandbox: Sandbox, course: Course, output: Output) -> int:
    """Grade all hand-ins of a course that are not graded yet, and write its gradebook."""
    folder = output.folder or Path("results")
    listed = course.listed()
    rubric = Rubric.load(request.rubric)
    with tempfile.TemporaryDirectory(prefix="unpacked-", dir=sandbox.folder) as unpacked:
        tasks = plan(request, folder, Path(unpacked), regrade=course.regrade)
        executor = executor_for(request, sandbox, rubric, jobs=course.jobs, cluster=course.cluster)
        with no_commands(), CourseProgress(len(tasks)) as progress:
            graded = in_course(
                tasks,
                executor,
                folder,
                rubric,
                listed=listed,
                told=lambda done: progress.done(
                    one_line(done.row, fresh=done.fresh),
                    told_again=done.row.status is Status.UNREADABLE,
                ),
            )
    with no_commands():
        show(course_table(graded.rows, fresh=graded.fresh))
    lines: list[str] = []
    file = ""
    if listed is not None:
        ours = sum(question.points for question in rubric.questions.values())
        file = IMPORT_FILES.get(listed.roster.kind, "")
        lines += to_look_at(listed.roster, listed.column, graded.matching, ours=ours, file=file)
    lines += _left_over(graded, folder, file)
    lines += _copies(graded.copies)
    for line in lines:
        show(Text(line, style="yellow"))
    show(Text(f"Results: {folder}/ ({', '.join(graded.files)})", style="dim"))
    if output.markdown:
        summarise(course_to_markdown(graded.rows), folder)
    if graded.interrupted:
        how = "the same command without --regrade" if course.regrade else "the same command"
        say(f"Interrupted; what is done is kept, and {how} goes on with the rest.")
        return ExitCode.INTERRUPTED
    return _exit_code(graded.rows, output.min_score)


def _left_over(graded: Graded, folder: Path, file: str) -> list[str]:
    """What of an earlier run is still there, and not of these hand-ins.

    ``file`` is what the class list is imported as; '': nothing.
    """
    lines = []
    if graded.others:
        lines.append(
            f"Results of earlier runs that are not among these hand-ins: {len(graded.others)} "
            f"({some(graded.others)}). They are in no table now; their reports are still in "
            f"{folder}/. Of another course? Give each its own --out."
        )
    with_list = "grade with --roster and the platform's own list, or "
    lines += [
        f"{folder}/{name} is of an earlier run and was not written anew: "
        f"{'' if name == file else with_list}do not import it."
        for name in graded.stale
    ]
    return lines


def _copies(count: int) -> list[str]:
    """Where to look when hand-ins have files in common. Names stand there alone: it is no proof."""
    if not count:
        return []
    groups = "1 group of hand-ins has" if count == 1 else f"{count} groups of hand-ins have"
    return [f"{groups} the same file: see Similar hand-ins in {SUMMARY_PAGE}."]


def _exit_code(rows: list[Row], min_score: float | None) -> int:
    """What came of all, and on the error output why that is not what was asked for."""
    if any(row.status is Status.GRADER_FAILED for row in rows):
        return ExitCode.HARNESS
    if all(row.status is Status.UNREADABLE for row in rows):
        complain("There is nothing to grade: no hand-in can be read. The reasons stand above.")
        return ExitCode.USAGE
    if remark := beyond_reach(min_score, max(row.max_score for row in rows)):
        complain(remark)
    if min_score is not None:
        under = [row for row in rows if row.score < min_score]
        if under:
            named = some([_reached(row) for row in under])
            complain(f"Under --min-score {min_score:g}: {len(under)} of {len(rows)}: {named}")
            return ExitCode.UNDER_MIN_SCORE
    return ExitCode.GRADED


def _reached(row: Row) -> str:
    how = f"{row.score:g}" if row.status is Status.GRADED else row.status.value
    return f"{plain(row.arrival.name)} ({how})"
