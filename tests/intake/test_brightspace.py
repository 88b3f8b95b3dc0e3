"""Brightspace's download is read as hand-ins of many, each student's latest upload."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.intake import looks_like_many
from grader.intake.brightspace import upload_of
from grader.rubric import Rubric
from tests.course_folders import MAIN, found, lay_down, packed

ANN, BOB = "301-77 - Ann Lee", "302-77 - Bob - Jo O'Neil"


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_brightspace(tmp_path: Path, kind: str) -> None:
    folder = lay_down(
        tmp_path / "Homework 4 Download Nov 28, 2026 900 AM",
        "index.html",
        f"{ANN} - Nov 9, 2026 1230 AM/{MAIN}",
        f"{ANN} - Nov 9, 2026 1030 AM/rnn_lm.py",
        f"{BOB} - Oct 31, 2026 945 PM/{MAIN}",
    )
    course = folder if kind == "folder" else packed(folder, kind)
    assert looks_like_many(course, Rubric.load().intake)
    hand_ins = found(course, tmp_path)
    assert {h.arrival.student for h in hand_ins.values()} == {"Ann Lee", "Bob - Jo O'Neil"}
    assert {h.problem for h in hand_ins.values()} == {""}
    [ann] = [h for h in hand_ins.values() if h.arrival.student == "Ann Lee"]
    assert [part.path.name for part in ann.parts] == [f"{ANN} - Nov 9, 2026 1030 AM"]
    [note] = ann.arrival.notes
    assert f"{ANN} - Nov 9, 2026 1030 AM was taken, the latest, and not" in note
    assert ann.arrival.submission_id == "301"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("9 November, 2026 945 AM", "9 November, 2026 1020 AM"),
        ("12 Dec 2026 1245 PM", "12 Dec 2026 115 PM"),
        ("Sept 30, 2026 2359", "Oct 1, 2026 0005"),
        ("December 31, 2026 11:30 PM", "January 2, 2027 1:05 AM"),
    ],
)
def test_later_upload_is_taken_however_times_are_written(
    tmp_path: Path, earlier: str, later: str
) -> None:
    for number, order in enumerate([(earlier, later), (later, earlier)]):
        names = [f"301-77 - Ann - {time}/{MAIN}" for time in order]
        folder = lay_down(tmp_path / f"x{number}", *names, f"302-77 - Bo - {earlier}/{MAIN}")
        parts = found(folder, tmp_path)["Ann"].parts
        assert [part.path.name for part in parts] == [f"301-77 - Ann - {later}"]


@pytest.mark.parametrize(
    "times", [("9 marraskuu 2026 945", "8 maaliskuu 2026 945"), ("x2026 1", "y2026 1")]
)
def test_uploads_whose_order_nobody_can_tell_are_a_row_that_says_so(
    tmp_path: Path, times: tuple[str, str]
) -> None:
    names = [f"301-77 - Ann - {time}/{MAIN}" for time in times]
    folder = lay_down(tmp_path / "x", *names, f"302-77 - Bo - {times[0]}/{MAIN}")
    hand_ins = found(folder, tmp_path)
    assert "there are 2 uploads" in hand_ins["Ann"].problem
    assert hand_ins["Bo"].problem == ""


def test_folder_of_a_term_is_no_students(tmp_path: Path) -> None:
    assert upload_of("2026-11 - Homework 4 - Fall 2026") == ""
    assert upload_of(f"{ANN} - Nov 9, 2026 945 AM") == "301"


def test_students_of_one_name_are_two(tmp_path: Path) -> None:
    time = "Nov 9, 2026 945 AM"
    folder = lay_down(
        tmp_path / "x", f"301-77 - Ann Lee - {time}/{MAIN}", f"302-78 - Ann Lee - {time}/{MAIN}"
    )
    assert len(found(folder, tmp_path)) == 2
