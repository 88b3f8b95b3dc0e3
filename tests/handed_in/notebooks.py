"""Hand-ins that are notebooks, and the code that is taken from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.handed_in.submission import Submission, stage
from grader.student import Student
from tests.staging import LIMITS, write
from tests.student_support import ARRAY, array

RNN = "def rnn(x):\n    return 2 * x\n"
OTHER = "def rnn(x):\n    return 5 * x\n"
GRU = "def gru(x):\n    return 3 * x\n"
FILE = f"%%writefile implementation.py\n{RNN}"
MADE = (
    "no implementation.py with code in it was handed in; one was made of {}, and its lines are "
    "counted in what was taken"
)
WRITTEN = (
    "no {} with code in it was handed in; one was taken from the cell of the notebook a.ipynb that "
    "writes it"
)
Students = Callable[[Path], Student]


def notebook(*cells: Any) -> str:
    found = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 0})


def with_notebooks(tmp_path: Path, **notebooks: str) -> Path:
    folder = tmp_path / "bob"
    for name, text in notebooks.items():
        write(folder, f"{name}.ipynb", content=text)
    return folder


def read(folder: Path) -> Submission:
    return stage(folder, folder.parent / "staged", LIMITS)


def code(submission: Submission, name: str = "implementation.py") -> str:
    return (submission.folder / name).read_text()


def answer(student: Student, function: str = "rnn") -> list[object]:
    return array(student.call(function, (ARRAY,), 0))
