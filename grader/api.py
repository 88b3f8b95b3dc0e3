"""The engine for other programs: the same runs as ``python -m grader PATH``, with their records."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TypedDict, TypeVar, Unpack

from grader.asked import check_request, course_warning
from grader.batch.course import grade_course, plan
from grader.batch.executors import executor_for
from grader.batch.grade_one import Done
from grader.doctor import Sandbox
from grader.engine import grade as grade_submission
from grader.errors import HarnessError, UsageError
from grader.grading import Request
from grader.language_model.assessment import ModelRequest
from grader.language_model.corpus import TEST_FILE
from grader.model import Report
from grader.modes import Device, IsolationMode, ModelMode, ids_in
from grader.plugin import Listener, Silent
from grader.rows import Row
from grader.rubric import Rubric
from grader.sandbox.lent import available_cores

__all__ = ["HarnessError", "ModelRequest", "Report", "Row", "UsageError", "grade", "grade_many"]

Choice = TypeVar("Choice", bound=StrEnum)


class Options(TypedDict, total=False):
    """What can be asked for in every run, as ``grade`` says."""

    only: Iterable[str] | None
    data: Path | str | None
    rubric: Path | str | None
    device: str | None
    seed: int | None
    timeout_s: float | None
    model: ModelRequest | None
    claims: bool | None


def grade(
    path: Path | str,
    *,
    isolation: IsolationMode | str = IsolationMode.BEST_EFFORT,
    listener: Listener | None = None,
    **options: Unpack[Options],
) -> Report:
    """The report of the hand-in at ``path``, a folder or an archive. Nothing is written.

    ``isolation``: "require" refuses to grade where student code is not kept in completely,
    "best-effort" does what the platform offers, "off" nothing. ``listener`` is told of each check
    that has ended. The options, of which None stands for the default:

    ``only``: ids of the questions to grade, such as "q2,q7" or ["q2", "q7"]; without it all.
    ``data``: a folder with train.csv and test.csv; without it the embedded, synthetic corpus.
    ``rubric``: a TOML file with the values that differ from the default rubric.
    ``device``: where the language model runs: "auto", which is the default, "cpu" or "cuda".
    ``seed``: of the random draws, but for those that a model must not foresee; without it, from the
    hand-in's content.
    ``timeout_s``: what an import, a call, or the whole language model may take; without it, the
    rubric's limits.
    ``model``: a ModelRequest: how the language model is loaded, trained and scored.
    ``claims``: True compares what the notebooks show with what was measured.

    Where what is there looks like the hand-ins of several students, a note of the report says so:
    those are for ``grade_many``.

    Raises UsageError when there is nothing to grade or something asked for is wrong, TypeError for
    an option that there is not, and HarnessError when the grader itself fails. What student code
    does is in the report.
    """
    request = _request(path, options)
    mode = _one_of(IsolationMode, isolation, "isolation")
    with Sandbox(mode, request.corpus / TEST_FILE) as sandbox:
        report = grade_submission(request, sandbox, listener or Silent())
    said = course_warning(request)
    if not said:
        return report
    note = f"{said} If it is a course, use grade_many."
    return report.model_copy(update={"notes": (note, *report.notes)})


def grade_many(
    path: Path | str,
    out: Path | str,
    *,
    jobs: int | None = None,
    cluster: str = "",
    regrade: bool = False,
    isolation: IsolationMode | str = IsolationMode.BEST_EFFORT,
    done: Callable[[Done], None] = lambda _: None,
    **options: Unpack[Options],
) -> list[Row]:
    """Grade the hand-ins of a course into ``out`` and return a row for each.

    What is in ``out`` from an earlier run and has not changed is kept, unless ``regrade`` is set.
    ``jobs``: how many are graded at once; None: one for each core. ``cluster``: the address of a
    Dask scheduler, whose workers grade in place of this machine. ``done`` is called with each
    result when it has been written. ``isolation`` and the options are those of ``grade``, and so is
    what is raised.
    """
    request = _request(path, options)
    mode = _one_of(IsolationMode, isolation, "isolation")
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs is {jobs}; possible is 1 or more, or None for one for each core")
    rubric = Rubric.load(request.rubric)
    with (
        Sandbox(mode, request.corpus / TEST_FILE) as sandbox,
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
    data, rubric, device = options.get("data"), options.get("rubric"), options.get("device")
    request = Request(
        path=Path(path),
        data=None if data is None else Path(data),
        rubric=None if rubric is None else Path(rubric),
        only=_ids(options.get("only")),
        device=Device.AUTO.value if device is None else device,
        seed=options.get("seed"),
        timeout_s=options.get("timeout_s"),
        model=_model(options.get("model")),
        claims=options.get("claims") or False,
    )
    check_request(request)
    return request


def _ids(only: Iterable[str] | None) -> frozenset[str]:
    """No ids stand for all questions, so a program that has found none must not ask for them."""
    if only is None:
        return frozenset()
    ids = ids_in(only if isinstance(only, str) else " ".join(map(str, only)))
    if not ids:
        raise UsageError("only names no question; leave it out to grade them all")
    return ids


def _model(model: ModelRequest | None) -> ModelRequest:
    if model is None:
        return ModelRequest()
    if not isinstance(model, ModelRequest):
        raise UsageError(f"model is {model!r}; possible is a grader.ModelRequest")
    file = model.private_test
    return replace(
        model,
        mode=_one_of(ModelMode, model.mode, "mode"),
        private_test=None if file is None else Path(file),
    )


def _one_of(choices: type[Choice], value: str, what: str) -> Choice:
    """The choice of that name."""
    if value not in list(choices):
        raise UsageError(f"there is no {what} {value}; there are {', '.join(choices)}")
    return choices(value)
