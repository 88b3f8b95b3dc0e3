"""What a run begins with: a look at where reports go, and an answer to Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from grader.commands.early import (
    STEP_SUMMARY,
    check_results,
    check_step_summary,
    check_writable,
    gradescope_told,
    interruption_told,
)
from grader.errors import UsageError
from tests.conftest import ROOT


@pytest.mark.parametrize("below", ["file", "file/deeper/still"])
def test_file_in_the_way(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is a file, not a folder"):
        check_writable(tmp_path / below)


def test_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    with pytest.raises(UsageError, match="is a link that leads nowhere"):
        check_writable(tmp_path / "link" / "out")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_place_that_is_not_for_files_whoever_asks() -> None:
    with pytest.raises(UsageError, match=r"nothing can be made in /proc \(.*\); name another"):
        check_writable(Path("/proc/xyz"))


def test_nothing_is_left_where_all_is_well(tmp_path: Path) -> None:
    check_writable(tmp_path)
    check_writable(tmp_path / "new" / "out")
    assert list(tmp_path.iterdir()) == []


def test_results_for_gradescope(tmp_path: Path) -> None:
    check_results(tmp_path / "results.json")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"nothing can be made in .*/file \(Not a directory\)"):
        check_results(tmp_path / "file" / "results.json")
    with pytest.raises(UsageError, match="is a folder"):
        check_results(tmp_path)


def test_folder_of_the_results_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new" / "out" / "results.json"
    check_results(file)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError), gradescope_told(file):
        raise UsageError("wrong")
    assert "not your fault" in file.read_text()


def test_page_that_github_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STEP_SUMMARY, raising=False)
    check_step_summary()
    page = tmp_path / "page.md"
    page.write_text("before")
    monkeypatch.setenv(STEP_SUMMARY, str(page))
    check_step_summary()
    assert page.read_text() == "before"
    monkeypatch.setenv(STEP_SUMMARY, str(tmp_path / "none" / "page.md"))
    with pytest.raises(UsageError, match=r"STEP_SUMMARY names .* leave out --summary"):
        check_step_summary()


def test_interruption_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as end, interruption_told():
        raise KeyboardInterrupt
    assert end.value.exit_code == 130
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("Interrupted; the same command")


def test_interruption_of_the_first_imports_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text(f"import os\nos.kill(os.getpid(), {signal.SIGINT:d})\n")
    done = subprocess.run(
        [sys.executable, "-m", "grader", "--version"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")
