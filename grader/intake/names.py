"""Makes names of folders from what students and platforms call things."""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.handed_in.naming import COURSE_FILES, readable

MAX_BYTES = 80
MAX_SUFFIX_BYTES = 40
MAX_TEXT = 200
KEPT = "-_.@+"
UNNAMED = "unnamed"
DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in "0123456789¹²³")]
)
"""Names that Windows takes for devices, whatever follows a dot."""


@dataclass(frozen=True)
class Naming:
    """What a hand-in's name is made of."""

    label: str
    id: str
    """The platform's, to tell two of the same label; may be empty."""
    source: str
    """Where it lies in the course: no two share it."""


def safe_name(label: str, most: int = MAX_BYTES) -> str:
    """A name that every file system takes, as like the label as that allows.

    It has ``-_.@+``, and letters and digits of any script that the locale can write, begins with
    neither ``.``, ``-`` nor ``_`` (the program's own), does not end in a dot, is at most ``most``
    bytes long, and is no name of a device or of a course's own file. The same label gives the same
    name, and the name itself again.
    """
    kept = "".join(c if _is_kept(c) else "_" for c in unicodedata.normalize("NFC", readable(label)))
    name = _cut("_".join(filter(None, kept.split("_"))), most)
    stem, dot, rest = name.partition(".")
    if stem.casefold() in DEVICES or name.casefold() in COURSE_FILES:
        name = _cut(f"{stem}_file{dot}{rest}", most)
    return name or UNNAMED


def unique_names(hand_ins: Sequence[Naming]) -> list[str]:
    """A safe name for each, no two alike, also where case does not count.

    All that share a name get their platform's id, and if that does not tell them a hash of where
    they lie: so names depend on no order, and only on others of the same name.
    """
    levels = [0] * len(hand_ins)
    while True:
        names = [_name(*pair) for pair in zip(hand_ins, levels, strict=True)]
        count = Counter(map(_folded, names))
        clashing = [i for i, name in enumerate(names) if count[_folded(name)] > 1]
        if not clashing:
            return names
        for i in clashing:
            levels[i] += 1


def shown(text: str) -> str:
    """A stranger's text in one line that can be printed and written, of bounded length."""
    plain = "".join(c if c.isprintable() else " " for c in readable(text)[: 4 * MAX_TEXT])
    return " ".join(plain.split())[:MAX_TEXT]


def _is_kept(character: str) -> bool:
    letter = character.isalnum() or unicodedata.category(character).startswith("M")
    is_written = bool(character.encode(sys.getfilesystemencoding(), "ignore"))
    return (letter and is_written) or character in KEPT


def _cut(name: str, most: int) -> str:
    short = name.strip("._-").encode("utf-8")[:most].decode("utf-8", "ignore")
    return short.strip("._-")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _name(naming: Naming, level: int) -> str:
    if level == 0:
        return safe_name(naming.label)
    digest = hashlib.sha256(naming.source.encode("utf-8", "surrogatepass")).hexdigest()
    # With each level the hash is longer, so that some level tells all.
    suffix = naming.id if level == 1 and naming.id else digest[: 6 * level]
    suffix = safe_name(suffix, MAX_SUFFIX_BYTES)
    base = safe_name(naming.label, MAX_BYTES - len(suffix.encode("utf-8")) - 1)
    return f"{base}-{suffix}"
