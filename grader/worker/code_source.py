"""One file of the hand-in, as a source of the classes that a model is made of."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from grader.unfinished import is_placeholder
from grader.worker.absent_modules import AbsentModules
from grader.worker.constructions import Arguments, calls_in
from grader.worker.devices import is_of_devices
from grader.worker.notebook_code import (
    defined_names,
    last_part,
    module_of_definitions,
    name_given_by,
    notebook_tree,
    script_tree,
    trains_when_run,
)
from grader.worker.why_not_built import mistake_in

MAIN = "__main__"
SAVING = frozenset({"save", "dump", "save_file"})
"""Functions of torch, pickle, joblib and safetensors by which a model is saved."""
TRAINS = "trains a model where it is imported"
LOADS = "load_state_dict"
RUNS_RNN_LM = re.compile(r"(?:%run|%load|exec\(|run_path\()[^\n]{0,20}?rnn_lm")
"""How a notebook makes the names of that file its own, in its own text."""


class CodeSource:
    """A Python file or a notebook, whose code is run when its namespace is first asked for.

    ``given`` are the notebook's own variables, for definitions that are run without the rest, and
    ``absent`` stands in for packages that are not here.
    """

    def __init__(
        self, file: Path, folder: Path, given: Mapping[str, Any], absent: AbsentModules
    ) -> None:
        self.label = file.relative_to(folder).as_posix()
        self.module = ""
        """The name that it is imported by; notebooks have none."""
        if file.suffix == ".py":
            self.module = self.label.removesuffix(".py").replace("/", ".")
        self.notes: list[str] = []
        self._file = file
        self._folder = folder
        self._given = given
        self._absent = absent

    @property
    def is_notebook(self) -> bool:
        """Whether it is none that could be imported."""
        return not self.module

    @cached_property
    def tree(self) -> ast.Module:
        """The file's code; empty where it cannot be read as such, which is noted."""
        try:
            return script_tree(self._file) if self.module else notebook_tree(self._file)
        except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
            self.notes.append(f"{self.label} was not searched for classes: {error}")
            return ast.Module([], [])

    def defines(self, name: str) -> bool:
        """Whether the file's own text defines the name, at its top level."""
        return name in defined_names(self.tree)

    def gives(self, name: str) -> bool:
        """Whether any statement of the file gives the name a meaning."""
        return any(name_given_by(node) == name for node in ast.walk(self.tree))

    @cached_property
    def namespace(self) -> Mapping[str, Any]:
        """What the names of the file mean once its code has run, which is student code.

        What a notebook defines is in ``__main__``, as it was there. A Python file that cannot be
        imported here, because it reads the training data, say, is treated like a notebook; so is
        one that would train for hours.
        """
        if not self.module:
            return self._run_definitions(MAIN)
        if trains_when_run(self.tree):
            self.notes.append(f"{self.label} {TRAINS}, so its definitions were run by themselves")
            return self._run_definitions(self.module)
        try:
            module = self._imported()
        except (Exception, SystemExit) as error:  # argparse ends a program without arguments
            if is_of_devices(error):
                raise
            namespace = self._run_definitions(self.module)
            if not any(self.defines(name) for name in namespace):
                raise
            self.notes.append(
                f"importing {self.label} failed ({type(error).__name__}: {str(error)[:120]}), "
                "so its definitions were run by themselves"
            )
            return namespace
        _share_with_main(module)
        return vars(module)

    def get(self, name: str) -> Any:
        """What the name means in the file, or None; runs its code."""
        return self.namespace.get(name)

    def calls_of(self, name: str, first: str) -> list[Arguments]:
        """With what beside freq, its ``first`` argument, the file's code calls a class."""
        return calls_in(self.tree, name, first, self._given, self.label)

    @property
    def keys_of_weights(self) -> Iterator[str]:
        """The keys by which calls of ``load_state_dict`` take weights out of something."""
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call) or last_part(node.func) != LOADS:
                continue
            for part in ast.walk(ast.Tuple(node.args, ast.Load())):
                key = getattr(part.slice, "value", None) if isinstance(part, ast.Subscript) else 0
                if isinstance(key, str):
                    yield key

    def misses(self, model: object) -> set[str]:
        """Attributes that ``forward``, as this file has it, reads, and that are not there.

        Where there are any, the model was made from another class of the same name.
        """
        read, written = set[str](), set[str]()
        for method in self._methods_of(type(model).__name__):
            for node in ast.walk(method):
                if not _is_attribute_of_self(node, method):
                    continue
                if not isinstance(node.ctx, ast.Load):
                    # What __init__ sets is in the pickle; other methods may set it later.
                    written |= {node.attr} if method.name != "__init__" else set()
                elif method.name == "forward":
                    read.add(node.attr)
        return {name for name in read - written if not hasattr(model, name)}

    @property
    def is_program(self) -> bool:
        """Whether the file seems to have been run itself: it saves something, or asks if it is."""
        names = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        names |= {node.attr for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)}
        return not names.isdisjoint(SAVING | {"__name__"})

    @property
    def runs_rnn_lm(self) -> bool:
        """Whether the text runs the code of ``rnn_lm.py`` as its own."""
        return RUNS_RNN_LM.search(self._file.read_text("utf-8", "replace")) is not None

    def is_unfinished(self, name: str) -> bool:
        """Whether the file's class of that name has a ``forward`` that does nothing."""
        forward = next((m for m in self._methods_of(name) if m.name == "forward"), None)
        return forward is not None and all(map(is_placeholder, forward.body))

    def is_whole(self, name: str) -> bool:
        """Whether there is a class of that name, and all names that it reads mean something.

        Runs the file's code.
        """
        node = self._class(name)
        if node is None:
            return False
        inside = list(ast.walk(node))
        own = {n.arg for n in inside if isinstance(n, ast.arg)} | set(map(name_given_by, inside))
        read = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        return read <= {*own, *self.namespace, *vars(builtins)}

    def mistake_in(self, name: str, error: BaseException | None) -> str:
        """A slip in the class of that name that shows elsewhere; '' for none."""
        node = self._class(name)
        return "" if node is None else mistake_in(node, error)

    def text_of(self, name: str) -> str:
        """The class of that name, written out the same way wherever it stands."""
        node = self._class(name)
        return "" if node is None else ast.dump(node)

    def _class(self, name: str) -> ast.ClassDef | None:
        classes = [n for n in self.tree.body if isinstance(n, ast.ClassDef) and n.name == name]
        return classes[-1] if classes else None

    def _methods_of(self, name: str) -> Iterator[ast.FunctionDef]:
        found = self._class(name)
        for node in found.body if found else ():
            if isinstance(node, ast.FunctionDef) and node.args.args:
                yield node

    def _imported(self) -> ModuleType:
        module = self._absent.import_module(self.module, self._folder)
        if getattr(module, "__file__", None) == str(self._file):
            return module
        # An installed package of the same name came first.
        spec = importlib.util.spec_from_file_location(self.module, self._file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{self.label} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def _run_definitions(self, name: str) -> Mapping[str, Any]:
        module, failures = module_of_definitions(
            name, self.tree, self._file, self._absent.stand_in_for, self._given
        )
        if failures:
            self.notes.append(f"{self.label}: passed over {'; '.join(failures[:3])}")
        return vars(module)


def _share_with_main(module: ModuleType) -> None:
    """Student code may itself unpickle what was made in a notebook that imported this module."""
    main = sys.modules[MAIN]
    for name, value in vars(module).items():
        if not name.startswith("_") and not hasattr(main, name):
            setattr(main, name, value)


def _is_attribute_of_self(node: ast.AST, method: ast.FunctionDef) -> TypeGuard[ast.Attribute]:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == method.args.args[0].arg
    )
