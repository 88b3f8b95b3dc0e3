"""A course's folders of several hand-ins each are told from students' own, and no one is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.intake import looks_like_many
from tests.course_folders import CODE_FILE, MAIN, MODEL, RUBRIC, code_of, found, lay_down, packed

SECTIONS = (f"sec1/anna/{MAIN}", f"sec1/bob/{MAIN}", f"sec2/anna/{MAIN}", f"sec2/dora/a4/{MAIN}")
SEVERAL = "holds several hand-ins"

OF_ONE_EACH = {
    "older copies": ("old", "backup", "submission"),
    "in other words": ("FinalSubmission", "my_draft"),
    "versions": ("v1", "v2"),
    "parts with a number": ("ernn 1", "ernn 2"),
    "numbers": ("1", "2"),
    "a copy of a download": ("zeta", "zeta (1)"),
    "a word that all have": ("zeta slow", "zeta fast"),
    "the student's name": ("{}", "zeta"),
    "names that all students give": ("rough", "quick", "odd{}"),
}


@pytest.mark.parametrize("kind", ["", "zip"])
def test_hand_ins_in_sections_are_rows(tmp_path: Path, kind: str) -> None:
    folder = lay_down(tmp_path / "x", *SECTIONS, "sec2/erin.zip", "grades.csv", "README.md")
    path = packed(folder, kind) if kind else folder
    assert looks_like_many(path, RUBRIC.intake)
    hand_ins = found(path, tmp_path)
    assert list(hand_ins) == ["sec1_anna", "sec1_bob", "sec2_anna", "sec2_dora", "sec2_erin"]
    assert hand_ins["sec2_anna"].arrival.student == "anna"
    assert not any(h.problem or h.arrival.notes for h in hand_ins.values())
    assert code_of(hand_ins["sec2_dora"], tmp_path) == f"'sec2/dora/a4/{MAIN}'\n"


def test_names_in_sections_that_become_alike_are_told_apart(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", *(f"{s}/{n}/{MAIN}" for s in ("x", "y") for n in ("u", s)))
    assert len(found(folder, tmp_path)) == 2  # Named as the folder is: it may be one student's.
    names = ("x/u_z", "x/kim", "x_u/z", "x_u/lee")
    hand_ins = found(lay_down(tmp_path / "y", *(f"{name}/{MAIN}" for name in names)), tmp_path)
    assert len(hand_ins) == len(names)
    assert {name.rpartition("-")[0] for name in hand_ins} == {"", "x_u_z"}


def test_section_has_those_who_handed_in_something_else(tmp_path: Path) -> None:
    names = (f"sec1/carl/{CODE_FILE}", "sec2/frank/hw.pdf", "sec2/gina/", "sec3/")
    hand_ins = found(lay_down(tmp_path / "x", *SECTIONS, *names), tmp_path)
    assert {"sec1_carl", "sec2_frank", "sec2_gina", "sec3"} < hand_ins.keys()
    assert "is empty" in hand_ins["sec2_gina"].problem
    assert "is empty" in hand_ins["sec3"].problem
    assert len(hand_ins) == len(SECTIONS) + len(names)


def test_sections_of_a_platforms_hand_ins(tmp_path: Path) -> None:
    moodle = [f"sec{i // 2}/{n} Doe_{i}_assignsubmission_file/{MAIN}" for i, n in enumerate("ABCD")]
    hand_ins = found(lay_down(tmp_path / "moodle", *moodle), tmp_path)
    assert list(hand_ins) == ["sec0_A_Doe", "sec0_B_Doe", "sec1_C_Doe", "sec1_D_Doe"]
    assert hand_ins["sec1_D_Doe"].arrival.student_id == "3"
    canvas = [f"sec{i // 2}/doe{n}_{i}_2{i}_hw4.zip" for i, n in enumerate("abcd")]
    hand_ins = found(lay_down(tmp_path / "canvas", *canvas), tmp_path)
    assert list(hand_ins) == ["sec0_doea", "sec0_doeb", "sec1_doec", "sec1_doed"]


@pytest.mark.parametrize("other", [f"zoe/{MAIN}", "zoe.zip", f"zoe/{MODEL}"])
def test_section_among_single_hand_ins_is_not_graded(tmp_path: Path, other: str) -> None:
    hand_ins = found(lay_down(tmp_path / "x", *SECTIONS, other), tmp_path)
    assert list(hand_ins) == ["sec1", "sec2", "zoe"]
    assert f"sec1 {SEVERAL} (anna, bob), and lies beside" in hand_ins["sec1"].problem
    assert f"sec2 {SEVERAL} (anna, dora)" in hand_ins["sec2"].problem
    assert not hand_ins["zoe"].problem


def test_of_many_in_a_section_few_are_named(tmp_path: Path) -> None:
    many = [f"sec3/{name}/{MAIN}" for name in ("ed", "flo", "gus", "hal", "ida", "jo", "kim")]
    hand_ins = found(lay_down(tmp_path / "x", *SECTIONS, *many, f"zoe/{MAIN}"), tmp_path)
    assert "(ed, flo, gus, hal, ida and 2 more)" in hand_ins["sec3"].problem


@pytest.mark.parametrize("folders", OF_ONE_EACH.values(), ids=OF_ONE_EACH)
@pytest.mark.parametrize("others", [(), ("carl",)])
def test_copies_of_one_student_are_one(
    tmp_path: Path, folders: tuple[str, ...], others: tuple[str, ...]
) -> None:
    """Also where all students of a course have them."""
    names = [f"{s}/{f.format(s)}/{MAIN}" for s in ("anna", "bob") for f in folders]
    names += [f"{other}/{MAIN}" for other in others]
    hand_ins = found(lay_down(tmp_path / "x", *names), tmp_path)
    assert list(hand_ins) == ["anna", "bob", *others]
    assert not any(h.problem for h in hand_ins.values())


@pytest.mark.parametrize(
    "names",
    [
        # A single such folder, one with a file at its top, and parts with different main files.
        (f"anna/zeta/{MAIN}", f"anna/eta/{MAIN}", f"bob/{MAIN}"),
        (f"anna/zeta/{MAIN}", f"anna/eta/{MAIN}", "anna/read.txt", *SECTIONS[:2]),
        (f"anna/zeta/{MAIN}", f"anna/eta/{CODE_FILE}", *SECTIONS[:2]),
        (f"anna/zeta/{MAIN}", "anna/eta/x.py", *SECTIONS[:2]),
        # Two among more students than they have folders.
        (*SECTIONS, *(f"{name}/{MAIN}" for name in ("ed", "flo", "gus", "hal"))),
    ],
)
def test_what_may_be_of_one_student_is_one(tmp_path: Path, names: tuple[str, ...]) -> None:
    hand_ins = found(lay_down(tmp_path / "x", *names), tmp_path)
    assert hand_ins.keys() == {name.split("/")[0] for name in names}
    assert not any(h.problem for h in hand_ins.values())
