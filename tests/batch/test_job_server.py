"""The process that jobs are forked from: what Ctrl-C and the current folder do to its start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PROGRAM = """
import signal
from grader.batch.job_server import start_job_server
before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
context = start_job_server({module!r})
assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
process = context.Process(target=print, args=("served",))
process.start()
process.join()
"""


def run(module: str, folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=module)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_interruption_at_its_start_leaves_no_trace(tmp_path: Path) -> None:
    stops = f"import os\nos.kill(os.getpid(), {signal.SIGINT:d})\n"
    (tmp_path / "stops.py").write_text(stops)
    done = run("stops", tmp_path, f"{ROOT}{os.pathsep}{tmp_path}")
    assert (done.stdout, done.stderr) == ("served\n", "")
