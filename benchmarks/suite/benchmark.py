"""One benchmark of the suite: a command of its own, and what its JSON says as figures."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.handed_in_copies import ROOT
from benchmarks.machine import machine
from benchmarks.suite.record import Figure, Result, Series

Measured = dict[str, Any]
"""What a benchmark writes with --json."""
NOT_REACHED = 1
"""The exit code of a benchmark that ran to its end and is not content with its figures."""


@dataclass(frozen=True)
class Benchmark:
    """A module of ``benchmarks`` that writes its figures with --json."""

    name: str
    figures: Callable[[Measured], Sequence[Figure]]
    """Each without its command, which is this benchmark's."""
    full: tuple[str, ...] = ()
    """Its options where figures are wanted."""
    quick: tuple[str, ...] = ()
    """Its options where it should only be seen to work."""
    data: bool = False
    """Whether it takes --data; without that it has the fixture corpus."""
    needs: str = ""
    """A package that is not always installed."""
    exact: bool = False
    """Whether it counts mistakes of the grader, which have nothing to do with how fast it is."""
    series: Callable[[Measured], Sequence[Series]] = lambda _: ()

    def run(self, *, quick: bool, data: Path | None) -> Result:
        """Run it in a process of its own."""
        if self.needs and find_spec(self.needs) is None:
            why = f"{self.needs.replace('_', '-')} is not installed"
            return Result(self.name, machine(), quick=quick, passed_over=why)
        options = self._options(quick, data)
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "figures.json"
            command = [sys.executable, "-m", f"benchmarks.{self.name}", *options]
            done = subprocess.run(
                [*command, "--json", str(file)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            measured = json.loads(file.read_text("utf-8")) if file.exists() else None
        result = Result(self.name, machine(), quick=quick, seconds=time.perf_counter() - start)
        wrong = done.returncode not in (0, NOT_REACHED) or (self.exact and done.returncode)
        if measured is None or wrong:
            result = replace(result, failed=done.stdout[-2000:] or f"exit code {done.returncode}")
        if measured is None:
            return result
        words = ["python", "-m", f"benchmarks.{self.name}", *self._options(quick, None)]
        shown = shlex.join(words)
        if data is not None and self.data:
            shown += " --data DIR"
        return replace(
            result,
            figures=tuple(replace(f, command=f.command or shown) for f in self.figures(measured)),
            series=tuple(self.series(measured)),
        )

    def _options(self, quick: bool, data: Path | None) -> list[str]:
        options = list(self.quick if quick else self.full)
        if self.data and data is not None:
            options += ["--data", str(data)]
        return options
