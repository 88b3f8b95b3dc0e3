"""Inside a batch, from a submission's path to its report: how long each stage takes.

    python -m benchmarks.warm --count 20

Submissions are graded one after the other for Q2 to Q6 by the function that a batch's jobs run, in
this process, which is warm as a job is. It, the fork server and the workers share one core. The
stages are timed by wrapping the functions that do them; a stage's time is without that of the
stages within it, so all of them add up to the whole. CPU seconds are this process's own and those
of the workers, by the kernel's account.

Exits with code 1 when the median is over 100 ms.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any
from unittest import mock

import psutil
import pytest
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.handed_in_copies import CODE, EXAMPLES
from benchmarks.machine import machine
from benchmarks.spread import spread
from benchmarks.stages import Stages
from grader import grading
from grader.batch import grade_one as batch
from grader.batch.grade_one import Task, grade_one
from grader.batch.keys import data_digest
from grader.doctor import Sandbox
from grader.engine import Judge, with_questions
from grader.grading import Grading, Request
from grader.handed_in.gathering import Part
from grader.intake import HandIn
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE, Corpus
from grader.modes import IsolationMode
from grader.plugin import GradingPlugin
from grader.rows import Arrival, Status
from grader.rubric import Rubric
from grader.sandbox.conversation import Conversation
from grader.sandbox.forkserver import ForkClient
from grader.wire import Message

GOAL_MS = 100.0
WARM_UP = 2
"""Submissions that are not counted: libraries set themselves up at the first use."""
QUESTIONS = frozenset({"q2", "q3", "q4", "q5", "q6"})
READ, FORK, ISOLATION, IMPORT, CALLS, END = (
    "read the hand-in",
    "fork the workers",
    "enter the isolation",
    "import the student's code",
    "calls of the student's code",
    "end the workers",
)
KEYS, MARKS, PYTEST, REPORTS, REST = (
    "what results depend on",
    "marks of the code",
    "pytest itself",
    "write the reports",
    "all else",
)
NAMES = {"hello": ISOLATION, "load": IMPORT, "call": CALLS}
"""The stage of a request to a worker."""


def wrap_requests(stages: Stages) -> Any:
    """A patch of what is asked of workers: the stage is told by the request."""
    send, receive = Conversation.send, Conversation.receive
    asked = [""]

    def timed_send(conversation: Conversation, request: Message, *more: Any) -> None:
        asked[0] = NAMES.get(request.op, CALLS)
        with stages.stage(asked[0]):
            send(conversation, request, *more)

    def timed_receive(conversation: Conversation, *more: Any) -> Message:
        with stages.stage(asked[0]):
            return receive(conversation, *more)

    return mock.patch.multiple(Conversation, send=timed_send, receive=timed_receive)


def wrap_checks(stages: Stages) -> Any:
    """A patch by which the checks of each question are a stage."""

    @pytest.hookimpl(wrapper=True)
    def around(plugin: GradingPlugin, item: pytest.Item) -> Iterator[None]:
        with stages.stage(f"checks of {item.module.QUESTION.id}"):  # type: ignore[attr-defined]
            return (yield)

    return mock.patch.object(GradingPlugin, "pytest_runtest_call", around, create=True)


def patches(stages: Stages) -> ExitStack:
    """All functions wrapped, for as long as the stack is open."""
    stack = ExitStack()
    wrapped = (
        (grading, "stage", READ),
        (ForkClient, "start", FORK),
        (Conversation, "close", END),
        (Grading, "close", END),
        (batch, "question_keys", KEYS),
        (batch, "fingerprints", MARKS),
        (batch, "file_digests", MARKS),
        (batch, "write_graded", REPORTS),
    )
    for owner, function, name in wrapped:
        stack.enter_context(stages.wrap(owner, function, name))
    stack.enter_context(wrap_requests(stages))
    stack.enter_context(wrap_checks(stages))
    return stack


def tasks(folder: Path, example: str, count: int) -> list[Task]:
    """The example so many times, each time a file of its own."""
    source = (EXAMPLES / example / CODE).read_text("utf-8")
    data = data_digest(EMBEDDED_CORPUS, None)
    made = []
    for number in range(count):
        place = folder / f"{example}{number}"
        place.mkdir()
        (place / CODE).write_text(f"{source}\n# copy {number}\n", encoding="utf-8")
        hand_in = HandIn(Arrival(name=place.name), (Part(place, place.name),))
        request = Request(folder, only=QUESTIONS)
        made.append(Task(hand_in, request, data, folder / "results" / place.name))
    return made


def cpu_of_workers() -> float:
    """CPU seconds of the workers that have ended: the fork server's account of its children."""
    used = [child.cpu_times() for child in psutil.Process().children()]
    return float(sum(times.children_user + times.children_system for times in used))


def measure(count: int, example: str) -> dict[str, Any]:
    """Grade, and say for each submission what each stage took, in ms."""
    # The fork server, and by it every worker, inherits the one core.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        todo = tasks(Path(name), example, WARM_UP + count)
        sandbox = stack.enter_context(
            Sandbox(IsolationMode.BEST_EFFORT, EMBEDDED_CORPUS / TEST_FILE)
        )
        sandbox.isolation()
        corpus = Corpus.open(EMBEDDED_CORPUS)
        gc.collect()
        gc.freeze()
        found: dict[str, Any] = {"example": example}
        # Collected once, as in a job.
        with_questions(
            sorted(QUESTIONS),
            Rubric.load(),
            lambda judge: found.update(graded(todo, sandbox, corpus, judge)),
        )
        return found


def graded(todo: list[Task], sandbox: Sandbox, corpus: Corpus, judge: Judge) -> dict[str, Any]:
    """What grading the tasks took, but for the first ones."""
    for task in todo[:WARM_UP]:
        grade_one(task, sandbox, corpus, judge)
    of_each: list[dict[str, float]] = []
    own, workers = time.process_time(), cpu_of_workers()
    for task in todo[WARM_UP:]:
        stages = Stages()
        with patches(stages), stages.stage(REST):
            done = grade_one(task, sandbox, corpus, stages.around(PYTEST, judge))
        if done.row.status is not Status.GRADED:
            raise SystemExit(f"{task.out.name}: {done.row.status}: {done.row.reason}")
        of_each.append({stage: 1000 * s for stage, s in stages.seconds.items()})
    used = {
        "own": 1000 * (time.process_time() - own) / len(of_each),
        "workers": 1000 * (cpu_of_workers() - workers) / len(of_each),
    }
    return {"score": done.row.score, "ms": of_each, "cpu_ms_each": used}


def main(
    count: Annotated[int, typer.Option(min=1, help="Submissions.")] = 20,
    example: Annotated[str, typer.Option(help="The example to grade copies of.")] = "alice",
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Measure, print the stages, and exit with 1 over the goal."""
    found = measure(count, example)
    wholes = [sum(stages.values()) for stages in found["ms"]]
    table = Table("stage", title=f"{count} copies of {example}, one core", title_justify="left")
    table.add_column("ms: median (least to greatest)", justify="right")
    names = list(dict.fromkeys(stage for stages in found["ms"] for stage in stages))
    for name in sorted(names, key=lambda stage: -statistics.median(_of(found, stage))):
        table.add_row(name, spread(_of(found, name), "", 1))
    table.add_row("all", spread(wholes, "", 1))
    console = Console(width=100)
    used = found["cpu_ms_each"]
    console.print(
        table,
        f"CPU of each: {used['own']:.0f} ms here, {used['workers']:.0f} ms in workers. "
        f"The goal is {GOAL_MS:g} ms.",
    )
    if out is not None:
        facts = {"machine": machine(), "load_average": os.getloadavg()[0], "goal_ms": GOAL_MS}
        out.write_text(json.dumps({**facts, **found}, indent=1) + "\n", encoding="utf-8")
    if statistics.median(wholes) > GOAL_MS:
        raise typer.Exit(1)


def _of(found: dict[str, Any], stage: str) -> list[float]:
    return [stages.get(stage, 0.0) for stages in found["ms"]]


if __name__ == "__main__":
    typer.run(main)
