"""From Python: one hand-in, or a course."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader import grade, grade_many
from grader.rows import Status
from tests.batch.conftest import SUBMISSIONS
from tests.conftest import ROOT


def test_python_grades_one(tmp_path: Path) -> None:
    report = grade(SUBMISSIONS / "alice", only=["q5"])
    assert (report.submission, report.score, report.max_score) == ("alice", 2, 2)
    assert report.notes == ()


def test_python_notes_that_one_hand_in_looks_like_many(course: Path) -> None:
    report = grade(course, only=["q5"])
    assert report.notes[0] == (
        "Graded as one hand-in, though what is in course may be the hand-ins of several students. "
        "If it is a course, use grade_many."
    )


@pytest.mark.parametrize("from_file", [True, False])
def test_python_needs_no_guard(course: Path, tmp_path: Path, from_file: bool) -> None:
    """The processes that grade do not begin the program once more."""
    program = tmp_path / "program.py"
    program.write_text(
        "print('begun')\nfrom grader import grade_many\n"
        f"rows = grade_many({str(course)!r}, {str(tmp_path / 'out')!r}, only='q5', jobs=2)\n"
        "print([float(row.score) for row in rows])\n"
    )
    done = subprocess.run(
        [sys.executable, program] if from_file else [sys.executable, "-"],
        input=None if from_file else program.read_text(),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["begun", "[2.0, 0.0, 0.0]"]


def test_python_grades_many(course: Path, tmp_path: Path) -> None:
    seen = []
    rows = grade_many(
        course, tmp_path / "out", jobs=1, only=["q5"], done=lambda done: seen.append(done)
    )
    assert [(row.arrival.name, row.status) for row in rows] == [
        ("alice", Status.GRADED),
        ("bob", Status.UNREADABLE),
        ("half_open_gates", Status.GRADED),
    ]
    assert len(seen) == 3
    assert (tmp_path / "out" / "gradebook.csv").exists()
