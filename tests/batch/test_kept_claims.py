"""Claims are made of results that are there; they change no points."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from grader.batch.grade_one import Task
from grader.grading import Grading
from grader.language_model.corpus import EMBEDDED_CORPUS
from grader.model import ClaimVerdict, Report
from grader.plugin import Listener
from tests.batch import made
from tests.batch.grading_one import Run, never, report
from tests.reports.builders import measures, passed, question


def asked_for_claims(task: Task) -> Task:
    return replace(task, request=replace(task.request, claims=True))


def with_notebook(folder: Path, *lines: str) -> None:
    """A notebook of one cell that has printed these lines."""
    output = {"output_type": "stream", "name": "stdout", "text": "\n".join(lines)}
    cell = {"cell_type": "code", "execution_count": 1, "source": "", "outputs": [output]}
    (folder / "hw.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4, "metadata": {}}))


def test_claims_are_made_of_results_that_are_there(run: Run, alice: Path, tmp_path: Path) -> None:
    """They change no points, so they make nothing outdated, and nothing is graded for them."""
    with_notebook(alice, "The difference of your RNN implementation and tf RNN is 1e-7")
    run(made.task(alice, tmp_path / "out", "q2", "q5"))
    done = run(asked_for_claims(made.task(alice, tmp_path / "out", "q2")), never)
    assert (done.fresh, done.row.outdated) == (False, ())
    q2, q5 = report(tmp_path / "out").claims
    assert (q2.question, q2.verdict) == ("q2", ClaimVerdict.AGREES)
    assert (q5.question, q5.verdict) == ("q5", ClaimVerdict.NOT_SHOWN)
    assert q2.cell in (tmp_path / "out" / "staff.html").read_text(encoding="utf-8")
    # A run that does not ask for them leaves them, and one that grades adds its own.
    run(made.task(alice, tmp_path / "out", "q2"), never)
    run(asked_for_claims(made.task(alice, tmp_path / "out", "q4")))
    assert [claim.question for claim in report(tmp_path / "out").claims] == ["q2", "q4", "q5"]


def test_claims_of_kept_questions_are_made_beside_those_of_new_ones(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    with_notebook(alice, "The difference of your RNN implementation and tf RNN is 1e-7")
    run(made.task(alice, tmp_path / "out", "q2"))
    run(asked_for_claims(made.task(alice, tmp_path / "out", "q4")))
    assert [claim.question for claim in report(tmp_path / "out").claims] == ["q2", "q4"]


def test_claims_of_outdated_questions_are_not_made(run: Run, alice: Path, tmp_path: Path) -> None:
    run(made.task(alice, tmp_path / "out", "q4", "q5"))
    with_notebook(alice, "it has changed since")
    run(asked_for_claims(made.task(alice, tmp_path / "out", "q5")))
    assert [claim.question for claim in report(tmp_path / "out").claims] == ["q5"]


@pytest.mark.parametrize("made_up", [True, False])
def test_claims_on_a_kept_model_know_its_data(
    run: Run, alice: Path, tmp_path: Path, made_up: bool
) -> None:
    with_notebook(alice, "per-char-loss is 1.5")
    task = made.task(alice, tmp_path / "out", "q7")
    if not made_up:
        task = replace(task, request=replace(task.request, data=EMBEDDED_CORPUS))
    measured = measures(notebook_loss=1.5)
    result = question(passed("loss"), id="q7", measured=measured)  # without points there is no mark

    def judge(grading: Grading, wanted: Sequence[str], listener: Listener) -> Report:
        return grading.report((result,))

    run(task, judge)
    run(asked_for_claims(task), never)
    loss, _ = report(tmp_path / "out").claims
    assert loss.verdict is (ClaimVerdict.INCOMPARABLE if made_up else ClaimVerdict.AGREES)
