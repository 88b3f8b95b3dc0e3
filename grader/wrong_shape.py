"""What an answer's shape tells of how it came to be another one than was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from grader.excerpt import axis_names
from grader.wrong_part import NOUNS

ONE_MORE_AXIS = "An axis of one is too many"
OF_THE_STATE = (
    ": init_state has one, and init_state[0] has not; a slice such as [:, t : t + 1] leaves one."
)
HEADS_APART = (
    "The heads stand on an axis of their own: the page's formula joins them, one after the other, "
    "and then applies the last kernel."
)
OTHER_ORDER = "The axes stand in another order."
TOO_FEW = "One {} is missing"
TOO_MANY = "There is one {} too many"
OF_THE_LOOP = ": look at where the loop begins and ends, and at what is stored before it."


def wrong_shape(shape: Sequence[int], expected: Sequence[int], axes: str) -> str:
    """Sentences on how the shape differs, or '' where it tells nothing.

    ``axes`` names the axes of the ``expected`` one in words, such as ``[batch, steps, hidden]``.
    """
    names = axis_names(axes, len(expected))
    is_of_states = "hidden" in names
    sizes, wanted = ([n for n in some if n != 1] for some in (shape, expected))
    if sorted(sizes) == sorted(wanted):
        said = []
        if len(shape) > len(expected):
            said.append(ONE_MORE_AXIS + (OF_THE_STATE if is_of_states else "."))
        if sizes != wanted:
            said.append(OTHER_ORDER)
        return " ".join(said)
    if "embed" in names and len(shape) == len(expected) + 1 and prod(shape) == prod(expected):
        return HEADS_APART
    off = [k for k, (n, m) in enumerate(zip(shape, expected, strict=False)) if n != m]
    if len(shape) != len(expected) or len(off) != 1:
        return ""
    [axis] = off
    if names[axis] not in ("batch", "steps") or abs(shape[axis] - expected[axis]) != 1:
        return ""
    noun, _ = NOUNS[names[axis]]
    said_of = TOO_FEW if shape[axis] < expected[axis] else TOO_MANY
    is_of_loop = is_of_states and names[axis] == "steps"
    return said_of.format(noun) + (OF_THE_LOOP if is_of_loop else ".")
