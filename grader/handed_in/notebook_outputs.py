"""What the cells of a notebook say and printed, read as plain data: nothing of it is ever run.

A notebook comes from a student, so its size is bounded and nothing is taken for granted: whatever
is not as it should be is passed over, and what cannot be read at all is a NotebookError.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.regular import open_regular

MOST_BYTES = 8 << 20
"""Notebooks with plots have some MB. JSON takes up to 30 times its size in memory."""
MOST_CELLS = 2000
MOST_OUTPUTS = 1000
MOST_TEXT = 200_000
"""Characters of one cell's output; of more, the last ones count."""


class NotebookError(Exception):
    """The file is no notebook that can be read; the message says why."""


@dataclass(frozen=True)
class Cell:
    """A cell of code: its number among all cells, counted from one, and what it printed."""

    number: int
    text: str
    has_output: bool


def read_outputs(file: Path) -> list[Cell]:
    """The code cells of a notebook. Raises NotebookError."""
    return [_cell(number, cell) for number, cell in _code_cells(file)]


def read_sources(file: Path, most: int) -> list[tuple[int, str]]:
    """The code of a notebook's cells and their numbers, up to ``most`` characters of all together.

    A cell that would be over that is left out. Raises NotebookError.
    """
    sources = []
    for number, cell in _code_cells(file):
        # In the format of 2014 and before it was the cell's input.
        source = _whole(cell.get("source", cell.get("input")))
        if len(source) <= most:
            most -= len(source)
            sources.append((number, source))
    return sources


def _code_cells(file: Path) -> list[tuple[int, dict[str, Any]]]:
    notebook = _parsed(file)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if cells is None and isinstance(notebook, dict):  # the format of 2014 and before
        sheets = notebook.get("worksheets")
        first = sheets[0] if isinstance(sheets, list) and sheets else None
        cells = first.get("cells") if isinstance(first, dict) else None
    if not isinstance(cells, list):
        raise NotebookError("it has no list of cells")
    return [
        (number, cell)
        for number, cell in enumerate(cells[:MOST_CELLS], start=1)
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]


def _parsed(file: Path) -> Any:
    try:
        reader = open_regular(file)
        if reader is None:
            raise NotebookError("it is no regular file")
        with reader:
            data = reader.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotebookError(f"it cannot be read: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise NotebookError(f"it is larger than {MOST_BYTES >> 20} MB")
    try:
        return json.loads(data.decode("utf-8-sig", "replace"))
    except RecursionError:
        raise NotebookError("it is nested too deep") from None
    except ValueError:
        raise NotebookError("it is no JSON") from None


def _cell(number: int, cell: dict[str, Any]) -> Cell:
    outputs = cell.get("outputs")
    outputs = outputs[:MOST_OUTPUTS] if isinstance(outputs, list) else []
    text = "".join(_texts(outputs))
    return Cell(number, text[-MOST_TEXT:], bool(outputs))


def _texts(outputs: list[Any]) -> Iterator[str]:
    """The texts of a cell's outputs. Two prints may share a line; other outputs have their own."""
    for output in outputs:
        if not isinstance(output, dict):
            continue
        if "text" in output:
            yield _joined(output["text"])
        data = output.get("data")
        if isinstance(data, dict) and "text/plain" in data:
            yield f"\n{_joined(data['text/plain'])}\n"


def _joined(text: Any) -> str:
    return _whole(text)[-MOST_TEXT:]


def _whole(text: Any) -> str:
    """A text as notebooks have it: one string, or a list of lines."""
    if isinstance(text, str):
        return text
    if isinstance(text, list):
        return "".join(line for line in text if isinstance(line, str))
    return ""
