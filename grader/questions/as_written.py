"""What a student's code shows as it is written, where what a function returns is wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from grader.defined_elsewhere import last_of_several, meanings_of
from grader.handed_in.naming import FUNCTIONS, readable
from grader.model import Hint

ORDER = "The arguments are taken in another order"
RETURN = "The function returns in the first round of its loop"
TWICE = "The function is defined more than once"
TANGENT = "The tangent stands in the place of the hyperbolic tangent"
WHERE = {
    ORDER: "the order of the arguments",
    RETURN: "the line with return",
    TWICE: "which definition counts",
    TANGENT: "the nonlinearity",
}
"""The hints' titles, and where each of them says to look."""


@dataclass(frozen=True)
class Seen:
    """What the file shows of a function."""

    hint: Hint | None = None
    """The first of the mistakes that its definition has."""
    again: str = ""
    """A sentence where it has several definitions; '' where it has not."""

    @property
    def explains_all(self) -> bool:
        """Whether its arguments are taken for others, which a diagnosis may call something else."""
        return self.hint is not None and self.hint.title == ORDER


def seen_in(function: str, file: Path) -> Seen:
    """What there is to see, of the assignment's functions alone."""
    meanings = meanings_of(function, file) if function in FUNCTIONS else []
    again = last_of_several(function, meanings)
    return Seen(next(_hints(function, meanings, again), None), again)


def place_of(hint: Hint) -> Hint:
    """No more of the hint than where to look."""
    return Hint(title=f"Look at {WHERE[hint.title]}")


def _hints(function: str, meanings: Sequence[ast.stmt], again: str) -> Iterator[Hint]:
    # Where the name has another meaning in the end, nobody runs the definition.
    last = meanings[-1] if meanings else None
    if isinstance(last, ast.FunctionDef) and _is_in_other_order(function, last):
        names = readable(", ".join(arg.arg for arg in _arguments(last)))
        yield Hint(
            title=ORDER,
            explanation=f"Yours are ({names}). The notebook gives them without names, in the order "
            f"({FUNCTIONS[function]}).",
            hint=f"Compare the line that begins with def {function} with the assignment's.",
        )
    if isinstance(last, ast.FunctionDef) and any(map(_ends_in_first_round, _loops(last))):
        yield Hint(
            title=RETURN,
            explanation="A return statement is inside of the loop, and under no condition: the "
            "further rounds never come.",
            hint="How far should the line with return be indented?",
        )
    if isinstance(last, ast.FunctionDef) and any(map(_is_tangent, ast.walk(last))):
        yield Hint(
            title=TANGENT,
            explanation="The two have nothing in common but their names and a slope of one at "
            "zero: the tangent has no bounds.",
            hint="Look at the name of the function that the sums are given to.",
        )
    if again:
        yield Hint(title=TWICE, explanation=again, hint="Is it that one which you looked at?")


def _is_tangent(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="np" | "numpy" | "torch" | "math"), attr="tan"):
            return True
    return False


def _arguments(definition: ast.FunctionDef) -> list[ast.arg]:
    return [*definition.args.posonlyargs, *definition.args.args]


def _is_in_other_order(function: str, definition: ast.FunctionDef) -> bool:
    wanted = FUNCTIONS[function].split(", ")
    places = {name.lower(): place for place, name in enumerate(wanted)}
    names = [arg.arg.lower() for arg in _arguments(definition)]
    if len(names) - len(definition.args.defaults) > len(wanted):  # such as a self
        return False
    if len(names) < len(wanted) and definition.args.vararg is None:  # one is left out
        return False
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
