"""No worker is left to itself: while it is asked nothing, nobody looks at what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.doctor import Sandbox
from grader.errors import CheckFailed
from grader.grading import Grading, Request
from grader.plugin import Silent
from tests.student_support import GOOD, array, worker_of

APART = '[limits.questions.q3]\nmemory_mb = 500\nwhy = "other limits: a worker of its own"\n'


@pytest.fixture
def grading(sandbox: Sandbox, tmp_path: Path) -> Iterator[Grading]:
    folder = tmp_path / "handin"
    folder.mkdir()
    (folder / "implementation.py").write_text(GOOD)
    (tmp_path / "rubric.toml").write_text(APART)
    request = Request(folder, rubric=tmp_path / "rubric.toml")
    with Grading(request, sandbox, Silent().progress) as grading:
        yield grading


@pytest.mark.parametrize("following", ["q3", "q7"])
def test_worker_ends_when_a_question_with_another_begins(grading: Grading, following: str) -> None:
    worker = worker_of(grading.student_for("q2"))
    grading.student_for(following)
    assert not worker.is_running()


def test_worker_ends_before_the_model_is_looked_at(grading: Grading) -> None:
    """Also where that check asks for no worker of its question's own, or waits for its turn."""
    worker = worker_of(grading.student_for("q2"))
    with pytest.raises(CheckFailed):
        grading.model_evaluation("q7")()
    assert not worker.is_running()


def test_questions_with_the_same_limits_share_a_worker(grading: Grading) -> None:
    worker = worker_of(grading.student_for("q2"))
    assert worker_of(grading.student_for("q4")) == worker


def test_question_that_is_asked_again_has_a_new_worker(grading: Grading) -> None:
    for question in ("q2", "q3", "q2"):
        student = grading.student_for(question)
        assert not student.inherited
        assert array(student.call("good", (2,), 0)) == 4  # type: ignore[comparison-overlap]
