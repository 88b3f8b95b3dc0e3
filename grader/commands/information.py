"""The commands that tell something and grade nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from grader.commands.options import RubricFile
from grader.console import say, show
from grader.errors import UsageError
from grader.modes import IsolationMode


def schema() -> None:
    """Print the JSON schema of report.json."""
    from grader.model import Report

    say(json.dumps(Report.model_json_schema(mode="serialization"), indent=2))


def explain(
    question: Annotated[
        str, typer.Argument(help="Its id, such as q3.", show_default="all of them, in short")
    ] = "",
    rubric: RubricFile = None,
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
        show(in_full(read_question(files[id]), values))
    else:
        show(in_short([read_question(file) for file in files.values()], values))


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
    show(isolation_table(isolation), Text(how_to_get(isolation.layers)))
    if not all(verdict.held for verdict in isolation.verdicts):
        raise typer.Exit(1)


COMMANDS = {"schema": schema, "explain": explain, "doctor": doctor}
