"""What a student's file lacks and a notebook of the hand-in defines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from grader.naming import NOTEBOOK, readable
from grader.notebook_outputs import NotebookError, read_sources
from grader.source import MAX_SOURCE

MOST_NOTEBOOKS = 5
NAME = re.compile(r"name '(\w+)' is not defined")
DEFINITION = re.compile(r"^(?:def|class)[ \t]+(\w+)", re.MULTILINE)


def where_defined(message: str, folder: Path, files: Iterable[str]) -> str:
    """A sentence where a NameError's message names what a cell defines; '' where none does."""
    found = NAME.match(message)
    return where_named(found[1], folder, files) if found else ""


def where_named(name: str, folder: Path, files: Iterable[str]) -> str:
    """The same for a name that a file should define."""
    notebooks = sorted(file for file in files if file.lower().endswith(NOTEBOOK))
    place = _definitions(folder, tuple(notebooks[:MOST_NOTEBOOKS])).get(name)
    return f"{place} defines it: copy that into this file." if place else ""


@lru_cache(maxsize=1)
def _definitions(folder: Path, notebooks: tuple[str, ...]) -> dict[str, str]:
    """Where each name is defined; checks fail one after another for the same reason."""
    places = {}
    for file in notebooks:
        try:
            cells = read_sources(folder / file, MAX_SOURCE)
        except NotebookError:
            continue
        for number, cell in cells:
            for name in DEFINITION.findall(cell):
                places[name] = f"Cell {number} of the notebook {readable(file)}"
    return places
