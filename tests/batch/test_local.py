"""Jobs: each task has a result, and whatever a job dies of costs no more than its own task."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from grader.batch.grade_one import Done
from grader.batch.local import LocalExecutor
from grader.doctor import Sandbox
from grader.errors import RubricError
from grader.grading import Request
from grader.rows import Status
from tests.batch import made


def run(sandbox: Sandbox, out: Path, *names: str, jobs: int = 2) -> dict[str, Done]:
    tasks = [made.task(out, out / name, name=name) for name in names]
    with LocalExecutor(jobs, sandbox, Request(out), work=made.work) as executor:
        return {done.row.arrival.name: done for done in executor.run(tasks)}


def test_each_task_has_a_result(sandbox: Sandbox, tmp_path: Path) -> None:
    names = [f"student-{k}" for k in range(9)]
    done = run(sandbox, tmp_path, *names)
    assert sorted(done) == sorted(names)
    assert {result.row.status for result in done.values()} == {Status.GRADED}


def test_no_tasks(sandbox: Sandbox, tmp_path: Path) -> None:
    assert run(sandbox, tmp_path) == {}


def test_jobs_share_the_cores(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, tmp_path, "alice", jobs=1)
    assert done["alice"].row.reason == str(sandbox.cores)
    done = run(sandbox, tmp_path, "alice", "bob", jobs=10 * sandbox.cores)
    assert done["alice"].row.reason == str(max(1, sandbox.cores // 2))


def test_task_of_a_job_that_died_is_tried_again(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, tmp_path, "alice", "fragile", "bob")
    assert len(done) == 3
    assert all(result.row.status is Status.GRADED for result in done.values())


def test_task_that_kills_jobs_is_given_up_and_written(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, tmp_path, "alice", "deadly", "bob", "carol")
    assert done["deadly"].row.status is Status.GRADER_FAILED
    assert "exit code 9" in done["deadly"].row.reason
    assert (tmp_path / "deadly" / "row.json").exists()
    assert all(done[name].row.status is Status.GRADED for name in ("alice", "bob", "carol"))


def test_wrong_request_ends_the_run(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="no such rubric"):
        run(sandbox, tmp_path, "refused", "alice", jobs=1)


def test_no_job_is_left(sandbox: Sandbox, tmp_path: Path) -> None:
    tasks = [made.task(tmp_path, tmp_path / name, name=name) for name in "abc"]
    with LocalExecutor(2, sandbox, Request(tmp_path), work=made.work) as executor:
        next(iter(executor.run(tasks)))
        pids = [job.process.pid for job in executor._jobs]
        assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids if pid is not None)
