"""Courses that are told from one hand-in though few students have handed in what is asked for."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from grader.intake import looks_like_many, may_be_of_many
from tests.course_folders import CODE_FILE, MAIN, RUBRIC, found, lay_down, packed

NOTEBOOK = "rnn.ipynb"
COURSES = {
    "repositories": (f"hw3-ann/{MAIN}", "hw3-bob/README.md", "hw3-cyd/README.md"),
    "notebooks alone": (*(f"{n}/{NOTEBOOK}" for n in ("ann", "bob", "cyd")), "eve/report.pdf"),
}
OF_ONE: dict[str, Sequence[str]] = {
    "parts by name": ("rnn/a.ipynb", "gru/b.ipynb", "mha/c.ipynb"),
    "a project": (f"src/{MAIN}", "training/fit.py", "analysis/a.ipynb", "evaluation/b.ipynb"),
    "other notebooks": ("training/a.ipynb", "analysis/b.ipynb", "evaluation/c.ipynb"),
    "two notebooks": (f"training/{NOTEBOOK}", f"evaluation/{NOTEBOOK}"),
    "notebooks without a name": [f"{n}/Untitled1.ipynb" for n in ("ann", "bob", "cyd")],
    "parts": [f"{part}/rnn.ipynb" for part in ("training", "analysis", "evaluation")],
    "parts of all kinds": ("layers/nets.py", "weights/w.pt", "sentences/lm.ipynb"),
}


def is_many(path: Path) -> bool:
    return looks_like_many(path, RUBRIC.intake)


@pytest.mark.parametrize("kind", ["", "zip"])
@pytest.mark.parametrize("names", COURSES.values(), ids=COURSES)
def test_course_of_which_most_lack_a_main_file(
    tmp_path: Path, names: tuple[str, ...], kind: str
) -> None:
    if "hw3-" in names[0]:
        names = (*names, *(f"{name.split('/')[0]}/.git/HEAD" for name in names))
    folder = lay_down(tmp_path / "x", *names)
    assert is_many(packed(folder, kind) if kind else folder)


def test_repositories_beside_something_else_are_one_students(tmp_path: Path) -> None:
    names = (f"ann/{MAIN}", "ann/.git/HEAD", "bob/README.md", "bob/.git/HEAD")
    assert is_many(lay_down(tmp_path / "y", *names))
    assert not is_many(lay_down(tmp_path / "x", *names, f"model/{CODE_FILE}"))
    assert not is_many(lay_down(tmp_path / "z", *names[2:], "b/x.py", "b/.git/HEAD"))
    fetched = [name.replace("ann", "mine").replace("bob", "course") for name in names]
    assert not is_many(lay_down(tmp_path / "w", *fetched))


@pytest.mark.parametrize("names", OF_ONE.values(), ids=OF_ONE)
def test_parts_of_one_hand_in(tmp_path: Path, names: Sequence[str]) -> None:
    assert not is_many(lay_down(tmp_path / "x", *names))


def zip_of_zips(folder: Path, name: str, *names: str) -> None:
    """An archive of an archive for each name, which holds a main file."""
    folder.mkdir(exist_ok=True)
    inner = lay_down(folder.with_name("inner"), *(f"{each}.zip" for each in names))
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        for each in names:
            archive.write(inner / f"{each}.zip", f"{each}.zip")


@pytest.mark.parametrize("around", ["", "zip"])
@pytest.mark.parametrize("names", [("Section A", "Section B"), ("A", "B"), ("alpha", "beta")])
def test_sections_are_archives_of_archives(
    tmp_path: Path, names: tuple[str, str], around: str
) -> None:
    for section, students in zip(names, (("ann", "bob"), ("cyd", "dan")), strict=True):
        zip_of_zips(tmp_path / "x", section, *students)
    course = packed(tmp_path / "x", around) if around else tmp_path / "x"
    assert is_many(course)
    sections = [name.replace(" ", "_") for name in names]
    everyone = [f"{sections[0]}_ann", f"{sections[0]}_bob", f"{sections[1]}_cyd"]
    assert set(found(course, tmp_path)) == {*everyone, f"{sections[1]}_dan"}


def test_first_archives_of_a_section_may_hold_something_else(tmp_path: Path) -> None:
    students = ("ann", "bob", "cy", "dan", "ed", "flo")
    for section in ("alpha", "beta"):
        names = [f"{section[0]}{student}" for student in students]
        zip_of_zips(tmp_path / "x", section, *names)
        inner = tmp_path / "inner"
        with zipfile.ZipFile(tmp_path / "x" / f"{section}.zip", "w") as archive:
            for number, name in enumerate(names):
                if number in (1, 2):
                    with zipfile.ZipFile(inner / f"{name}.zip", "w") as report:
                        report.writestr("report.pdf", "1")
                archive.write(inner / f"{name}.zip", f"{name}.zip")
    assert len(found(tmp_path / "x", tmp_path)) == 2 * len(students)


def test_students_archives_of_parts_are_no_sections(tmp_path: Path) -> None:
    for student in ("ann", "bob"):
        zip_of_zips(tmp_path / "x", student, "old", "code")
    hand_ins = found(tmp_path / "x", tmp_path)
    assert list(hand_ins) == ["ann", "bob"]
    assert not any(hand_in.problem for hand_in in hand_ins.values())


def test_code_and_model_in_archives_of_their_own_are_no_sections(tmp_path: Path) -> None:
    for student, parts in {"ann": ("nets", "weights"), "bob": ("stuff", "trained")}.items():
        inner = lay_down(tmp_path / student, *(f"{part}.zip" for part in parts))
        with zipfile.ZipFile(inner / f"{parts[1]}.zip", "w") as archive:
            archive.writestr("rnn_lm.sav", "1")
        packed(inner, "zip").rename(lay_down(tmp_path / "x") / f"{student}.zip")
    assert list(found(tmp_path / "x", tmp_path)) == ["ann", "bob"]


def test_archive_in_an_archive_that_cannot_be_unpacked_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    zip_of_zips(tmp_path / "x", "Section A", "ann", "bob")
    lay_down(tmp_path / "x", f"cyd/{MAIN}")
    monkeypatch.setattr("grader.intake.packed.write", full)
    assert "cyd" in found(tmp_path / "x", tmp_path)


@pytest.mark.parametrize("kind", ["", "zip"])
@pytest.mark.parametrize("other", ["dan/rnn.ipynb", "dan/report.pdf", "lea.py", "roster.xlsx"])
def test_section_is_read_whatever_else_lies_in_it(tmp_path: Path, other: str, kind: str) -> None:
    names = (f"Section A/ann/{MAIN}", f"Section A/bob/{MAIN}", f"Section B/cyd/{MAIN}")
    folder = lay_down(tmp_path / "x", *names, f"Section B/eve/{MAIN}", f"Section B/{other}")
    hand_ins = found(packed(folder, kind) if kind else folder, tmp_path)
    assert {"Section_A_ann", "Section_A_bob", "Section_B_cyd", "Section_B_eve"} <= hand_ins.keys()
    assert [hand_ins[f"Section_B_{n}"].problem for n in ("cyd", "eve")] == ["", ""]


def test_sections_in_each_of_which_one_has_code(tmp_path: Path) -> None:
    names = (f"Section A/ann/{MAIN}", "Section A/eve/x.pdf", f"Section B/cyd/{MAIN}")
    hand_ins = found(lay_down(tmp_path / "x", *names, f"Section B/dan/{NOTEBOOK}"), tmp_path)
    assert list(hand_ins) == ["Section_A_ann", "Section_A_eve", "Section_B_cyd", "Section_B_dan"]


@pytest.mark.parametrize("more", [(), ("C/nobody/",), ("D/eve.zip",)])
def test_section_like_the_others_in_which_one_has_code(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    names = (f"A/ann/{MAIN}", f"A/bob/{MAIN}", f"B/cyd/{MAIN}", f"B/dan/{NOTEBOOK}")
    hand_ins = found(lay_down(tmp_path / "x", *names, *more), tmp_path)
    assert {"A_ann", "A_bob", "B_cyd", "B_dan"} <= hand_ins.keys()


def test_section_in_which_one_has_code_is_graded_by_no_chance(tmp_path: Path) -> None:
    names = (f"A/ann/{MAIN}", f"A/bob/{MAIN}", f"B/cyd/{MAIN}", f"B/dan/{NOTEBOOK}")
    hand_ins = found(lay_down(tmp_path / "x", *names, f"zoe/{MAIN}"), tmp_path)
    assert {name for name, hand_in in hand_ins.items() if hand_in.problem} == {"A", "B"}


def test_student_in_two_sections_is_told_of(tmp_path: Path) -> None:
    names = ("A/ann_5_1_hw.zip", "A/bob_6_2_hw.zip", "B/ann_5_3_hw.zip", "B/cy_7_4_hw.zip")
    hand_ins = found(lay_down(tmp_path / "x", *names), tmp_path)
    notes = {name: hand_in.arrival.notes for name, hand_in in hand_ins.items()}
    assert notes.pop("A_ann")[0].startswith("B_ann has the same id")
    assert notes.pop("B_ann")[0].startswith("A_ann has the same id")
    assert notes == {"A_bob": (), "B_cy": ()}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((f"ann/{MAIN}", "bob/report.pdf"), ["ann", "bob"]),
        ((f"ann/{MAIN}", "bob/rnn.ipynb", "cyd/hw3.py"), ["ann", "bob", "cyd"]),
        ((MAIN, f"ann/{MAIN}", f"bob/hw/{MAIN}"), ["ann", "bob"]),
        (("hw3_ann_implementation.py", "implementation_bob.py", "implementation_cyd.py"), 3),
        ((MAIN, f"ann/{MAIN}"), []),
        ((f"src/{MAIN}", "data/x.csv"), []),
        ((f"code/{MAIN}", "notebooks/rnn.ipynb", "report/x.pdf"), []),
    ],
)
def test_what_may_be_a_course_is_said(
    tmp_path: Path, names: tuple[str, ...], said: list[str] | int
) -> None:
    folder = lay_down(tmp_path / "x", *names)
    assert not is_many(folder)
    which = may_be_of_many(folder, RUBRIC.intake)
    assert which == said or len(which) == said
