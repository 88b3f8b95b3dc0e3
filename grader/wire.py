"""Messages between the grader and a worker: a JSON header and raw array bytes, all bounded.

A frame is ``b"GRD1"``, the header's length (uint32, little endian), the header (UTF-8 JSON, an
object) and the bytes of its arrays one after the other. The header's ``arrays`` gives the dtype,
shape and memory order of each. Nothing is pickled, and every size is checked against its bound
before memory is taken for it: what comes from a worker may be anything.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from grader.errors import WireError
from grader.own_builtins import copy_of

MAGIC = b"GRD1"
PREFIX = struct.Struct("<4sI")
MAX_HEADER_BYTES = 1 << 20
MAX_ARRAYS = 256
MAX_DIMENSIONS = 16
DTYPES = {
    name: np.dtype(name)
    for name in "float16 float32 float64 int8 int16 int32 int64 "
    "uint8 uint16 uint32 uint64 bool".split()
}
# In a worker, student code may give json's and NumPy's names other values.
_write: Callable[[object], str] = copy_of("json.encoder").JSONEncoder().encode
_read: Callable[[str], Any] = copy_of("json.decoder").JSONDecoder().decode
_empty = np.empty
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
SMALL_BYTES = 1 << 16
"""What is sent at once, with one call of the kernel's; larger arrays are not copied for that."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Message:
    """One message: ``op`` names it, ``fields`` is JSON, and ``arrays`` go with it."""

    op: str
    fields: dict[str, Any]
    arrays: tuple[Array, ...] = ()


def encode(message: Message) -> list[bytes | memoryview]:
    """The frame as pieces to be sent one after the other; large arrays are not copied."""
    specs: list[dict[str, Any]] = []
    payload: list[bytes | memoryview] = []
    for array in message.arrays:
        # A transposed view stays one on the other side: students get the helper's memory layout.
        fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        name = _NAMES.get(array.dtype) or array.dtype.name
        specs.append({"dtype": name, "shape": array.shape, "order": "F" if fortran else "C"})
        if array.nbytes <= SMALL_BYTES:
            payload.append(array.tobytes("A"))
        else:
            flat = array.T if fortran else np.ascontiguousarray(array)
            payload.append(flat.reshape(-1).view(np.uint8).data)
    header = _write({**message.fields, "op": message.op, "arrays": specs}).encode()
    pieces = [PREFIX.pack(MAGIC, len(header)), header, *payload]
    return [b"".join(pieces)] if sum(map(len, pieces)) <= SMALL_BYTES else pieces


class Reader:
    """Assembles one message from bytes as they arrive.

    Receive into ``buffer()``, then tell ``advance`` how many bytes came. Raises WireError as soon
    as what came cannot be a message whose arrays take at most ``max_bytes``.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._begin()

    def _begin(self) -> None:
        self._header: dict[str, Any] | None = None
        self._specs: list[_Spec] = []
        self._expect(PREFIX.size, self._take_prefix)

    def _expect(self, size: int, then: Any) -> None:
        self._data = _empty(size, np.uint8)
        self._filled = 0
        self._then = then

    def buffer(self) -> memoryview:
        """Where the next bytes belong; never empty."""
        return self._data.data[self._filled :]

    def advance(self, received: int) -> Message | None:
        """Count bytes that were received into ``buffer()``; the message, once it is whole."""
        self._filled += received
        while self._filled == len(self._data):
            message: Message | None = self._then()
            if message is not None:
                self._begin()
                return message
        return None

    def _take_prefix(self) -> None:
        magic, size = PREFIX.unpack(self._data.tobytes())
        if magic != MAGIC:
            raise WireError("what was received is no message of this protocol")
        if not 2 <= size <= MAX_HEADER_BYTES:
            raise WireError(f"a header of {size} bytes is out of bounds")
        self._expect(size, self._take_header)

    def _take_header(self) -> Message | None:
        self._header = _parse_header(self._data.tobytes())
        self._specs = [_Spec.parse(spec) for spec in self._header.pop("arrays")]
        total = sum(spec.nbytes for spec in self._specs)
        if total > self._max_bytes:
            raise WireError(f"arrays of {total:,} bytes; at most {self._max_bytes:,} are allowed")
        if total == 0:
            return self._finish()
        self._expect(total, self._finish)
        return None

    def _finish(self) -> Message:
        header = self._header
        if header is None:
            raise WireError("a message without a header")
        arrays, start = [], 0
        for spec in self._specs:
            arrays.append(spec.array(self._data[start : start + spec.nbytes]))
            start += spec.nbytes
        return Message(header.pop("op"), header, tuple(arrays))


def _parse_header(raw: bytes) -> dict[str, Any]:
    try:
        header = _read(raw.decode())
    except (ValueError, RecursionError) as error:
        raise WireError(f"the header is no JSON: {type(error).__name__}") from None
    if not isinstance(header, dict) or not isinstance(header.get("op"), str):
        raise WireError("the header is no JSON object that names its operation")
    arrays = header.get("arrays")
    if not isinstance(arrays, list) or len(arrays) > MAX_ARRAYS:
        raise WireError(f"the header's arrays are no list of at most {MAX_ARRAYS}")
    return header


@dataclass(slots=True)
class _Spec:
    """What the header says of one array."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: Literal["C", "F"]
    nbytes: int

    @classmethod
    def parse(cls, spec: object) -> _Spec:
        if not isinstance(spec, dict):
            raise WireError("an array is described by no JSON object")
        name, shape = spec.get("dtype"), spec.get("shape")
        dtype = DTYPES.get(name) if isinstance(name, str) else None
        if dtype is None:
            raise WireError("an array has a dtype that is not allowed")
        if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
            raise WireError("an array's shape is no short list")
        for length in shape:
            if type(length) is not int or not 0 <= length < 1 << 48:
                raise WireError("an array's shape has a length that is no sensible number")
        # NumPy multiplies the lengths of an empty array too, but for the zeros.
        if math.prod(length or 1 for length in shape) >= 1 << 48:
            raise WireError("an array's shape is larger than is allowed")
        order: Literal["C", "F"] = "F" if spec.get("order") == "F" else "C"
        return cls(dtype, tuple(shape), order, math.prod(shape) * dtype.itemsize)

    def array(self, raw: NDArray[np.uint8]) -> Array:
        # Each array gets memory of its own: an aligned, writable one, as the student expects.
        memory = raw.copy() if self.nbytes else np.empty(1, np.uint8)
        return np.ndarray(self.shape, self.dtype, memory, order=self.order)


def text(value: object, limit: int = 2000) -> str:
    """A string from a header, cut to ``limit`` characters; '' when it is none."""
    if not isinstance(value, str):
        return ""
    clean = value.encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= limit else clean[:limit] + " …"


def sequence(value: object, limit: int) -> Sequence[Any]:
    """A list from a header, cut to ``limit`` items; () when it is none."""
    return value[:limit] if isinstance(value, list) else ()
