"""The command line: the commands and their options."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from grader.commands import information, options
from grader.console import complain
from grader.errors import UsageError
from grader.modes import Device, IsolationMode, ModelMode, ids_in

EPILOG = """
Exit codes: 0 graded, whatever the points; 1 under --min-score; 2 the command line, the rubric or
the data is wrong, or there is nothing to grade; 3 the grader itself failed; 130 stopped by hand.

Other commands: `python -m grader doctor` shows what student code is kept from on this machine;
`python -m grader schema` prints the JSON schema of report.json; `python -m grader explain q3` says
what a question asks and what it is judged by.
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")


@app.command("grade", epilog=EPILOG, no_args_is_help=True)
def grade(
    path: options.HandIns,
    out: options.Out = None,
    data: options.Data = None,
    rubric: options.RubricFile = None,
    only: options.Only = None,
    device: options.OnDevice = Device.AUTO,
    seed: options.Seed = None,
    timeout: options.Timeout = None,
    lm: options.LanguageModel = ModelMode.AUTO,
    epochs: options.Epochs = None,
    batch_size: options.BatchSize = None,
    lr: options.LearningRate = None,
    max_time: options.MaxTime = None,
    private_test: options.PrivateTest = None,
    quick: options.Quick = False,
    claims: options.Claims = False,
    isolation: options.Isolation = IsolationMode.BEST_EFFORT,
    min_score: options.MinScore = None,
    verbose: options.Verbose = False,
    summary: options.InSummary = None,
    gradescope: options.Gradescope = None,
    many: options.Many = None,
    jobs: options.Jobs = None,
    cluster: options.Cluster = "",
    regrade: options.Regrade = False,
    roster: options.RosterFile = None,
    assignment: options.Assignment = "",
    version: options.Version = False,
) -> None:
    """Grade one hand-in of the assignment, or those of a whole course: python -m grader PATH.

    The student's code runs in processes of its own, which the grader never trusts; it compares what
    they return with torch's own layers, scores the trained language model, and writes a report.
    """
    from grader.commands import early
    from grader.destination import check_destination

    ids = ids_in(only or "")
    if only is not None and not ids:
        raise UsageError("--only names no question; leave it out to grade them all")
    _end_by_interruption()
    if gradescope is not None:
        check_destination(gradescope, (), [path])
        early.check_results(gradescope)
    with (
        early.interruption_told(),
        early.gradescope_told(gradescope),
        early.fork_server(out or Path("results")) as server,
    ):
        if summary is not None:
            early.check_step_summary()
        of_course = _is_of_course(path, many, rubric, gradescope)
        given = {
            "--jobs": jobs,
            "--cluster": cluster,
            "--regrade": regrade,
            "--roster": roster,
            "--assignment": assignment,
        }
        _check_together([option for option, value in given.items() if value], of_course)
        if of_course and not cluster:
            from grader.batch.job_server import start_job_server

            start_job_server()

        from grader.doctor import Sandbox
        from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
        from grader.sandbox.lent import available_cores

        with Sandbox(isolation, (data or EMBEDDED_CORPUS) / TEST_FILE, server=server) as sandbox:
            from grader.asked import check_request
            from grader.commands.output import Output, check_min_score
            from grader.grading import Request
            from grader.language_model.assessment import ModelRequest

            request = Request(
                path=path,
                data=data,
                rubric=rubric,
                only=ids,
                device=device.value,
                seed=seed,
                timeout_s=timeout,
                model=ModelRequest(
                    mode=lm,
                    quick=quick,
                    private_test=private_test,
                    epochs=epochs,
                    batch_size=batch_size,
                    learning_rate=lr,
                    max_time_s=max_time,
                ),
                claims=claims,
            )
            check_request(request)
            check_min_score(min_score)
            output = Output(
                out,
                verbose,
                min_score,
                summary is not None,
                gradescope,
                guessed=many is None,
                one=many is False or gradescope is not None,
            )
            if of_course:
                from grader.commands.course import Course, grade_course

                _collect_again()
                course = Course(jobs or available_cores(), cluster, regrade, roster, assignment)
                code = grade_course(request, sandbox, course, output)
            else:
                from grader.commands.hand_in import grade_hand_in

                _collect_again()
                code = grade_hand_in(request, sandbox, output)
    raise typer.Exit(code)


for name, command in information.COMMANDS.items():
    app.command(name)(command)


def main() -> None:
    """The entry point: ``grade`` is the command when none is named."""
    # A setting meant for a project's own tests, such as -x, must not change a grade.
    os.environ.pop("PYTEST_ADDOPTS", None)
    # A path that is empty, as where a variable is not set, does not stand for all that is here.
    arguments = sys.argv[2:] if sys.argv[1:2] == [""] else sys.argv[1:]
    commands = [str(command.name) for command in app.registered_commands]
    try:
        first = next(iter(arguments), "")
        if first not in commands:
            _check_spelling(first, commands)
            arguments = ["grade", *arguments]
        app(arguments, prog_name="python -m grader")
    except Exception as error:
        from grader.commands.failure import failure

        lines, code = failure(error)
        complain(*lines)
        sys.exit(code)


def _check_spelling(word: str, commands: Sequence[str]) -> None:
    """Raises UsageError where the word is no path, and may be a command misspelt."""
    if not word or os.path.exists(word):  # noqa: PTH110 -- Path raises where a name is too long
        return
    from difflib import get_close_matches

    if close := get_close_matches(word, commands, n=1, cutoff=0.75):
        raise UsageError(f"there is no file or folder {word}; did you mean the command {close[0]}?")


def _end_by_interruption() -> None:
    """Ended by the system or by hand, workers and their folders still go."""
    for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if end != signal.SIGINT or signal.getsignal(end) is not signal.SIG_IGN:
            signal.signal(end, signal.default_int_handler)


def _is_of_course(
    path: Path, many: bool | None, rubric: Path | None, gradescope: Path | None
) -> bool:
    """Whether the hand-ins of a course are to be graded, as was said or as it looks."""
    from grader.intake import looks_like_many
    from grader.rubric import Rubric

    if many and gradescope is not None:
        raise UsageError("--gradescope is for a single hand-in")
    if many is not None:
        return many
    # A single result is asked for there, so a guess could only be wrong.
    return gradescope is None and looks_like_many(path, Rubric.load(rubric).intake)


def _check_together(given: list[str], of_course: bool) -> None:
    """Raises UsageError when options for a course do not go with the path or with each other."""
    if given and not of_course:
        raise UsageError(f"{given[0]} is for a course; if PATH holds one, say so by --many")
    if "--assignment" in given and "--roster" not in given:
        raise UsageError("--assignment names a column of the class list; add --roster FILE")
    if "--cluster" in given and "--jobs" in given:
        raise UsageError("--jobs is for this machine; each worker of a cluster grades one")


def _collect_again() -> None:
    """Look for garbage from now on, but not in what is there."""
    gc.freeze()
    gc.enable()
