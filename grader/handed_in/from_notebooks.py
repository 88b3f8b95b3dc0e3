"""Finds the implementation in a notebook, where no Python file is it.

What the notebook accepts is accepted here: a cell that writes ``implementation.py``, or cells that
define its functions. A notebook is read as data and its code parsed, within bounds; none of it is
run before a worker does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path, PurePosixPath

from grader.handed_in.cells import (
    Definition,
    definitions_in,
    finished_of,
    functions_of,
    reached,
    written_files,
)
from grader.handed_in.imported import imported_names
from grader.handed_in.listing import Files, beginning, listed
from grader.handed_in.naming import (
    FUNCTIONS,
    IMPLEMENTATION,
    MODEL_CODE,
    NOTEBOOK,
    by_depth,
    is_called_a_copy,
    is_other_code,
    main_file,
    main_files,
    readable,
    without_number,
)
from grader.handed_in.notebook_outputs import NotebookError, read_sources
from grader.handed_in.versions import latest_files_first
from grader.source import MAX_SOURCE
from grader.worker.notebook_code import BY_THEMSELVES

MOST_NOTEBOOKS = 10
MOST_WRITTEN = 20
"""Modules that are taken because what was taken imports them."""
MOST_BROKEN = 5
"""Cells that are named, of those that cannot be read."""
MOST_BEFORE = 64
"""Bytes that are looked at for the brace that a notebook begins with."""
BLANK = b"\xef\xbb\xbf \t\r\n"
CHECKPOINT = "checkpoint"
"""In the name of a copy that Jupyter makes while one works."""
A_FUNCTION = re.compile(rf"^[ \t]*def ({'|'.join(FUNCTIONS)})\(", re.MULTILINE)


@dataclass(frozen=True)
class Notebook:
    """A notebook of a hand-in, and the code of its cells with their numbers."""

    file: PurePosixPath
    cells: tuple[tuple[int, str], ...]

    @property
    def is_other(self) -> bool:
        """Whether its name says that it is no work to be graded, such as a test."""
        return is_other_code(self.file.stem) or CHECKPOINT in self.file.stem.lower()

    @cached_property
    def written(self) -> dict[str, str]:
        """The Python files that its cells write."""
        return written_files(cell for _, cell in self.cells)

    def writes(self, main: str) -> str:
        """What its cells write into a main file, by the likest name, or nothing."""
        known = ((found, text) for name, text in self.written.items() if (found := main_file(name)))
        texts = [(spelling, text) for (name, spelling), text in known if name == main]
        return min(texts)[1] if texts else ""

    @cached_property
    def _parsed(self) -> list[tuple[int, list[Definition] | None]]:
        return [(number, definitions_in(cell)) for number, cell in self.cells]

    @cached_property
    def definitions(self) -> list[Definition]:
        """What its cells define, in order."""
        return [one for _, found in self._parsed for one in found or ()]

    @cached_property
    def functions(self) -> list[str]:
        """Those of the assignment's functions that they define."""
        return functions_of(self.definitions)

    @cached_property
    def finished(self) -> list[str]:
        """Those of them in which something is done."""
        return finished_of(self.definitions)

    @property
    def broken(self) -> list[str]:
        """What is said of cells that are no Python and may define a function."""
        without = {number for number, found in self._parsed if found is None}
        return [
            f"cell {number} of the notebook {self}, with {', '.join(names)}, is no Python and was "
            "left out"
            for number, cell in self.cells
            if number in without and (names := dict.fromkeys(A_FUNCTION.findall(cell)))
        ]

    def __str__(self) -> str:
        return readable(str(self.file))


def with_code_of_notebooks(files: Files, into: Path) -> tuple[Files, list[str]]:
    """The files, with code of the notebooks where it is lacking, and what is said of that.

    A cell that writes ``implementation.py`` comes before cells that define its functions; a cell
    that writes ``rnn_lm.py`` is taken, too. A notebook whose name says that it is a test or a
    checkpoint comes last, then one with less that is finished, then what is called a copy, then an
    earlier version; functions that the first one lacks, or has left unfinished, are taken from the
    next. What is taken is written below the new folder ``into``, and lies beside its notebook.
    """
    files, notes = _by_their_content(files)
    names = [file for file in files if file.suffix.lower() == NOTEBOOK]
    have = {main for main, _ in main_files(files).values()}
    lacking = [main for main in (IMPLEMENTATION, MODEL_CODE) if main not in have]
    taking = _Taking(files, into)
    notebooks, unread = _read(names[:MOST_NOTEBOOKS] if lacking else [], files)
    for main in lacking:
        taking.take_written(main, sorted(notebooks, key=_by_version))
    if IMPLEMENTATION in lacking and not taking.has(IMPLEMENTATION):
        taking.take_definitions(sorted(notebooks, key=_by_content))
    return taking.files, [*notes, *taking.notes, *unread[:MOST_BROKEN]]


def _by_their_content(files: Files) -> tuple[Files, list[str]]:
    """The files, those that are notebooks in fact under such a name, and what is said of that."""
    known: Files = {}
    notes = []
    for file, place in files.items():
        name = file.with_suffix(NOTEBOOK)
        if file.suffix == ".py" and name not in files and _is_notebook(file, place):
            notes.append(f"{readable(str(file))} is a notebook, and was read as one")
            known[name] = place
        else:
            known[file] = place
    return known, notes


def _is_notebook(file: PurePosixPath, place: Path) -> bool:
    """Whether it has cells of code; it must begin as JSON does."""
    if not beginning(place, MOST_BEFORE).lstrip(BLANK).startswith(b"{"):
        return False
    found, _ = _read([file], {file: place})
    return bool(found)


class _Taking:
    """The files of a hand-in, while code of its notebooks is put among them."""

    def __init__(self, files: Files, into: Path) -> None:
        self.notes: list[str] = []
        self._all = files
        self._into = into
        self._taken: Files = {}

    @property
    def files(self) -> Files:
        both = self._all | self._taken
        return latest_files_first(both) if self._taken else both

    def has(self, name: str) -> bool:
        """Whether a file of that name has been taken."""
        return any(file.name == name for file in self._taken)

    def take_written(self, main: str, notebooks: Iterable[Notebook]) -> None:
        """Take a main file from the first notebook that writes it."""
        writing = [(notebook, text) for notebook in notebooks if (text := notebook.writes(main))]
        if not writing:
            return
        [(notebook, text), *others] = writing
        if self._put(notebook, main, text):
            words = f"one was taken from the cell of the notebook {notebook} that writes it"
            self._note(main, words, [other for other, _ in others])
            self._take_imported([notebook])

    def take_definitions(self, notebooks: Sequence[Notebook]) -> None:
        """Make an implementation of what the notebooks define."""
        used: list[tuple[Notebook, list[str]]] = []
        found: list[tuple[Notebook, list[str]]] = []
        for is_other in (False, True):
            group = [notebook for notebook in notebooks if notebook.is_other is is_other]
            found += [(notebook, notebook.finished) for notebook in group]
            # What nobody has finished is graded as it is.
            found += [(notebook, notebook.functions) for notebook in group]
        for notebook, names in found:
            known = {name for _, before in used for name in before}
            if new := [name for name in names if name not in known]:
                used.append((notebook, new))
        broken = [words for notebook in notebooks for words in notebook.broken]
        self.notes += broken[:MOST_BROKEN]
        if not used:
            return
        # The last definition of a name counts, so the notebook that comes first is written last.
        pieces = [reached(notebook.definitions, new) for notebook, new in reversed(used)]
        text = "\n\n".join([BY_THEMSELVES, *(one.text for one in chain(*pieces))]) + "\n"
        if not self._put(used[0][0], IMPLEMENTATION, text):
            return
        places = " and ".join(f"{_several(names)} from the notebook {n}" for n, names in used)
        words = f"one was made of {places}, and its lines are counted in what was taken"
        taken = [notebook for notebook, _ in used]
        self._note(IMPLEMENTATION, words, [n for n in notebooks if n.functions and n not in taken])
        self._take_imported(taken)

    def _note(self, main: str, words: str, others: Sequence[Notebook]) -> None:
        self.notes.append(f"no {main} with code in it was handed in; {words}")
        if others:
            names = listed([notebook.file for notebook in others])
            self.notes.append(f"there is another {main}, which was not graded, in: {names}")

    def _take_imported(self, notebooks: Sequence[Notebook]) -> None:
        """Take other files that cells write, where what was taken imports them."""
        waiting = list(self._taken.values())
        while waiting and len(self._taken) < MOST_WRITTEN:
            names = sorted(f"{module}.py" for module in imported_names(waiting.pop()))
            found = [(n, name) for name in names for n in notebooks if name in n.written]
            places = [self._put(n, name, n.written[name]) for n, name in found]
            waiting += [place for place in places if place]

    def _put(self, notebook: Notebook, name: str, text: str) -> Path | None:
        """Write a file to lie beside a notebook, unless one of that name was handed in."""
        file = notebook.file.with_name(name)
        both = (*self._all, *self._taken)
        if any(other.name.lower() == name.lower() or file in other.parents for other in both):
            return None
        self._into.mkdir(parents=True, exist_ok=True)
        place = self._into / f"{len(self._taken)}.py"
        place.write_text(text, encoding="utf-8", errors="replace")
        self._taken[file] = place
        return place


def _read(names: Iterable[PurePosixPath], files: Files) -> tuple[list[Notebook], list[str]]:
    """The notebooks that can be read, and what is said of the others."""
    found, unread = [], []
    for name in names:
        try:
            found.append(Notebook(name, tuple(read_sources(files[name], MAX_SOURCE))))
        except NotebookError as error:
            unread.append(f"the notebook {readable(str(name))} is damaged, so ask for it: {error}")
    return found, unread


def _by_version(notebook: Notebook) -> tuple[object, ...]:
    """The order by the names alone: the last version first, copies after it, and others last."""
    stem = notebook.file.stem
    version = -without_number(stem)[1]
    return notebook.is_other, is_called_a_copy(stem), version, by_depth(notebook.file)


def _by_content(notebook: Notebook) -> tuple[object, ...]:
    is_other, *rest = _by_version(notebook)
    return is_other, -len(notebook.finished), *rest


def _several(functions: Sequence[str]) -> str:
    return "the functions" if len(functions) == len(FUNCTIONS) else ", ".join(functions)
