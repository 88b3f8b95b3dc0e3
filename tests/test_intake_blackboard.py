"""Blackboard's download is read as hand-ins of many, each student's latest attempt."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.intake import looks_like_many
from grader.rubric import Rubric
from tests.course_folders import found, lay_down, packed

FIRST, SECOND = "attempt_2026-11-20-09-30-00", "attempt_2026-11-27-11-00-00"
MAIN, MODEL = "implementation.py", "rnn_lm.py"


def logins(folder: Path, tmp_path: Path) -> dict[str, set[str]]:
    """The hand-ins' files by the students' logins."""
    hand_ins = found(folder, tmp_path).values()
    return {h.arrival.student: {part.name for part in h.parts} for h in hand_ins}


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_blackboard(tmp_path: Path, kind: str) -> None:
    folder = lay_down(
        tmp_path / "gradebook",
        f"Homework 4_ann_{FIRST}.txt",
        f"Homework 4_ann_{FIRST}_{MAIN}",
        f"Homework 4_ann_{FIRST}_{MODEL}",
        f"Homework 4_bob_x_{FIRST}_{MAIN}",
        f"Homework 4_bob_x_{SECOND}_{MODEL}",
        f"Homework 4_cy_{SECOND}.txt",
    )
    course = folder if kind == "folder" else packed(folder, kind)
    assert looks_like_many(course, Rubric.load().intake)
    assert logins(course, tmp_path) == {"ann": {MAIN, MODEL}, "bob_x": {MODEL}, "cy": set()}
    hand_ins = {h.arrival.student: h for h in found(course, tmp_path / "again").values()}
    assert "only a text was handed in online" in hand_ins["cy"].problem
    [note] = hand_ins["bob_x"].arrival.notes
    assert f"{SECOND}_{MODEL} was taken, the latest, and not" in note
    assert hand_ins["ann"].arrival.notes == ()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("hw_jane_doe", "hw_jim_doe"), {"jane_doe", "jim_doe"}),
        (("hw_ann", "hw_anna"), {"ann", "anna"}),
        # That is taken for a part of the assignment's name, and nobody for anybody else.
        (("hw_x_ann", "hw_x_bob"), {"ann", "bob"}),
        (("hw_ann",), {"ann"}),
    ],
)
def test_logins(tmp_path: Path, names: tuple[str, ...], expected: set[str]) -> None:
    folder = lay_down(tmp_path / "x", *(f"{name}_{FIRST}_{MAIN}" for name in names))
    assert set(logins(folder, tmp_path)) == expected


def test_what_a_student_calls_a_file_makes_nobody_else_of_its_owner(tmp_path: Path) -> None:
    folder = lay_down(
        tmp_path / "x",
        f"hw_mallory_{FIRST}_hw_victim_{SECOND}_{MAIN}",
        f"hw_eve_{FIRST}_zz_102_5_{MAIN}",
        f"hw_victim_{FIRST}_{MAIN}",
    )
    assert set(logins(folder, tmp_path)) == {"mallory", "eve", "victim"}


@pytest.mark.parametrize(
    "mine",
    [f"mallory_5_902_hw_victim_{FIRST}_{MAIN}", f"M_5_assignsubmission_file_v_{FIRST}_{MAIN}"],
)
def test_name_of_another_platforms_is_none_of_blackboards(tmp_path: Path, mine: str) -> None:
    folder = lay_down(tmp_path / "x", mine, mine.replace("5_", "6_", 1))
    ids = {h.arrival.student_id for h in found(folder, tmp_path).values()}
    assert ids == {"5", "6"}
