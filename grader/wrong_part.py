"""Which steps, sequences or columns of an answer are wrong, where that is not all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grader.excerpt import axis_names

NOUNS = {
    "steps": ("step", ""),
    "batch": ("sequence", " of the batch"),
    "hidden": ("hidden unit", ""),
    "embed": ("column", " of the last axis"),
}
"""What one index of an axis is, by the axis's name; the axis that tells most comes first."""
MOST_LISTED = 3
NEXT_STEP = " Look at what the step after that begins with."
FIRST_WRONG = " Look at what step {} begins with. Does the loop reach it?"
NOT_FILLED = " What is wrong there is all zero: are these places ever filled?"
FADES = " Look at what the first step begins with: the difference fades with the steps after it."
STORED = (
    " The steps after it are right, so the state after it is, too: look at what is stored for it."
)
FADED = 0.1
"""Of the errors of the first half of the steps: those of the second half, where they fade."""
LAST_STEP = " Does the loop reach it, and is its result kept?"


def wrong_part(
    differs: NDArray[np.bool_],
    axes: str,
    *,
    are_zero: bool = False,
    fades: bool = False,
    advise: bool = True,
) -> str:
    """A sentence such as 'Only the last step is wrong.', or '' where no axis tells anything.

    ``differs`` says of each value whether it is wrong; ``axes`` names its axes in words, such as
    ``[batch, steps, hidden]``; ``are_zero`` tells that all wrong values are zero, and ``fades``
    that errors become smaller with the steps. Where to look is said if it is to ``advise``.
    """
    names = axis_names(axes, differs.ndim)
    wrong = {
        name: np.any(differs, axis=tuple(k for k, n in enumerate(names) if n != name)).tolist()
        for name in NOUNS
        if name in names
    }
    partly = [name for name, which in wrong.items() if any(which) and not all(which)]
    # Attention has no steps that follow from one another.
    of_loop = "steps" in partly and "hidden" in names
    advice = _advice(wrong["steps"], fades=fades) if of_loop else ""
    if advice == FADES and "batch" in partly:
        partly, advice = ["batch"], ""
    if not partly:
        return ""
    name = partly[0]
    said = NOT_FILLED if are_zero else advice if name == "steps" else ""
    return _sentence(wrong[name], *NOUNS[name]) + (said if advise else "")


def _sentence(wrong: Sequence[bool], noun: str, of: str) -> str:
    """Of the right ones or of the wrong ones, whichever are fewer."""
    told = 2 * sum(wrong) <= len(wrong)
    few = [index for index, is_wrong in enumerate(wrong) if is_wrong is told]
    verb = "is" if len(few) == 1 else "are"
    word = "wrong" if told else "right"
    return f"Only {_which(few, len(wrong), noun)}{of} {verb} {word}."


def _which(few: Sequence[int], size: int, noun: str) -> str:
    """The indices in words, counted as in the code where they have no name."""
    if len(few) == 1:
        [index] = few
        names = {0: f"the first {noun}", size - 1: f"the last {noun}"}
        return names.get(index, f"{noun} {index}")
    for name, indices in (("first", range(len(few))), ("last", range(size - len(few), size))):
        if [*few] == [*indices]:
            return f"the {name} {len(few)} {noun}s"
    listed = ", ".join(map(str, few[:MOST_LISTED])) + (", …" if len(few) > MOST_LISTED else "")
    return f"{noun}s {listed}"


def fade(errors: NDArray[np.floating], axes: str) -> bool:
    """Whether the errors of a loop's outputs become smaller with the steps, as those that come of
    what the first one begins with."""
    names = axis_names(axes, errors.ndim)
    if "steps" not in names:
        return False
    others = tuple(k for k, name in enumerate(names) if name != "steps")
    largest: NDArray[np.floating] = errors.max(axis=others)
    middle = len(largest) // 2
    return bool(middle and largest[middle:].max() < FADED * largest[:middle].max())


def _advice(wrong: Sequence[bool], *, fades: bool) -> str:
    """Where to look, by the steps of a loop that are wrong."""
    first = wrong.index(True)
    if first == 0 and sum(wrong) == 1:
        return STORED
    if first == 0 and fades and all(wrong[: sum(wrong)]):
        return FADES
    if first == 0 or not all(wrong[first:]):
        return ""
    if first == len(wrong) - 1:
        return LAST_STEP
    # What was said is which are right, or which are wrong.
    return NEXT_STEP if 2 * first < len(wrong) else FIRST_WRONG.format(first)
