"""Tells names of students from those that a student gives to copies and parts of one work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from grader.naming import OF_SOMETHING, OTHER_CODE, WORD, without_copy_number

OF_ONE = OTHER_CODE | OF_SOMETHING | frozenset(
    "a my hw q v ex lab new bak copy last late code src task part work week unit step temp tmp try "
    "orig redo wip done main mine best ver sol one two first second third early other slow fast "
    "loop naive numpy".split()
)  # fmt: skip
"""Words in the name of a copy or a part of a student's work, as no student is called."""
OF_ONE_ANYWHERE = tuple(
    "archive assign attempt backup draft exercise final fixed homework implement improved latest "
    "notebook original previous problem project question result solution source submi update "
    "upload version vector".split()
)
"""Such words that are long enough to be known within another."""
VERSION = re.compile(
    r"(?:(?:old|new|final|backup|bak|copy|draft|orig(?:inal)?|latest|last|prev(?:ious)?|submission|"
    r"v(?:er(?:sion)?)?[ ._-]?\d{1,2})[ ._-]*)+",
    re.IGNORECASE,
)
"""A name made of nothing but such words. A number alone makes none: ``submission_12`` may be
a student's."""
SHORT_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?!\d)")
"""Of a copy or a part; a student's id is longer."""


def without_copy_numbers(stems: Iterable[str]) -> dict[str, str]:
    """Each name, without the number of a copy where what it is a copy of is there, too.

    A browser numbers only what has a name that is there already. Where nothing has it, the number
    tells two apart: ``Group (1)`` and ``Group (2)``.
    """
    bare = {stem: without_copy_number(stem)[0] for stem in stems}
    return {stem: base if base in bare else stem for stem, base in bare.items()}


def words_of(name: str) -> frozenset[str]:
    return frozenset(WORD.findall(name.casefold()))


def is_version(name: str) -> bool:
    """Whether a name can hardly be a student's, but that of a version of one hand-in."""
    return VERSION.fullmatch(name) is not None


def are_of_one(names: Sequence[str]) -> bool:
    """Whether several names, side by side, may be those of copies or parts of one work."""
    words = [words_of(name) for name in names]
    if any(OF_ONE & found for found in words) or frozenset.intersection(*words):
        return True
    if any(word in name.casefold() for name in names for word in OF_ONE_ANYWHERE):
        return True
    numbered = {SHORT_NUMBER.sub("", name.casefold()).strip(" -_.") for name in names}
    return len(numbered) < len(names) or "" in numbered
