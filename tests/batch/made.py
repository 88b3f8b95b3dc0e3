"""Hand-ins of a course, and jobs that do as their hand-in's name says."""

from __future__ import annotations

import os
import socket
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from pathlib import Path

from grader.batch.grade_one import Done, Task
from grader.batch.jobs import JobSettings
from grader.errors import RubricError
from grader.grading import Request
from grader.handed_in.gathering import Part
from grader.intake import HandIn
from grader.rows import Arrival, Row, Status

NEARLY_RIGHT = """
import numpy as np


def init_gru_with_long_term_memory(gru):
    return gru
"""
RIGHT = """
import numpy as np


def init_gru_with_long_term_memory(weights_r, weights_z, weights_n):
    return weights_r, weights_z, weights_n
"""


def hand_in(folder: Path, name: str = "alice", problem: str = "") -> HandIn:
    return HandIn(Arrival(name=name), (Part(folder, folder.name),), problem)


def task(
    folder: Path, out: Path, *only: str, name: str = "alice", regrade: bool = False, data: str = "d"
) -> Task:
    request = Request(folder, only=frozenset(only))
    return Task(hand_in(folder, name), request, data, out, regrade)


def work(
    tasks: Connection,
    control: socket.socket,
    settings: JobSettings,
    model_turn: AbstractContextManager[object],
) -> None:
    """In place of a job's: dies, refuses, or is done at once."""
    while True:
        try:
            given: Task = tasks.recv()
        except EOFError:
            return
        arrival = given.hand_in.arrival
        once = given.out.with_suffix(".tried")
        if arrival.name.startswith("deadly") or (
            arrival.name.startswith("fragile") and not once.exists()
        ):
            once.touch()
            os._exit(9)
        if arrival.name.startswith("refused"):
            tasks.send(RubricError("no such rubric"))
            return
        tasks.send(Done(Row(arrival=arrival, status=Status.GRADED, reason=str(settings.cores))))
