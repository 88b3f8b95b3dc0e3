"""One hand-in."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from rich.text import Text

from grader.asked import data_warning
from grader.commands.output import IN_GITHUB, Output, beyond_reach, no_commands, summarise
from grader.console import SubmissionProgress, complain, say, show
from grader.doctor import Sandbox
from grader.engine import grade
from grader.exit_codes import ExitCode
from grader.grading import Request
from grader.naming import IMPLEMENTATION, main_file
from grader.reports.files import write_atomically, write_reports
from grader.reports.gradescope import to_gradescope
from grader.reports.markdown import to_annotations, to_markdown
from grader.reports.terminal import to_terminal

FEW = 2
"""Folders: a single one beside a hand-in is an older copy of it."""
MOST_FOLDERS = 200
"""That are looked into, below each of a hand-in's own."""


def grade_hand_in(request: Request, sandbox: Sandbox, output: Output) -> int:
    """Grade one hand-in, show its report and write it in all formats."""
    with SubmissionProgress() as progress:
        report = grade(request, sandbox, progress)
    folder = output.folder or Path("results") / report.submission
    write_reports(report, folder)
    if output.gradescope is not None:
        write_atomically(output.gradescope, to_gradescope(report))
    with no_commands():
        show(to_terminal(report, verbose=output.verbose))
    lines = [data_warning(request), _may_be_course(request.path) if output.guessed else ""]
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


def _may_be_course(path: Path) -> str:
    """What to say where folders beside a hand-in's own code look like hand-ins of others."""
    if not path.is_dir():
        return ""
    entries = [entry for entry in path.iterdir() if not entry.name.startswith((".", "_"))]
    inside = sum(entry.is_dir() and _holds_code(entry) for entry in entries)
    if inside < FEW or not any(_is_code(entry.name) for entry in entries):
        return ""
    return (
        f"This was graded as one hand-in, as there is an {IMPLEMENTATION} at its top; {inside} "
        "folders in it have one of their own. If this is a course, use --many."
    )


def _holds_code(folder: Path) -> bool:
    """Whether there is an implementation somewhere in it, as far as is looked."""
    walked = islice(os.walk(folder), MOST_FOLDERS)
    return any(_is_code(name) for _, _, files in walked for name in files)


def _is_code(name: str) -> bool:
    known = main_file(name)
    return known is not None and known[0] == IMPLEMENTATION


def _in_repository(path: Path) -> str:
    """Where GitHub knows a hand-in: relative to its repository, if it is in one."""
    whole = path.resolve()
    for folder in (whole, *whole.parents):
        if (folder / ".git").exists():
            return whole.relative_to(folder).as_posix().removeprefix(".")
    return str(path)
