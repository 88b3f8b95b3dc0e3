"""What a worker writes into shared memory is read as a copy, and only where it may be."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.handed_in.submission import stage
from grader.rubric import Rubric
from grader.sandbox import ForkServer
from grader.sandbox.shared_memory import SLOTS, SharedMemory, available, slots_in_worker
from grader.student import Student
from grader.wire import Message

pytestmark = pytest.mark.skipif(not available(), reason="this platform has no sealed memory")
SLOT_BYTES = 4096
FLOATS = SLOT_BYTES // 4


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    shared = SharedMemory(SLOT_BYTES)
    yield shared
    shared.close()


def written(memory: SharedMemory) -> list[np.ndarray]:
    """The slots as a worker has them, with 0, 1, 2, … in the first and -1, -2, … in the other."""
    slots = slots_in_worker(os.dup(memory.fd), memory.size)
    slots[0][:] = np.arange(FLOATS)
    slots[1][:] = -np.arange(1, FLOATS + 1)
    return slots


def test_what_a_worker_writes_is_read(memory: SharedMemory) -> None:
    written(memory)
    first, second = memory.read(0, (2, 3)), memory.read(1, (4,))
    assert first is not None
    assert second is not None
    assert first.dtype == np.float32
    assert first.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert second.tolist() == [-1, -2, -3, -4]


def test_slots_are_apart(memory: SharedMemory) -> None:
    slots = written(memory)
    assert [len(slot) for slot in slots] == [FLOATS] * SLOTS
    slots[0][:] = 7
    whole = memory.read(1, (FLOATS,))
    assert whole is not None
    assert whole.tolist() == [-n for n in range(1, FLOATS + 1)]


def test_what_was_read_does_not_change(memory: SharedMemory) -> None:
    """A worker that raises logits after they were looked at would otherwise win by it."""
    slots = written(memory)
    array = memory.read(0, (3,))
    slots[0][:] = 1e30
    assert array is not None
    assert array.tolist() == [0, 1, 2]
    array[:] = 5
    assert slots[0][0] == np.float32(1e30)


@pytest.mark.parametrize("slot", [-1, SLOTS, 10**9])
def test_slot_that_is_none(memory: SharedMemory, slot: int) -> None:
    assert memory.read(slot, (1,)) is None


@pytest.mark.parametrize(
    "shape", [(FLOATS + 1,), (FLOATS, 2), (1 << 40,), (1 << 62, 4), (1 << 62, 1 << 62), (-1,)]
)
def test_shape_that_does_not_fit(memory: SharedMemory, shape: Sequence[int]) -> None:
    for slot in range(SLOTS):
        assert memory.read(slot, shape) is None


@pytest.mark.parametrize("shape", [(FLOATS,), (2, FLOATS // 2), (1,) * 16, ()])
def test_shape_that_fits(memory: SharedMemory, shape: Sequence[int]) -> None:
    for slot in range(SLOTS):
        array = memory.read(slot, shape)
        assert array is not None
        assert array.shape == tuple(shape)


HUGE_AND_EMPTY = [(0, 1 << 62, 1 << 62), (0, 10**30), (0, 1 << 40, 1 << 40)]


@pytest.mark.parametrize("shape", [(0,), (5, 0), *HUGE_AND_EMPTY])
def test_empty_shape(memory: SharedMemory, shape: Sequence[int]) -> None:
    assert memory.read(0, shape) is None


@pytest.mark.parametrize("size", [0, 1, SLOT_BYTES, 1 << 30])
def test_size_is_sealed(memory: SharedMemory, size: int) -> None:
    """Were it smaller, the grader's next look would be a bus error."""
    with pytest.raises(OSError) as error:
        os.ftruncate(memory.fd, size)
    assert error.value.errno == errno.EPERM
    assert os.fstat(memory.fd).st_size == SLOTS * SLOT_BYTES


def test_seals_cannot_be_taken_back(memory: SharedMemory) -> None:
    with pytest.raises(OSError) as error:
        fcntl.fcntl(memory.fd, fcntl.F_ADD_SEALS, 0)
    assert error.value.errno == errno.EPERM


def test_descriptor_is_not_inherited(memory: SharedMemory) -> None:
    assert not os.get_inheritable(memory.fd)


def test_closing_gives_the_descriptor_back() -> None:
    shared = SharedMemory(SLOT_BYTES)
    shared.close()
    with pytest.raises(OSError) as error:
        os.fstat(shared.fd)
    assert error.value.errno == errno.EBADF


FORGING = """
import json, os, stat, struct

def forge():
    for fields in FIELDS:
        header = json.dumps({"op": "logits", "arrays": [], **fields}).encode()
        for fd in range(3, 64):
            try:
                if stat.S_ISSOCK(os.fstat(fd).st_mode):
                    os.write(fd, b"GRD1" + struct.pack("<I", len(header)) + header)
            except OSError:
                pass
"""
GOOD: list[dict[str, Any]] = [
    {"slot": 0, "shape": [2, 3]},
    {"slot": 1, "shape": [FLOATS]},
    {"slot": 0, "shape": []},
]
NO_SLOTS: list[Any] = [2, -1, 10**30, True, "0", 0.0, None, [0], {}]
NO_LENGTHS: list[Any] = [-1, 1.0, True, "1", None, 10**30, [1]]
HOSTILE: list[dict[str, Any]] = [
    {},
    *({"slot": slot, "shape": [1]} for slot in NO_SLOTS),
    *({"slot": 0, "shape": [length]} for length in NO_LENGTHS),
    {"slot": 0, "shape": [FLOATS + 1]},
    {"slot": 0, "shape": [-1, -4]},
    {"slot": 0, "shape": [1 << 40, 1 << 40]},
]


def forged(fields: Sequence[dict[str, Any]], server: ForkServer, tmp_path: Path) -> list[Message]:
    """The replies of a worker that sends these fields in place of its own."""
    folder = tmp_path / "handin"
    folder.mkdir()
    (folder / "implementation.py").write_text(f"FIELDS = {list(fields)!r}\n{FORGING}")
    rubric = Rubric.load()
    submission = stage(folder, tmp_path / "staged", rubric.submission)
    limits = rubric.limits_for("q2")
    student = Student(server, submission, tmp_path / "scratch", limits, slot_bytes=SLOT_BYTES)
    call = Message("call", {"name": "forge", "arguments": [], "depth": 0})
    try:
        student.ask(Message("load", {"module": "implementation"}), 60, "Importing")
        # All forged replies come at once; the worker's own to the later calls are not waited for.
        replies = student.stream([call] * len(fields), lambda: 60.0, "forge()")
        return list(replies)
    finally:
        student.restart()


def test_replies_that_name_a_slot(server: ForkServer, tmp_path: Path) -> None:
    replies = forged(GOOD, server, tmp_path)
    assert [reply.arrays[0].shape for reply in replies] == [(2, 3), (FLOATS,), ()]
    assert all(not reply.arrays[0].any() for reply in replies)


def test_replies_that_name_no_slot_or_no_shape(server: ForkServer, tmp_path: Path) -> None:
    replies = forged(HOSTILE, server, tmp_path)
    assert len(replies) == len(HOSTILE)
    found = [fields for fields, reply in zip(HOSTILE, replies, strict=True) if reply.arrays]
    assert found == []


def test_reply_with_an_empty_shape_that_numpy_refuses(server: ForkServer, tmp_path: Path) -> None:
    fields = [{"slot": 0, "shape": list(shape)} for shape in HUGE_AND_EMPTY]
    assert [reply.arrays for reply in forged(fields, server, tmp_path)] == [()] * len(fields)
