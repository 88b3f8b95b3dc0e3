"""Imports a module some of whose statements only work on the machine where it was written.

A script made from a notebook goes to a folder of Colab's, opens the training data, asks for a name,
insists on a GPU, draws to a screen, or has a class of TensorFlow's. Where that fails here and would
not there, it must not cost the functions below.
"""

from __future__ import annotations
import __future__

import ast
import re
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from grader.worker.absent_modules import AbsentModules
from grader.worker.devices import is_of_devices
from grader.worker.notebook_code import name_given_by, run_code, script_tree

MOST_OF_A_REASON = 150
"""Characters of an exception's text."""
RAISED_BY_HAND = frozenset({AssertionError, RuntimeError, SystemError, SystemExit, Exception})
"""What code raises itself where there is no GPU."""
OF_MACHINES = re.compile(
    r"\b(?:cuda|mps|xpu|gpu|device_count|environ|getenv|getuser|getpass|(?:set)?locale|"
    r"resource|setrlimit|sched_setaffinity|psutil|windll|WinDLL|add_dll_directory|Windows\w+|"
    r"winreg|msvcrt|startfile|matplotlib|pyplot|plt|seaborn|tkinter|curses|hub|"
    r"init_process_group|share_memory_|sqlite3|subprocess|socket|urllib|requests|multiprocessing|"
    r"drive|colab|get_ipython|wandb|SummaryWriter|signal|termios)\b",
    re.IGNORECASE,
)
"""What differs from one machine to the next, by the words of a statement that asks for it."""
ANYTHING = frozenset({"signal", "resource", "hub", "locale"})
"""Of these words those that are as well the names of arrays and the like."""
THEIR_MODULES = frozenset({"psutil", "_curses", "_tkinter", "locale", "sqlite3", "matplotlib"})
"""Modules whose own exceptions say that."""


@dataclass(frozen=True)
class PassedOver:
    """A statement at the top level that fails here, and would not there."""

    line: int
    error: BaseException
    names: frozenset[str]
    """What it would have given a meaning; ``*`` for names that nobody knows."""

    @property
    def note(self) -> str:
        """What is added to an exception that it may have led to."""
        why = f"{type(self.error).__name__}: {str(self.error)[:MOST_OF_A_REASON]}"
        return f"Line {self.line} was passed over before, when it failed with {why}"


def is_of_the_machine(error: BaseException, absent: AbsentModules) -> bool:
    """Whether files, programs, a network, a terminal, a GPU or a package are what it lacks here."""
    lacks = isinstance(error, (OSError, EOFError))
    lacks = lacks or type(error).__module__.split(".")[0] in THEIR_MODULES
    return lacks or is_of_devices(error) or absent.is_of_one(error)


def may_be_of_the_machine(error: BaseException, absent: AbsentModules, file: Path) -> bool:
    """The same where it is not known which statement of the file has failed."""
    if type(error) in RAISED_BY_HAND or is_of_the_machine(error, absent):
        return True
    lines = _lines_of(error, file)
    return any(
        statement.lineno <= lines[0] <= (statement.end_lineno or 0)
        and _asks_for_a_machine(statement, error, file)
        for statement in (script_tree(file).body if lines else ())
    )


def import_without_what_fails(
    name: str, file: Path, absent: AbsentModules
) -> tuple[ModuleType, list[PassedOver]]:
    """The module, and the statements at its top level that were passed over.

    They fail for want of something of another machine's, or of what one of them would have given.
    Raises what any other statement raises.
    """
    module = ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module
    passed_over: list[PassedOver] = []
    flags = 0
    try:
        for statement in script_tree(file).body:
            tree = ast.Module([statement], [])
            code = compile(tree, str(file), "exec", flags, dont_inherit=True)
            flags |= _future_of(statement)
            try:
                run_code(code, vars(module), absent.stand_in_for)
            except (Exception, SystemExit) as error:
                if not (
                    cause_of(error, passed_over)
                    or is_of_the_machine(error, absent)
                    or _asks_for_a_machine(statement, error, file)
                ):
                    for one in passed_over:
                        error.add_note(one.note)
                    raise
                passed_over.append(PassedOver(statement.lineno, error, _names_given_by(statement)))
    except BaseException:
        del sys.modules[name]
        raise
    return module, passed_over


def cause_of(error: BaseException, passed_over: Iterable[PassedOver]) -> PassedOver | None:
    """The one that would have given the name that ``error`` says is not defined, if any."""
    if not isinstance(error, NameError):
        return None
    return which_gives(error.name, passed_over)


def which_gives(name: str | None, passed_over: Iterable[PassedOver]) -> PassedOver | None:
    """The one that would have given a name its meaning, if any."""
    return next((one for one in passed_over if one.names & {name, "*"}), None)


def _asks_for_a_machine(statement: ast.stmt, error: BaseException, file: Path) -> bool:
    """Whether the statement, or the line that it led to and that failed, is of a machine's own.

    A definition is not: what stands in its body has not run.
    """
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    own = _variables(file)
    if OF_MACHINES.search(own.sub("_", ast.unparse(statement))):
        return True
    lines = _lines_of(error, file)
    source = file.read_bytes().decode("utf-8", "replace").splitlines()
    line = "".join(source[lines[-1] - 1 : lines[-1]]) if lines else ""
    return OF_MACHINES.search(own.sub("_", line)) is not None


def _variables(file: Path) -> re.Pattern[str]:
    """Finds those of ``ANYTHING`` that the file gives a value itself and does not import."""
    stored, imported = set(), set()
    for node in ast.walk(script_tree(file)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                stored.add(name)
            case ast.alias(name=name, asname=other):
                imported.add(other or name.partition(".")[0])
    names = "|".join(sorted((stored & ANYTHING) - imported)) or "(?!)"
    return re.compile(rf"(?<![.\w])(?:{names})\b")


def _lines_of(error: BaseException, file: Path) -> list[int]:
    """The lines of the file that an exception came through, the first one at its top level."""
    frames = traceback.walk_tb(error.__traceback__)
    return [line for frame, line in frames if frame.f_code.co_filename == str(file)]


def _future_of(statement: ast.stmt) -> int:
    """What an import of Python's future changes for the statements after it."""
    if not isinstance(statement, ast.ImportFrom) or statement.module != "__future__":
        return 0
    features = (getattr(__future__, alias.name) for alias in statement.names)
    return sum(feature.compiler_flag for feature in features)


def _names_given_by(statement: ast.stmt) -> frozenset[str]:
    return frozenset(name for node in ast.walk(statement) if (name := name_given_by(node)))
