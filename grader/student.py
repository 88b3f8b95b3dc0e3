"""The parent's handle on a student's code: a worker's death becomes an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import CheckFailed, HarnessError
from grader.model import Outcome, TracebackLine
from grader.rubric import Limits
from grader.sandbox.conversation import Bounds, Conversation
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.scratch import make_scratch, remove_scratch
from grader.sandbox.spec import WorkerSpec
from grader.submission import IMPLEMENTATION, Submission
from grader.wire import Array, Message, sequence, text
from grader.worker.values import pack_arguments

START_S = 60.0
MAX_DEPTH = 2
"""Of returned sequences: the three tuples of q4 and q5."""


@dataclass(frozen=True)
class Returned:
    """What a function returned that is no array of numbers; ``text`` describes it."""

    text: str


@dataclass(frozen=True)
class Several:
    """A returned sequence: its first items, and how many there were."""

    items: tuple[Value, ...]
    count: int
    text: str


Value = Array | Several | Returned


@dataclass(frozen=True)
class Answer:
    """The result of one call, and what was noticed meanwhile."""

    value: Value
    layers: tuple[str, ...]
    """Functions of torch's own layers that were called."""
    changed_arguments: bool


class Student:
    """Runs one submission's code, in one worker at a time, which is replaced when it has died."""

    def __init__(
        self,
        server: ForkServer,
        submission: Submission,
        scratch: Path,
        limits: Limits,
        *,
        threads: int = 1,
        isolate: bool = True,
    ) -> None:
        self.submission = submission
        self.layers_seen: set[str] = set()
        self._server = server
        self._scratch = scratch
        self._limits = limits
        self._bounds = Bounds(
            memory_bytes=limits.memory_mb << 20,
            processes=limits.processes,
            scratch_bytes=limits.scratch_mb << 20,
            reply_bytes=limits.reply_mb << 20,
            output_bytes=limits.output_kb << 10,
        )
        self._threads = threads
        self._isolate = isolate
        self._conversation: Conversation | None = None
        self._implementation_loaded = False
        self._load_failure: CheckFailed | None = None
        self._timeouts = 0
        self._output = ""

    def call(self, function: str, arguments: Sequence[Any], depth: int) -> Answer:
        """Call a function of ``implementation.py``; arrays are expected ``depth`` sequences deep.

        Raises CheckFailed when there is no such function or file, or when it did not return.
        """
        if self._load_failure is not None:
            raise self._load_failure
        try:
            self._load_implementation()
        except CheckFailed as failure:
            # An import fails the same way each time, and may take its full limit each time.
            self._load_failure = failure
            raise
        trees, arrays = pack_arguments(arguments)
        request = Message("call", {"name": function, "arguments": trees, "depth": depth}, arrays)
        reply = self.ask(request, self._limits.call_s, f"{function}(...)")
        layers = tuple(text(name, 100) for name in sequence(reply.fields.get("layers"), 20))
        self.layers_seen.update(layers)
        value = _value(reply.fields.get("value"), reply.arrays)
        return Answer(value, layers, reply.fields.get("changed") is True)

    def ask(self, request: Message, limit_s: float, doing: str) -> Message:
        """Send any request to the worker; a reply that is a failure becomes CheckFailed."""
        if self._timeouts >= self._limits.timeouts:
            raise CheckFailed(
                Outcome.TIMEOUT,
                f"{doing} was not tried: {self._timeouts} earlier calls of this question did not "
                "finish in time.",
            )
        conversation = self._connected()
        try:
            reply = conversation.ask(request, limit_s, doing)
        except CheckFailed as failure:
            self._timeouts += failure.outcome is Outcome.TIMEOUT
            self.restart()
            raise
        if reply.op == "raised":
            raise _exception(reply, doing)
        if reply.op == "absent":
            raise CheckFailed(Outcome.MISSING, text(reply.fields.get("message")))
        return reply

    def restart(self) -> None:
        """End the worker; the next request starts a new one."""
        if self._conversation is not None:
            self._conversation.close()
            self._output += self._conversation.take_output()
            self._conversation = None
            self._implementation_loaded = False
            remove_scratch(self._scratch)

    def take_output(self) -> str:
        """What the student's code printed since the last call of this method."""
        output = self._output
        if self._conversation is not None:
            output += self._conversation.take_output()
        self._output = ""
        return output

    def _load_implementation(self) -> None:
        if not self.submission.has(IMPLEMENTATION):
            raise CheckFailed(
                Outcome.MISSING, f"There is no {IMPLEMENTATION} in the hand-in; was it left out?"
            )
        self._connected()
        if not self._implementation_loaded:
            module = IMPLEMENTATION.removesuffix(".py")
            request = Message("load", {"module": module})
            self.ask(request, self._limits.load_s, f"Importing {IMPLEMENTATION}")
            self._implementation_loaded = True

    def _connected(self) -> Conversation:
        if self._conversation is None:
            make_scratch(self._scratch)
            spec = WorkerSpec(
                code_dir=str(self.submission.folder),
                scratch_dir=str(self._scratch),
                isolate=self._isolate,
                max_message_bytes=self._bounds.reply_bytes,
                threads=self._threads,
                cpu_s=self._limits.cpu_s,
                file_bytes=self._limits.file_mb << 20,
                open_files=self._limits.open_files,
                processes=self._limits.processes,
            )
            process = self._server.start(spec)
            conversation = Conversation(process, self._scratch, self._bounds)
            try:
                # No student code has run yet: what fails here is the grader's own doing.
                conversation.ask(Message("hello", {}), START_S, "The worker")
            except CheckFailed as failure:
                conversation.close()
                last_words = conversation.take_output()[-2000:]
                raise HarnessError(f"{failure.message} {last_words}") from None
            self._conversation = conversation
        return self._conversation


def _value(tree: object, arrays: tuple[Array, ...], depth: int = MAX_DEPTH) -> Value:
    """The value that a worker described. Its word is not trusted: indices and kinds are checked."""
    if isinstance(tree, dict) and depth >= 0:
        index, items = tree.get("index"), sequence(tree.get("items"), 16)
        if tree.get("kind") == "array" and type(index) is int and 0 <= index < len(arrays):
            return arrays[index]
        if tree.get("kind") == "sequence":
            values = tuple(_value(item, arrays, depth - 1) for item in items)
            count = tree.get("count")
            count = count if type(count) is int else len(values)
            return Several(values, count, text(tree.get("text"), 200))
        if tree.get("kind") == "other":
            return Returned(text(tree.get("text"), 200))
    return Returned("something that cannot be read")


def _exception(reply: Message, doing: str) -> CheckFailed:
    kind = text(reply.fields.get("type"), 100)
    message = text(reply.fields.get("message"), 1000)
    lines = tuple(
        TracebackLine(
            file=text(line.get("file"), 200),
            line=line["line"] if type(line.get("line")) is int else 0,
            function=text(line.get("function"), 100),
            code=text(line.get("code"), 300),
        )
        for line in sequence(reply.fields.get("traceback"), 20)
        if isinstance(line, dict)
    )
    if reply.fields.get("exit") is True:
        return CheckFailed(
            Outcome.EXCEPTION,
            f"{doing} called sys.exit or exit instead of going on; remove that call.",
            traceback=lines,
        )
    if kind == "ModuleNotFoundError":
        message += (
            ". It is not installed where this is graded: remove the import if it is not needed; "
            "otherwise course staff can install the package there"
        )
    memory = reply.fields.get("memory") is True
    outcome = Outcome.OUT_OF_MEMORY if memory else Outcome.EXCEPTION
    where = f" (line {lines[-1].line} of {lines[-1].file})" if lines else ""
    return CheckFailed(outcome, f"{doing} raised {kind}: {message}{where}", traceback=lines)
