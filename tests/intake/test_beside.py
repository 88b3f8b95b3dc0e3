"""What lies beside a course's folder, or its export, hides no student and is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.handed_in.submission import stage
from grader.intake import looks_like_many
from tests.course_folders import MAIN, RUBRIC, found, lay_down, packed

STAFFS = ("roster.csv", "README.txt", "notes.txt", "assignment.pdf", "grade_it.py")
GRADED_ALONE = ("report.html", "report.json", "junit.xml", "staff.html")
GRADED = (*GRADED_ALONE, "row.json")
RESULTS = {
    "of a hand-in": [f"results/submissions/{name}" for name in GRADED_ALONE],
    "of a course": [
        "results/gradebook.csv",
        "results/summary.html",
        "results/bob/row.json",
        *(f"results/ann/{name}" for name in GRADED),
    ],
    "of a hand-in, elsewhere": [f"checked/{name}" for name in GRADED_ALONE],
}


def rows(path: Path, tmp_path: Path) -> list[str]:
    assert looks_like_many(path, RUBRIC.intake)
    return list(found(path, tmp_path))


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
@pytest.mark.parametrize("file", STAFFS)
def test_file_beside_the_folder_of_hand_ins(tmp_path: Path, file: str, kind: str) -> None:
    names = (file, f"hw4/inner/ann/{MAIN}", f"hw4/inner/bob/{MAIN}", "hw4/notes.txt")
    folder = lay_down(tmp_path / "x", *names)
    assert rows(packed(folder, kind) if kind else folder, tmp_path) == ["ann", "bob"]


def test_table_beside_the_folder_of_an_export(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", "gradebook.csv", "a4/ann_1_2_hw4.zip", "a4/bob_3_4_hw4.zip")
    assert rows(folder, tmp_path) == ["ann", "bob"]


def test_folder_around_a_folder_as_deep_as_is_looked(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", f"1/2/3/4/5/ann/{MAIN}", f"1/2/3/4/5/bob/{MAIN}")
    assert rows(folder, tmp_path) == ["ann", "bob"]


@pytest.mark.parametrize("names", RESULTS.values(), ids=RESULTS)
@pytest.mark.parametrize("kind", ["", "zip"])
def test_results_beside_the_folder_of_hand_ins(tmp_path: Path, names: list[str], kind: str) -> None:
    folder = lay_down(tmp_path / "x", *names, f"submissions/ann/{MAIN}", f"submissions/bob/{MAIN}")
    assert rows(packed(folder, kind) if kind else folder, tmp_path) == ["ann", "bob"]


@pytest.mark.parametrize("which", ["submissions", ""])
def test_results_in_the_place_of_hand_ins(tmp_path: Path, which: str) -> None:
    """Those of one hand-in, or of a course."""
    names = RESULTS["of a hand-in" if which else "of a course"]
    folder = lay_down(tmp_path / "x", *names) / "results" / which
    said = f"{folder.name} holds results of this program, not what was handed in"
    assert not looks_like_many(folder, RUBRIC.intake)
    with pytest.raises(SubmissionError, match=said):
        stage(folder, tmp_path / "staged", RUBRIC.submission)
    if not which:
        with pytest.raises(SubmissionError, match=said):
            found(folder, tmp_path)


@pytest.mark.parametrize("what", ["of a hand-in", "of a course"])
def test_results_among_the_hand_ins(tmp_path: Path, what: str) -> None:
    folder = lay_down(tmp_path / "x", *RESULTS[what], f"ann/{MAIN}", f"bob/{MAIN}")
    assert rows(folder, tmp_path) == ["ann", "bob"]


def test_student_who_handed_in_results_is_a_row(tmp_path: Path) -> None:
    """With code or without: who is in a course's folder must not be lost."""
    names = [f"cat/{name}" for name in GRADED_ALONE]
    names += [f"results/{name}" for name in (f"me/{MAIN}", *(f"old/{name}" for name in GRADED))]
    folder = lay_down(tmp_path / "x", f"ann/{MAIN}", *names)
    assert rows(folder, tmp_path) == ["ann", "cat", "results"]


@pytest.mark.parametrize("beside", [(), ("roster.csv",), RESULTS["of a course"]])
def test_folder_with_an_export_alone(tmp_path: Path, beside: tuple[str, ...]) -> None:
    students = lay_down(tmp_path / "students", f"ann/{MAIN}", f"bob/{MAIN}")
    folder = lay_down(tmp_path / "x", *beside)
    shutil.move(packed(students, "zip"), folder / "submissions.zip")
    assert rows(folder, tmp_path) == ["ann", "bob"]


def test_archive_of_one_beside_notes_is_one(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", "hw4.zip", "notes.txt", "report.pdf")
    assert not looks_like_many(folder, RUBRIC.intake)
    assert "hw4" in found(folder, tmp_path)


def test_one_student_of_an_export_is_no_course(tmp_path: Path) -> None:
    """Even with two versions of the code: the names say whose they are."""
    jane = "Jane Doe_12_assignsubmission_file"
    folder = lay_down(tmp_path / "x", f"{jane}/v1/{MAIN}", f"{jane}/v2/{MAIN}")
    assert rows(folder, tmp_path) == ["Jane_Doe"]
