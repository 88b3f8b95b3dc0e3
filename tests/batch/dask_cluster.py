"""A real scheduler of Dask's and real workers, as processes of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

import psutil
from distributed import Client

from tests.conftest import ROOT

HOST = "127.0.0.1"
START_S = 60.0

T = TypeVar("T")


class DaskCluster:
    """A scheduler, and the workers that are started for it; a context that ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        file = folder / "scheduler.json"
        options = ("--host", HOST, "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        self._processes = [self._start("scheduler", *options)]
        # It waits for the file.
        self.client = Client(scheduler_file=str(file), timeout=START_S, set_as_default=False)
        self.address: str = self.client.scheduler_info()["address"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        for process in reversed(self._processes):
            process.terminate()
            process.wait(START_S)

    def start_worker(self, *options: str, threads: int = 1, root: Path = ROOT) -> None:
        """A worker with the grader of ``root``; when it dies, Dask starts another in its place."""
        common = ("--nthreads", str(threads), "--no-dashboard", "--local-directory", "scratch")
        self._processes.append(self._start("worker", self.address, *common, *options, root=root))

    def holder(self) -> str:
        """The worker that holds a task, as soon as one does."""
        return soon(lambda: next((w for w, keys in self.client.processing().items() if keys), ""))

    def kill(self, worker: str) -> None:
        """Kill a worker as the kernel does when memory is short, and see it gone."""
        psutil.Process(self.client.run(os.getpid, workers=[worker])[worker]).kill()
        soon(lambda: worker not in self.client.scheduler_info()["workers"])

    def wanted_resources(self) -> list[dict[str, float]]:
        """What each of the scheduler's tasks asks of a worker."""
        return list(
            self.client.run_on_scheduler(
                lambda dask_scheduler: [
                    dict(task.resource_restrictions or {}) for task in dask_scheduler.tasks.values()
                ]
            )
        )

    def children(self) -> list[psutil.Process]:
        """What the workers have started."""
        pids = self.client.run(os.getpid).values()
        return [child for pid in pids for child in psutil.Process(pid).children(recursive=True)]

    def _start(self, command: str, *arguments: str, root: Path = ROOT) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{command}", *arguments],
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(root)},
        )


def soon(look: Callable[[], T]) -> T:
    """What is found once something is; each look asks another process."""
    deadline = time.monotonic() + START_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError("it has not happened")
    return found
