"""What Gradescope's container runs: a result is written whatever becomes of the grader."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from grader.rubric import Rubric
from tests.conftest import ROOT
from tests.reports.test_gradescope import Results

FOLDER = ROOT / "grader" / "gradescope"
PYTHON = """#!/usr/bin/env bash
%s
"""
GOOD = """
while [[ "$1" != --gradescope ]]; do shift; done
echo '{"score": 7.0}' > "$2"
"""
REMEMBERS = 'printf "%s\\n" "$PWD" "$OMP_NUM_THREADS" "$@" > "$AUTOGRADER_ROOT/asked"'


class Container:
    """A folder laid out as /autograder, with a stand-in for Python."""

    def __init__(self, root: Path, python: str) -> None:
        self.root = root
        for name in ("source", "submission", "results", "bin", "tmp"):
            (root / name).mkdir()
        program = root / "bin" / "python"
        program.write_text(PYTHON % python)
        program.chmod(0o755)

    def start(self, limit_s: float = 60) -> subprocess.Popen[bytes]:
        path = f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}"
        variables = {
            **os.environ,
            "PATH": path,
            "AUTOGRADER_ROOT": str(self.root),
            "AUTOGRADER_LIMIT_S": str(limit_s),
            "TMPDIR": str(self.root / "tmp"),
        }
        return subprocess.Popen([FOLDER / "run_autograder"], env=variables)

    def run(self, limit_s: float = 60) -> dict[str, Any]:
        """The results; the run itself must never fail, and leave nothing behind."""
        assert self.start(limit_s).wait(60) == 0
        return self.results()

    def results(self) -> dict[str, Any]:
        text = (self.root / "results" / "results.json").read_text(encoding="utf-8")
        Results.model_validate_json(text)
        assert list((self.root / "tmp").iterdir()) == []
        found: dict[str, Any] = json.loads(text)
        return found


def test_results_are_those_of_the_grader(tmp_path: Path) -> None:
    assert Container(tmp_path, GOOD).run() == {"score": 7.0}


def test_grader_is_called_in_its_own_folder_with_one_thread(tmp_path: Path) -> None:
    Container(tmp_path, REMEMBERS).run()
    folder, threads, *arguments = (tmp_path / "asked").read_text().splitlines()
    assert (folder, threads) == (str(tmp_path / "source"), "1")
    assert arguments[:3] == ["-m", "grader", str(tmp_path / "submission")]
    assert arguments[3::2] == ["--out", "--gradescope", "--isolation"]
    assert arguments[-1] == "best-effort"


def test_own_rubric_and_data_are_used_where_they_are(tmp_path: Path) -> None:
    container = Container(tmp_path, REMEMBERS)
    (tmp_path / "source" / "data").mkdir()
    (tmp_path / "source" / "grader" / "gradescope").mkdir(parents=True)
    (tmp_path / "source" / "grader" / "gradescope" / "rubric.toml").touch()
    container.run()
    assert {"--data", "--rubric"} <= set((tmp_path / "asked").read_text().splitlines())


@pytest.mark.parametrize(
    "python",
    [
        "exit 3",
        "kill -9 $$",
        "kill -9 $PPID; sleep 60",
        "while [[ $1 != --gradescope ]]; do shift; done; : > $2",
        "echo '{\"score\": 1.0}' > $AUTOGRADER_ROOT/results/results.json; exit 1",
    ],
    ids=["fails", "is killed", "timeout is killed", "writes nothing", "writes elsewhere"],
)
def test_failure_is_the_graders_and_no_zero(tmp_path: Path, python: str) -> None:
    found = Container(tmp_path, python).run()
    assert "score" not in found
    assert "not your fault" in found["output"]


def test_hanging_grader_is_ended(tmp_path: Path) -> None:
    start = time.monotonic()
    found = Container(tmp_path, "exec sleep 60").run(limit_s=1)
    assert time.monotonic() - start < 30
    assert "not your fault" in found["output"]


def test_results_of_an_earlier_run_are_not_taken_for_this_ones(tmp_path: Path) -> None:
    container = Container(tmp_path, "exit 1")
    (tmp_path / "results" / "results.json").write_text('{"score": 27.0}')
    assert "score" not in container.run()


def test_missing_grader_is_a_failure_of_the_grader(tmp_path: Path) -> None:
    container = Container(tmp_path, GOOD)
    (tmp_path / "source").rmdir()
    assert container.start().wait(60) == 1
    assert "not your fault" in container.results()["output"]


def test_container_that_is_ended_has_results(tmp_path: Path) -> None:
    container = Container(tmp_path, 'touch "$AUTOGRADER_ROOT/begun"; exec sleep 60')
    process = container.start()
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    assert "not your fault" in container.results()["output"]


def test_rubric_is_for_the_default_container() -> None:
    rubric = Rubric.load(FOLDER / "rubric.toml")
    assert rubric.questions == Rubric.load().questions
    for question in rubric.questions:
        limits = rubric.limits_for(question)
        assert limits.memory_mb <= 768 - 300
        assert limits.load_s + limits.call_s <= 540


@pytest.mark.parametrize("name", ["run_autograder", "setup.sh"])
def test_scripts_can_be_run(name: str) -> None:
    assert os.access(FOLDER / name, os.X_OK)
    assert subprocess.run(["bash", "-n", FOLDER / name], check=False).returncode == 0
