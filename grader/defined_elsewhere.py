"""What a student's file lacks and a notebook or another file of the hand-in defines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path, PurePosixPath

from grader.handed_in.listing import beginning
from grader.handed_in.naming import GIVEN_CODE, IMPLEMENTATION, NOTEBOOK, readable
from grader.handed_in.notebook_outputs import NotebookError, read_sources
from grader.main_guard import as_imported
from grader.scopes import NOTHING_LEFT_OUT, names_given, names_of
from grader.source import MAX_SOURCE, TOO_DEEP, parsed
from grader.unfinished import is_unfinished

MOST_FILES = 5
"""Notebooks that are read, and as many Python files."""
STILL_EMPTY = "{} is still empty: nothing is done in it yet."
SET_THERE = (
    "What begins at line {} sets it, but not in every case, or only after this was run: look there."
)
NAME = re.compile(r"name '(\w+)' is not defined")
MODULE = re.compile(r"No module named '(\w+)'")
CLOSE = 0.8
"""From which likeness on, as difflib measures it, one name may be another misspelt."""
DEFINITION = re.compile(r"^(?:def|class)[ \t]+(\w+)", re.MULTILINE)


def where_defined(message: str, lacking: str, folder: Path, files: Iterable[str]) -> str:
    """A sentence where a NameError's message names what the file ``lacking`` it could have from
    another one; '' where none has it."""
    found = NAME.match(message)
    if found is None:
        return ""
    if found[1] in _names_when_run(folder / lacking):
        return (
            f"It is set under if __name__ == '__main__', which nobody runs here, nor in the "
            f"notebook: set it at the top of {readable(lacking)}."
        )
    return where_named(found[1], folder, files, lacking)


@lru_cache(maxsize=1)
def where_set(message: str, file: Path) -> str:
    """A sentence where a Python file does set the name in a NameError's message, so that this came
    too late or did not happen; '' where it does not."""
    found, tree = NAME.match(message), parsed(beginning(file, MAX_SOURCE))
    if found is None or tree is None:
        return ""
    try:
        for statement in as_imported(tree).body:
            if found[1] in names_of(statement, NOTHING_LEFT_OUT).given:
                return SET_THERE.format(statement.lineno)
    except TOO_DEEP:
        pass
    return ""


@lru_cache(maxsize=1)
def name_meant(message: str, file: Path, line: int) -> str:
    """A question after the name that a NameError's message may have misspelt, of those that are
    known in the ``line`` of a Python file; or ''. Checks fail one after another for the same
    reason."""
    found, tree = NAME.match(message), parsed(beginning(file, MAX_SOURCE))
    if found is None or tree is None:
        return ""
    try:
        known = _known_in(tree, line)
    except TOO_DEEP:
        return ""
    likely = {name for name in known if not _differ_by_one_letter(name, found[1])}
    close = get_close_matches(found[1], sorted(likely), n=1, cutoff=CLOSE)
    return f"Did you mean {close[0]}?" if close else ""


def _known_in(tree: ast.Module, line: int) -> set[str]:
    """The names of a module, and those of the function that the line is in."""
    known: set[str] = set()
    for statement in as_imported(tree).body:
        names = names_of(statement, NOTHING_LEFT_OUT)
        known |= names.given
        if statement.lineno <= line <= (statement.end_lineno or line):
            known |= names.own
    return known


def _differ_by_one_letter(name: str, other: str) -> bool:
    """As those of different gates do, such as b_r and b_z."""
    return len(name) == len(other) and sum(a != b for a, b in zip(name, other, strict=True)) == 1


def _names_when_run(file: Path) -> set[str]:
    """What a Python file sets only where it is run, not where it is imported."""
    tree = parsed(beginning(file, MAX_SOURCE))
    return {
        target.id
        for node in (tree.body if tree else ())
        if isinstance(node, ast.If) and _asks_whether_it_is_run(node.test)
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _asks_whether_it_is_run(test: ast.expr) -> bool:
    left = test.left if isinstance(test, ast.Compare) else None
    return isinstance(left, ast.Name) and left.id == "__name__"


def defined_again(name: str, file: Path) -> str:
    """A sentence where a Python file gives a function's name several meanings, one after the other;
    '' where it does not."""
    return last_of_several(name, meanings_of(name, file))


def last_of_several(name: str, meanings: Sequence[ast.stmt]) -> str:
    """The same, of what ``meanings_of`` the name has found."""
    if len(meanings) < 2:
        return ""
    *lines, last = (node.lineno for node in meanings)
    return (
        f"{name} is defined at lines {', '.join(map(str, lines))} and {last}: the last one counts."
    )


def meanings_of(name: str, file: Path) -> list[ast.stmt]:
    """The statements at a Python file's top level that define a function of that name, or give the
    name another meaning."""
    tree = parsed(beginning(file, MAX_SOURCE))
    return [node for node in (tree.body if tree else ()) if _gives(node, name)]


def _gives(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.Assign):
        named = any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
        # rnn = timed(rnn) is the same function.
        return named and not any(
            isinstance(part, ast.Name) and part.id == name for part in ast.walk(node.value)
        )
    return isinstance(node, ast.FunctionDef) and node.name == name


def still_empty(name: str, file: Path) -> str:
    """A sentence where a Python file's function of that name does nothing yet; or ''."""
    tree = parsed(beginning(file, MAX_SOURCE)) or ast.Module([], [])
    giving = [n for n in ast.walk(tree) if name in names_given(n) or _imports(n, name)]
    empty = [node for node in tree.body if is_unfinished(node)]
    return STILL_EMPTY.format(name) if len(giving) == 1 and giving[0] in empty else ""


def _imports(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.alias) and (node.asname or node.name) in (name, "*")


def where_named(
    name: str, folder: Path, files: Iterable[str], lacking: str = IMPLEMENTATION
) -> str:
    """A sentence that says where a name is defined that the file ``lacking`` should have; or ''."""
    others = sorted(file for file in files if file not in (lacking, GIVEN_CODE))
    notebooks = [file for file in others if file.lower().endswith(NOTEBOOK)][:MOST_FILES]
    scripts = [file for file in others if file.endswith(".py")][:MOST_FILES]
    return _definitions(folder, tuple(notebooks), tuple(scripts)).get(name, "")


def where_module(message: str, files: Iterable[str]) -> str:
    """A sentence where a ModuleNotFoundError's message names what lies in a folder of the hand-in,
    or a notebook; '' where nothing there has that name."""
    found = MODULE.match(message)
    for file in sorted(files) if found else ():
        path = PurePosixPath(file)
        if found and path.suffix == NOTEBOOK and path.stem == found[1]:
            return (
                f"{readable(file)} is in the hand-in, but a notebook is no module, and what makes "
                f"modules of notebooks is not here: copy its functions into {IMPLEMENTATION}."
            )
        module = path.parent if path.name == "__init__.py" else path.with_suffix("")
        if found and path.suffix == ".py" and module.name == found[1] and len(module.parts) > 1:
            return (
                f"{readable(file)} is in the hand-in, but not where Python looks for it: import it "
                f"as {readable('.'.join(module.parts))}, or put it beside {IMPLEMENTATION}."
            )
    return ""


@lru_cache(maxsize=1)
def _definitions(
    folder: Path, notebooks: tuple[str, ...], scripts: tuple[str, ...]
) -> dict[str, str]:
    """Where each name is defined; checks fail one after another for the same reason."""
    told = {}
    for file in notebooks:
        try:
            cells = read_sources(folder / file, MAX_SOURCE)
        except NotebookError:
            continue
        for number, cell in cells:
            for name in DEFINITION.findall(cell):
                place = f"Cell {number} of the notebook {readable(file)}"
                told[name] = f"{place} defines it: copy that into this file."
    for file in scripts:
        text = beginning(folder / file, MAX_SOURCE).decode("utf-8", "replace")
        for name in DEFINITION.findall(text):
            told[name] = f"{readable(file)} defines it: import it from there, or copy it."
    return told
