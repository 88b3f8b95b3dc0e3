"""A course's grading that can be killed and started again, with a temporary folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.counted import ROOT, wait_for_all
from grader.batch.results import read_row
from grader.handed_in.naming import GRADEBOOK_FILE
from grader.rows import ROW_FILE, Status

QUESTIONS = "q2,q3,q4,q5,q6"
LOOK_S = 0.005


class Run:
    """The grading of a course into one folder, started as often as need be."""

    def __init__(self, course: Path, out: Path, rubric: Path, temp: Path, jobs: int) -> None:
        self.out = out
        self._temp = temp
        temp.mkdir()
        options = ["--many", "--only", QUESTIONS, "--rubric", str(rubric), "--jobs", str(jobs)]
        command = [sys.executable, "-m", "grader", str(course), *options, "--out", str(out)]
        self._command = command

    def start(self) -> subprocess.Popen[bytes]:
        """The grader's process; all that it starts is adopted by this one when it ends."""
        return subprocess.Popen(
            self._command,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self._temp)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def finish(self) -> tuple[float, float]:
        """Grade what is left, undisturbed; returns the seconds until a row is there, and all."""
        start = time.perf_counter()
        process = self.start()
        while process.poll() is None and not self.rows():
            time.sleep(LOOK_S)
        first = time.perf_counter() - start
        if process.wait():
            raise SystemExit(f"the grader ended with {process.returncode}")
        wait_for_all()
        return first, time.perf_counter() - start

    def rows(self) -> dict[str, int]:
        """The rows that are there, with the time at which each was written."""
        files = self.out.glob(f"*/{ROW_FILE}")
        return {file.parent.name: file.stat().st_mtime_ns for file in files}

    def failures(self) -> frozenset[str]:
        """The hand-ins whose rows say that the grader failed."""
        rows = {name: read_row(self.out / name) for name in self.rows()}
        failed = Status.GRADER_FAILED
        return frozenset(name for name, row in rows.items() if row and row.status is failed)

    def gradebook(self) -> bytes:
        """The bytes of the gradebook."""
        return (self.out / GRADEBOOK_FILE).read_bytes()

    def scratch(self) -> list[Path]:
        """The run's scratch folders that are there."""
        return list(self._temp.glob("grader-*"))

    def clear_temp(self) -> tuple[str, ...]:
        """Empty the run's temporary folder; returns the names of what was in it."""
        left = sorted(self._temp.iterdir())
        for path in left:
            shutil.rmtree(path)
        return tuple(path.name for path in left)
