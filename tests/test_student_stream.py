"""Several requests at once: answers keep their order, and none is taken for another's."""

from __future__ import annotations

import select
from collections.abc import Generator, Iterable, Iterator

import numpy as np
import pytest

from grader.errors import CheckFailed
from grader.model import Outcome
from grader.student import Student
from grader.wire import Message
from grader.worker.values import pack_arguments
from tests.conftest import LIMITS, REPLY_MB, Handing

STREAMED = """
import os
import numpy as np
calls = 0
def echo(x):
    global calls
    calls += 1
    return x, calls
def failing(x):
    if x[0] == 3:
        LEAVE
    return echo(x)
def large(x):
    return np.resize(x, 3 << 18), calls
"""


def request(function: str, value: float, size: int = 2) -> Message:
    trees, arrays = pack_arguments([np.full(size, value, np.float32)])
    return Message("call", {"name": function, "arguments": trees, "depth": 1}, arrays)


def streamed(student: Student, requests: Iterable[Message]) -> Iterator[tuple[float, int]]:
    """The echo of each request, and which call of its worker that was."""
    student.ask(Message("load", {"module": "implementation"}), 30, "Importing")
    for reply in student.stream(requests, lambda: 30.0, "echo(...)"):
        yield float(reply.arrays[0][0]), int(reply.arrays[1])


def test_stream_keeps_the_order(hand_in: Handing) -> None:
    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    echoes = streamed(student, (request("echo", value) for value in range(9)))
    assert list(echoes) == [(value, value + 1) for value in range(9)]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_short_stream(hand_in: Handing, count: int) -> None:
    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    echoes = list(streamed(student, [request("echo", value) for value in range(count)]))
    assert echoes == [(value, value + 1) for value in range(count)]
    assert list(streamed(student, [request("echo", 7)])) == [(7, count + 1)]


def test_two_requests_are_under_way(hand_in: Handing) -> None:
    """While a reply is looked at, the worker has two requests more; no others are made yet."""
    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    made: list[int] = []

    def requests() -> Iterator[Message]:
        for value in range(6):
            made.append(value)
            yield request("echo", value)

    seen = [len(made) for _ in streamed(student, requests())]
    assert seen == [3, 4, 5, 6, 6, 6]


@pytest.mark.parametrize(
    ("leave", "outcome"),
    [("raise ValueError('no')", Outcome.EXCEPTION), ("os._exit(0)", Outcome.CRASH)],
)
def test_failure_within_a_stream(hand_in: Handing, leave: str, outcome: Outcome) -> None:
    student = hand_in(STREAMED.replace("LEAVE", leave))
    found = []
    with pytest.raises(CheckFailed) as error:
        for value, _ in streamed(student, (request("failing", value) for value in range(9))):
            found.append(value)
    assert error.value.outcome is outcome
    # The last reply before a death may be lost: the next request finds nobody.
    assert found in ([0, 1, 2], [0, 1]) if outcome is Outcome.CRASH else found == [0, 1, 2]
    # A new worker, without the replies to the requests that were under way.
    assert list(streamed(student, [request("echo", 8)])) == [(8, 1)]


def test_failure_at_the_end_of_a_stream_leaves_the_worker(hand_in: Handing) -> None:
    student = hand_in(STREAMED.replace("LEAVE", "raise ValueError('no')"))
    with pytest.raises(CheckFailed, match="ValueError"):
        list(streamed(student, (request("failing", value) for value in range(4))))
    assert list(streamed(student, [request("echo", 8)])) == [(8, 4)]


@pytest.mark.parametrize("taken", [1, 3])
def test_stream_that_is_left_early(hand_in: Handing, taken: int) -> None:
    """What was under way is not taken for the reply to another request."""
    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    requests = (request("echo", value) for value in range(9))
    student.ask(Message("load", {"module": "implementation"}), 30, "Importing")
    replies = student.stream(requests, lambda: 30.0, "echo(...)")
    assert isinstance(replies, Generator)
    for _ in range(taken):
        next(replies)
    replies.close()
    assert list(streamed(student, [request("echo", 77)])) == [(77, 1)]


def test_requests_that_cannot_be_made(hand_in: Handing) -> None:
    def requests() -> Iterator[Message]:
        yield from (request("echo", value) for value in range(4))
        raise KeyError("of the grader's own")

    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    with pytest.raises(KeyError):
        list(streamed(student, requests()))
    assert list(streamed(student, [request("echo", 8)])) == [(8, 1)]


def test_large_requests_cross_large_replies(hand_in: Handing) -> None:
    """Both are more than a socket holds: neither side may wait for the other to read."""
    limits = LIMITS.replace(f"reply_mb = {REPLY_MB}", "reply_mb = 8")
    student = hand_in(STREAMED.replace("LEAVE", "pass"), limits=limits)
    student.ask(Message("load", {"module": "implementation"}), 30, "Importing")
    requests = (request("large", value, size=5 << 18) for value in range(6))
    replies = student.stream(requests, lambda: 30.0, "large(...)")
    found = [(len(reply.arrays[0]), float(reply.arrays[0][-1])) for reply in replies]
    assert found == [(3 << 18, value) for value in range(6)]


def test_each_reply_of_a_stream_has_its_time(hand_in: Handing) -> None:
    """The limit is asked for again: what is left may be less, and ends the worker."""
    code = STREAMED.replace("LEAVE", "while True: pass")
    student = hand_in(code)
    left = iter([30.0] * 8)
    student.ask(Message("load", {"module": "implementation"}), 30, "Importing")
    requests = (request("failing", value) for value in range(9))
    replies = student.stream(requests, lambda: next(left, 0.3), "failing(...)")
    with pytest.raises(CheckFailed, match=r"did not finish within 0\.3 s") as error:
        for _ in replies:
            pass
    assert error.value.outcome is Outcome.TIMEOUT
    assert list(streamed(student, [request("echo", 8)])) == [(8, 1)]


def test_answer_that_is_there_is_not_late(hand_in: Handing) -> None:
    """Ctrl-Z stops this program, and no worker, for as long as staff like."""
    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    student.ask(Message("load", {"module": "implementation"}), 30, "Importing")
    conversation = student._connected()
    conversation.send(request("echo", 3), 30, "echo(...)")
    select.select([conversation._process.wire], [], [])
    assert conversation.receive(0.0, "echo(...)").arrays[0][0] == 3


FLOOD = """
import json, os, struct, threading
HEADER = json.dumps({"op": "result", "arrays": [], "value": None}).encode()
REPLY = struct.pack("<4sI", b"GRD1", len(HEADER)) + HEADER
def flood(x):
    while True:
        os.write(3, REPLY)
"""


def test_replies_that_nobody_asked_for_are_not_kept(hand_in: Handing) -> None:
    """While a request waits to be read, what comes is kept: at most a reply for each request."""
    student = hand_in(FLOOD)
    student.ask(Message("load", {"module": "implementation"}), 30, "Importing")
    requests = [request("flood", 1), request("flood", 2, size=5 << 18)]
    with pytest.raises(CheckFailed, match="more replies than there were requests") as error:
        list(student.stream(requests, lambda: 5.0, "flood(...)"))
    assert error.value.outcome is Outcome.CRASH
