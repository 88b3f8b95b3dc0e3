"""Takes class definitions, and what they need, out of notebooks and scripts without running them.

A notebook trains for hours and reads files that are not here. Its definitions do neither: imports,
classes, functions, and assignments of constants are run, each by itself, and the rest is not.
"""

from __future__ import annotations

import ast
import builtins
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from pathlib import Path
from types import CodeType, MappingProxyType, ModuleType
from typing import Any

MAGIC = re.compile(r"^(?P<indent>\s*+)(?:[%!?].*|[\w.,\s]+=\s*[%!].*|[\w.]+\?{1,2}\s*)$")
"""A line of IPython's own: ``%matplotlib inline``, ``!pip install``, ``files = !ls``, ``help?``."""

PYTHON_CELLS = frozenset("capture file prun python python3 time timeit writefile".split())
"""The magics of a whole cell after which Python follows: ``%%writefile rnn_lm.py``."""

SIMPLE = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.keyword),
    *(ast.Tuple, ast.List, ast.Dict, ast.Set, ast.JoinedStr, ast.FormattedValue),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Lambda, ast.arguments),
    *(ast.arg, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension),
)
"""What an assignment may consist of to be run, besides calls of ``QUICK`` and ``QUICK_OF_ANY``."""

QUICK = frozenset(
    "torch.device device torch.cuda.is_available torch.backends.mps.is_available len int float str "
    "bool min max sum abs round range list tuple dict set sorted ord chr math.sqrt math.ceil "
    "zip enumerate frozenset "
    "math.log namedtuple collections.namedtuple TypeVar Path np.exp np.log np.tanh".split()
)
"""Functions that are called in such an assignment: they take no time and read no file."""
MAKES_A_FUNCTION = frozenset({"vectorize", "frompyfunc", "partial"})
"""The last parts of the names of functions that keep what they are given, and do not call it."""
QUICK_OF_ANY = MAKES_A_FUNCTION | frozenset(
    "array asarray zeros ones eye full arange linspace tensor from_numpy float32 float64 int32 "
    "int64 default_rng RandomState Generator Softmax Sigmoid Tanh ReLU sqrt finfo iinfo dtype prod "
    "floor ceil log exp tanh identity diag tril triu outer concatenate stack hstack vstack".split()
)
"""The same of functions of NumPy's and torch's, whatever name these were imported by."""
MOST_NUMBERS = 1_000_000
"""In an array that such a call makes, as far as its size is written there."""

BY_THEMSELVES = "# Taken from a notebook: each definition is run by itself."
"""The first line of a file that was made of a notebook's definitions."""

FUNCTION_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.ClassDef, *FUNCTION_DEFS)


def notebook_tree(file: Path) -> ast.Module:
    """The code cells of a notebook as one module; cells that are not Python are left out.

    Lines are counted within each cell. Raises ValueError when the file is no notebook.
    """
    import nbformat

    reads: Any = nbformat.reads  # without annotations
    try:
        notebook = reads(file.read_text("utf-8", "replace"), as_version=4)
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    except Exception as error:  # whatever a damaged notebook makes nbformat stumble over
        raise ValueError(f"{file.name} is no notebook that can be read") from error
    codes = (cell_code(source) for source in cells)
    return ast.Module([node for code in codes if code for node in code[0].body], [])


def script_tree(file: Path) -> ast.Module:
    """A Python file as a module. Raises SyntaxError where it is none."""
    return ast.parse(file.read_bytes(), filename=str(file))


def is_of_definitions(file: Path) -> bool:
    """Whether a Python file was made of a notebook's definitions."""
    mark = BY_THEMSELVES.encode()
    if not file.is_file():
        return False
    with file.open("rb") as reader:
        return reader.read(len(mark)) == mark


def defined_names(tree: ast.Module) -> set[str]:
    """The classes, functions and variables that a module defines for itself."""
    names = set()
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def trains_when_run(tree: ast.Module) -> bool:
    """Whether it is certain that a module trains when it is run.

    A statement that is run in any case calls ``backward``, or a function there that does. What
    stands under a condition may not be run: ``if __name__ == "__main__"``, or where no model is
    saved yet.
    """
    functions = [node for node in tree.body if isinstance(node, FUNCTION_DEFS)]
    training, before = set[str](), {""}
    while training != before:
        before = set(training)
        training |= {node.name for node in functions if _calls(ast.walk(node), before)}
    return any(_calls(_run_in(node), training) for node in tree.body)


def _run_in(statement: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that are run with it, but for what has a condition."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (*FUNCTION_DEFS, ast.ClassDef, ast.Lambda, ast.If, ast.IfExp)):
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def _calls(nodes: Iterable[ast.AST], functions: Set[str]) -> bool:
    """Whether one of the nodes calls one of the functions, or ``backward`` of something."""
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    return any(
        func.attr == "backward"
        if isinstance(func, ast.Attribute)
        else isinstance(func, ast.Name) and func.id in functions
        for func in called
    )


def module_of_definitions(
    name: str,
    tree: ast.Module,
    file: Path,
    stand_in_for: Callable[[ModuleNotFoundError], bool],
    given: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[ModuleType, list[str]]:
    """A module of that name, in which the definitions were run, and what was said of failed ones.

    ``given`` are variables that it has from the beginning.
    """
    module = ModuleType(name)
    module.__file__ = str(file)
    vars(module).update(given)
    sys.modules[name] = module
    return module, run_definitions(tree, vars(module), str(file), stand_in_for)


def run_definitions(
    tree: ast.Module,
    namespace: dict[str, Any],
    filename: str,
    stand_in_for: Callable[[ModuleNotFoundError], bool] = lambda _: False,
) -> list[str]:
    """Run the definitions of a module in order; returns what was said of those that failed.

    One that fails is passed over: a variable may come from a statement that is not run. Classes
    that need it fail in words of their own. ``stand_in_for`` says of a package that is not here
    whether to import it once more.
    """
    failures = []
    for statement in filter(is_definition, tree.body):
        try:
            code = compile(ast.Module([statement], []), filename, "exec")
            run_code(code, namespace, stand_in_for)
        except Exception as error:
            failures.append(f"{ast.unparse(statement).splitlines()[0][:80]}: {error}")
    return failures


def run_code(
    code: CodeType,
    namespace: dict[str, Any],
    stand_in_for: Callable[[ModuleNotFoundError], bool],
) -> None:
    """Run a statement, again where an import of it may do better; raises what it raises."""
    # It has the builtins that other student code has, not this program's own.
    namespace.setdefault("__builtins__", vars(builtins))
    while True:
        try:
            exec(code, namespace)
        except ModuleNotFoundError as error:
            if stand_in_for(error):
                continue
            raise
        return


def cell_code(source: str) -> tuple[ast.Module, str] | None:
    """A cell's code without IPython's own lines, and its text; None where that is no Python."""
    if source.lstrip().startswith("%%"):
        magic, _, source = source.lstrip().partition("\n")
        if magic[2:].split(" ")[0] not in PYTHON_CELLS:
            return None
    for text in (source, "\n".join(map(_without_magic, source.split("\n")))):
        try:
            return ast.parse(text), text
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _without_magic(line: str) -> str:
    magic = MAGIC.match(line)
    return f"{magic['indent']}pass" if magic else line


def is_definition(node: ast.stmt) -> bool:
    """Whether a statement is run; one that is nested too deep to tell is not."""
    try:
        return _is_definition(node)
    except RecursionError:
        return False


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, (*DEFINITIONS, ast.Pass)):
        return True
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return (
            all(_is_plain_target(target) for target in targets)
            and node.value is not None
            and is_simple(node.value)
        )
    if isinstance(node, ast.If):  # if torch.cuda.is_available(): device = "cuda"
        return is_simple(node.test) and _all_definitions(node.body, node.orelse)
    if isinstance(node, ast.Try):  # try: import tqdm
        handlers = [statement for handler in node.handlers for statement in handler.body]
        return _all_definitions(node.body, handlers, node.orelse, node.finalbody)
    return False


def _all_definitions(*bodies: list[ast.stmt]) -> bool:
    return all(_is_definition(node) for body in bodies for node in body)


def _is_plain_target(target: ast.expr) -> bool:
    """Whether only names are assigned to: nothing that changes an object made elsewhere."""
    if isinstance(target, ast.Tuple):
        return all(_is_plain_target(element) for element in target.elts)
    return isinstance(target, ast.Name)


def is_simple(value: ast.expr) -> bool:
    """Whether it is made of constants and names, and at the most of calls that are quick.

    What a lambda would do does not matter, unless it is given to a function that calls it.
    """
    waiting: list[ast.AST] = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Lambda):
            waiting.append(node.args)
            continue
        if isinstance(node, ast.Call):
            if not _is_quick(node):
                return False
            if last_part(node.func) not in MAKES_A_FUNCTION:
                given = (*node.args, *(keyword.value for keyword in node.keywords))
                waiting += [argument.body for argument in given if isinstance(argument, ast.Lambda)]
        elif not isinstance(node, SIMPLE):
            return False
        waiting += ast.iter_child_nodes(node)
    return True


def _is_quick(call: ast.Call) -> bool:
    if ast.unparse(call.func) in QUICK:
        return True
    sizes = [n.value for a in call.args for n in ast.walk(a) if isinstance(n, ast.Constant)]
    numbers = math.prod(max(1, size) for size in sizes if isinstance(size, int))
    return last_part(call.func) in QUICK_OF_ANY and numbers <= MOST_NUMBERS


def last_part(function: ast.expr) -> str:
    """What a function is called in its own module: ``array`` of ``np.array``."""
    return ast.unparse(function).rpartition(".")[2]


def name_given_by(node: ast.AST) -> str:
    """The name that a node of a statement gives a meaning, or ''."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.id
    if isinstance(node, ast.alias):
        return node.asname or node.name.split(".")[0]
    return node.name if isinstance(node, (*FUNCTION_DEFS, ast.ClassDef)) else ""
