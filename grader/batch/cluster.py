"""Grades many submissions on the workers of a Dask cluster.

Each worker of Dask's, which is a process of the grader's own and never runs student code, has a
``Station`` of this run: the course's files, sent once, and a sandbox. It gets one submission at a
time, as bytes, so that whoever dies takes no more than that along; Dask itself gives what was lost
to another worker. What comes back is written here.

Dask's messages are pickles: see the README for whom that means to trust.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self

import dask
from distributed import Client, Future, KilledWorker

from grader.batch.cluster_client import START, check_builds, connected
from grader.batch.cluster_worker import GraderPlugin, grade_errand
from grader.batch.grade_one import ATTEMPTS, Done, Standing, Task, defect, failed, unreadable
from grader.batch.keys import data_digest
from grader.batch.parcel import pack, pack_course
from grader.batch.results import earlier_texts, write_texts
from grader.batch.station import Answer, Build, Errand
from grader.engine import wanted_questions
from grader.errors import GraderError, HarnessError, SubmissionError, UsageError
from grader.grading import MODEL_QUESTION, Request, rubric_of
from grader.handed_in.submission import stage
from grader.modes import IsolationMode
from grader.rows import Status

PATIENCE_S = 120.0
"""Without any worker: one that is started anew, or a job in a queue, may take its time."""
LOOK_S = 1.0
"""How often it is looked whether workers have joined."""
GPU = "GPU"


@dataclass
class _Sent:
    task: Task
    future: Future[Answer | GraderError]
    deaths: int = 0


class ClusterExecutor:
    """Grades on the workers of the scheduler at ``address``; see ``Executor``."""

    def __init__(self, address: str, request: Request, mode: IsolationMode, folder: Path) -> None:
        """``folder`` is where hand-ins are staged before they are sent."""
        self._address = address
        self._request = request
        self._mode = mode
        self._folder = folder
        self._rubric = rubric_of(request)
        # No student's name is in it: Dask shows it in its logs and on its pages.
        self._run = f"grade-{uuid.uuid4().hex[:12]}"
        self._sent: dict[str, _Sent] = {}
        self._count = 0
        self._news: SimpleQueue[Future[Any] | frozenset[str]] = SimpleQueue()
        self._resources: dict[str, float] = {}
        self._seen = 0.0
        self._hosts: Counter[str] = Counter()
        self._client: Client
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Raises UsageError when the cluster is not there, or is not fit for this."""
        request, build = self._request, Build.here()
        with ExitStack() as stack:
            self._client = connected(self._address)
            stack.callback(self._client.close)
            check_builds(self._client, build, self._address)
            self._resources = self._wanted_resources()
            course = pack_course(request, data_digest(request.corpus, request.model.private_test))
            plugin = GraderPlugin(course, self._mode, build)
            self._client.register_plugin(plugin, name=self._run)
            stack.callback(self._leave)
            self._client.subscribe_topic("all", self._hear)
            self._open = stack.pop_all()
        self._seen = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """See ``Executor``."""
        waiting = deque(tasks)
        while waiting or self._sent:
            # No more than there are workers: all that is sent is in the scheduler's memory, and a
            # death is counted only against what was being graded.
            room = self._workers()
            while waiting and len(self._sent) < room:
                done = self._send(waiting.popleft())
                if done is not None:
                    yield done
            yield from self._results()

    def _send(self, task: Task) -> Done | None:
        """Send a task; what cannot be sent is done."""
        hand_in = task.hand_in
        if hand_in.problem:
            return unreadable(task, hand_in.problem)
        try:
            with tempfile.TemporaryDirectory(prefix="parcel-", dir=self._folder) as folder:
                submission = stage(
                    hand_in.parts,
                    Path(folder, "submission"),
                    self._rubric.submission,
                    hand_in.arrival.name,
                )
                # All is known here that a worker would decide it by: the builds are the same.
                standing = Standing.of(task, submission, self._rubric, self._mode)
                if (done := standing.unchanged(task, submission)) is not None:
                    return done
                parcel = pack(submission)
            earlier = earlier_texts(task.out) if standing.earlier else {}
        except SubmissionError as error:
            return unreadable(task, str(error))
        except Exception as error:  # one submission must not end the others
            return failed(task, defect(error))
        errand = Errand(hand_in.arrival, parcel, earlier, task.regrade)
        self._count += 1
        key = f"{self._run}-{self._count}"
        # A hand-in with a model is larger than what Dask expects to be sent with a task. But data
        # that is sent ahead would be lost with the worker that has it.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TiB"}):
            future = self._client.submit(
                grade_errand,
                self._run,
                errand,
                dict(self._hosts),
                key=key,
                pure=False,
                resources=self._resources or None,
            )
        self._sent[key] = _Sent(task, future)
        future.add_done_callback(self._news.put)
        return None

    def _results(self) -> Iterator[Done]:
        """What the next news bring, if any come soon."""
        try:
            news = self._news.get(timeout=LOOK_S)
        except Empty:
            return
        if isinstance(news, Future):
            sent = self._sent.pop(str(news.key), None)
            if sent is not None:
                yield self._result(sent)
            return
        for key in self._sent.keys() & news:
            sent = self._sent[key]
            sent.deaths += 1
            if sent.deaths == ATTEMPTS:
                del self._sent[key]
                sent.future.cancel()
                yield _killed(sent.task)

    def _result(self, sent: _Sent) -> Done:
        try:
            answer = sent.future.result()
        except KilledWorker:  # The scheduler is set to allow fewer deaths than this program.
            return _killed(sent.task)
        except CancelledError:
            raise self._lost("the scheduler has ended") from None
        except Exception as error:
            return failed(sent.task, defect(error))
        if isinstance(answer, GraderError):
            raise answer
        row = answer.done.row
        if row.status is Status.GRADER_FAILED and not row.questions:
            # What earlier runs have left is here, and a row may be written here that was not there.
            return failed(sent.task, row.reason)
        try:
            if answer.done.fresh:
                write_texts(answer.texts, sent.task.out)
        except OSError as error:
            return failed(sent.task, defect(error))
        return answer.done

    def _hear(self, event: tuple[float, Mapping[str, Any]]) -> None:
        """In Dask's own thread: whose worker has died."""
        _, message = event
        if message.get("action") == "remove-worker" and not message.get("expected"):
            self._news.put(frozenset(message["processing-tasks"]))

    def _workers(self) -> int:
        """How many workers there are for this run's tasks."""
        try:
            workers = self._client.scheduler_info()["workers"].values()
        except OSError as error:
            raise self._lost(f"the scheduler does not answer ({error})") from None
        self._hosts = Counter(worker["host"] for worker in workers)
        fit = sum(_has(worker["resources"], self._resources) for worker in workers)
        now = time.monotonic()
        if fit:
            self._seen = now
        elif now - self._seen > PATIENCE_S:
            raise self._lost(f"there has been no worker for {PATIENCE_S:.0f} s")
        return fit

    def _lost(self, what: str) -> HarnessError:
        return HarnessError(
            f"{self._address}: {what}; what is done is kept, and the same command goes on with the "
            "rest"
        )

    def _wanted_resources(self) -> dict[str, float]:
        """What a worker must have announced to get this run's tasks."""
        request = self._request
        if MODEL_QUESTION not in wanted_questions(request, self._rubric) or request.device == "cpu":
            return {}
        workers = self._client.scheduler_info()["workers"].values()
        if any(_has(worker["resources"], {GPU: 1}) for worker in workers):
            return {GPU: 1}
        if request.device == "cuda":
            raise UsageError(
                "no worker of the cluster has announced a GPU; start one where there is one: "
                f"{START.format(address=self._address)} --resources {GPU}=1"
            )
        return {}

    def _leave(self) -> None:
        """End what still runs, and what the workers keep for this run."""
        with suppress(OSError, TimeoutError, CancelledError):
            self._client.cancel([sent.future for sent in self._sent.values()], force=True)
            self._client.unregister_worker_plugin(self._run)
        self._sent.clear()


def _has(resources: Mapping[str, float], wanted: Mapping[str, float]) -> bool:
    return all(resources.get(name, 0) >= count for name, count in wanted.items())


def _killed(task: Task) -> Done:
    return failed(
        task,
        "the workers of the cluster that were grading this died, one after the other; was it "
        "killed for taking too much memory?",
    )
