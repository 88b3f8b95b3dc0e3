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
from grader.batch.job_server import start_job_server, unimported_main
before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
context = start_job_server({module!r})
assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
process = context.Process(target=print, args=("served",))
with unimported_main():
    process.start()
process.join()
"""


# As an editable install finds it: after the folders of sys.path.
FINDER = """
import sys
from importlib.machinery import PathFinder


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [{root!r}]) if name == "grader" else None


sys.meta_path.insert(sys.meta_path.index(PathFinder) + 1, Finder)
"""


def run(module: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Start the server from ``folder``; the modules in ``site`` below it can be imported."""
    (folder / "programs").mkdir()
    (folder / "programs" / "program.py").write_text(PROGRAM.format(module=module))
    (folder / "site" / "sitecustomize.py").write_text(FINDER.format(root=str(ROOT)))
    return subprocess.run(
        [sys.executable, folder / "programs" / "program.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "site")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_interruption_at_its_start_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    stops = f"import os\nos.kill(os.getpid(), {signal.SIGINT:d})\n"
    (tmp_path / "site" / "stops.py").write_text(stops)
    done = run("stops", tmp_path)
    assert (done.stdout, done.stderr) == ("served\n", "")


def test_folder_of_a_clone_is_no_package(tmp_path: Path) -> None:
    """Where the grader is installed, and the current folder holds a clone called as it is."""
    (tmp_path / "grader").mkdir()
    (tmp_path / "site").mkdir()
    looks = "import grader\nprint(grader.__file__, flush=True)\n"
    (tmp_path / "site" / "looks.py").write_text(looks)
    done = run("looks", tmp_path)
    assert done.stdout.splitlines() == [str(ROOT / "grader" / "__init__.py"), "served"]
    assert done.stderr == ""
