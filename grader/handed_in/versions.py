"""Which of several folders of a hand-in holds the latest version, told by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.handed_in.listing import Files
from grader.handed_in.naming import COPY_NUMBER, WORD, by_depth

OLDER = frozenset(
    "old older backup backups bak copy kopie orig original prev previous draft drafts archive "
    "archived checkpoint checkpoints template starter skeleton given reference example sample "
    "test tests alt alte alter entwurf ancien ancienne viejo vieja antiguo vecchio vecchia".split()
)
"""Words in the name of a folder in which the code is not what is handed in, if there is other."""
FINAL = frozenset(
    "final finale finished latest newest fixed corrected submission submit submitted abgabe "
    "handin".split()
)
"""Words in the name of the folder in which it is."""
AGAIN = frozenset("resubmission resubmit resubmitted revision revised correction".split())
"""Words for what came after that."""
VERSION = frozenset("v ver version rev attempt try versuch upload draft".split())
NUMBERED = re.compile(
    rf"(?P<base>|.*[\W_])(?P<word>{'|'.join(sorted(VERSION | FINAL | AGAIN))})[ ._-]?"
    r"(?P<number>\d{1,2})",
    re.IGNORECASE | re.DOTALL,
)
"""A folder of a version: ``v2``, ``hw4_v2``, ``Abgabe 2``. Other numbers may be those of parts."""
PUNCTUATION = " ._-"


@dataclass(frozen=True, order=True)
class _Age:
    """How a folder compares with those beside it; the least comes first."""

    stage: int
    """0: handed in again; 1: called final; 2: neither."""
    base: str
    """The name without a version."""
    before: int
    """Minus the version: the last one comes first."""


def latest_files_first(files: Files) -> Files:
    """The files as they are looked at: shallow ones first, and those of older versions last."""
    return {name: files[name] for name in sorted(files, key=_order)}


def is_old(file: PurePosixPath) -> bool:
    """Whether a folder that it lies in is called that of an older version."""
    return any(not OLDER.isdisjoint(_words(folder)) for folder in file.parts[:-1])


def _order(file: PurePosixPath) -> tuple[object, ...]:
    depth, name = by_depth(file)
    return is_old(file), depth, [_age(folder) for folder in file.parts[:-1]], name


def _age(folder: str) -> _Age:
    words = set(_words(folder))
    stage = 0 if words & AGAIN else 1 if words & FINAL else 2
    if copy := COPY_NUMBER.fullmatch(folder):
        base, number = copy["name"], int(copy["number"])
    elif match := NUMBERED.fullmatch(folder):
        # "final2" is a later "final", and "v2" of nothing else but "v1".
        is_word = match["word"].lower() not in VERSION
        base, number = match["base"] + match["word"] * is_word, int(match["number"])
    else:
        base, number = folder, 0
    return _Age(stage, base.casefold().strip(PUNCTUATION), -number)


def _words(folder: str) -> list[str]:
    return WORD.findall(folder.lower())
