"""Blackboard's download is read as hand-ins of many, each student's latest attempt."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.intake import looks_like_many
from grader.roster.matching import match
from grader.roster.reading import parse_roster
from grader.rows import Row, Status
from grader.rubric import Rubric
from tests.course_folders import found, lay_down, packed

FIRST, SECOND = "attempt_2026-11-20-09-30-00", "attempt_2026-11-27-11-00-00"
MAIN, MODEL = "implementation.py", "rnn_lm.py"


def logins(folder: Path, tmp_path: Path) -> dict[str, set[str]]:
    """The hand-ins' files by the students' logins."""
    hand_ins = found(folder, tmp_path)
    return {name: {part.name for part in h.parts} for name, h in hand_ins.items()}


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
    hand_ins = found(course, tmp_path / "again")
    assert "only a text was handed in online" in hand_ins["cy"].problem
    [note] = hand_ins["bob_x"].arrival.notes
    assert f"{SECOND}_{MODEL} was taken, the latest, and not" in note
    assert hand_ins["ann"].arrival.notes == ()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("hw_jane_doe", "hw_jim_doe"), {"jane_doe", "jim_doe"}),
        (("hw_ann", "hw_anna"), {"ann", "anna"}),
        # Nobody can tell whether that is a part of the assignment's name.
        (("hw_x_ann", "hw_x_bob"), {"ann", "bob"}),
        (("hw_ann",), {"hw_ann"}),
    ],
)
def test_names(tmp_path: Path, names: tuple[str, ...], expected: set[str]) -> None:
    folder = lay_down(tmp_path / "x", *(f"{name}_{FIRST}_{MAIN}" for name in names))
    assert set(found(folder, tmp_path)) == expected


def test_login_that_is_the_end_of_another_one_is_in_doubt(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", f"Homework 4_j_lee_{FIRST}_{MAIN}")
    [hand_in] = found(folder, tmp_path).values()
    mine = Row(arrival=hand_in.arrival, status=Status.GRADED)

    def whose(text: str) -> list[str]:
        return [each.line.name for each in match(parse_roster(text), [mine]).matches]

    assert whose("login,name\nj_lee,John Lee\nk_lee,Kim Lee\n") == ["John Lee"]
    assert whose("login,name\nlee,Kim Lee\nann,Ann\n") == ["Kim Lee"]
    assert whose("login,name\nlee,Kim Lee\nj_lee,John Lee\n") == []


def test_page_alone_makes_no_course(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", f"lstm_{FIRST}.txt")
    lay_down(folder / "hw", MAIN)
    assert not looks_like_many(folder, Rubric.load().intake)


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
