"""A hand-in does not say where reports go, also where they are written inside of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader import grade_many
from grader.destination import check_destination
from grader.errors import UsageError
from tests.conftest import ROOT

IS_A_LINK = "is a link in the hand-in"


@pytest.fixture
def handin(tmp_path: Path) -> Path:
    """A hand-in with a link ``results`` to a folder of somebody else's."""
    folder = tmp_path / "handin"
    (folder / "sub").mkdir(parents=True)
    (folder / "implementation.py").write_text("x = 1\n")
    (tmp_path / "theirs").mkdir()
    (folder / "results").symlink_to(tmp_path / "theirs")
    return folder


@pytest.mark.parametrize("out", ["results", "results/alice", "sub/../results", "results/../new"])
def test_link_in_a_hand_in(handin: Path, out: str) -> None:
    with pytest.raises(UsageError, match=f"handin/results {IS_A_LINK}.*name another folder"):
        check_destination(handin / out, (), [handin])


def test_link_is_seen_from_inside(handin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(handin)
    with pytest.raises(UsageError, match=IS_A_LINK):
        check_destination(Path("results"), (), [Path()])


def test_link_is_seen_by_whatever_way_it_is_reached(handin: Path, tmp_path: Path) -> None:
    (tmp_path / "other").symlink_to("handin")
    for hand_in in (handin, tmp_path / "other"):
        with pytest.raises(UsageError, match=IS_A_LINK):
            check_destination(tmp_path / "other" / "results", (), [hand_in])
    (tmp_path / "out").symlink_to("other/results/deeper")
    with pytest.raises(UsageError, match=IS_A_LINK):
        check_destination(tmp_path / "out", (), [handin])


def test_links_in_a_circle(handin: Path) -> None:
    (handin / "results").unlink()
    (handin / "results").symlink_to("again")
    (handin / "again").symlink_to("results")
    with pytest.raises(UsageError, match=IS_A_LINK):
        check_destination(handin / "results", (), [handin])
    check_destination(handin / "results", (), [])


def test_links_of_others_and_folders_inside(handin: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("theirs")
    (tmp_path / "to-handin").symlink_to("handin")
    check_destination(tmp_path / "link", (), [handin])
    check_destination(handin / "sub" / "new", (), [handin])
    check_destination(tmp_path / "to-handin" / "sub", (), [tmp_path / "to-handin"])


def test_folder_where_a_report_is_to_be(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").mkdir()
    (tmp_path / "report.json").symlink_to(os.curdir)  # a link is replaced
    check_destination(tmp_path, ("report.json", "report.html"), ())
    with pytest.raises(UsageError, match=r"junit\.xml is a folder, and a file of that name"):
        check_destination(tmp_path, ("report.json", "junit.xml"), ())


@pytest.mark.parametrize("taken", ["gradebook.csv", "handin/report.html"])
def test_course_from_python(handin: Path, tmp_path: Path, taken: str) -> None:
    (tmp_path / "course").mkdir()
    handin = handin.rename(tmp_path / "course" / "handin")
    with pytest.raises(UsageError, match=IS_A_LINK):
        grade_many(tmp_path / "course", handin / "results")
    (tmp_path / "out" / taken).mkdir(parents=True)
    with pytest.raises(UsageError, match="is a folder, and a file"):
        grade_many(tmp_path / "course", tmp_path / "out")
    assert list((tmp_path / "theirs").iterdir()) == []


def test_command_line(handin: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "summary.md").mkdir(parents=True)
    done = run("grader", handin, "--one", "--out", tmp_path / "out", "--summary", "markdown")
    assert "summary.md is a folder, and a file" in done.stderr
    assert done.returncode == 2


def test_results_for_gradescope(handin: Path, tmp_path: Path) -> None:
    done = run("grader", handin, "--gradescope", handin / "results" / "results.json")
    assert done.returncode == 2
    assert IS_A_LINK in " ".join(done.stderr.split())
    assert [*(tmp_path / "theirs").iterdir()] == []


def test_pytests_option(handin: Path, tmp_path: Path) -> None:
    where = ("--submission", handin, "--submission-out", handin / "results")
    done = run("pytest", "-p", "no:cacheprovider", *where)
    assert IS_A_LINK in done.stderr
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert list((tmp_path / "theirs").iterdir()) == []


def test_folder_for_reports_that_nobody_has_named(handin: Path) -> None:
    """It is in the current folder, which may be the hand-in itself."""
    done = run("grader", ".", "--one", cwd=handin)
    assert IS_A_LINK in done.stderr
    assert done.returncode == 2


def run(module: str, *arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
