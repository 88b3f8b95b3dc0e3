"""Messages survive the wire; bytes that are none give WireError, and take no memory."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.errors import WireError
from grader.wire import (
    DTYPES,
    MAGIC,
    MAX_ARRAYS,
    MAX_DIMENSIONS,
    MAX_HEADER_BYTES,
    PREFIX,
    Array,
    Message,
    Reader,
    encode,
    sequence,
    text,
)

LIMIT = 1 << 20
TOO_MUCH_MEMORY = 8 << 20


def frame(message: Message) -> bytes:
    return b"".join(encode(message))


def framed(header: bytes, payload: bytes = b"") -> bytes:
    return PREFIX.pack(MAGIC, len(header)) + header + payload


def described(spec: object, **more: object) -> bytes:
    """A frame whose header describes one array as ``spec``."""
    return framed(json.dumps({"op": "result", "arrays": [spec], **more}).encode())


def received(raw: bytes, limit: int = LIMIT, step: int | None = None) -> list[Message]:
    """The messages in ``raw``, received in pieces of at most ``step`` bytes."""
    reader = Reader(limit)
    messages = []
    rest = memoryview(raw)
    while rest:
        room = reader.buffer()
        assert 0 < len(room) <= max(limit, MAX_HEADER_BYTES)
        count = min(len(room), len(rest), step or len(rest))
        room[:count] = rest[:count]
        rest = rest[count:]
        message = reader.advance(count)
        if message is not None:
            messages.append(message)
    return messages


def returned(*arrays: Array, step: int | None = None) -> tuple[Array, ...]:
    [message] = received(frame(Message("result", {}, arrays)), step=step)
    return message.arrays


def is_transposed(array: Array) -> bool:
    return array.flags.f_contiguous and not array.flags.c_contiguous


def assert_same(after: Array, before: Array) -> None:
    assert after.dtype == before.dtype
    assert after.shape == before.shape
    assert after.tobytes() == before.tobytes()


any_array = hnp.arrays(
    dtype=st.sampled_from(sorted(DTYPES)),
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)


@settings(deadline=None, max_examples=150)
@given(arrays=st.lists(any_array, max_size=4), transposed=st.booleans(), step=st.integers(1, 99))
def test_round_trip(arrays: list[Array], transposed: bool, step: int) -> None:
    sent = [np.asfortranarray(array) if transposed else array for array in arrays]
    came = returned(*sent, step=step)
    assert len(came) == len(sent)
    for after, before in zip(came, sent, strict=True):
        assert_same(after, before)
        assert is_transposed(after) == is_transposed(before)


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_every_dtype_one_byte_at_a_time(dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    [came] = returned(array, step=1)
    assert_same(came, array)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4), (), (1,), (1, 1, 1)])
def test_empty_and_small_shapes(shape: tuple[int, ...]) -> None:
    array = np.full(shape, 1.5, np.float32)
    after, again = returned(array, array)
    assert_same(after, array)
    assert_same(again, array)


@pytest.mark.parametrize(
    "view",
    [
        np.arange(24).reshape(4, 6)[::2],
        np.arange(24).reshape(4, 6)[:, ::-1],
        np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2),
        np.broadcast_to(np.float32(3), (2, 3)),
    ],
    ids=["sliced", "reversed", "axes exchanged", "broadcast"],
)
def test_views_arrive_as_their_values(view: Array) -> None:
    [came] = returned(view)
    assert_same(came, view)


def test_arrays_have_writable_memory_of_their_own() -> None:
    first, second = returned(np.zeros(3, np.float32), np.zeros(3, np.float32))
    first[:] = 1
    assert second.tolist() == [0, 0, 0]
    assert first.flags.aligned


def test_fields_come_without_what_is_not_theirs() -> None:
    [message] = received(frame(Message("call", {"name": "rnn", "depth": 1})))
    assert message.op == "call"
    assert message.fields == {"name": "rnn", "depth": 1}


def test_messages_one_after_the_other() -> None:
    sent = [Message("a", {}, (np.arange(3),)), Message("b", {}), Message("c", {}, (np.eye(2),))]
    came = received(b"".join(map(frame, sent)), step=7)
    assert [message.op for message in came] == ["a", "b", "c"]
    assert came[2].arrays[0].tolist() == [[1, 0], [0, 1]]


def test_message_comes_with_its_last_byte_and_then_a_prefix_is_waited_for() -> None:
    reader = Reader(LIMIT)
    raw = frame(Message("a", {}, (np.arange(3),)))
    assert len(reader.buffer()) == PREFIX.size
    for byte in raw[:-1]:
        reader.buffer()[:1] = bytes([byte])
        assert reader.advance(1) is None
    assert len(reader.buffer()) == 1
    reader.buffer()[:1] = raw[-1:]
    assert reader.advance(1) is not None
    assert len(reader.buffer()) == PREFIX.size


def test_limit_is_on_all_arrays_together() -> None:
    raw = frame(Message("a", {}, (np.zeros(60, np.uint8), np.zeros(40, np.uint8))))
    assert len(received(raw, limit=100)) == 1
    with pytest.raises(WireError, match="100 bytes"):
        received(raw, limit=99)


@pytest.mark.parametrize(
    "raw",
    [
        b"GRD2" + bytes(4),
        b"\x80\x04\x95\x00\x00\x00\x00\x00",
        PREFIX.pack(MAGIC, 0),
        PREFIX.pack(MAGIC, 1),
        PREFIX.pack(MAGIC, MAX_HEADER_BYTES + 1),
        PREFIX.pack(MAGIC, 2**32 - 1),
        framed(b"no json"),
        framed(b'{"op": "\xff\xfe", "arrays": []}'),
        framed(b"\xff" * 50),
        framed(b"[]"),
        framed(b"null"),
        framed(b'"op"'),
        framed(b'{"arrays": []}'),
        framed(b'{"op": 1, "arrays": []}'),
        framed(b'{"op": "a"}'),
        framed(b'{"op": "a", "arrays": {}}'),
        framed(b'{"op": "a", "arrays": 3}'),
        framed(b"[" * 100_000),
        framed(b'{"op": "a", "arrays": [], "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        framed(b'{"op": "a", "deep": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001),
        framed(b'{"op": "a", "arrays": [], "n": ' + b"9" * 100_000 + b"}"),
        framed(json.dumps({"op": "a", "arrays": [{"dtype": "bool", "shape": [0]}] * 257}).encode()),
    ],
    ids=lambda raw: repr(raw[:40]),
)
def test_not_a_message(raw: bytes) -> None:
    with pytest.raises(WireError):
        received(raw)


BAD_DTYPES = [
    "object", "O", "|O", "complex64", "str", "U8", "S8", "datetime64", "float128", "void",
    ">f4", "<f8", "float", "int", "", "Float32", None, 4, ["float32"], {"name": "float32"},
]  # fmt: skip
BAD_LENGTHS: list[Any] = [-1, -(2**63), 2**48, 2**63, 2**64, 10**30, True, False, 1.0, None, "3"]


@pytest.mark.parametrize("dtype", BAD_DTYPES, ids=repr)
def test_dtype_that_is_not_allowed(dtype: object) -> None:
    with pytest.raises(WireError, match="dtype"):
        received(described({"dtype": dtype, "shape": [1], "order": "C"}))


@pytest.mark.parametrize("length", BAD_LENGTHS, ids=repr)
@pytest.mark.parametrize("beside", [0, 1])
def test_length_that_is_not_allowed(length: object, beside: int) -> None:
    with pytest.raises(WireError, match="shape"):
        received(described({"dtype": "uint8", "shape": [beside, length], "order": "C"}))


@pytest.mark.parametrize("shape", [None, 3, "33", {"0": 3}, [[3]], [1] * (MAX_DIMENSIONS + 1)])
def test_shape_that_is_not_allowed(shape: object) -> None:
    with pytest.raises(WireError, match="shape"):
        received(described({"dtype": "uint8", "shape": shape, "order": "C"}))


@pytest.mark.parametrize("spec", [None, 3, [], "float32", {}])
def test_array_that_is_not_described(spec: object) -> None:
    with pytest.raises(WireError):
        received(described(spec))


def test_as_many_arrays_and_axes_as_allowed() -> None:
    arrays = [np.zeros((1,) * MAX_DIMENSIONS, np.int8)] * MAX_ARRAYS
    assert len(returned(*arrays)) == MAX_ARRAYS


@pytest.mark.parametrize(
    "shape", [[2**40], [2**47] * MAX_DIMENSIONS, [2**20, 2**20], [1, 2**47 - 1], [LIMIT + 1]]
)
def test_claimed_size_takes_no_memory(shape: list[int]) -> None:
    raw = described({"dtype": "float64", "shape": shape, "order": "C"})
    tracemalloc.start()
    try:
        with pytest.raises(WireError, match="allowed"):
            received(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < TOO_MUCH_MEMORY


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [[0, 2**47, 2**47], [2**47, 0, 2**47], [0] + [2**47] * 15])
def test_empty_array_with_an_absurd_length(shape: list[int], order: str) -> None:
    """No bytes are claimed, but an array of this shape cannot be made either."""
    with pytest.raises(WireError):
        received(described({"dtype": "float64", "shape": shape, "order": order}))


def outcome_of(raw: bytes) -> None:
    """Receive ``raw``; any exception but WireError fails the test."""
    try:
        for message in received(raw):
            for array in message.arrays:
                assert array.dtype.name in DTYPES
    except WireError:
        pass


@settings(deadline=None, max_examples=200)
@given(raw=st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    outcome_of(raw)
    outcome_of(framed(raw))


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_damaged_message(data: st.DataObject) -> None:
    message = Message("result", {"value": {"kind": "array", "index": 0}}, (np.eye(3), np.eye(0)))
    raw = bytearray(frame(message))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    outcome_of(bytes(raw[: data.draw(st.integers(0, len(raw)))]))


plausible = st.sampled_from([0, 1, 2, 2**31, 2**47])
odd_lengths = st.integers(-2, 4) | st.sampled_from([2**47, 2**48, 2**63, True, None, 0.5])
odd_specs = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(sorted(DTYPES)) | st.sampled_from(["float64", None, "object"]),
        "shape": st.lists(plausible, max_size=6) | st.lists(odd_lengths, max_size=5),
        "order": st.sampled_from(["C", "F", None, "A", 7]),
    }
)


@settings(deadline=None, max_examples=300)
@given(specs=st.lists(odd_specs, max_size=4), payload=st.binary(max_size=400))
def test_odd_header(specs: list[dict[str, Any]], payload: bytes) -> None:
    header = json.dumps({"op": "result", "arrays": specs}).encode()
    outcome_of(framed(header, payload))


def test_text_is_cut_and_can_be_encoded() -> None:
    assert text("abc") == "abc"
    assert text("x" * 5000, limit=10) == "x" * 10 + " …"
    assert text("a\ud800b") == "a?b"
    assert text(None) == text(3) == text(["a"]) == ""


def test_sequence_is_cut() -> None:
    assert sequence([1, 2, 3], 2) == [1, 2]
    assert sequence("ab", 2) == sequence(None, 2) == sequence({"a": 1}, 2) == ()
