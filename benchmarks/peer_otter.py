"""otter-grader: ``otter run`` for each hand-in, on the same checks.

It is installed for the benchmark alone, in an environment of its own in the user's cache folder;
torch and SciPy come from the running environment by a .pth file, behind otter's own packages, so
that nothing large is installed twice and both sides compute with the same torch.

Otter runs a hand-in in a Jupyter kernel without limits: what loops without end would never come
back. Only honest hand-ins are given to it, and the hostile tenth is counted as if it took no longer
than they do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

from benchmarks import plain_checks
from benchmarks.handed_in_copies import CODE, ROOT, Copy

VERSION, KERNEL = "7.0.0", "7.4.0"
"""Of otter-grader and ipykernel, which it needs and does not ask for."""
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grader-benchmarks"
ENVIRONMENT = CACHE / f"otter-{VERSION}"
READY = ENVIRONMENT / "ready"
LIMIT_S = 300.0
TEST = '''"""One question."""

from otter.test_files import test_case

OK_FORMAT = False
name = "{question}"
points = 1


@test_case()
def test_{question}({function}):
    import plain_checks

    plain_checks.{question}({function})
'''


class NotHere(Exception):
    """Otter cannot be installed, or does not run; says why."""


def install() -> Path:
    """The program ``otter``, installed once. Raises NotHere."""
    program = ENVIRONMENT / "bin" / "otter"
    if READY.exists():
        return program
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    python = str(ENVIRONMENT / "bin" / "python")
    pins = ["-c", str(ROOT / "constraints.txt")]
    for command in (
        [sys.executable, "-m", "venv", str(ENVIRONMENT)],
        [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            *pins,
            f"otter-grader=={VERSION}",
            f"ipykernel=={KERNEL}",
        ],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise NotHere(f"{' '.join(command[:4])}…: {done.stderr.strip()[-300:]}")
    [packages] = ENVIRONMENT.glob("lib/python*/site-packages")
    (packages / "zz_torch.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    READY.touch()
    return program


def make_autograder(folder: Path) -> Path:
    """The archive that tells otter what to check; ``plain_checks`` travels with it."""
    file = folder / "autograder.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for question, function in plain_checks.QUESTIONS.items():
            test = TEST.format(question=question, function=function)
            archive.writestr(f"tests/{question}.py", test)
        # A folder: of files beside the hand-in, otter would not know which one to grade.
        archive.write(plain_checks.__file__, "files/plain_checks/__init__.py")
        archive.writestr("otter_config.json", "{}")
    return file


class Otter:
    """An installed otter and the archive for its checks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = install()
        folder.mkdir(parents=True, exist_ok=True)
        self._autograder = make_autograder(folder)

    def prepare(self, copy: Copy) -> Path:
        """A folder with the hand-in's file in it, where the result will be."""
        place = self._folder / copy.folder.name
        place.mkdir()
        shutil.copyfile(copy.code, place / CODE)
        return place

    def passed(self, place: Path) -> frozenset[str]:
        """Grade; the questions with all points. Raises NotHere when otter gives no result."""
        options = ["run", "-a", str(self._autograder), "-o", str(place), "--no-logo"]
        done = subprocess.run(
            [str(self._program), *options, str(place / CODE)],
            cwd=place,
            env={**os.environ, "PATH": f"{self._program.parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        result = place / "results.json"
        if not result.exists():
            raise NotHere(f"otter run: {(done.stderr or done.stdout).strip()[-500:]}")
        tests = json.loads(result.read_text("utf-8"))["tests"]
        return frozenset(
            test["name"]
            for test in tests
            if test.get("max_score") and test.get("score") == test["max_score"]
        )
