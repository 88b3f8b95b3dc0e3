"""Which of a hand-in's modules and packages lie where its code would not find them once copied.

In ``src/implementation.py``, ``from src.layers import gru`` works from the folder above; that
folder is left behind when ``src`` becomes the root.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from grader.handed_in.listing import beginning
from grader.source import MAX_SOURCE

IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([\w.,\t ]+))", re.MULTILINE)


def imported_names(file: Path) -> set[str]:
    """The top-level names that a Python file may import, told by its lines alone."""
    text = beginning(file, MAX_SOURCE).decode("utf-8", "replace")
    return {name for found in IMPORT.finditer(text) for name in _names_in(found)}


def out_of_sight(
    files: Collection[PurePosixPath], root: PurePosixPath
) -> dict[str, dict[PurePosixPath, PurePosixPath]]:
    """What could be imported by each name and where it is to lie, relative to the copy's top.

    That is what has the name beside the root or a folder above it, or in the root under a name
    that it lost; else the only module of that name elsewhere, from ``sys.path.append("../lib")``.
    """
    nearest: dict[str, PurePosixPath] = {}
    found: dict[str, dict[PurePosixPath, PurePosixPath]] = {}
    elsewhere: dict[str, list[PurePosixPath]] = {}
    for file in files:
        if not file.is_relative_to(root) and file.suffix == ".py":
            elsewhere.setdefault(file.stem, []).append(file)
    for place in (root, *root.parents):
        for file in files:
            if place in file.parents:
                target = file.relative_to(place)
                name = target.parts[0].removesuffix(".py")
                if nearest.setdefault(name, place) == place:
                    found.setdefault(name, {})[file] = target
    for name, modules in elsewhere.items():
        if len(modules) == 1 and name not in found:
            found[name] = {modules[0]: PurePosixPath(modules[0].name)}
    return found


def _names_in(found: re.Match[str]) -> Iterator[str]:
    if found[1]:
        yield found[1]
        return
    for part in found[2].split(","):
        yield from re.findall(r"^\s*(\w+)", part)
