"""Tells what TorchScript ran: a layer of torch's, or what was compiled before it was handed in.

TorchScript runs operators alone: no frame of Python's shows that it does what torch's own source
says, and no kernel that is the layer's. But of what is compiled from a function here, each line
says of which file and line it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

import torch

ARRIVES_BY = (
    "import_ir_module",
    "import_ir_module_from_buffer",
    "_import_ir_module_from_package",
    "_load_for_lite_interpreter",
    "_load_for_lite_interpreter_from_buffer",
    "_load_jit_module_from_file",
    "_load_jit_module_from_bytes",
    "_create_function_from_graph",
    "parse_ir",
)
"""The functions of ``torch._C`` by which compiled code comes from elsewhere than from source."""
_LINE = re.compile(r"# (\S.*):(\d+):\d+$", re.MULTILINE)
"""Where a node of a graph says which line it was compiled from."""
_unit: Any = getattr(torch.jit._state, "_python_cu", None)
_functions_of: Any = getattr(type(_unit), "get_functions", None)
_Function: Any = getattr(torch._C, "ScriptFunction", None)
_name_of: Any = getattr(_Function, "name", None)
_graph_of: Any = getattr(_Function, "inlined_graph", None)


class Arrivals:
    """Notes whether compiled code has come into this process from elsewhere than from source."""

    def __init__(self) -> None:
        self.any = False

    def install(self) -> None:
        """Replace what student code would load such code by, for good."""
        for name in ARRIVES_BY:
            if function := getattr(torch._C, name, None):
                setattr(torch._C, name, self._noting(function))

    def _noting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            self.any = True
            return function(*args, **kwargs)

        return noted


def lines_of(functions: set[str]) -> dict[str, set[int]]:
    """The lines, by file, from which the functions of these names were compiled here."""
    lines: dict[str, set[int]] = defaultdict(set)
    if _functions_of is None or _graph_of is None:  # Another torch may have others.
        return lines
    for function in _functions_of(_unit):
        if _name_of.__get__(function) in functions:
            for file, line in _LINE.findall(str(_graph_of.__get__(function))):
                lines[file].add(int(line))
    return lines


def codes_of(file: str) -> Iterator[CodeType]:
    """The functions of a file of Python's, however deep, from what Python keeps compiled of it."""
    with suppress(OSError, ImportError, SyntaxError):
        code = SourceFileLoader("compiled", file).get_code("compiled")
        yield from _codes_in(code) if code else ()


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes_in(constant)
