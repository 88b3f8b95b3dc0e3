"""What a worker of a Dask cluster does for a run: see ``grader.batch.cluster``."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping

from distributed import Worker, WorkerPlugin, get_worker
from distributed.comm.addressing import get_address_host

from grader.batch.parcel import CourseParcel
from grader.batch.station import Answer, Build, Errand, Station
from grader.errors import GraderError, HarnessError, UsageError
from grader.modes import IsolationMode
from grader.sandbox.lent import available_cores


class GraderPlugin(WorkerPlugin):
    """Gives each worker, also one that joins later, a station of its own."""

    def __init__(self, course: CourseParcel, mode: IsolationMode, build: Build) -> None:
        self._course = course
        self._mode = mode
        self._build = build

    def setup(self, worker: Worker) -> None:
        self._problem = problem_of(self._build, Build.here(), worker.state.nthreads)
        self._lock = threading.Lock()
        self._station: Station | None = None
        self._has_ended = False

    async def teardown(self, worker: Worker) -> None:
        # Beside the event loop: the fork server takes its time, and so may the lock.
        await asyncio.to_thread(self._end)

    def grade(self, errand: Errand, cores: int) -> Answer | GraderError:
        """In the worker's thread for tasks: see ``Station``."""
        if self._problem:
            return UsageError(f"it has {self._problem}")
        with self._lock:
            if self._has_ended:
                return HarnessError("the run that this was for has ended")
            if self._station is None:
                self._station = Station(self._course, self._mode)
        return self._station.grade(errand, cores)

    def _end(self) -> None:
        with self._lock:
            self._has_ended = True
            if self._station is not None:
                self._station.close()


def grade_errand(run: str, errand: Errand, hosts: Mapping[str, int]) -> Answer | GraderError:
    """What a worker does; ``hosts`` says how many workers share the cores of each host."""
    worker = get_worker()
    plugin = worker.plugins.get(run)
    if not isinstance(plugin, GraderPlugin):
        return UsageError(f"the worker {worker.address} cannot import this version of the grader")
    answer = plugin.grade(errand, _cores(hosts.get(get_address_host(worker.address), 1)))
    if isinstance(answer, GraderError):
        return type(answer)(f"the worker {worker.address}: {answer}")
    return answer


def _cores(sharing: int) -> int:
    """How many a worker may use that is one of so many on its host."""
    cores = available_cores()
    # What runs on a few of the machine's has been given them, as Slurm does, for itself alone.
    return max(1, cores // sharing) if cores == os.cpu_count() else cores


def problem_of(build: Build, other: object, threads: int) -> str:
    """What is wrong with a worker, or nothing."""
    if not isinstance(other, Build):
        return f"no such version of the grader ({other})"
    if threads != 1:
        # Two runs of pytest in one process would change what each other reports.
        return f"{threads} threads in place of one"
    return build.differs(other)
