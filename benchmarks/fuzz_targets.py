"""What ``benchmarks.fuzz`` runs: each target takes one input and tells what became of it.

A target returns "accepted" or why the input was refused. It raises whatever the grader raises that
is not the refusal it promises, and Broken where the grader breaks another promise: a bound on
memory, a file outside its folder, a text that cannot be written to a report.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Protocol, Self, cast

import numpy as np

from grader.answers import MAX_DEPTH, Answer, Returned, Several, Value
from grader.errors import CheckFailed, SubmissionError, WireError
from grader.handed_in.naming import IMPLEMENTATION
from grader.handed_in.submission import GIVEN_FOLDER, Submission, stage
from grader.rubric import Rubric
from grader.sandbox import ForkServer
from grader.sandbox.conversation import Conversation
from grader.student import Student
from grader.wire import DTYPES, MAX_HEADER_BYTES, PREFIX, Array, Message, Reader, encode
from grader.worker.values import MAX_ITEMS

ACCEPTED = "accepted"
LIMITS = (0, 1, 64, 1 << 12, 1 << 16, 1 << 20)
"""What the arrays of a message may take; an input's first byte chooses."""
STEPS = (1 << 30, 1, 2, 3, 7, 8, 9, 64, 4096)
"""How many bytes are received at a time; an input's second byte chooses."""
MAX_PIECES = 300
SMALL = 4096
HEADER_FACTOR = 40
"""Memory that a parsed header takes, at most, over its bytes: ``{},`` becomes an object of 64."""
WIRE_BOUND = 2 * LIMITS[-1] + HEADER_FACTOR * MAX_HEADER_BYTES
"""The arrays are held twice for a moment: as they were received, and in memory of their own."""
SUBMISSION_BOUND = 32 << 20
ESCAPED = Path("/tmp/grader-fuzz-escape")
MEMORY_FOLDER = Path("/dev/shm")


class Broken(Exception):
    """A promise that was not kept; the text says which."""


class Target(Protocol):
    """One thing that is fuzzed."""

    name: str
    bound: int
    """Bytes that one input may take."""

    def __call__(self, data: bytes) -> str: ...

    def bound_for(self, data: bytes) -> int:
        """Bytes that this input may take."""


def expect(kept: bool, promise: str) -> None:
    """Raise Broken unless the promise was kept."""
    if not kept:
        raise Broken(promise)


class Replies:
    """Stands in for the conversation with a worker, which gives whatever reply it is told to."""

    def __init__(self) -> None:
        self.reply = Message("result", {})
        self._loads = False

    def send(self, request: Message, _limit_s: float, _doing: str) -> None:
        """Take a request."""
        self._loads = request.op == "load"

    def receive(self, _limit_s: float, _doing: str) -> Message:
        """The reply; only that the hand-in could be loaded is always said."""
        return Message("loaded", {}) if self._loads else self.reply

    def ask(self, request: Message, limit_s: float, doing: str) -> Message:
        """The reply to a request."""
        self.send(request, limit_s, doing)
        return self.receive(limit_s, doing)

    def close(self) -> None:
        """There is nothing to end."""

    def take_output(self) -> str:
        """Nothing is printed."""
        return ""


class Wire:
    """Receives a stream and has ``Student.call`` read the messages in it as a worker's replies."""

    name = "wire"
    bound = WIRE_BOUND

    def __init__(self, place: Place) -> None:
        folder = place.folder.parent / "staged"
        folder.mkdir(exist_ok=True)
        (folder / IMPLEMENTATION).write_text("def rnn():\n    x = y\n    return x\n")
        submission = Submission("student", folder, frozenset({IMPLEMENTATION}), "0" * 64)
        # It starts no worker, so no server is asked for one.
        server, limits = cast(ForkServer, None), Rubric.load().limits
        self._student = Student(server, submission, place.folder.parent / "scratch", limits)
        self._replies = Replies()
        self._student._conversation = cast(Conversation, self._replies)

    def __call__(self, data: bytes) -> str:
        limit, step = self._how(data)
        data = data.ljust(2, b"\0")
        stream = memoryview(data)[2:]
        messages, reason = self._receive(stream, limit, max(step, len(stream) // MAX_PIECES + 1))
        if len(stream) <= SMALL and data[1] % 2 == 0:
            again, same = self._receive(stream, limit, len(stream) // 2 + 1)
            expect(
                (len(again), same) == (len(messages), reason),
                "pieces of another size change nothing",
            )
        for message in messages:
            self._judge(message, limit, round_trip=len(stream) <= SMALL)
        if reason:
            return re.sub(r"\d[\d,]*", "N", reason)
        return ACCEPTED if messages else "the stream ends before its message does"

    def bound_for(self, data: bytes) -> int:
        """The bound for a header of no more bytes than came; room is made for what it claims."""
        limit, _ = self._how(data)
        return 2 * limit + MAX_HEADER_BYTES + HEADER_FACTOR * len(data) + (1 << 16)

    def _how(self, data: bytes) -> tuple[int, int]:
        first, second = data.ljust(2, b"\0")[:2]
        return LIMITS[first % len(LIMITS)], STEPS[second % len(STEPS)]

    def _receive(self, stream: memoryview, limit: int, step: int) -> tuple[list[Message], str]:
        reader = Reader(limit)
        messages: list[Message] = []
        at, end, most = 0, len(stream), max(limit, MAX_HEADER_BYTES)
        while at < end:
            room = reader.buffer()
            expect(0 < len(room) <= most, "a buffer within its bounds")
            count = min(len(room), end - at, step)
            room[:count] = stream[at : at + count]
            at += count
            try:
                message = reader.advance(count)
            except WireError as error:
                return messages, str(error)
            if message is not None:
                waits = len(reader.buffer()) == PREFIX.size
                expect(waits, "a reader that has read its message waits for a prefix")
                messages.append(message)
        return messages, ""

    def _judge(self, message: Message, limit: int, *, round_trip: bool) -> None:
        size = sum(array.nbytes for array in message.arrays)
        expect(size <= limit, "arrays within their limit")
        for array in message.arrays:
            expect(array.dtype.name in DTYPES, "a dtype that is allowed")
            expect(array.flags.writeable and array.flags.aligned, "an array as students expect it")
        self._read(message)
        self._read(Message("raised", message.fields, message.arrays))
        if round_trip:
            raw = memoryview(b"".join(encode(message)))
            [again], _ = self._receive(raw, limit, len(raw))
            expect(repr(again.fields) == repr(message.fields), "fields survive the wire")
            same = map(_same, again.arrays, message.arrays)
            expect(
                len(again.arrays) == len(message.arrays) and all(same), "arrays survive the wire"
            )

    def _read(self, reply: Message) -> None:
        """What a reply becomes: an answer, or a check that failed."""
        self._replies.reply = reply
        self._student.layers_seen.clear()
        try:
            answer = self._student.call("rnn", [], MAX_DEPTH)
        except CheckFailed as failure:
            _expect_writable(failure.message)
            for line in failure.traceback:
                _expect_writable(line.file, line.function, line.code)
            return
        expect(isinstance(answer, Answer), "an answer")
        _expect_writable(*self._student.layers_seen)
        _check_value(answer.value, MAX_DEPTH + 1)


def _same(one: Array, other: Array) -> bool:
    alike = one.shape == other.shape and one.dtype == other.dtype
    return alike and np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes()


def _check_value(value: Value, depth: int) -> None:
    if isinstance(value, Several):
        expect(depth > 0 and len(value.items) <= MAX_ITEMS, "a bounded tree")
        _expect_writable(value.text, str(value.count))
        for item in value.items:
            _check_value(item, depth - 1)
    elif isinstance(value, Returned):
        _expect_writable(value.text)


def _expect_writable(*texts: str) -> None:
    for each in texts:
        try:
            each.encode()
        except UnicodeEncodeError:
            raise Broken(f"a text that can be written: {ascii(each)[:80]}") from None
        expect(len(each) <= 10_000, "a text of bounded length")


REASONS = (
    "neither a folder nor a zip", "unsafe name", "link or device", "zip bomb", "too large",
    "nothing to grade", "cannot be unpacked", "more than", "larger than", "cannot be read",
    "no regular file", "there is no file", "a file and a folder",
)  # fmt: skip


class Place:
    """A folder in memory, where there is one, in which hand-ins are laid down and staged."""

    def __init__(self) -> None:
        parent = MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else None
        self._top = tempfile.TemporaryDirectory(prefix="grader-fuzz-", dir=parent)
        self.folder = Path(self._top.name) / "a" / "b"
        self.folder.mkdir(parents=True)
        limits = {"max_files": 24, "max_mb": 1, "max_file_mb": 1}
        self._limits = Rubric.load().submission.model_copy(update=limits)
        self._given = {file.name: file.stat().st_size for file in GIVEN_FOLDER.glob("*.py")}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder."""
        self._top.cleanup()

    def stage(self, path: Path) -> str:
        """Stage what is at ``path``, in this folder, and look at what that left on the disk."""
        beside = self.folder / "into"
        beside.mkdir()
        try:
            reason = self._stage(path, beside / "staged")
            expect(_names(beside) <= {"staged"}, "nothing is left beside what was staged")
            expect(_names(self.folder) <= {path.name, "into"}, "nothing is left outside")
            expect(_names(self.folder.parent) <= {"b", "staged"}, "nothing is written further up")
            expect(_names(Path(self._top.name)) == {"a"}, "nothing is written further up")
            expect(not ESCAPED.exists(), "nothing is written where an absolute name says")
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return reason

    def _stage(self, path: Path, into: Path) -> str:
        try:
            submission = stage(path, into, self._limits)
        except SubmissionError as error:
            words = str(error)
            _expect_writable(words)
            return next((reason for reason in REASONS if reason in words), "another reason")
        _expect_writable(*submission.notes)
        expect(re.fullmatch("[0-9a-f]{64}", submission.digest) is not None, "a digest")
        found, size = set(), 0
        for base, _, files in os.walk(into):
            for file in files:
                place = Path(base) / file
                expect(place.is_file() and not place.is_symlink(), "regular files only")
                found.add(place.relative_to(into).as_posix())
                size += place.stat().st_size
        expect(found == submission.files, "the files are those on the disk")
        expect(len(found) <= self._limits.max_files + len(self._given), "a bounded number of files")
        most = (self._limits.max_mb << 20) + sum(self._given.values())
        expect(size <= most, "a bounded size")
        return ACCEPTED


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


class Zip:
    """Stages a hand-in that is one file."""

    name = "zip"
    bound = SUBMISSION_BOUND

    def __init__(self, place: Place) -> None:
        self._place = place
        self._file = place.folder / "handin.zip"

    def __call__(self, data: bytes) -> str:
        self._file.write_bytes(data)
        try:
            return self._place.stage(self._file)
        finally:
            self._file.unlink()

    def bound_for(self, data: bytes) -> int:
        """The same for every input."""
        return self.bound


class Folder:
    """Stages a hand-in that is a folder; an input is its description as JSON."""

    name = "folder"
    bound = SUBMISSION_BOUND

    def __init__(self, place: Place) -> None:
        self._place = place

    def __call__(self, data: bytes) -> str:
        folder = self._place.folder / "handin"
        folder.mkdir()
        try:
            # Links come last: nothing is to be written through them here.
            for kind, name, number in sorted(json.loads(data), key=lambda e: bool(e[0] == "link")):
                # What another entry stands in the way of is left out.
                with contextlib.suppress(OSError):
                    self._lay_down(kind, folder / name, number)
            return self._place.stage(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def bound_for(self, data: bytes) -> int:
        """The same for every input."""
        return self.bound

    def _lay_down(self, kind: str, path: Path, number: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "folder":
            path.mkdir()
        elif kind == "link":
            path.symlink_to(("/etc/passwd", "..", "implementation.py", path.name)[number % 4])
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
        else:
            with path.open("xb") as writer:
                writer.write(b"x = 1\n" * (number // 6))
                if kind == "large":
                    writer.truncate((1 << 20) - 1500 + number)
