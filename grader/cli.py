"""The command line; the only module that prints."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from grader import __version__
from grader.errors import GraderError, UsageError
from grader.model import IsolationMode, ModelMode

EXIT_UNDER_MIN_SCORE = 1
EXIT_USAGE = 2
EXIT_HARNESS = 3
EXIT_INTERRUPTED = 130
PLAIN_WIDTH = 100
FROM_RUBRIC = "the rubric's"

EPILOG = """
Exit codes: 0 graded, whatever the points; 1 under --min-score; 2 the command line, the rubric or
the data is wrong, or there is nothing to grade; 3 the grader itself failed.

Other commands: `python -m grader doctor` shows what student code is kept from on this machine;
`python -m grader schema` prints the JSON schema of report.json; `python -m grader explain q3` says
what a question asks and what it is judged by.
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")


class Device(StrEnum):
    """Where the language model runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"grader {__version__}")
        raise typer.Exit


@app.command("grade", epilog=EPILOG)
def grade(
    path: Annotated[
        Path, typer.Argument(help="The hand-in: a folder or a zip file of one.", exists=True)
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where report.html, report.json and junit.xml go.", show_default="results/<name>"
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
        str, typer.Option(help="Grade these questions only, such as q2,q7.", show_default="all")
    ] = "",
    device: Annotated[Device, typer.Option(help="Where the language model runs.")] = Device.AUTO,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of all random draws.", show_default="from the hand-in's content", min=0
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
        typer.Option(help="Of a training by the grader.", min=1, show_default=FROM_RUBRIC),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(help="Of a training by the grader.", min=1, show_default=FROM_RUBRIC),
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option("--lr", help="Adam's learning rate.", show_default=FROM_RUBRIC),
    ] = None,
    max_time: Annotated[
        float | None,
        typer.Option(
            help="Seconds that a training may take; the best epoch by then is kept.",
            min=1.0,
            show_default=FROM_RUBRIC,
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
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Grade one hand-in of the assignment: python -m grader PATH.

    The student's code runs in processes of its own, which the grader never trusts; it compares what
    they return with torch's own layers, scores the trained language model, and writes a report.
    """
    from grader.doctor import Sandbox
    from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE

    check_writable(out or Path("results"))
    data = data or EMBEDDED_CORPUS
    # Ended by the system or by hand, workers and their folders still go.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # The server starts before this process imports torch, so that the two imports overlap.
    with _Progress() as progress, Sandbox(isolation, data / TEST_FILE) as sandbox:
        from grader.engine import grade as grade_submission
        from grader.grading import Request
        from grader.language_model.assessment import ModelRequest
        from grader.reports.files import write_reports
        from grader.reports.terminal import to_terminal

        request = Request(
            path=path,
            data=data,
            rubric=rubric,
            only=frozenset(id for id in only.lower().replace(" ", "").split(",") if id),
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
        try:
            report = grade_submission(request, sandbox, progress)
        except KeyboardInterrupt:
            raise typer.Exit(EXIT_INTERRUPTED) from None
    folder = out or Path("results") / report.submission
    write_reports(report, folder)
    _show(to_terminal(report, verbose=verbose), Text(f"Reports: {folder}", style="dim"))
    if report.harness_failed:
        raise typer.Exit(EXIT_HARNESS)
    if min_score is not None and report.score < min_score:
        raise typer.Exit(EXIT_UNDER_MIN_SCORE)


@app.command("schema")
def schema() -> None:
    """Print the JSON schema of report.json."""
    from grader.model import Report

    typer.echo(json.dumps(Report.model_json_schema(mode="serialization"), indent=2))


@app.command("explain")
def explain(
    question: Annotated[
        str, typer.Argument(help="Its id, such as q3.", show_default="all of them, in short")
    ] = "",
    rubric: Annotated[
        Path | None,
        typer.Option(help="TOML file with the values that differ from the default rubric."),
    ] = None,
) -> None:
    """Say what a question asks, its checks and points, and the tolerances and limits with reasons.

    Nothing is run: `python -m grader explain q3`.
    """
    from grader.catalogue import question_files, read_question
    from grader.explain import in_full, in_short
    from grader.rubric import Rubric

    files = question_files()
    id = question.strip().lower()
    if id and id not in files:
        raise UsageError(f"there is no question {id}; there are {', '.join(files)}")
    values = Rubric.load(rubric)
    if id:
        _show(in_full(read_question(files[id]), values))
    else:
        _show(in_short([read_question(file) for file in files.values()], values))


@app.command("doctor")
def doctor(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with the test data that no worker may read."),
    ] = None,
) -> None:
    """Attempt each forbidden act from inside a worker, and show what kept it from it.

    Exit code 0: everything holds; 1: something does not.
    """
    from grader.doctor import Sandbox, how_to_get
    from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
    from grader.reports.terminal import isolation_table

    with Sandbox(IsolationMode.BEST_EFFORT, (data or EMBEDDED_CORPUS) / TEST_FILE) as sandbox:
        isolation = sandbox.isolation()
    _show(isolation_table(isolation), Text(how_to_get(isolation.layers)))
    if not all(verdict.held for verdict in isolation.verdicts):
        raise typer.Exit(1)


def main() -> None:
    """The entry point: ``grade`` is the command when none is named."""
    # A setting meant for a project's own tests, such as -x, must not change a grade.
    os.environ.pop("PYTEST_ADDOPTS", None)
    arguments = sys.argv[1:] or ["--help"]
    if arguments[0] not in {command.name for command in app.registered_commands}:
        arguments = ["grade", *arguments]
    try:
        app(arguments, prog_name="python -m grader")
    except UsageError as error:
        _fail(f"Error: {error}", EXIT_USAGE)
    except GraderError as error:
        _fail(f"The grader failed, not the hand-in: {error}", EXIT_HARNESS)
    except Exception:
        traceback.print_exc()
        _fail("The grader failed, not the hand-in; the lines above say where.", EXIT_HARNESS)


def check_writable(folder: Path) -> None:
    """Raises UsageError when reports cannot be written there; makes nothing."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise UsageError(f"reports cannot be written to {folder}: look at {nearest}")


def _fail(message: str, code: int) -> None:
    typer.echo(message, err=True)
    sys.exit(code)


def _show(*parts: RenderableType) -> None:
    """Print to a terminal as it is, and elsewhere as plain lines of a fixed width."""
    console = Console(highlight=False)
    if sys.stdout.isatty():
        console.print(*parts, sep="\n")
        return
    console = Console(highlight=False, width=PLAIN_WIDTH, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


class _Progress:
    """Shows on a terminal what is under way; elsewhere it is silent."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def check_done(self, question: object, result: object) -> None:
        """A check has ended; the next one begins."""
        self._bar.update(self._task, description=f"{getattr(question, 'title', '')}", total=None)

    def progress(self, doing: str, fraction: float) -> None:
        """Something long is under way; ``fraction`` of it is done."""
        self._bar.update(self._task, description=doing, total=1.0, completed=fraction)
