"""Loads ``implementation.py`` and calls its functions."""

from __future__ import annotations

import difflib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

from grader.wire import Array, Message
from grader.worker.absent_modules import AbsentModules
from grader.worker.failures import absent
from grader.worker.layers_used import LayersUsed
from grader.worker.values import pack_result, unpack_arguments

SPELLING = "Is it missing, or spelt otherwise than in the given file?"
ALIKE = 0.6


class Implementation:
    """The student's module in this worker."""

    def __init__(self, code_dir: str) -> None:
        self._code_dir = Path(code_dir)
        self._module: ModuleType | None = None

    def load(self, request: Message) -> Message:
        """Import the module, which is student code; what it imports and is not here is named."""
        missing = AbsentModules()
        self._module = missing.import_module(request.fields["module"], self._code_dir)
        return Message("loaded", {"absent": missing.names})

    def call(self, request: Message) -> Message:
        """Call a function with the given arguments; what it returns goes back as raw arrays."""
        name = request.fields["name"]
        function = getattr(self._module, name, None)
        if not callable(function):
            return absent(f"implementation.py has no function {name}. {self._alike(name)}")
        arguments = unpack_arguments(request.fields["arguments"], request.arrays)
        before = [_content(array) for array in request.arrays]
        with LayersUsed(spoil=request.fields.get("spoil", False)) as layers:
            value = function(*arguments)
            tree, arrays = pack_result(value, request.fields["depth"])
        changed = before != [_content(array) for array in request.arrays]
        fields: dict[str, Any] = {"value": tree, "layers": layers.names, "changed": changed}
        return Message("result", fields, arrays)

    def _alike(self, name: str) -> str:
        """What the function may be called instead."""
        functions = [n for n, v in vars(self._module).items() if inspect.isfunction(v)]
        lower = {function.lower(): function for function in functions}
        found = difflib.get_close_matches(name, lower, 1, ALIKE)
        return f"There is {lower[found[0]]}: is that it?" if found else SPELLING


def _content(array: Array) -> tuple[object, ...]:
    """What of an array a student's code could change."""
    return array.shape, array.strides, array.dtype, array.tobytes()
