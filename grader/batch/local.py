"""Grades many submissions in a few processes of this machine."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from types import TracebackType
from typing import Protocol, Self

from grader.batch.grade_one import ATTEMPTS, Done, Task, failed
from grader.batch.job_server import start_job_server, unimported_main
from grader.batch.jobs import JobSettings, work
from grader.batch.turns import Turns
from grader.doctor import Sandbox
from grader.errors import UsageError
from grader.grading import Request

END_S = 5.0


Work = Callable[[Connection, socket.socket, JobSettings, AbstractContextManager[object]], None]


class Executor(Protocol):
    """Grades tasks somewhere; a context that ends what it started."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """The results, as they come.

        Raises UsageError when the request is wrong, and HarnessError when what grades is lost.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@dataclass
class _Job:
    process: ForkServerProcess
    tasks: Connection
    task: Task | None = None


class LocalExecutor:
    """Up to ``jobs`` processes, each with one submission at a time; see ``Executor``."""

    def __init__(
        self,
        jobs: int,
        sandbox: Sandbox,
        request: Request,
        model_turns: int = 1,
        work: Work = work,
    ) -> None:
        """``model_turns``: how many language models may be loaded at once.

        ``work`` is what each process does.
        """
        self._count = jobs
        self._sandbox = sandbox
        self._request = request
        self._work = work
        self._context = start_job_server(work.__module__)
        self._turns = Turns(sandbox.folder, model_turns)
        self._jobs: list[_Job] = []
        self._attempts: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for job in self._jobs:
            job.process.kill()
        for job in self._jobs:
            job.process.join(END_S)
            job.tasks.close()
        self._jobs.clear()

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """See ``Executor``."""
        waiting = deque(tasks)
        self._count = min(self._count, len(waiting))
        while len(self._jobs) < self._count:
            self._jobs.append(self._start())
        while True:
            for job in self._jobs:
                if job.task is None and waiting:
                    self._give(job, waiting.popleft())
            busy: dict[object, _Job] = {j.tasks: j for j in self._jobs if j.task is not None}
            if not busy:
                return
            for ready in wait([job.tasks for job in busy.values()]):
                done = self._result(busy[ready], waiting)
                if done is not None:
                    yield done

    def _start(self) -> _Job:
        ours, theirs = self._context.Pipe()
        control = self._sandbox.server.new_client()
        process = self._context.Process(
            target=self._work, args=(theirs, control, self._settings(), self._turns), daemon=True
        )
        with unimported_main():
            process.start()
        # Closed here, so that the end of the process is the end of the pipe.
        theirs.close()
        control.close()
        return _Job(process, ours)

    def _settings(self) -> JobSettings:
        return JobSettings(
            mode=self._sandbox.mode,
            folder=self._sandbox.folder,
            cores=max(1, self._sandbox.cores // self._count),
            isolation=self._sandbox.isolation(),
            request=self._request,
        )

    def _give(self, job: _Job, task: Task) -> None:
        job.task = task
        try:
            job.tasks.send(task)
        except OSError:
            return  # It has died: the end of its pipe is what is received next.

    def _result(self, job: _Job, waiting: deque[Task]) -> Done | None:
        """What a job answers; None when it has died and its task waits for another."""
        task, job.task = job.task, None
        if task is None:
            return None
        try:
            answer = job.tasks.recv()
        except (EOFError, OSError):
            return self._replaced(job, task, waiting)
        if isinstance(answer, UsageError):
            raise answer
        done: Done = answer
        return done

    def _replaced(self, job: _Job, task: Task, waiting: deque[Task]) -> Done | None:
        job.process.join(END_S)
        job.tasks.close()
        self._jobs[self._jobs.index(job)] = self._start()
        name = task.hand_in.arrival.name
        self._attempts[name] = self._attempts.get(name, 0) + 1
        if self._attempts[name] < ATTEMPTS:
            waiting.append(task)
            return None
        return failed(
            task,
            f"the grader's own process ended twice while grading this (exit code "
            f"{job.process.exitcode}); was it killed for taking too much memory?",
        )
