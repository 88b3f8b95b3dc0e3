"""Loads ``implementation.py`` and calls its functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from grader.wire import Array, Message
from grader.worker.absent_modules import AbsentModules, forget_modules_of
from grader.worker.compiled import Arrivals
from grader.worker.devices import CPU, Redirection
from grader.worker.failures import absent
from grader.worker.hooks import Hooks
from grader.worker.layers_used import LayersUsed
from grader.worker.missing_function import why_missing
from grader.worker.notebook_code import is_of_definitions, module_of_definitions, script_tree
from grader.worker.other_machine import (
    PassedOver,
    cause_of,
    import_without_what_fails,
    may_be_of_the_machine,
    which_gives,
)
from grader.worker.profiler import Profiler
from grader.worker.values import pack_result, unpack_arguments
from grader.worker.watch import Watch, keep_the_switch

MOST_FAILED = 3


class Implementation:
    """The student's module in this worker."""

    def __init__(self, code_dir: str) -> None:
        self._code_dir = Path(code_dir)
        self._module: ModuleType | None = None
        self._file = Path()
        self._failed: list[str] = []
        self._passed_over: list[PassedOver] = []
        self._profiler: Profiler | None = None
        self._hooks = Hooks()
        self._on_cpu = Redirection(CPU)
        self._arrivals = Arrivals()
        self._hooks.install()
        self._arrivals.install()
        keep_the_switch()

    def load(self, request: Message) -> Message:
        """Import the module, which is student code; what it imports and is not here is named."""
        # What works before student code must work after it.
        self._profiler = Profiler()
        missing = AbsentModules()
        name = request.fields["module"]
        self._file = self._code_dir / f"{name}.py"
        if is_of_definitions(self._file):
            self._module, self._failed = module_of_definitions(
                name, script_tree(self._file), self._file, missing.stand_in_for
            )
        else:
            self._module, self._passed_over = self._imported(name, missing)
        lines = [one.line for one in self._passed_over]
        return Message("loaded", {"absent": missing.names, "passed_over": lines})

    def _imported(self, name: str, missing: AbsentModules) -> tuple[ModuleType, list[PassedOver]]:
        try:
            return missing.import_module(name, self._code_dir), []
        except (Exception, SystemExit) as error:
            if not may_be_of_the_machine(error, missing, self._file):
                raise
            forget_modules_of(self._code_dir)
            return import_without_what_fails(name, self._file, missing)

    def call(self, request: Message) -> Iterator[Message]:
        """Call a function with the given arguments; what it returns goes back as raw arrays.

        Where it names a GPU that is not here it is called a second time, with the same arguments.
        Where torch's layers are watched, the result goes back while they still are, so that nothing
        that runs later can change it; what was seen follows as a second message.
        """
        name = request.fields["name"]
        before = [_content(array) for array in request.arrays]
        given: list[Sequence[Array]] = []

        def attempt() -> Any:
            # What a first attempt has changed is not for the next one.
            given.append([_restored(*content) for content in before] if given else request.arrays)
            return function(*unpack_arguments(request.fields["arguments"], given[-1]))

        spoil = request.fields.get("spoil", False)
        wanted = spoil or request.fields.get("watch", False)
        watch = None
        if wanted and self._profiler:
            watch = Watch(self._profiler, self._hooks, self._arrivals)
        with watch or nullcontext(), LayersUsed(spoil=spoil, watch=watch) as layers:
            # To look it up may run code as well.
            function = getattr(self._module, name, None)
            if not callable(function):
                yield self._absent(name)
                return
            try:
                value = self._on_cpu.run(attempt)
            except NameError as error:
                if cause := cause_of(error, self._passed_over):
                    error.add_note(cause.note)
                raise
            tree, arrays = pack_result(value, request.fields["depth"])
            fields = {"value": tree}
            if watch:
                yield Message("result", fields, arrays)
        changed = any(before != [_content(array) for array in arrays] for arrays in given)
        seen = {"layers": layers.names, "changed": changed}
        if watch:
            yield Message("seen", {**seen, "hidden": sorted(watch.names)})
        else:
            yield Message("result", {**fields, **seen}, arrays)

    def _absent(self, name: str) -> Message:
        """What is said of a function that is not there; raises what kept it from being there."""
        if one := which_gives(name, self._passed_over):
            raise one.error
        why = why_missing(name, vars(self._module), self._file.read_bytes())
        if self._failed:
            failed = "; ".join(self._failed[:MOST_FAILED])
            why = f"Of what was taken from the notebook, this failed: {failed}."
        return absent(f"implementation.py has no function {name}. {why}")


Content = tuple[tuple[int, ...], tuple[int, ...], np.dtype[Any], bytes]


def _content(array: Array) -> Content:
    """What of an array a student's code could change."""
    return array.shape, array.strides, array.dtype, array.tobytes()


def _restored(
    shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype[Any], values: bytes
) -> Array:
    """An array of such content, which came over the wire, so that its values follow each other."""
    return np.frombuffer(values, dtype).reshape(shape).copy()
