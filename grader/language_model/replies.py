"""What a worker has sent in place of logits, in a student's words."""

from __future__ import annotations

from grader.errors import CheckFailed
from grader.model import Outcome
from grader.wire import Array, Message, sequence, text
from grader.worker.forward import LOGITS_KEYS, PACKED

NO_TENSORS = {
    **{name: f"a {name}" for name in ("tuple", "list", "dict", "float", "generator")},
    "NoneType": "None",
    "int": "an int",
    "ndarray": "a NumPy array, which has no gradient",
    PACKED: "a PackedSequence, of which pad_packed_sequence makes a tensor",
}
"""What is told of in place of logits. Any other name could be one that a test sentence is in."""
MOST_ITEMS, MOST_AXES, LARGEST = 100, 3, 10**6


def logits_of(reply: Message) -> Array:
    """The logits in a reply; raises CheckFailed where there are none."""
    if reply.op == "no_tensor":
        what = NO_TENSORS.get(text(reply.fields.get("type"), 20), "no tensor")
        key = text(reply.fields.get("key"), 20)
        advice = f" Return what it has under {key!r}." if key in LOGITS_KEYS else _of_item(reply)
        raise CheckFailed(
            Outcome.WRONG,
            f"The model returns {what}; one tensor of logits is expected, and nothing beside it."
            f"{advice}",
        )
    if len(reply.arrays) != 1 or reply.arrays[0].ndim == 0:
        raise CheckFailed(Outcome.WRONG, "The model's output is no array of logits.")
    return reply.arrays[0]


def _of_item(reply: Message) -> str:
    """Which item of what is returned may be the logits."""
    item, shape = reply.fields.get("item"), sequence(reply.fields.get("shape"), MOST_AXES)
    if type(item) is not int or not 0 <= item < MOST_ITEMS or not shape:
        return ""
    if not all(type(length) is int and 0 <= length < LARGEST for length in shape):
        return ""
    return f" Return its item [{item}] alone, which has the shape {list(shape)}."
