"""What is odd in one place of a course costs a row with a reason, and never the course."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.batch.course import plan
from grader.errors import SubmissionError
from grader.grading import Request
from grader.handed_in.submission import stage
from grader.intake import looks_like_many
from grader.regular import RIGHTS
from tests.conftest import ROOT
from tests.course_folders import CODE_FILE, MAIN, RUBRIC, found, lay_down
from tests.staging import CODE

TOO_LONG = "it was not unpacked: its name is too long"
X = "x" * 300
E = "\u00e9" * 130


def exported(tmp_path: Path, *names: str) -> Path:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in (f"ann/{MAIN}", f"bob/{MAIN}", *names):
            archive.writestr(name, "" if name.endswith("/") else CODE)
    return file


def test_folder_that_may_be_listed_but_not_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made up, as root may enter everything."""
    folder = lay_down(tmp_path / "x", f"ann/{MAIN}", "shut/hw.zip", f"bob/{MAIN}", f"bob/in/{MAIN}")
    may_ask, may_stat = os.access, Path.stat

    def is_shut(path: Path) -> bool:
        return path.parent.name in {"shut", "in"}

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if is_shut(path):
            raise PermissionError(13, "Permission denied")
        return may_stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(os, "access", lambda p, mode: not is_shut(p / "x") and may_ask(p, mode))
    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(Path, "lstat", lambda path: stat(path, follow_symlinks=False))
    assert looks_like_many(folder, RUBRIC.intake)
    hand_ins = found(folder, tmp_path)
    assert list(hand_ins) == ["ann", "bob", "shut"]
    assert hand_ins["shut"].problem == f"shut cannot be read: Permission denied{RIGHTS}"
    assert not hand_ins["bob"].problem


def test_links_in_a_circle(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", f"ann/{MAIN}", f"bob/{MAIN}")
    (folder / "loop").symlink_to("loop")
    request = Request(path=folder, data=ROOT / "fixtures" / "corpus")
    tasks = plan(request, tmp_path / "out", tmp_path / "unpacked", regrade=False)
    problems = {task.hand_in.arrival.name: task.hand_in.problem for task in tasks}
    assert list(problems) == ["ann", "bob", "loop"]
    assert "symbolic link, which is not followed" in problems["loop"]


@pytest.mark.parametrize(
    "names",
    [(f"{X}/",), (f"{X}/{MAIN}",), (f"{X}/", f"{X}/{MAIN}"), (f"{X}.zip",), (f"{E}/",)],
)
def test_name_that_is_too_long_for_the_disk(tmp_path: Path, names: tuple[str, ...]) -> None:
    file = exported(tmp_path, *names)
    assert looks_like_many(file, RUBRIC.intake)
    ann, bob, other = found(file, tmp_path).values()
    assert not ann.problem
    assert not bob.problem
    assert other.problem == TOO_LONG
    assert set(other.arrival.student) <= {"x", "\u00e9"}


def test_name_that_is_too_long_in_a_students_folder(tmp_path: Path) -> None:
    hand_ins = found(exported(tmp_path, f"ann/{X}/", f"bob/{X}.py", f"cat/{X}/"), tmp_path)
    notes = {name: hand_in.arrival.notes for name, hand_in in hand_ins.items()}
    assert notes["ann"] == (f"{X[:200]}: {TOO_LONG}",)
    assert notes["bob"] == (f"{X[:200]}: {TOO_LONG}",)
    assert {name for name, hand_in in hand_ins.items() if hand_in.problem} == {"cat"}


IN_ASCII = """
import sys
from pathlib import Path
from grader.intake import arrivals, looks_like_many
from grader.rubric import Rubric

limits = Rubric.load().intake
export, into = map(Path, sys.argv[1:])
print(looks_like_many(export, limits))
for hand_in in arrivals(export, into, limits):
    print(ascii((hand_in.arrival.name, hand_in.problem)))
"""


def test_locale_that_cannot_write_a_name(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_ASCII, exported(tmp_path, f"zo\u00eb/{MAIN}"), tmp_path / "into"],
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    is_many, *rows = done.stdout.splitlines()
    assert is_many == "True"
    assert rows[:2] == ["('ann', '')", "('bob', '')"]
    assert rows[2].startswith("('zo', 'it was not unpacked: the locale of this system cannot")


@pytest.mark.parametrize("left", [f".{MAIN}", f"__MACOSX/._{MAIN}"])
def test_folder_with_nothing_but_what_tools_leave_is_not_called_empty(
    tmp_path: Path, left: str
) -> None:
    hand_ins = found(lay_down(tmp_path / "x", f"ann/{MAIN}", f"bob/{left}", "cy/"), tmp_path)
    assert f"there is only {left.split('/')[0]}, as systems" in hand_ins["bob"].problem
    assert "the folder is empty" in hand_ins["cy"].problem


@pytest.mark.parametrize("shut", ["shut", "bob"])
def test_folder_that_cannot_be_read_is_no_missing_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shut: str
) -> None:
    """Made up, as root may read everything."""
    folder, scandir = lay_down(tmp_path / "bob", CODE_FILE, f"shut/{MAIN}"), os.scandir

    def refusing(path: Path) -> Any:
        if path.name == shut:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("grader.handed_in.listing.os.scandir", refusing)
    with pytest.raises(SubmissionError) as error:
        stage(folder, tmp_path / "staged", RUBRIC.submission)
    assert str(error.value) == f"the folder {shut} cannot be read: Permission denied{RIGHTS}"
