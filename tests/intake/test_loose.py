"""Loose files, one of each student, are not graded as the first one's."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.intake import looks_like_many
from tests.course_folders import CODE_FILE, MAIN, RUBRIC, found, lay_down, packed

LOOSE = tuple(f"{name}_implementation.py" for name in ("anna", "bob", "cara"))


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
@pytest.mark.parametrize(
    "names",
    [
        LOOSE,
        ("implementation_anna.py", "implementation_bob.py", "implementation_cara.py"),
        tuple(f"{number}-implementation.py" for number in (170001, 170002, 170003)),
        (*LOOSE, "grades.csv", "README.md"),
        tuple(f"all/{name}" for name in LOOSE),
    ],
)
def test_loose_files_of_several_students(tmp_path: Path, names: tuple[str, ...], kind: str) -> None:
    """Nobody knows for certain whose they are; each says what to do."""
    folder = lay_down(tmp_path / "x", *names)
    path = packed(folder, kind) if kind else folder
    assert looks_like_many(path, RUBRIC.intake)
    hand_ins = found(path, tmp_path)
    assert len(hand_ins) == len(LOOSE)
    for hand_in in hand_ins.values():
        assert "put it into one, with a folder for each student, or grade the" in hand_in.problem


@pytest.mark.parametrize(
    "names",
    [
        LOOSE[:2],
        (*LOOSE, MAIN),
        (*LOOSE, CODE_FILE),
        (*LOOSE, "helper.py"),
        (*LOOSE, "Copy of implementation.py"),
        (*LOOSE, "rnn.ipynb"),
        (*LOOSE, "old/x.py"),
        tuple(f"{name}_implementation.py" for name in ("my", "first", "newest")),
        tuple(f"implementation_{name}.py" for name in ("final", "really_final", "submitted")),
        tuple(f"anna_implementation{number}.py" for number in ("", 2, 3)),
        tuple(f"anna_{name}_implementation.py" for name in ("x", "y", "z")),
        tuple(f"u{number}_implementation.py" for number in (1, 2, 3)),
        ("implementation.py", "implementation (1).py", "implementation (2).py"),
    ],
)
def test_loose_files_that_may_be_of_one(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert not looks_like_many(lay_down(tmp_path / "x", *names), RUBRIC.intake)
