"""The options of ``grade``: what each one takes, and what ``--help`` says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader import __version__
from grader.console import say
from grader.modes import Device, IsolationMode, ModelMode, Summary
from grader.roster.columns import ASSIGNMENT

FROM_RUBRIC = "the rubric's: {}"
"""With the default rubric's number: to read that would take longer than to start."""
COURSE = "A course"


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"grader {__version__}")
        raise typer.Exit


HandIns = Annotated[
    Path,
    typer.Argument(help="The hand-in, or those of a course: a folder or an archive.", exists=True),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for report.html, staff.html, report.json and junit.xml; those of a course "
        "are in folders by hand-in, beside gradebook.csv and summary.html.",
        show_default="results/<name>, of a course results",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder with train.csv and test.csv.",
        show_default="the embedded, synthetic corpus",
    ),
]
RubricFile = Annotated[
    Path | None,
    typer.Option(help="TOML file with the values that differ from the default rubric."),
]
Only = Annotated[
    str | None,
    typer.Option(help="Grade these questions only, such as q2,q7.", show_default="all"),
]
OnDevice = Annotated[Device, typer.Option(help="Where the language model runs.")]
Seed = Annotated[
    int | None,
    typer.Option(
        help="Seed of the random draws, but for the places where a model must not foresee that "
        "it is asked.",
        show_default="from the hand-in's content",
        min=0,
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        help="Seconds that an import, a call, or the whole language model may take.",
        show_default="the rubric's limits",
        min=0.1,
    ),
]
LanguageModel = Annotated[
    ModelMode,
    typer.Option(
        "--lm",
        help="Load the trained language model that was handed in, train it from its code, or "
        "train it only where there is none that can be loaded.",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        help="Epochs, where the grader trains.", min=1, show_default=FROM_RUBRIC.format(5)
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        help="Sentences in a batch, where the grader trains.",
        min=1,
        show_default=FROM_RUBRIC.format(64),
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        "--lr",
        help="Adam's learning rate, where the grader trains.",
        show_default=FROM_RUBRIC.format(0.001),
    ),
]
MaxTime = Annotated[
    float | None,
    typer.Option(
        help="Seconds that a training may take; the best epoch by then is kept.",
        min=1.0,
        show_default=FROM_RUBRIC.format(600),
    ),
]
PrivateTest = Annotated[
    Path | None,
    typer.Option(
        help="A second test.csv, which no student has seen: a model that is far better on the "
        "first is flagged.",
        exists=True,
        dir_okay=False,
    ),
]
Quick = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Stop scoring as soon as the points are certain but for 1 in 10,000.",
    ),
]
Claims = Annotated[
    bool,
    typer.Option(
        "--claims",
        help="Compare what the submitted notebooks show with what was measured; for staff, and "
        "without influence on points.",
    ),
]
Isolation = Annotated[
    IsolationMode,
    typer.Option(
        help="Refuse to grade where student code is not kept in completely, do what the "
        "platform offers, or do not isolate at all (for code that you trust)."
    ),
]
MinScore = Annotated[float | None, typer.Option(help="Exit with code 1 when the score is lower.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the checks that passed, too.")]
InSummary = Annotated[
    Summary | None,
    typer.Option(
        help="Also write summary.md, and on GitHub the job's page and annotations of the code."
    ),
]
Gradescope = Annotated[
    Path | None,
    typer.Option(
        help="Also write Gradescope's results.json to this file; PATH is then one hand-in."
    ),
]
Many = Annotated[
    bool | None,
    typer.Option(
        "--many/--one",
        help="Whether PATH holds the hand-ins of a course, or one.",
        show_default="as it looks",
        rich_help_panel=COURSE,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        help="Hand-ins graded at once.",
        show_default="the cores",
        min=1,
        rich_help_panel=COURSE,
    ),
]
Cluster = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Grade on the workers of this Dask scheduler, such as tcp://host:8786.",
        show_default="this machine",
        rich_help_panel=COURSE,
    ),
]
Regrade = Annotated[
    bool,
    typer.Option(
        "--regrade",
        help="Grade also what has not changed since the last run.",
        rich_help_panel=COURSE,
    ),
]
RosterFile = Annotated[
    Path | None,
    typer.Option(
        help="Class list: Canvas' gradebook or Moodle's grading worksheet as CSV, for a file "
        "to import there.",
        exists=True,
        dir_okay=False,
        rich_help_panel=COURSE,
    ),
]
Assignment = Annotated[
    str,
    typer.Option(
        help=f"The column of the grades in Canvas; if not given, {ASSIGNMENT}.",
        show_default=False,
        rich_help_panel=COURSE,
    ),
]
Version = Annotated[
    bool,
    typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
]
