"""What a student's code shows as it is written, where what a function returns is wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from grader.defined_elsewhere import defined_again, gives
from grader.listing import beginning
from grader.model import Hint
from grader.naming import FUNCTIONS, readable
from grader.source import MAX_SOURCE, parsed

ORDER = "The arguments are taken in another order"
RETURN = "The function returns in the first round of its loop"
TWICE = "The function is defined more than once"
WHERE = {
    ORDER: "the order of the arguments",
    RETURN: "the line with return",
    TWICE: "which definition counts",
}
"""The hints' titles, and where each of them says to look."""


def hint_of_code(function: str, file: Path, *, location_only: bool = False) -> Hint | None:
    """The first of these mistakes that the definition of the function in the file has, if any.

    With ``location_only`` it tells no more than where to look.
    """
    hint = next(_hints(function, file), None)
    if hint is None or not location_only:
        return hint
    return Hint(title=f"Look at {WHERE[hint.title]}")


def written_again(function: str, file: Path) -> str:
    """A sentence where the file gives the function several definitions; '' where it does not."""
    return defined_again(function, file) if function in FUNCTIONS else ""


def takes_other_order(function: str, file: Path) -> bool:
    """Whether the function has an argument of the assignment's where another one comes."""
    definition = _definition(function, file)
    return definition is not None and _is_in_other_order(function, definition)


def _hints(function: str, file: Path) -> Iterator[Hint]:
    definition = _definition(function, file)
    if definition is not None and _is_in_other_order(function, definition):
        names = readable(", ".join(arg.arg for arg in _arguments(definition)))
        yield Hint(
            title=ORDER,
            explanation=f"Yours are ({names}). The notebook gives them without names, in the order "
            f"({FUNCTIONS[function]}).",
            hint=f"Compare the line that begins with def {function} with the assignment's.",
        )
    if definition is not None and any(_ends_in_first_round(loop) for loop in _loops(definition)):
        yield Hint(
            title=RETURN,
            explanation="A return statement is inside of the loop, and under no condition: the "
            "further rounds never come.",
            hint="How far should the line with return be indented?",
        )
    if again := written_again(function, file):
        yield Hint(
            title=TWICE,
            explanation=again,
            hint="Is it that one which you looked at?",
        )


def _definition(function: str, file: Path) -> ast.FunctionDef | None:
    """The one at the top level that counts; None where the name has another meaning in the end."""
    tree = parsed(beginning(file, MAX_SOURCE)) if function in FUNCTIONS else None
    last = next((n for n in reversed(tree.body if tree else []) if gives(n, function)), None)
    return last if isinstance(last, ast.FunctionDef) else None


def _arguments(definition: ast.FunctionDef) -> list[ast.arg]:
    return [*definition.args.posonlyargs, *definition.args.args]


def _is_in_other_order(function: str, definition: ast.FunctionDef) -> bool:
    wanted = FUNCTIONS[function].split(", ")
    places = {name.lower(): place for place, name in enumerate(wanted)}
    names = [arg.arg.lower() for arg in _arguments(definition)]
    return any(places.get(name, place) != place for place, name in enumerate(names))


def _loops(definition: ast.FunctionDef) -> Iterator[ast.For | ast.While]:
    """The loops of the function itself, and not of one that is defined within it."""
    waiting: list[ast.stmt] = list(definition.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.For, ast.While)):
            yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            waiting += (
                child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)
            )


def _ends_in_first_round(loop: ast.For | ast.While) -> bool:
    """Whether a return stands in the loop itself, and nothing goes on to the next round before."""
    before = list(takewhile(lambda statement: not isinstance(statement, ast.Return), loop.body))
    parts = (part for statement in before for part in ast.walk(statement))
    return len(before) < len(loop.body) and not any(isinstance(p, ast.Continue) for p in parts)
