"""The engine for other programs: the same runs as ``python -m grader PATH``, with their records."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypedDict, Unpack

from grader.asked import check_request
from grader.batch.course import grade_course, plan
from grader.batch.executors import executor_for
from grader.batch.grade_one import Done
from grader.doctor import Sandbox
from grader.engine import grade as grade_submission
from grader.errors import UsageError
from grader.grading import Request
from grader.language_model.assessment import ModelRequest
from grader.language_model.corpus import TEST_FILE
from grader.model import Report
from grader.modes import IsolationMode
from grader.plugin import Listener, Silent
from grader.rows import Row
from grader.rubric import Rubric
from grader.sandbox.lent import available_cores

__all__ = ["Report", "Row", "grade", "grade_many"]


class Options(TypedDict, total=False):
    """What can be asked for in every run."""

    only: Iterable[str]
    """Ids of the questions to grade, or one id; none: all."""
    data: Path | str
    """A folder with train.csv and test.csv; without it the embedded, synthetic corpus."""
    rubric: Path | str
    """A TOML file with the values that differ from the default rubric."""
    device: str
    """"auto", which is the default, "cpu" or "cuda"."""
    seed: int
    """Of all random draws; without it, from the hand-in's content."""
    timeout_s: float
    """What an import, a call, or the whole language model may take; else the rubric's limits."""
    model: ModelRequest
    """How the language model is loaded, trained and scored."""
    claims: bool
    """Compare what the notebooks show with what was measured."""


def grade(
    path: Path | str,
    *,
    isolation: IsolationMode = IsolationMode.BEST_EFFORT,
    listener: Listener | None = None,
    **options: Unpack[Options],
) -> Report:
    """The report of the hand-in at ``path``, a folder or an archive. Nothing is written.

    ``listener`` is told of each check that has ended.

    Raises UsageError when there is nothing to grade or something asked for is wrong, TypeError for
    an option that there is not, and HarnessError when the grader itself fails. What student code
    does is in the report.
    """
    request = _request(path, options)
    with Sandbox(IsolationMode(isolation), request.corpus / TEST_FILE) as sandbox:
        return grade_submission(request, sandbox, listener or Silent())


def grade_many(
    path: Path | str,
    out: Path | str,
    *,
    jobs: int | None = None,
    cluster: str = "",
    regrade: bool = False,
    isolation: IsolationMode = IsolationMode.BEST_EFFORT,
    done: Callable[[Done], None] = lambda _: None,
    **options: Unpack[Options],
) -> list[Row]:
    """Grade the hand-ins of a course into ``out`` and return a row for each.

    What is in ``out`` from an earlier run and has not changed is kept, unless ``regrade`` is set.
    ``jobs``: how many are graded at once; None: one for each core. ``cluster``: the address of a
    Dask scheduler, whose workers grade in place of this machine. ``done`` is called with each
    result when it has been written. Raises what ``grade`` does.
    """
    request = _request(path, options)
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs is {jobs}; possible is 1 or more, or None for one for each core")
    rubric = Rubric.load(request.rubric)
    with (
        Sandbox(IsolationMode(isolation), request.corpus / TEST_FILE) as sandbox,
        tempfile.TemporaryDirectory(prefix="unpacked-", dir=sandbox.folder) as unpacked,
    ):
        tasks = plan(request, Path(out), Path(unpacked), regrade=regrade)
        executor = executor_for(
            request, sandbox, rubric, jobs=jobs or available_cores(), cluster=cluster
        )
        graded = grade_course(tasks, executor, Path(out), rubric, told=done)
    if graded.interrupted:
        raise KeyboardInterrupt
    return graded.rows


def _request(path: Path | str, options: Options) -> Request:
    """Raises TypeError for an option that there is not: one that is misspelt would change a grade.

    Raises UsageError when a value is not possible.
    """
    if unknown := options.keys() - Options.__annotations__.keys():
        known = ", ".join(Options.__annotations__)
        raise TypeError(f"there is no option {', '.join(sorted(unknown))}; there are {known}")
    only = options.get("only", ())
    request = Request(
        path=Path(path),
        data=Path(options["data"]) if "data" in options else None,
        rubric=Path(options["rubric"]) if "rubric" in options else None,
        only=frozenset([only] if isinstance(only, str) else only),
        device=options.get("device", "auto"),
        seed=options.get("seed"),
        timeout_s=options.get("timeout_s"),
        model=options.get("model", ModelRequest()),
        claims=options.get("claims", False),
    )
    check_request(request)
    return request
