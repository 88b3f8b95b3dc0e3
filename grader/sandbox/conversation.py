"""Requests to a worker and its replies, under a deadline and a memory limit.

One loop waits for the reply, drains what the student prints, and looks at the clock and at the
resident memory. Whatever the worker does, ``ask`` returns a message or raises CheckFailed in time.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from grader.errors import CheckFailed, HarnessError, WireError
from grader.model import Outcome
from grader.sandbox.process import START_S, WorkerProcess
from grader.sandbox.scratch import scratch_bytes
from grader.sandbox.stack import Frame
from grader.wire import Message, Reader, encode

TICK_S = 0.05
"""How often memory is looked at. Touching fresh pages takes about 0.3 s a GB."""
DRAIN_BYTES = 1 << 16
LAST_WORDS = 2000
"""Characters of what a worker that did not come up has printed."""
PARTS = 3
"""Of a message, each received by itself: its prefix, its header, its arrays. A worker that sends
single bytes, however fast, must not keep the clock from being looked at."""


@dataclass(frozen=True)
class Bounds:
    """What one worker may take. Memory is resident, so CUDA's address space does not count."""

    memory_bytes: int
    processes: int
    threads: int
    scratch_bytes: int
    reply_bytes: int
    output_bytes: int


class Conversation:
    """The grader's end of the wire to one worker."""

    def __init__(self, process: WorkerProcess, scratch: Path, bounds: Bounds) -> None:
        self._process = process
        self._scratch = scratch
        self._bounds = bounds
        self._reader = Reader(bounds.reply_bytes)
        self._replies: deque[Message] = deque()
        self._unanswered = 0
        """Requests that were sent, and whose replies nobody has taken."""
        self._output = bytearray()
        self._output_cut = False
        self.stack: tuple[Frame, ...] = ()
        """Where the worker was when it was ended for the time or the memory that it took."""
        self._next_look = time.monotonic() + TICK_S
        self._selector = selectors.DefaultSelector()
        for source in (process.wire, process.stdout, process.stderr):
            os.set_blocking(source if isinstance(source, int) else source.fileno(), False)
            self._selector.register(source, selectors.EVENT_READ)

    def greet(self) -> Message:
        """The worker's first answer, which tells what it is isolated by.

        No student code has run by then, so that a failure is the grader's own: HarnessError.
        """
        try:
            return self.ask(Message("hello", {}), START_S, "The worker")
        except CheckFailed as failure:
            last_words = self.take_output()[-LAST_WORDS:]
            raise HarnessError(f"{failure.message} {last_words}") from None

    def ask(self, request: Message, limit_s: float, doing: str) -> Message:
        """Send a request and return the reply. ``doing`` is the subject of what a student reads.

        Raises CheckFailed when the worker died, answered too late, took too much memory or sent
        bytes that are no message; it has been killed then.
        """
        deadline = time.monotonic() + limit_s
        self.send(request, limit_s, doing)
        return self.receive(max(deadline - time.monotonic(), 0.0), doing, limit_s)

    def send(self, request: Message, limit_s: float, doing: str) -> None:
        """Send a request, whose reply ``receive`` returns; raises as ``ask`` does."""
        deadline = time.monotonic() + limit_s
        try:
            for piece in encode(request):
                self._send(memoryview(piece), deadline, limit_s, doing)
            self._unanswered += 1
        except WireError as error:
            raise self._no_answer(error, doing) from None

    def receive(self, limit_s: float, doing: str, told_s: float | None = None) -> Message:
        """The reply to the earliest request that has none yet; raises as ``ask`` does.

        ``told_s`` is the limit that a message names, if that is not ``limit_s``.
        """
        deadline = time.monotonic() + limit_s
        try:
            while not self._replies:
                # Before a look at the wire: this program itself may be stopped for a while.
                late = time.monotonic() > deadline
                for key, _ in self._selector.select(TICK_S):
                    if key.fileobj is not self._process.wire:
                        self._drain(key.fd)
                    else:
                        self._receive(doing)
                if not self._replies:
                    self._watch(late, told_s or limit_s, doing)
        except WireError as error:
            raise self._no_answer(error, doing) from None
        self._drain_rest()
        self._unanswered -= 1
        return self._replies.popleft()

    def ask_on(self, limit_s: float, doing: str) -> Message:
        """A further reply to a request that has two; raises as ``ask`` does."""
        self._unanswered += 1
        return self.receive(limit_s, doing)

    def take_output(self) -> str:
        """What the student's code printed since the last call, cut to its bound."""
        text = self._output.decode("utf-8", "replace")
        if self._output_cut:
            text += f"\n… cut after {self._bounds.output_bytes:,} bytes"
        self._output.clear()
        self._output_cut = False
        return text

    def close(self) -> None:
        """Kill the worker, if it still runs, and all that it started."""
        self._selector.close()
        self._process.kill()
        self._process.close()

    def _send(self, view: memoryview, deadline: float, limit_s: float, doing: str) -> None:
        while view:
            try:
                view = view[self._process.wire.send(view) :]
            except BlockingIOError:
                # The worker does not read. It may be printing into a full pipe, or sending.
                self._watch(time.monotonic() > deadline, limit_s, doing)
                self._drain_rest()
                self._receive(doing)
                time.sleep(0.001)
            except (BrokenPipeError, ConnectionResetError):
                raise self._exited(doing) from None

    def _receive(self, doing: str) -> None:
        """Take what has come, up to the end of a reply."""
        for _ in range(PARTS):
            try:
                received = self._process.wire.recv_into(self._reader.buffer())
            except BlockingIOError:
                return
            except ConnectionResetError:
                received = 0
            if received == 0:
                raise self._exited(doing)
            reply = self._reader.advance(received)
            if reply is not None:
                # They are kept here for as long as a request is being sent.
                if len(self._replies) == self._unanswered:
                    raise WireError("more replies than there were requests")
                self._replies.append(reply)
                return

    def _no_answer(self, error: WireError, doing: str) -> CheckFailed:
        message = f"{doing} made the worker send something that is no answer ({error})."
        return self._end(Outcome.CRASH, message)

    def _watch(self, late: bool, limit_s: float, doing: str) -> None:
        if late:
            raise self._end(
                Outcome.TIMEOUT,
                f"{doing} did not finish within {limit_s:g} s. Is there a loop that never ends, or "
                "a call that waits for something?",
            )
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + TICK_S
        usage = self._process.usage()
        if usage.memory_bytes > self._bounds.memory_bytes:
            raise self._end(
                Outcome.OUT_OF_MEMORY,
                f"{doing} took more than {self._bounds.memory_bytes >> 20:,} MB of memory. Is "
                "there an array that is much larger than its inputs?",
            )
        if usage.processes > self._bounds.processes:
            raise self._end(
                Outcome.CRASH, f"{doing} started other processes, which is not allowed here."
            )
        if usage.threads > self._bounds.threads:
            raise self._end(
                Outcome.CRASH,
                f"{doing} came to more than {self._bounds.threads} threads. Is there a loop that "
                "starts one each time?",
            )
        if scratch_bytes(self._scratch, self._bounds.scratch_bytes) > self._bounds.scratch_bytes:
            raise self._end(
                Outcome.CRASH,
                f"{doing} wrote more than {self._bounds.scratch_bytes >> 20:,} MB of files, or "
                "thousands of them. No file is needed here.",
            )

    def _exited(self, doing: str) -> CheckFailed:
        status = self._process.exit_status()
        if status is None and self._process.unaccounted:
            raise HarnessError("the server that starts workers has ended, and this worker with it")
        if status is None:
            return self._end(Outcome.CRASH, f"{doing} closed the connection to the grader.")
        if status == -signal.SIGKILL:
            failure = self._end(
                Outcome.OUT_OF_MEMORY,
                f"{doing} was killed by the system: it took too much memory or CPU time.",
            )
            # Where memory is short, the system may kill a process that does not take much.
            failure.by_system = True
            return failure
        if status == -signal.SIGXCPU:
            return self._end(
                Outcome.TIMEOUT,
                f"{doing} was stopped: its process had taken all the CPU time that it may. Is "
                "there a loop that never ends, or one that NumPy does in a single call?",
            )
        if status < 0:
            how = f"crashed with {signal_name(-status)}"
        else:
            how = f"ended the Python process (exit code {status}); is exit() or os._exit() called?"
        return self._end(Outcome.CRASH, f"{doing} {how}")

    def _end(self, outcome: Outcome, message: str) -> CheckFailed:
        if outcome in {Outcome.TIMEOUT, Outcome.OUT_OF_MEMORY}:
            self._drain_rest()
            self.stack = self._process.stack()
        self._process.kill()
        self._drain_rest()
        return CheckFailed(outcome, message)

    def _drain_rest(self) -> None:
        for fd in (self._process.stdout, self._process.stderr):
            # A bounded number of reads: a process that prints without end must not hold us here.
            for _ in range(self._bounds.output_bytes // DRAIN_BYTES + 2):
                if not self._drain(fd):
                    break

    def _drain(self, fd: int) -> bool:
        """Read what is there; False when that is nothing, for now or for good."""
        try:
            chunk = os.read(fd, DRAIN_BYTES)
        except BlockingIOError:
            return False
        if not chunk:
            if fd in self._selector.get_map():
                self._selector.unregister(fd)
            return False
        room = self._bounds.output_bytes - len(self._output)
        self._output += chunk[:room]
        self._output_cut |= len(chunk) > room
        return True


def signal_name(number: int) -> str:
    """Such as SIGSEGV; real-time signals have no names of their own."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
