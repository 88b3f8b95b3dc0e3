"""What the command says of itself: version, help, schema."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import get_type_hints

import pytest

from grader import __version__
from grader.cli import grade
from grader.exit_codes import ExitCode
from grader.model import Report
from grader.rubric import Rubric
from tests.command_line import grader
from tests.conftest import ROOT


def test_version() -> None:
    done = grader("--version")
    assert done.returncode == 0
    assert done.stdout.strip() == f"grader {__version__}"


@pytest.mark.parametrize(("arguments", "code"), [(("--help",), 0), ((), 2), (("",), 2)])
def test_help(arguments: tuple[str, ...], code: int) -> None:
    done = grader(*arguments)
    assert done.returncode == code
    for words in ("--only", "--rubric", "--min-score", "--out", "Exit codes", "130", "schema"):
        assert words in done.stdout


def test_help_says_the_rubrics_numbers() -> None:
    training = Rubric.load().language_model.training
    numbers = {
        "epochs": training.epochs,
        "batch_size": training.batch_size,
        "lr": training.learning_rate,
        "max_time": training.max_time_s,
    }
    options = get_type_hints(grade, include_extras=True)
    said = {name: options[name].__metadata__[0].show_default for name in numbers}
    assert said == {name: f"the rubric's: {number:g}" for name, number in numbers.items()}


def test_schema() -> None:
    done = grader("schema")
    assert done.returncode == 0
    assert json.loads(done.stdout) == Report.model_json_schema(mode="serialization")


def test_environment_without_the_packages_is_told_in_a_few_words() -> None:
    """Without what Python finds by itself, none of them is there."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "grader", "--version"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (ExitCode.HARNESS, "")
    assert done.stderr.startswith("The package typer is not installed for ")
    assert "Traceback" not in done.stderr
