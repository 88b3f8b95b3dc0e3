"""One hand-in."""

from __future__ import annotations

import os
from pathlib import Path

from rich.text import Text

from grader.asked import course_warning, may_be_of_several
from grader.commands.early import write_results
from grader.commands.output import Output, beyond_reach, no_commands, summarise
from grader.console import IN_GITHUB, SubmissionProgress, complain, say, show
from grader.destination import check_destination
from grader.doctor import Sandbox
from grader.engine import grade
from grader.exit_codes import ExitCode
from grader.grading import Request
from grader.handed_in.naming import SUMMARY_TEXT, readable
from grader.handed_in.submission import name_of
from grader.reports.details import data_warning
from grader.reports.files import REPORT_FILES, write_reports
from grader.reports.gradescope import to_gradescope
from grader.reports.markdown import to_annotations, to_markdown
from grader.reports.terminal import to_terminal


def grade_hand_in(request: Request, sandbox: Sandbox, output: Output) -> int:
    """Grade one hand-in, show its report and write it in all formats."""
    if output.one and (said := course_warning(request)):
        with no_commands():
            show(Text(f"{said} If it is a course, use --many.", style="yellow"))
    folder = output.folder or Path("results") / readable(name_of(request.path))
    summary = [SUMMARY_TEXT] if output.markdown else []
    check_destination(folder, (*REPORT_FILES, *summary), [request.path])
    with SubmissionProgress() as progress:
        report = grade(request, sandbox, progress)
    write_reports(report, folder)
    if output.gradescope is not None:
        write_results(output.gradescope, to_gradescope(report))
    with no_commands():
        show(to_terminal(report, verbose=output.verbose))
    lines = [data_warning(report), _may_be_course(request) if output.guessed else ""]
    for line in filter(None, lines):
        show(Text(line, style="yellow"))
    show(Text(f"Reports: {folder}", style="dim"))
    if output.markdown:
        summarise(to_markdown(report), folder)
        if os.environ.get(IN_GITHUB):
            for line in to_annotations(report, _in_repository(request.path)):
                say(line)
    if report.harness_failed:
        return ExitCode.HARNESS
    if remark := beyond_reach(output.min_score, report.max_score):
        complain(remark)
    if output.min_score is not None and report.score < output.min_score:
        complain(f"Under --min-score {output.min_score:g}: {report.score:g} points.")
        return ExitCode.UNDER_MIN_SCORE
    return ExitCode.GRADED


def _may_be_course(request: Request) -> str:
    """What to say where parts of what was graded as one look like the hand-ins of several."""
    several = may_be_of_several(request)
    if not several:
        return ""
    return (
        f"This was graded as one hand-in. If {several} are those of several students, it is a "
        "course: use --many."
    )


def _in_repository(path: Path) -> str:
    """Where GitHub knows a hand-in: relative to its repository, if it is in one."""
    whole = path.resolve()
    for folder in (whole, *whole.parents):
        if (folder / ".git").exists():
            return whole.relative_to(folder).as_posix().removeprefix(".")
    return str(path)
