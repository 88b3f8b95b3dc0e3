"""What a worker refuses, and how much of its machine it uses."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.batch import cluster_worker as module
from grader.batch.cluster_worker import GraderPlugin
from grader.batch.parcel import Parcel, pack_course
from grader.batch.station import Build, Errand
from grader.errors import UsageError
from grader.grading import Request
from grader.modes import IsolationMode
from grader.rows import Arrival

ERRAND = Errand(Arrival(name="alice"), Parcel("alice", (), "", (), ()), {}, regrade=False)


@pytest.mark.parametrize(
    ("program", "threads", "words"),
    [("another", 1, "another version"), ("", 4, "4 threads")],
)
def test_worker_that_joins_later_is_looked_at_too(
    tmp_path: Path, program: str, threads: int, words: str
) -> None:
    here = Build.here()
    build = replace(here, program=program or here.program)
    plugin = GraderPlugin(pack_course(Request(tmp_path), "d"), IsolationMode.BEST_EFFORT, build)
    worker: Any = SimpleNamespace(state=SimpleNamespace(nthreads=threads))
    plugin.setup(worker)
    answer = plugin.grade(ERRAND, 1)
    assert isinstance(answer, UsageError)
    assert words in str(answer)


def test_cores_are_shared_by_the_workers_of_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "available_cores", lambda: 8)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert [module._cores(sharing) for sharing in (1, 3, 20)] == [8, 2, 1]
    # Given to the worker alone.
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert module._cores(3) == 8
