"""The engine for other programs: the same runs as ``python -m grader PATH``, with their records.

A program that calls ``grade_many`` needs the usual ``if __name__ == "__main__":``, because the
processes that grade import it again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from grader.batch.course import course_files, plan, rows_of, write_course
from grader.batch.grade_one import Done
from grader.batch.local import LocalExecutor
from grader.batch.results import alone_in
from grader.batch.turns import model_turns
from grader.doctor import Sandbox
from grader.engine import grade as grade_submission
from grader.grading import Request
from grader.language_model.assessment import ModelRequest
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
from grader.model import IsolationMode, Report
from grader.plugin import Listener, Silent
from grader.rows import Row
from grader.rubric import Rubric
from grader.sandbox.lent import available_cores

__all__ = ["Report", "Row", "grade", "grade_many"]


def grade(
    path: Path | str,
    *,
    only: Iterable[str] = (),
    data: Path | str = EMBEDDED_CORPUS,
    rubric: Path | str | None = None,
    device: str = "auto",
    seed: int | None = None,
    timeout_s: float | None = None,
    model: ModelRequest | None = None,
    claims: bool = False,
    isolation: IsolationMode = IsolationMode.BEST_EFFORT,
    listener: Listener | None = None,
) -> Report:
    """The report of the hand-in at ``path``, a folder or an archive. Nothing is written.

    ``only``: ids of the questions to grade, or none for all. ``data``: a folder with train.csv and
    test.csv. ``rubric``: a TOML file with the values that differ. ``device``: "auto", "cpu" or
    "cuda". ``seed``: None takes it from the hand-in. ``timeout_s``: what an import, a call, or the
    whole language model may take. ``model``: how it is loaded or trained. ``listener`` is told of
    each check that has ended.

    Raises UsageError when there is nothing to grade or something asked for is wrong, and
    HarnessError when the grader itself fails. What student code does is in the report.
    """
    request = _request(path, only, data, rubric, device, seed, timeout_s, model, claims)
    with Sandbox(isolation, Path(data) / TEST_FILE) as sandbox:
        return grade_submission(request, sandbox, listener or Silent())


def grade_many(
    path: Path | str,
    out: Path | str,
    *,
    jobs: int | None = None,
    regrade: bool = False,
    only: Iterable[str] = (),
    data: Path | str = EMBEDDED_CORPUS,
    rubric: Path | str | None = None,
    device: str = "auto",
    seed: int | None = None,
    timeout_s: float | None = None,
    model: ModelRequest | None = None,
    claims: bool = False,
    isolation: IsolationMode = IsolationMode.BEST_EFFORT,
    done: Callable[[Done], None] = lambda _: None,
) -> list[Row]:
    """Grade the hand-ins of a course into ``out`` and return a row for each.

    What is in ``out`` from an earlier run and has not changed is kept, unless ``regrade`` is set.
    ``jobs``: how many are graded at once; None: one for each core. ``done`` is called with each
    result when it has been written. For the others see ``grade``, which raises the same.
    """
    request = _request(path, only, data, rubric, device, seed, timeout_s, model, claims)
    values = Rubric.load(request.rubric)
    results: list[Done] = []
    folder = Path(out)
    with (
        alone_in(folder),
        Sandbox(isolation, Path(data) / TEST_FILE) as sandbox,
        tempfile.TemporaryDirectory(prefix="unpacked-", dir=sandbox.folder) as unpacked,
    ):
        tasks = plan(request, folder, Path(unpacked), regrade=regrade)
        turns = model_turns(device, values)
        with LocalExecutor(jobs or available_cores(), sandbox, request, turns) as executor:
            for result in executor.run(tasks):
                results.append(result)
                done(result)
        rows = rows_of(tasks, results)
        files, _ = course_files(rows, values)
        write_course(files, folder)
    return rows


def _request(
    path: Path | str,
    only: Iterable[str],
    data: Path | str,
    rubric: Path | str | None,
    device: str,
    seed: int | None,
    timeout_s: float | None,
    model: ModelRequest | None,
    claims: bool,
) -> Request:
    return Request(
        path=Path(path),
        data=Path(data),
        rubric=None if rubric is None else Path(rubric),
        only=frozenset(only),
        device=device,
        seed=seed,
        timeout_s=timeout_s,
        model=model or ModelRequest(),
        claims=claims,
    )
