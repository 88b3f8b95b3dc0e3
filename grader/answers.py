"""What a call of a student's function gave: arrays, sequences of them, and words for all else.

A worker describes it and its word is not trusted: indices, kinds and lengths are checked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.wire import Array, Message, sequence, text
from grader.worker.values import MAX_ITEMS

MAX_DEPTH = 2
"""Of returned sequences: the three tuples of q4 and q5."""
MOST_NAMES = 20


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
    changed_arguments: bool


def parts_of(value: Value) -> tuple[Value, ...]:
    """What a function returned, one by one."""
    return value.items if isinstance(value, Several) else (value,)


def arrays_of(value: Value) -> list[Array]:
    """The arrays among what a function returned."""
    return [part for part in parts_of(value) if isinstance(part, np.ndarray)]


def names_in(reply: Message, field: str) -> tuple[str, ...]:
    """The names that a reply lists under ``field``, as many and as long as is of use."""
    return tuple(text(name, 100) for name in sequence(reply.fields.get(field), MOST_NAMES))


def value_of(tree: object, arrays: tuple[Array, ...], depth: int = MAX_DEPTH) -> Value:
    """The value that a worker described by ``tree``, at most ``depth`` sequences deep."""
    if isinstance(tree, dict) and depth >= 0:
        index, items = tree.get("index"), sequence(tree.get("items"), MAX_ITEMS)
        if tree.get("kind") == "array" and type(index) is int and 0 <= index < len(arrays):
            return arrays[index]
        if tree.get("kind") == "sequence":
            values = tuple(value_of(item, arrays, depth - 1) for item in items)
            # How many there were beyond those that are sent is the worker's word.
            claimed = tree.get("count")
            count = len(values)
            if count == MAX_ITEMS and type(claimed) is int:
                count = max(count, claimed)
            return Several(values, count, text(tree.get("text"), 200))
        if tree.get("kind") == "other":
            return Returned(text(tree.get("text"), 200))
    return Returned("something that cannot be read")
