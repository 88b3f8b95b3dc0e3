"""What the command says of itself: version, help, schema."""

from __future__ import annotations

import json
from typing import get_type_hints

import pytest

from grader import __version__
from grader.cli import grade
from grader.model import Report
from grader.rubric import Rubric
from tests.command_line import grader


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
