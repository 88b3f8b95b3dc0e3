"""A job: a process of the grader's own that grades one submission after the other.

It runs no student code; that is for the workers, which all jobs get from one fork server.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from grader.batch.grade_one import grade_one
from grader.engine import Judge, wanted_questions, with_questions
from grader.errors import UsageError
from grader.grading import Request, rubric_of
from grader.language_model.corpus import Corpus
from grader.model import Isolation
from grader.modes import IsolationMode
from grader.rubric import Rubric
from grader.sandbox.forkserver import ForkClient
from grader.sandbox.lent import LentSandbox


@dataclass(frozen=True)
class JobSettings:
    """What a job is told of the run that it belongs to."""

    mode: IsolationMode
    folder: Path
    cores: int
    isolation: Isolation
    request: Request


def work(
    tasks: Connection,
    control: socket.socket,
    settings: JobSettings,
    model_turn: AbstractContextManager[object],
) -> None:
    """Grade the tasks that come until there are no more: each answer is a Done or a UsageError."""
    _end_with(tasks)
    # Ctrl-C reaches all processes of a terminal; the parent decides what becomes of the jobs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sandbox = LentSandbox(
        mode=settings.mode,
        server=ForkClient(control),
        folder=settings.folder,
        cores=settings.cores,
        model_turn=model_turn,
        known=settings.isolation,
    )
    corpus = Corpus.open(settings.request.corpus)
    # What was imported stays; collecting it again and again would only take time.
    gc.freeze()
    rubric = rubric_of(settings.request)
    wanted = wanted_questions(settings.request, rubric)
    with_questions(wanted, rubric, lambda judge: _serve(tasks, sandbox, corpus, rubric, judge))


def _serve(
    tasks: Connection, sandbox: LentSandbox, corpus: Corpus, rubric: Rubric, judge: Judge
) -> None:
    while True:
        try:
            task = tasks.recv()
        except EOFError:
            return
        try:
            answer = grade_one(task, sandbox, corpus, judge, rubric=rubric)
        except UsageError as error:
            tasks.send(error)
            return
        tasks.send(answer)


def _end_with(tasks: Connection) -> None:
    """End this process, wherever it is, when the other end of its tasks has gone.

    A job that outlives a killed run would write beside the next one, and take the end of its
    workers, which go with the run, for a failure of the grader.
    """
    hung_up = select.poll()
    hung_up.register(tasks.fileno(), 0)  # A hang-up is always told; what can be read is not.

    def wait() -> None:
        hung_up.poll()
        os._exit(1)

    threading.Thread(target=wait, name="end with the run", daemon=True).start()
