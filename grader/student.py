"""The parent's handle on a student's code: a worker's death becomes an outcome."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grader.answers import Answer, names_in, value_of
from grader.defined_elsewhere import defined_again, still_empty, where_named
from grader.effort import Effort
from grader.errors import CheckFailed, HarnessError
from grader.handed_in.naming import IMPLEMENTATION
from grader.handed_in.not_python import what_instead
from grader.handed_in.submission import Submission
from grader.model import Outcome
from grader.raised import failure_in
from grader.rubric import Limits
from grader.sandbox import shared_memory
from grader.sandbox.conversation import Bounds, Conversation
from grader.sandbox.forkserver import ForkClient
from grader.sandbox.scratch import make_scratch, remove_scratch
from grader.sandbox.shared_memory import SLOTS, SharedMemory
from grader.sandbox.spec import WorkerSpec
from grader.stopped import with_place
from grader.wire import MAX_DIMENSIONS, Message, sequence, text
from grader.worker.values import pack_arguments

BY_CHANCE = frozenset({Outcome.TIMEOUT, Outcome.CRASH, Outcome.OUT_OF_MEMORY})
"""How an import may end once and not again, on a busy machine."""
MOST_IMPORTS = 2
"""Imports that may end so; after them none is tried for further questions. Each may take its full
limit."""
POOLS = 4
"""Libraries, each with a thread for every core: torch has two such pools, NumPy and SciPy one each.
They come on top of what the rubric lets a worker have."""
MOST_ABSENT = 20
MOST_PASSED_OVER = 20


class Student:
    """Runs one submission's code, in one worker at a time, which is replaced when it has died."""

    def __init__(
        self,
        server: ForkClient,
        submission: Submission,
        scratch: Path,
        limits: Limits,
        *,
        threads: int = 1,
        isolate: bool = True,
        slot_bytes: int = 0,
    ) -> None:
        """``slot_bytes``: the most that one result may take in memory shared with the worker."""
        self.submission = submission
        self.layers_seen: set[str] = set()
        self.out_of_sight: set[str] = set()
        """Layers that ran where torch's modes see none, and marks such as ``source.BROKEN``."""
        self.absent_modules: tuple[str, ...] = ()
        """Packages that ``implementation.py`` imports, and that are not here."""
        self.lines_passed_over: tuple[int, ...] = ()
        """Where statements of ``implementation.py`` begin that only work elsewhere."""
        self.inherited = False
        """Whether the worker has run another question's calls before this one's."""
        self.keeps_state: bool | None = None
        """Whether a call of this question was wrong after others alone; None: not known."""
        self.varies: bool | None = None
        """Whether a call of this question has two answers; None: not known."""
        self.calls = 0
        """How many of any question's the worker has been asked for."""
        self._server = server
        self._scratch = scratch
        self._limits = limits
        self._bounds = Bounds(
            memory_bytes=limits.memory_mb << 20,
            processes=limits.processes,
            threads=limits.threads + POOLS * (os.cpu_count() or 1),
            scratch_bytes=limits.scratch_mb << 20,
            reply_bytes=limits.reply_mb << 20,
            output_bytes=limits.output_kb << 10,
        )
        self.threads = threads
        """CPU threads that torch may use in the worker."""
        self._isolate = isolate
        self._slot_bytes = slot_bytes if shared_memory.available() else 0
        self._shared: SharedMemory | None = None
        self._conversation: Conversation | None = None
        self._implementation_loaded = False
        self._load_failure: CheckFailed | None = None
        self._load_ended_by_system = False
        self._imports_ended = 0
        self._effort = Effort(limits)
        self._output = ""
        self.quotes = True
        """Whether it reports what student code prints, and the words that it raises."""

    def call(
        self,
        function: str,
        arguments: Sequence[Any],
        depth: int,
        *,
        spoil_layers: bool = False,
        watch_layers: bool = False,
    ) -> Answer:
        """Call a function of ``implementation.py``; arrays are expected ``depth`` sequences deep.

        With ``spoil_layers`` torch's own layers return random numbers meanwhile; then, and with
        ``watch_layers``, those that run out of sight are seen, too, which takes some milliseconds.

        Raises CheckFailed when there is no such function or file, or when it did not return.
        """
        self._effort.allow(f"{function}(...)")
        if self._load_failure is not None:
            raise self._load_failure.with_traceback(None)
        with self._effort.timed():
            return self._called(function, arguments, depth, spoil_layers, watch_layers)

    def _called(
        self, function: str, arguments: Sequence[Any], depth: int, spoil: bool, watch: bool
    ) -> Answer:
        try:
            self._load_implementation()
        except CheckFailed as failure:
            # An import fails the same way each time, and may take its full limit each time; but one
            # that the system has ended gets a second chance.
            if not failure.by_system or self._load_ended_by_system:
                self._load_failure = failure
            self._load_ended_by_system = failure.by_system
            self._imports_ended += failure.outcome in BY_CHANCE and not failure.by_system
            raise
        trees, arrays = pack_arguments(arguments)
        fields = {"name": function, "arguments": trees, "depth": depth}
        fields |= {"spoil": spoil, "watch": watch}
        request = Message("call", fields, arrays)
        self.calls += 1
        try:
            reply = self.ask(request, self._limits.call_s, f"{function}(...)")
            seen = self._told_later(f"{function}(...)") if spoil or watch else reply
        except CheckFailed as failure:
            # Not where the system has ended it: that may have been another's doing.
            if failure.outcome is Outcome.OUT_OF_MEMORY and not failure.by_system:
                self._effort.ended(failure.outcome)
            if failure.outcome is Outcome.MISSING and (place := self.where_else(function)):
                raise failure.with_more(place) from None
            raise
        self.layers_seen.update(names_in(seen, "layers"))
        self.out_of_sight.update(names_in(seen, "hidden"))
        value = value_of(reply.fields.get("value"), reply.arrays)
        return Answer(value, seen.fields.get("changed") is True)

    def where_else(self, function: str) -> str:
        """A sentence where the hand-in has the function again, or nothing is done in it; or ''."""
        submission = self.submission
        code = submission.folder / IMPLEMENTATION
        return (
            defined_again(function, code)
            or where_named(function, submission.folder, submission.files)
            or still_empty(function, code)
        )

    def ask(self, request: Message, limit_s: float, doing: str) -> Message:
        """Send any request to the worker; a reply that is a failure becomes CheckFailed."""
        self._effort.allow(doing)
        conversation = self._connected()
        with self._ended_by_failure():
            reply = conversation.ask(request, limit_s, doing)
        return self._answer(reply, doing)

    def _told_later(self, doing: str) -> Message:
        """What a worker says of a call whose result it has sent already."""
        with self._ended_by_failure():
            reply = self._connected().ask_on(self._limits.call_s, doing)
            if reply.op == "result":
                raise CheckFailed(Outcome.CRASH, f"{doing} made the worker answer twice.")
        return self._answer(reply, doing)

    def stream(
        self, requests: Iterable[Message], limit_s: Callable[[], float], doing: str
    ) -> Iterator[Message]:
        """The replies to requests, in order, each as ``ask`` returns it.

        The worker has its next request already when it has answered one, and goes on while the
        caller looks at the answer. ``limit_s`` is asked for the seconds that each may take.
        """
        self._effort.allow(doing)
        waiting = iter(requests)
        conversation = self._connected()
        pending = 0
        try:
            for request in itertools.islice(waiting, SLOTS):
                with self._ended_by_failure():
                    conversation.send(request, limit_s(), doing)
                pending += 1
            while pending:
                with self._ended_by_failure():
                    reply = conversation.receive(limit_s(), doing)
                pending -= 1
                # Before the next result may take its place.
                answer = self._answer(reply, doing)
                for request in itertools.islice(waiting, 1):
                    with self._ended_by_failure():
                        conversation.send(request, limit_s(), doing)
                    pending += 1
                yield answer
        finally:
            if pending:
                # Or its answers would be taken for those to other requests.
                self.restart()

    @contextmanager
    def _ended_by_failure(self) -> Iterator[None]:
        """What fails between the grader and the worker has ended the worker."""
        try:
            yield
        except CheckFailed as failure:
            if failure.outcome is Outcome.TIMEOUT:
                self._effort.ended(failure.outcome)
            stack = self._conversation.stack if self._conversation is not None else ()
            self.restart()
            raise with_place(failure, stack, self.submission, quotes=self.quotes) from None

    def _answer(self, reply: Message, doing: str) -> Message:
        """The reply with arrays from shared memory in it, unless it tells of a failure."""
        if reply.op == "raised":
            raise failure_in(reply, doing, self.submission, quotes=self.quotes)
        if reply.op == "absent":
            raise CheckFailed(Outcome.MISSING, text(reply.fields.get("message")))
        slot, shape = reply.fields.get("slot"), sequence(reply.fields.get("shape"), MAX_DIMENSIONS)
        if self._shared is None or type(slot) is not int:
            return reply
        if not all(type(length) is int and length >= 0 for length in shape):
            return reply
        array = self._shared.read(slot, shape)
        return reply if array is None else Message(reply.op, reply.fields, (array,))

    @property
    def may_be_asked_further(self) -> bool:
        """Whether calls of this question were fast enough for more than its checks need."""
        return not self._effort.timed_out and not self._effort.is_half_spent

    def quote_no_more(self) -> None:
        """From now on, report neither what student code prints nor the words that it raises."""
        self._output = self.take_output()
        self.quotes = False

    def begin_question(self) -> None:
        """From now on another question calls; what came of those before does not count for it."""
        self.layers_seen.clear()
        self.out_of_sight.clear()
        self.keeps_state = self.varies = None
        self._effort = Effort(self._limits)
        may_be_chance = self._imports_ended < MOST_IMPORTS
        if self._load_failure and self._load_failure.outcome in BY_CHANCE and may_be_chance:
            self._load_failure = None
            self._load_ended_by_system = False
        self.inherited = self._conversation is not None

    def restart(self) -> None:
        """End the worker; the next request starts a new one."""
        self.inherited = False
        self.calls = 0
        if self._conversation is not None:
            self._conversation.close()
            if self.quotes:
                self._output += self._conversation.take_output()
            self._conversation = None
            self._implementation_loaded = False
            remove_scratch(self._scratch)
        if self._shared is not None:
            self._shared.close()
            self._shared = None

    def take_output(self) -> str:
        """What the student's code printed since the last call of this method."""
        output = self._output
        if self._conversation is not None and self.quotes:
            output += self._conversation.take_output()
        self._output = ""
        # Where the copy lies, as in a traceback that is printed, is nothing to a student.
        return output.replace(f"{self.submission.folder}{os.sep}", "")

    def _load_implementation(self) -> None:
        if not self.submission.has(IMPLEMENTATION):
            raise CheckFailed(
                Outcome.MISSING, f"There is no {IMPLEMENTATION} in the hand-in; was it left out?"
            )
        code = self.submission.folder / IMPLEMENTATION
        if not self._implementation_loaded and (what := what_instead(code)):
            raise CheckFailed(Outcome.EXCEPTION, f"{IMPLEMENTATION} {what}.")
        self._connected()
        if not self._implementation_loaded:
            module = IMPLEMENTATION.removesuffix(".py")
            request = Message("load", {"module": module})
            reply = self.ask(request, self._limits.load_s, f"Importing {IMPLEMENTATION}")
            names = (text(name, 50) for name in sequence(reply.fields.get("absent"), MOST_ABSENT))
            self.absent_modules = tuple(names)
            lines = sequence(reply.fields.get("passed_over"), MOST_PASSED_OVER)
            self.lines_passed_over = tuple(line for line in lines if type(line) is int)
            self._implementation_loaded = True

    def _connected(self) -> Conversation:
        if self._conversation is None:
            # The current folder has what code reads, as when it ran where it was handed in.
            own = self.submission
            make_scratch(self._scratch, [*own.data, *own.code], own.folders)
            spec = WorkerSpec(
                code_dir=str(self.submission.folder),
                scratch_dir=str(self._scratch),
                isolate=self._isolate,
                max_message_bytes=self._bounds.reply_bytes,
                threads=self.threads,
                cpu_s=self._limits.cpu_s,
                file_bytes=self._limits.file_mb << 20,
                open_files=self._limits.open_files,
                processes=self._limits.processes,
                shared_bytes=SLOTS * self._slot_bytes,
            )
            if self._slot_bytes:
                self._shared = SharedMemory(self._slot_bytes)
            try:
                process = self._server.start(spec, self._shared.fd if self._shared else None)
                self._conversation = Conversation(process, self._scratch, self._bounds)
                self._conversation.greet()
            except HarnessError:
                self.restart()
                raise
        return self._conversation
