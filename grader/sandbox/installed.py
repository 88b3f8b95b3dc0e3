"""Where this program, its answers and its tests lie, so that workers do not read them there.

A checkout lies outside of what workers may read, mostly. An installed package lies in the midst of
it: in the folder of the libraries that student code imports.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ANSWERS = Path("grader", "questions", "misconceptions")
"""What tells this program from any other package of its name: the right answers of the course."""
PARTS = ("grader", "reference", "benchmarks", "tests", "fixtures", "submissions")
LIBRARIES = (
    "*-packages",
    "python3*/*-packages",
    "lib*/python3*/*-packages",
    "local/lib*/python3*/*-packages",
)
"""Where the folders of libraries are, below a folder of Python's or the system's."""
HOME = Path(__file__).resolve().parents[2]
"""The folder that the package ``grader`` lies in."""


def is_checkout() -> bool:
    """Whether this program runs from its own folder, and not from among the libraries."""
    return (HOME / "pyproject.toml").is_file()


def readable(roots: Iterable[str]) -> dict[str, bool]:
    """What of these folders and files workers may read, and whether more than the names in it.

    A rule for a folder holds for all that is below it. So the folders above what is kept out are
    named for their lists alone, and the rest of what is in them is named one by one.
    """
    folders = list(dict.fromkeys(Path(root).resolve() for root in roots))
    kept_out = set(_kept_out(folders))
    found: dict[str, bool] = {}
    for folder in folders:
        for path, whole in _apart_from(kept_out, folder):
            found[str(path)] = whole or found.get(str(path), False)
    return found


def _kept_out(folders: list[Path]) -> Iterator[Path]:
    """This program's own folder, and its parts in every library, of whatever version."""
    if is_checkout():
        yield HOME
    found = (folder.glob(pattern) for folder in folders for pattern in LIBRARIES)
    on_path = (Path(path) for path in sys.path if path)
    for library in {*folders, *itertools.chain.from_iterable(found), *on_path, HOME}:
        if os.path.isdir(library / ANSWERS):  # noqa: PTH112 - which is no error where it is shut
            yield from ((library / part).resolve() for part in PARTS)


def _apart_from(kept_out: set[Path], path: Path) -> Iterator[tuple[Path, bool]]:
    if path in kept_out:
        return
    below = {other for other in kept_out if other.is_relative_to(path)}
    yield path, not below
    if below:
        for entry in sorted(path.iterdir()):
            # Where a link leads is named by itself, if it may be read.
            if not entry.is_symlink():
                yield from _apart_from(below, entry)
