"""A cluster gives the rows that this machine would, whatever becomes of its workers."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader import grade_many
from grader.batch import cluster as module
from grader.batch import cluster_client, results
from grader.batch.cluster import ClusterExecutor, _Sent
from grader.batch.grade_one import Done, Task
from grader.batch.local import LocalExecutor
from grader.batch.parcel import Parcel, pack, pack_course
from grader.batch.results import read_row
from grader.batch.station import Errand, Station
from grader.commands.course import Course, grade_course
from grader.commands.output import Output
from grader.doctor import Sandbox
from grader.errors import UsageError
from grader.grading import Request, rubric_of
from grader.handed_in.submission import Submission, stage
from grader.modes import IsolationMode
from grader.rows import Row, Status
from tests.batch import made
from tests.batch.dask_cluster import DaskCluster, soon
from tests.conftest import ROOT

RIGHT = (ROOT / "submissions" / "alice" / "implementation.py").read_text(encoding="utf-8")
SLOW = f"""
{RIGHT}

import time

quick = init_gru_with_long_term_memory


def init_gru_with_long_term_memory(*weights):
    time.sleep(0.2)
    return quick(*weights)
"""
RESULTS = {"report.json", "junit.xml", "report.html", "staff.html", "row.json"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Two workers, one of which has announced a GPU."""
    with DaskCluster(tmp_path_factory.mktemp("dask")) as cluster:
        cluster.start_worker()
        cluster.start_worker("--resources", "GPU=1")
        cluster.client.wait_for_workers(2)
        yield cluster


@pytest.fixture(scope="module")
def executor(
    cluster: DaskCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ClusterExecutor]:
    folder = tmp_path_factory.mktemp("staged")
    with connected(cluster, folder) as executor:
        yield executor


def connected(cluster: DaskCluster, folder: Path, only: str = "q5") -> ClusterExecutor:
    request = Request(folder, only=frozenset({only}))
    return ClusterExecutor(cluster.address, request, IsolationMode.BEST_EFFORT, folder)


def tasks_of(tmp_path: Path, out: str, only: str = "q5", **codes: str) -> list[Task]:
    """A hand-in for each code, by name; without code there is nothing to grade in it."""
    for name, code in codes.items():
        folder = tmp_path / "course" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "implementation.py").write_text(code)
        if not code:
            (folder / "implementation.py").rename(folder / "readme.txt")
    return [
        made.task(tmp_path / "course" / name, tmp_path / out / name, only, name=name)
        for name in codes
    ]


def here(tmp_path: Path, tasks: list[Task]) -> list[Task]:
    """The same tasks, with their results elsewhere."""
    return [replace(task, out=tmp_path / "here" / task.out.name) for task in tasks]


def rows(done: Iterator[Done]) -> dict[str, Row]:
    """The rows by name, each there once, without what differs from run to run."""
    found = [result.row.model_copy(update={"duration_s": 0.0}) for result in done]
    assert len({row.arrival.name for row in found}) == len(found)
    return {row.arrival.name: row for row in found}


def test_rows_are_those_of_this_machine(
    executor: ClusterExecutor, sandbox: Sandbox, tmp_path: Path
) -> None:
    codes = {"alice": RIGHT, "bob": made.NEARLY_RIGHT, "carol": "def f(:\n", "dan": ""}
    tasks = tasks_of(tmp_path, "there", **codes)
    # What only the folder shows: it stays here, and the row tells of it.
    (tmp_path / "course" / "bob" / "link.py").symlink_to(ROOT / "README.md")
    eve = made.hand_in(tmp_path / "course" / "eve", "eve", problem="it is a RAR archive")
    tasks.append(replace(tasks[0], hand_in=eve, out=tmp_path / "there" / "eve"))
    there = rows(executor.run(tasks))
    with LocalExecutor(1, sandbox, tasks[0].request) as local:
        assert there == rows(local.run(here(tmp_path, tasks)))
    assert {name: row.score for name, row in there.items()}["alice"] == 2
    assert any("symbolic link" in note for note in there["bob"].notes)
    assert {name for name, row in there.items() if row.status is Status.UNREADABLE} == {
        "dan",
        "eve",
    }
    for task in tasks:
        row = read_row(task.out)
        assert row is not None
        assert row.model_copy(update={"duration_s": 0.0}) == there[task.out.name]
        names = {file.name for file in task.out.iterdir()}
        assert names == (RESULTS if row.status is Status.GRADED else {"row.json"})


def test_what_has_not_changed_is_not_even_sent(
    executor: ClusterExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = tasks_of(tmp_path, "out", alice=RIGHT, bob=made.NEARLY_RIGHT)
    first = rows(executor.run(tasks))
    tasks_of(tmp_path, "out", bob=RIGHT)
    report = tasks[0].out / "report.json"
    written = report.stat().st_mtime_ns
    sent: list[str] = []

    def noted(submission: Submission) -> Parcel:
        sent.append(submission.name)
        return pack(submission)

    monkeypatch.setattr(module, "pack", noted)
    again = list(executor.run(tasks))
    assert sent == ["bob"]
    assert {done.row.arrival.name: done.fresh for done in again} == {"alice": False, "bob": True}
    assert report.stat().st_mtime_ns == written
    assert rows(iter(again))["alice"] == first["alice"]
    assert rows(iter(again))["bob"].score == 2


def test_result_that_cannot_be_written_here_is_a_row(
    executor: ClusterExecutor, tmp_path: Path
) -> None:
    tasks = tasks_of(tmp_path, "out", alice=RIGHT, bob=RIGHT)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "bob").write_text("in the way")
    found = rows(executor.run(tasks))
    assert found["alice"].score == 2
    assert found["bob"].status is Status.GRADER_FAILED
    assert "its results cannot be written" in found["bob"].reason


@pytest.mark.parametrize("is_graded_before", [False, True])
def test_result_that_a_worker_cannot_write_is_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_graded_before: bool
) -> None:
    [task] = tasks_of(tmp_path, "out", alice=RIGHT)
    request = task.request
    station = Station(pack_course(request, "d"), IsolationMode.BEST_EFFORT)
    submission = stage(task.hand_in.parts, tmp_path / "staged", rubric_of(request).submission)
    errand = Errand(task.hand_in.arrival, pack(submission), {}, regrade=False)
    executor = ClusterExecutor("", request, IsolationMode.BEST_EFFORT, tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def result() -> Done:
        future: Any = Future()
        future.set_result(station.grade(errand, 1))
        monkeypatch.undo()
        return executor._result(_Sent(task, future))

    with closing(station):
        first = result() if is_graded_before else None
        monkeypatch.setattr(results, "write_atomically", full)
        done = result()
    assert done.row.status is Status.GRADER_FAILED
    assert "No space left" in done.row.reason
    kept = first.row if first is not None else done.row
    assert read_row(task.out) == kept


def test_python_grades_on_a_cluster(cluster: DaskCluster, tmp_path: Path) -> None:
    tasks_of(tmp_path, "out", alice=RIGHT, bob=made.NEARLY_RIGHT)
    before = len(cluster.children())
    found = grade_many(
        tmp_path / "course", tmp_path / "out", cluster=cluster.address, only=["q5"], seed=1
    )
    assert {row.arrival.name: row.score for row in found} == {"alice": 2, "bob": 0}
    soon(lambda: len(cluster.children()) <= before)
    with pytest.raises(UsageError, match="no Dask scheduler answers at nowhere"):
        grade_many(tmp_path / "course", tmp_path / "out", cluster="nowhere", only=["q5"])


def test_death_of_a_worker_costs_only_a_retry(
    cluster: DaskCluster, executor: ClusterExecutor, sandbox: Sandbox, tmp_path: Path
) -> None:
    codes = {"slow": SLOW, "unread": "", "alice": RIGHT, "bob": made.NEARLY_RIGHT, "carol": RIGHT}
    tasks = tasks_of(tmp_path, "there", **codes)
    results = executor.run(tasks)
    # It is done here, as soon as the one before it has been sent.
    first = next(results)
    assert first.row.arrival.name == "unread"
    cluster.kill(cluster.holder())
    there = rows(iter([first, *results]))
    with LocalExecutor(1, sandbox, tasks[0].request) as local:
        assert there == rows(local.run(here(tmp_path, tasks)))
    assert there["slow"].status is Status.GRADED


def test_submission_that_takes_workers_along_is_given_up(
    cluster: DaskCluster, executor: ClusterExecutor, tmp_path: Path
) -> None:
    cluster.client.wait_for_workers(2)
    results = executor.run(tasks_of(tmp_path, "out", deadly=SLOW, unread="", alice=RIGHT))
    next(results)
    cluster.kill(cluster.holder())
    cluster.kill(cluster.holder())
    found = rows(results)
    assert found["deadly"].status is Status.GRADER_FAILED
    assert "died" in found["deadly"].reason
    assert read_row(tmp_path / "out" / "deadly") == found["deadly"]
    assert found["alice"].score == 2


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C interrupts, also where tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_language_model_goes_to_the_gpu_and_an_interruption_leaves_nothing(
    cluster: DaskCluster, tmp_path: Path
) -> None:
    cluster.client.wait_for_workers(2)
    before = {child.pid for child in cluster.children()}
    workers = cluster.client.scheduler_info()["workers"].items()
    [gpu] = [worker for worker, info in workers if info["resources"]]
    tasks = tasks_of(tmp_path, "out", "q7", a=RIGHT, b=RIGHT)
    for task in tasks:
        # Without a trained model it is imported, and not done before the interruption.
        (tmp_path / "course" / task.out.name / "rnn_lm.py").write_text("while True:\n    pass\n")
    held, wanted = [], []

    def interrupt() -> None:
        held.append(cluster.holder())
        wanted.extend(cluster.wanted_resources())
        os.kill(os.getpid(), signal.SIGINT)

    presses = threading.Thread(target=interrupt)
    with pytest.raises(KeyboardInterrupt), connected(cluster, tmp_path, "q7") as executor:
        presses.start()
        list(executor.run(tasks))
    presses.join()
    assert held == [gpu]
    # One after the other: there is one such worker.
    assert wanted == [{"GPU": 1}]
    assert not any(cluster.client.processing().values())
    soon(lambda: {child.pid for child in cluster.children()} <= before)


def test_gpu_that_is_not_there(
    cluster: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GPU", "another")
    request = Request(tmp_path, device="cuda")
    executor = ClusterExecutor(cluster.address, request, IsolationMode.BEST_EFFORT, tmp_path)
    with pytest.raises(UsageError, match=r"--nthreads 1 --resources another=1"), executor:
        pass


def test_workers_that_are_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "grader", tmp_path / "grader")
    with (tmp_path / "grader" / "rubric.toml").open("a") as rubric:
        rubric.write("# changed\n")
    with DaskCluster(tmp_path) as cluster:
        monkeypatch.setattr(cluster_client, "CONNECT_S", 0.2)
        with pytest.raises(UsageError, match="has no worker"), connected(cluster, tmp_path):
            pass
        monkeypatch.undo()
        cluster.start_worker("--name", "changed", root=tmp_path)
        cluster.start_worker("--name", "threads", threads=2)
        cluster.client.wait_for_workers(2)
        with pytest.raises(UsageError) as caught, connected(cluster, tmp_path):
            pass
    assert "has another version of the grader's files" in str(caught.value)
    assert "has 2 threads in place of one" in str(caught.value)


def test_no_scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_client, "CONNECT_S", 0.2)
    for address in ("tcp://127.0.0.1:9", "no address"):
        executor = ClusterExecutor(address, Request(tmp_path), IsolationMode.OFF, tmp_path)
        with pytest.raises(UsageError, match="dask scheduler"), executor:
            pass


def test_dask_is_not_installed(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks_of(tmp_path, "out", alice=RIGHT, bob=RIGHT)
    monkeypatch.delitem(sys.modules, "grader.batch.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    course = Course(1, "tcp://127.0.0.1:9", False, None, "")
    with pytest.raises(UsageError, match=r"pip install .*\[cluster\]"):
        grade_course(Request(tmp_path / "course"), sandbox, course, Output(tmp_path / "out"))
