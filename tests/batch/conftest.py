"""A hand-in to grade, and what grades it as a course does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.batch.grade_one import Done, Task, grade_one
from grader.doctor import Sandbox
from grader.engine import Judge, grade_questions
from grader.language_model.corpus import EMBEDDED_CORPUS, Corpus
from tests.batch.grading_one import Run
from tests.conftest import ROOT

SUBMISSIONS = ROOT / "submissions"


@pytest.fixture
def run(sandbox: Sandbox) -> Run:
    corpus = Corpus.open(EMBEDDED_CORPUS)

    def run(task: Task, judge: Judge = grade_questions) -> Done:
        return grade_one(task, sandbox, corpus, judge)

    return run


@pytest.fixture
def alice(tmp_path: Path) -> Path:
    folder = tmp_path / "alice"
    folder.mkdir()
    shutil.copy(SUBMISSIONS / "alice" / "implementation.py", folder)
    return folder


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A good hand-in, one with a mistake, one that is no archive, and a table beside them."""
    folder = tmp_path / "course"
    for name in ("alice", "half_open_gates"):
        (folder / name).mkdir(parents=True)
        shutil.copy(SUBMISSIONS / name / "implementation.py", folder / name)
    (folder / "bob.zip").write_bytes(b"PK no zip")
    (folder / "marks.csv").write_text("name,mark\n")
    return folder
