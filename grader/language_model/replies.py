"""What a worker has sent in place of logits, in a student's words."""

from __future__ import annotations

from grader.errors import CheckFailed
from grader.model import Outcome
from grader.wire import Array, Message, text
from grader.worker.forward import LOGITS_KEYS

NO_TENSORS = {name: f"a {name}" for name in ("tuple", "list", "dict")} | {"NoneType": "None"}
"""What is told of in place of logits. Any other name could be one that a test sentence is in."""


def logits_of(reply: Message) -> Array:
    """The logits in a reply; raises CheckFailed where there are none."""
    if reply.op == "no_tensor":
        what = NO_TENSORS.get(text(reply.fields.get("type"), 20), "no tensor")
        key = text(reply.fields.get("key"), 20)
        advice = f" Return what it has under {key!r}." if key in LOGITS_KEYS else ""
        raise CheckFailed(
            Outcome.WRONG,
            f"The model returns {what}; one tensor of logits is expected, and nothing beside it."
            f"{advice}",
        )
    if len(reply.arrays) != 1 or reply.arrays[0].ndim == 0:
        raise CheckFailed(Outcome.WRONG, "The model's output is no array of logits.")
    return reply.arrays[0]
