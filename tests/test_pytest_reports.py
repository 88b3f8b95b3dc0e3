"""Under pytest's own options a check's result says what the terminal's report says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

WRONG = ROOT / "submissions" / "reset_gate_first"


def graded(checks: str, rubric: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more),
            *("--submission", WRONG, "--submission-rubric", rubric, "-k", f"q3 and ({checks})"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_failure_has_its_hint_and_an_advisory_one_is_none(tmp_path: Path) -> None:
    (tmp_path / "rubric.toml").write_text("[questions.q3.visible]\nother_sizes = false\n")
    done = graded("notebook_case or B2 or one_step", tmp_path / "rubric.toml")
    assert done.returncode == 1
    assert "Hint: The reset gate is applied before the matrix product." in done.stdout
    assert "2 failed, " in done.stdout
    assert "1 xfailed" in done.stdout
    assert "test_one_step - costs no points: outputs: 8 of 8 values differ." in done.stdout
    hidden = done.stdout.split("test_other_sizes[B2-T5-D4-H4]")[1]
    assert hidden.split("\n")[1] == "Your course does not show more of this check."
    assert "Total: 0 / 5" in done.stdout


def test_advisory_failures_alone_fail_no_run(tmp_path: Path) -> None:
    (tmp_path / "rubric.toml").write_text("")
    done = graded("one_step or repeatable", tmp_path / "rubric.toml")
    assert done.returncode == 0
    assert "1 passed" in done.stdout
    assert "1 xfailed" in done.stdout


def test_several_processes_would_each_have_a_part_of_the_report(tmp_path: Path) -> None:
    (tmp_path / "rubric.toml").write_text("")
    done = graded("one_step", tmp_path / "rubric.toml", "-n", "2")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "leave out -n" in done.stderr
    assert graded("repeatable", tmp_path / "rubric.toml", "-n", "0").returncode == 0


def test_github_takes_nothing_that_student_code_prints_for_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    # pytest repeats a failure's whole text in its summary where this is set, as it is there.
    monkeypatch.setenv("CI", "true")
    (tmp_path / "rubric.toml").write_text("")
    lines = graded("notebook_case", tmp_path / "rubric.toml").stdout.splitlines()
    [stop] = [line for line in lines if line.startswith("::stop-commands::")]
    token = stop.removeprefix("::stop-commands::")
    assert len(token) == 32
    told = [k for k, line in enumerate(lines) if "96 of 96 values differ" in line]
    assert lines.index(stop) < told[0]
    assert told[-1] < lines.index(f"::{token}::")
