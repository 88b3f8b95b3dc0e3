"""The command line: the commands and their options."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from grader import __version__
from grader.commands import information
from grader.console import complain, say
from grader.errors import UsageError
from grader.modes import Device, IsolationMode, ModelMode, Summary, ids_in
from grader.roster.columns import ASSIGNMENT

FROM_RUBRIC = "the rubric's: {}"
"""With the default rubric's number: to read that would take longer than to start."""
COURSE = "A course"

EPILOG = """
Exit codes: 0 graded, whatever the points; 1 under --min-score; 2 the command line, the rubric or
the data is wrong, or there is nothing to grade; 3 the grader itself failed; 130 stopped by hand.

Other commands: `python -m grader doctor` shows what student code is kept from on this machine;
`python -m grader schema` prints the JSON schema of report.json; `python -m grader explain q3` says
what a question asks and what it is judged by.
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"grader {__version__}")
        raise typer.Exit


@app.command("grade", epilog=EPILOG, no_args_is_help=True)
def grade(
    path: Annotated[
        Path,
        typer.Argument(
            help="The hand-in, or those of a course: a folder or an archive.", exists=True
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for report.html, staff.html, report.json and junit.xml; those of a course "
            "are in folders by hand-in, beside gradebook.csv and summary.html.",
            show_default="results/<name>, of a course results",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder with train.csv and test.csv.",
            show_default="the embedded, synthetic corpus",
        ),
    ] = None,
    rubric: Annotated[
        Path | None,
        typer.Option(help="TOML file with the values that differ from the default rubric."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(help="Grade these questions only, such as q2,q7.", show_default="all"),
    ] = None,
    device: Annotated[Device, typer.Option(help="Where the language model runs.")] = Device.AUTO,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of the random draws, but for the places where a model must not foresee that "
            "it is asked.",
            show_default="from the hand-in's content",
            min=0,
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            help="Seconds that an import, a call, or the whole language model may take.",
            show_default="the rubric's limits",
            min=0.1,
        ),
    ] = None,
    lm: Annotated[
        ModelMode,
        typer.Option(
            "--lm",
            help="Load the trained language model that was handed in, train it from its code, or "
            "train it only where there is none that can be loaded.",
        ),
    ] = ModelMode.AUTO,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Epochs, where the grader trains.", min=1, show_default=FROM_RUBRIC.format(5)
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            help="Sentences in a batch, where the grader trains.",
            min=1,
            show_default=FROM_RUBRIC.format(64),
        ),
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option(
            "--lr",
            help="Adam's learning rate, where the grader trains.",
            show_default=FROM_RUBRIC.format(0.001),
        ),
    ] = None,
    max_time: Annotated[
        float | None,
        typer.Option(
            help="Seconds that a training may take; the best epoch by then is kept.",
            min=1.0,
            show_default=FROM_RUBRIC.format(600),
        ),
    ] = None,
    private_test: Annotated[
        Path | None,
        typer.Option(
            help="A second test.csv, which no student has seen: a model that is far better on the "
            "first is flagged.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Stop scoring as soon as the points are certain but for 1 in 10,000.",
        ),
    ] = False,
    claims: Annotated[
        bool,
        typer.Option(
            "--claims",
            help="Compare what the submitted notebooks show with what was measured; for staff, and "
            "without influence on points.",
        ),
    ] = False,
    isolation: Annotated[
        IsolationMode,
        typer.Option(
            help="Refuse to grade where student code is not kept in completely, do what the "
            "platform offers, or do not isolate at all (for code that you trust)."
        ),
    ] = IsolationMode.BEST_EFFORT,
    min_score: Annotated[
        float | None, typer.Option(help="Exit with code 1 when the score is lower.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show the checks that passed, too.")
    ] = False,
    summary: Annotated[
        Summary | None,
        typer.Option(
            help="Also write summary.md, and on GitHub the job's page and annotations of the code."
        ),
    ] = None,
    gradescope: Annotated[
        Path | None,
        typer.Option(
            help="Also write Gradescope's results.json to this file; PATH is then one hand-in."
        ),
    ] = None,
    many: Annotated[
        bool | None,
        typer.Option(
            "--many/--one",
            help="Whether PATH holds the hand-ins of a course, or one.",
            show_default="as it looks",
            rich_help_panel=COURSE,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Hand-ins graded at once.",
            show_default="the cores",
            min=1,
            rich_help_panel=COURSE,
        ),
    ] = None,
    cluster: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Grade on the workers of this Dask scheduler, such as tcp://host:8786.",
            show_default="this machine",
            rich_help_panel=COURSE,
        ),
    ] = "",
    regrade: Annotated[
        bool,
        typer.Option(
            "--regrade",
            help="Grade also what has not changed since the last run.",
            rich_help_panel=COURSE,
        ),
    ] = False,
    roster: Annotated[
        Path | None,
        typer.Option(
            help="Class list: Canvas' gradebook or Moodle's grading worksheet as CSV, for a file "
            "to import there.",
            exists=True,
            dir_okay=False,
            rich_help_panel=COURSE,
        ),
    ] = None,
    assignment: Annotated[
        str,
        typer.Option(
            help=f"The column of the grades in Canvas; if not given, {ASSIGNMENT}.",
            show_default=False,
            rich_help_panel=COURSE,
        ),
    ] = "",
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
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
    # Ended by the system or by hand, workers and their folders still go.
    for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if end != signal.SIGINT or signal.getsignal(end) is not signal.SIG_IGN:
            signal.signal(end, signal.default_int_handler)
    reports = out or Path("results")
    if gradescope is not None:
        check_destination(gradescope, (), [path])
        early.check_results(gradescope)
    with (
        early.interruption_told(),
        early.gradescope_told(gradescope),
        early.fork_server(reports) as server,
    ):
        if summary is not None:
            early.check_step_summary()
        from grader.intake import looks_like_many
        from grader.rubric import Rubric

        of_course = many
        if of_course is None:
            # A single result is asked for there, so a guess could only be wrong.
            of_course = gradescope is None and looks_like_many(path, Rubric.load(rubric).intake)
        if of_course and gradescope is not None:
            raise UsageError("--gradescope is for a single hand-in")
        for_course = {
            "--jobs": jobs,
            "--cluster": cluster,
            "--regrade": regrade,
            "--roster": roster,
            "--assignment": assignment,
        }
        given = [option for option, value in for_course.items() if value]
        if given and not of_course:
            raise UsageError(f"{given[0]} is for a course; if PATH holds one, say so by --many")
        if assignment and roster is None:
            raise UsageError("--assignment names a column of the class list; add --roster FILE")
        if cluster and jobs is not None:
            raise UsageError("--jobs is for this machine; each worker of a cluster grades one")
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
                one=many is False,
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
    if not arguments or arguments[0] not in {command.name for command in app.registered_commands}:
        arguments = ["grade", *arguments]
    try:
        app(arguments, prog_name="python -m grader")
    except Exception as error:
        from grader.commands.failure import failure

        lines, code = failure(error)
        complain(*lines)
        sys.exit(code)


def _collect_again() -> None:
    """Look for garbage from now on, but not in what is there."""
    gc.freeze()
    gc.enable()
