"""The questions' files, and what they say of themselves, read without running them.

A check's name, docstring and marks stand in the text of its file, so they can be told in
milliseconds, without torch. What is found here is what pytest collects: a test compares the two.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import HarnessError
from grader.model import Question, by_number

QUESTIONS = Path(__file__).with_name("questions")
QUESTION_FILE = re.compile(r"test_(?P<id>[a-z0-9]+)_\w+\.py")
PACKAGE = "grader.questions."
ADVISORY = "advisory"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class CheckText:
    """A check as its file has it; ``cases`` says how often it runs, None: its file does not say."""

    name: str
    asks: str
    advisory: bool
    cases: int | None = 1
    by_threshold: bool = False
    """Whether it runs once for each loss threshold of the rubric."""


@dataclass(frozen=True)
class QuestionText:
    """A question as its file has it."""

    question: Question
    about: str
    checks: tuple[CheckText, ...]


def question_files() -> dict[str, Path]:
    """The questions' files by id, in the order of the ids."""
    matches = ((QUESTION_FILE.fullmatch(file.name), file) for file in QUESTIONS.iterdir())
    files = {match["id"]: file for match, file in matches if match}
    return {id: files[id] for id in sorted(files, key=by_number)}


def read_question(file: Path) -> QuestionText:
    """What the file of a question says. Raises HarnessError where that is not understood."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    values = _assigned(tree.body)
    return QuestionText(
        question=_question(values.get("QUESTION"), file),
        about=ast.get_docstring(tree) or "",
        checks=tuple(_checks(tree, values)),
    )


def _question(value: ast.expr | None, file: Path) -> Question:
    try:
        if not isinstance(value, ast.Call):
            raise ValueError
        return Question(**{str(k.arg): ast.literal_eval(k.value) for k in value.keywords})
    except ValueError:
        raise HarnessError(f"{file.name} has no QUESTION that can be read") from None


def _checks(tree: ast.Module, values: dict[str, ast.expr]) -> Iterator[CheckText]:
    """The checks in pytest's order: of each class those of its bases come first."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            found: dict[str, CheckText] = {}
            for base in _bases(node, tree):
                found |= {f.name: _check(f, values) for f in _tests(base.body)}
            sizes = _assigned(node.body).get("other")
            for check in found.values():
                yield _with_sizes(check, sizes)
        for function in _tests([node]):
            yield _check(function, values)


def _bases(node: ast.ClassDef, tree: ast.Module) -> Iterator[ast.ClassDef]:
    """The classes that make up a class, itself last, as far as they are among the questions."""
    for base in node.bases:
        if isinstance(base, ast.Name):
            for where in (tree, *_imported(base.id, tree)):
                for other in where.body:
                    if isinstance(other, ast.ClassDef) and other.name == base.id:
                        yield from _bases(other, where)
    yield node


def _imported(name: str, tree: ast.Module) -> Iterator[ast.Module]:
    """The module of this package that a name is imported from."""
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(PACKAGE):
            continue
        if name in {alias.asname or alias.name for alias in node.names}:
            path = QUESTIONS.joinpath(*str(node.module).removeprefix(PACKAGE).split("."))
            yield ast.parse(path.with_suffix(".py").read_text(encoding="utf-8"))


def _tests(body: list[ast.stmt]) -> Iterator[Function]:
    for node in body:
        if isinstance(node, Function) and node.name.startswith("test_"):
            yield node


def _check(node: Function, values: dict[str, ast.expr]) -> CheckText:
    marks = [ast.unparse(decorator) for decorator in node.decorator_list]
    arguments = {argument.arg for argument in node.args.args}
    cases: int | None = 1
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and "parametrize" in ast.unparse(decorator.func):
            cases = _length(decorator.args[1], values)
            break
    else:
        # Filled in by a pytest_generate_tests: by sizes, of the class or not, or by the rubric.
        if arguments & {"sizes", "threshold"}:
            cases = None
    return CheckText(
        name=node.name.removeprefix("test_"),
        asks=(ast.get_docstring(node) or "").split("\n")[0],
        advisory=any(mark.rsplit(".", 1)[-1].startswith(ADVISORY) for mark in marks),
        cases=cases,
        by_threshold="threshold" in arguments,
    )


def _with_sizes(check: CheckText, sizes: ast.expr | None) -> CheckText:
    if check.cases is None and isinstance(sizes, ast.Tuple):
        return replace(check, cases=len(sizes.elts))
    return check


def _length(value: ast.expr, values: dict[str, ast.expr]) -> int | None:
    if isinstance(value, ast.Name):
        value = values.get(value.id, value)
    return len(value.elts) if isinstance(value, ast.Tuple | ast.List) else None


def _assigned(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """What names are assigned in a module or class, by name."""
    return {
        target.id: node.value
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
