"""Stands in for the grader's handle on a worker: its messages without its process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from grader.answers import Answer, value_of
from grader.wire import Message, Reader, encode
from grader.worker.values import pack_arguments, pack_result, unpack_arguments

MAX_BYTES = 1 << 26


class InProcess:
    """Has ``Student.call``; arguments and results are packed, sent and unpacked as by a worker."""

    may_be_asked_further = True
    inherited = False
    keeps_state = False
    varies = False

    def __init__(self, implementation: Callable[..., Any]) -> None:
        self.calls = 0
        self._implementation = implementation

    def call(
        self, function: str, arguments: Sequence[Any], depth: int, *, spoil_layers: bool = False
    ) -> Answer:
        """Call the implementation, whatever ``function`` is named; its exceptions come through."""
        self.calls += 1
        trees, arrays = pack_arguments(arguments)
        request = delivered(Message("call", {"name": function, "arguments": trees}, arrays))
        own_arguments = unpack_arguments(request.fields["arguments"], request.arrays)
        tree, arrays = pack_result(self._implementation(*own_arguments), depth)
        reply = delivered(Message("result", {"value": tree}, arrays))
        return Answer(value_of(reply.fields["value"], reply.arrays), False)


def delivered(message: Message) -> Message:
    """The message as the other side reads it from its bytes."""
    reader = Reader(MAX_BYTES)
    rest = memoryview(b"".join(encode(message)))
    while rest:
        buffer = reader.buffer()
        count = min(len(buffer), len(rest))
        buffer[:count] = rest[:count]
        rest = rest[count:]
        received = reader.advance(count)
        if received is not None:
            return received
    raise ValueError("the bytes of a message are no whole message")
