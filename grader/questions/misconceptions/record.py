"""A misconception: what it makes of the right solution, and the words for the student."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

Array = Any
"""A NumPy array: the parts below are one-line formulas."""
PAGES = "https://docs.pytorch.org/docs/stable/generated/"


@dataclass(frozen=True, kw_only=True, eq=False)
class Misconception:
    """One known misreading of a question; each is the same as itself alone."""

    id: str
    title: str
    """What is wrong, in a few words."""
    where: str
    """The step that is wrong, without what is wrong there; completes "Look at …"."""
    explanation: str
    hint: str
    """Where to look and what for; never the line to write."""
    page: str
    """The page of torch's documentation that settles it."""
    changes: Mapping[str, Any]
    """Parts of the right solution, by name, and what stands in their place."""
    is_alone: bool = False
    """Whether it makes no pair: so much is lost by it that other mistakes would look the same."""
    of_arguments: bool = False
    """Whether it is what comes of the function's own arguments in another order."""

    @property
    def link(self) -> str:
        return f"{PAGES}{self.page}.html"


def misread(solution: Any, *misconceptions: Misconception) -> Any:
    """The right solution with the parts of the misconceptions in the place of its own.

    The misconceptions must change different parts.
    """
    return replace(solution, **{k: v for m in misconceptions for k, v in m.changes.items()})


def independent(one: Misconception, other: Misconception) -> bool:
    """Whether a student can have both and be told so: they change different parts."""
    if one.is_alone or other.is_alone:
        return False
    return not one.changes.keys() & other.changes.keys()
