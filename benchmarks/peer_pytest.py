"""The plain way: a fresh pytest process for each hand-in, which imports the student's code itself.

Each question is one test with pytest-timeout's limit; the process may have ADDRESS_GB of address
space, since what takes all memory would take the machine along. The grader's own pytest plugin,
which is installed with it, is left out.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import plain_checks
from benchmarks.handed_in_copies import CODE, Copy

TEST_FILE = "test_homework.py"
TEST_S = 3.0
"""The limit of one test, which makes up to 16 calls and shares its core with torch's threads."""
ADDRESS_GB = 6
"""More than the grader's limit on resident memory: torch maps some GB that it does not use."""
LIMIT_S = 120.0
"""For code that pytest-timeout cannot end, and a busy machine."""
HEAD = '"""Checks of implementation.py, which is imported here."""\n\nimport implementation\n'
TEST = """

def test_{question}():
    plain_checks.{question}(implementation.{function})
"""


def prepare(copy: Copy, folder: Path) -> Path:
    """The test file, with what it imports beside it."""
    folder.mkdir(parents=True)
    shutil.copyfile(copy.code, folder / CODE)
    shutil.copy(plain_checks.__file__, folder)
    tests = (TEST.format(question=q, function=f) for q, f in plain_checks.QUESTIONS.items())
    file = folder / TEST_FILE
    file.write_text(f"{HEAD}import plain_checks\n" + "".join(tests), encoding="utf-8")
    return file


def command(file: Path) -> list[str]:
    """The process that checks one hand-in."""
    quiet = ["-q", "-p", "no:grader", f"--rootdir={file.parent}", f"--timeout={TEST_S:g}"]
    return [sys.executable, "-m", "pytest", *quiet, "--timeout-method=signal", str(file)]


def passes(file: Path) -> bool:
    """Run it; whether all tests passed."""
    return finished(command(file), file.parent) == 0


def finished(command: list[str], folder: Path, limit_s: float = LIMIT_S) -> int | None:
    """The exit code of a process that runs student code; None when it had to be killed."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=limit_s, preexec_fn=_limited
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_GB << 30, ADDRESS_GB << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
