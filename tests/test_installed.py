"""Installed among the libraries, this program is out of students' reach, and the rest is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.language_model.corpus import EMBEDDED_CORPUS
from grader.sandbox import installed
from tests.conftest import ROOT

RIGHT = (ROOT / "submissions" / "alice" / "implementation.py").read_text(encoding="utf-8")
LOOKS = """
import os, sys
from pathlib import Path
from grader.sandbox import landlock
from grader.sandbox.spec import WorkerSpec

library = Path(sys.argv[1])
landlock.interpreter_folders = lambda: iter([str(library.parent)])
spec = WorkerSpec(sys.argv[2], sys.argv[2], True, 1, 1, 1, 1, 1, 1)
if not landlock.restrict(spec):
    sys.exit(77)
print(*sorted(os.listdir(library)))
for file in sorted(library.rglob("*.py")):
    try:
        print(file.name, file.read_text())
    except PermissionError:
        print(file.name, "kept")
"""


def library(folder: Path) -> Path:
    """A folder of libraries with this program, its tests and others' packages in it."""
    made = folder / "lib" / "python3.11" / "site-packages"
    for file in ("grader/questions/misconceptions/q3.py", "tests/q4.py", "other/q5.py", "six.py"):
        (made / file).parent.mkdir(parents=True, exist_ok=True)
        (made / file).write_text("open")
    return made


def test_what_lies_beside_the_program_is_named_one_by_one(tmp_path: Path) -> None:
    made = library(tmp_path)
    (made / "link").symlink_to(made / "grader")
    (tmp_path / "lib" / "x.so").touch()
    found = installed.readable([str(tmp_path / "lib"), str(made), str(tmp_path / "none")])
    assert found == {
        str(tmp_path / "lib"): False,
        str(tmp_path / "lib" / "python3.11"): False,
        str(tmp_path / "lib" / "x.so"): True,
        str(made): False,
        str(made / "other"): True,
        str(made / "six.py"): True,
        str(tmp_path / "none"): True,
    }


def test_package_of_the_same_name_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "site-packages" / "grader").mkdir(parents=True)
    assert installed.readable([str(tmp_path)]) == {str(tmp_path): True}


def test_checkout_in_the_midst_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("app/.venv/lib", "app/grader", "share"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "app" / "pyproject.toml").touch()
    monkeypatch.setattr(installed, "HOME", tmp_path / "app")
    found = installed.readable([str(tmp_path), str(tmp_path / "app" / ".venv" / "lib")])
    whole = [path for path, more in found.items() if more]
    assert whole == [str(tmp_path / "share"), str(tmp_path / "app" / ".venv" / "lib")]


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")
def test_kernel_keeps_the_answers_and_gives_the_rest(tmp_path: Path) -> None:
    made = library(tmp_path)
    (tmp_path / "work").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", LOOKS, str(made), str(tmp_path / "work")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("there is no Landlock here")
    assert done.stdout.splitlines() == [
        "grader other six.py tests",
        "q3.py kept",
        "q5.py open",
        "six.py open",
        "q4.py kept",
    ], done.stderr


def test_libraries_beside_the_installed_program_are_there(tmp_path: Path) -> None:
    made = tmp_path / "site-packages"
    shutil.copytree(ROOT / "grader", made / "grader")
    (made / "beside.py").touch()
    handed_in = tmp_path / "bob"
    handed_in.mkdir()
    (handed_in / "implementation.py").write_text(f"import beside\n{RIGHT}", encoding="utf-8")
    options = f"--only q2 --isolation off --out out --data {EMBEDDED_CORPUS}".split()
    done = subprocess.run(
        [sys.executable, "-m", "grader", "bob", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(made)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Total: 3 / 3" in done.stdout, done.stderr
    assert "beside" not in done.stdout
