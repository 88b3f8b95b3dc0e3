"""Finds the implementation in a file whose name says nothing, such as ``hw4.py``.

Its text is parsed, never imported, and no more of it than is bounded below.
"""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

from grader.handed_in.listing import Files, beginning, listed
from grader.handed_in.naming import (
    FUNCTIONS,
    GIVEN_CODE,
    IMPLEMENTATION,
    NOTEBOOK,
    is_other_code,
    main_file,
    main_files,
    readable,
)
from grader.source import MAX_SOURCE, parsed
from grader.unfinished import is_unfinished

ENOUGH = 2
"""So many of them; one alone, such as ``rnn``, other code may have, too."""
MAX_EMPTY = 100_000
"""Bytes of a file that may be nothing but comments."""
UNFINISHED = "has nothing but functions that return nothing"
MAX_PARSED = 2_000_000
"""Bytes of all files: a hand-in's reading shall not take minutes."""


def without_empty(files: Files) -> tuple[Files, list[str]]:
    """The files but for implementations in which nothing is done, and what is said of these."""
    named = [file for file, (main, _) in main_files(files).items() if main == IMPLEMENTATION]
    read = {file: _what_is_missing(beginning(files[file], MAX_EMPTY + 1)) for file in named}
    empty = {file: what for file, what in read.items() if what}
    kept = {file: place for file, place in files.items() if file not in empty}
    return kept, [f"{readable(str(file))} {what}" for file, what in empty.items()]


def with_implementation(files: Files) -> tuple[Files, list[str]]:
    """The files, one of them as ``implementation.py`` if it must be it, and what is said of that.

    It must be if none is so named by any spelling, and it alone defines enough of the functions.
    """
    if has_implementation(files):
        return files, []
    found = _candidates(files)
    if not found:
        return files, []
    if len(found) > 1:
        words = f"there is no {IMPLEMENTATION}, and several files could be it: {listed([*found])}"
        advice = "rename the right one, or give each student a folder if they are of several"
        return files, [f"{words}; none was taken; {advice} (or grade the platform's export)"]
    [(file, functions)] = found.items()
    renamed = file.with_name(IMPLEMENTATION)
    if any(renamed in other.parents for other in files):
        return files, []
    taken = {renamed if name == file else name: place for name, place in files.items()}
    what = ", ".join(functions)
    words = f"there is no {IMPLEMENTATION}; {readable(str(file))}, which defines {what}"
    return taken, [f"{words}, was read as it"]


def what_could_be_it(files: Files) -> list[str]:
    """The note that names the Python files, or else notebooks, where no implementation is."""
    code = _others(files)
    notebooks = [file for file in files if file.suffix.lower() == NOTEBOOK]
    if has_implementation(files) or not (code or notebooks):
        return []
    kind = "Python files" if code else "notebooks"
    return [f"there is no {IMPLEMENTATION}; the {kind} are: {listed(code or notebooks)}"]


def has_implementation(files: Files) -> bool:
    """Whether a file has the implementation's name, by any spelling."""
    return any(main == IMPLEMENTATION for main, _ in main_files(files).values())


def _what_is_missing(source: bytes) -> str:
    """What is said of a file that defines and runs nothing, or '': comments, imports but those of
    the functions, a text before them, and functions as they were given. A text alone is left to be
    graded as it is."""
    tree = parsed(source) if len(source) <= MAX_EMPTY else None
    if tree is None:
        return ""
    body = tree.body[1:] if ast.get_docstring(tree) and len(tree.body) > 1 else tree.body
    if not all(_does_nothing(node) or is_unfinished(node) for node in body):
        return ""
    return UNFINISHED if any(map(is_unfinished, body)) else "has no code in it"


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return not {"*", *FUNCTIONS} & {alias.asname or alias.name for alias in node.names}
    return isinstance(node, (ast.Import, ast.Pass))


def _others(files: Files) -> list[PurePosixPath]:
    """The student's Python files that are none of the main files."""
    python = (file for file in files if file.suffix.lower() == ".py" and file.name != GIVEN_CODE)
    return [file for file in python if main_file(file.name) is None]


def _candidates(files: Files) -> dict[PurePosixPath, list[str]]:
    """Which files define enough of the functions, and which ones."""
    found = {}
    left = MAX_PARSED
    for file in (file for file in _others(files) if not is_other_code(file.stem)):
        source = beginning(files[file], MAX_SOURCE + 1)
        left -= len(source)
        if left < 0:
            break
        functions = _functions(source)
        if len(functions) >= ENOUGH:
            found[file] = functions
    return found


def _functions(source: bytes) -> list[str]:
    """Those of the assignment's functions that are defined at top level."""
    if sum(f"def {name}".encode() in source for name in FUNCTIONS) < ENOUGH:
        return []
    tree = parsed(source)
    body = tree.body if tree is not None else []
    defined = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    return [name for name in FUNCTIONS if name in defined]
