"""A course's folders of several hand-ins each are told from students' own, and no one is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.intake import looks_like_many
from grader.intake.gradescope import METADATA
from grader.intake.words import is_section
from tests.course_folders import CODE_FILE, MAIN, MODEL, RUBRIC, code_of, found, lay_down, packed

SECTIONS = (f"sec1/anna/{MAIN}", f"sec1/bob/{MAIN}", f"sec2/anna/{MAIN}", f"sec2/dora/a4/{MAIN}")
SEVERAL = "holds several hand-ins"

OF_ONE_EACH = {
    "older copies": ("old", "backup", "submission"),
    "in other words": ("FinalSubmission", "my_draft"),
    "versions": ("v1", "v2"),
    "parts with a number": ("part 1", "part 2"),
    "questions": ("q2-6", "q7"),
    "in German": ("zeta", "zeta - Kopie"),
    "parts with a letter": ("part_b", "part_c"),
    "an attempt each": ("hw4-1", "hw4-2"),
    "given files": ("template", "reference", "zeta"),
    "a copy of a download": ("zeta", "zeta (1)"),
    "a word that all have": ("zeta slow", "zeta fast"),
    "the student's name": ("{}", "zeta"),
}
IN_DOUBT = {
    "numbers": ("1", "2"),
    "a word with a number": ("ernn 1", "ernn 2"),
    "a word that all have": ("zeta rough", "zeta quick"),
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


@pytest.mark.parametrize(
    ("one", "other"),
    [("secA", "secB"), ("SectionA", "SectionB"), ("TutA", "TutB"), ("sec1", "sec2")],
)
def test_folder_is_called_a_section_with_a_letter_or_a_number_too(
    tmp_path: Path, one: str, other: str
) -> None:
    names = (f"{one}/ann", f"{one}/bob", f"{other}/ann", f"{other}/cyd")
    folder = lay_down(tmp_path / "x", *(f"{name}/{MAIN}" for name in names))
    assert list(found(folder, tmp_path)) == [name.replace("/", "_") for name in names]


@pytest.mark.parametrize("late", ["late", "Late submissions", "Nachzügler"])
@pytest.mark.parametrize(
    "beside", [("amy", "bob"), ("sec1/amy", "sec1/bob", "sec2/cyd", "sec2/dee")]
)
@pytest.mark.parametrize("names", [("eve",), ("eve", "kim")])
def test_what_came_late_lies_in_a_folder_of_its_own(
    tmp_path: Path, late: str, beside: tuple[str, ...], names: tuple[str, ...]
) -> None:
    places = [*beside, *(f"{late}/{name}" for name in names)]
    folder = lay_down(tmp_path / "x", *(f"{place}/{MAIN}" for place in places))
    hand_ins = found(folder, tmp_path)
    assert len(hand_ins) == len(places)
    assert not any(h.problem for h in hand_ins.values())
    arrivals = [h.arrival for h in hand_ins.values() if h.arrival.late]
    assert [arrival.student for arrival in arrivals] == [*names]


@pytest.mark.parametrize("place", ["{}", "sec1/{}"])
def test_late_hand_in_of_who_has_handed_in_before_is_the_latest(tmp_path: Path, place: str) -> None:
    names = [*(place.format(name) for name in ("ann", "bob")), "late/Ann", "late/eve"]
    folder = lay_down(tmp_path / "x", *(f"{name}/{MAIN}" for name in names))
    hand_ins = found(folder, tmp_path)
    ann = place.format("ann").replace("/", "_")
    assert {*hand_ins} == {ann, place.format("bob").replace("/", "_"), "late_eve"}
    assert hand_ins[ann].arrival.late
    assert code_of(hand_ins[ann], tmp_path) == f"'late/Ann/{MAIN}'\n"
    [note] = hand_ins[ann].arrival.notes
    assert note.endswith("late/Ann was taken, the latest, and not " + place.format("ann"))


def test_two_of_one_name_are_not_told_apart_by_what_came_late(tmp_path: Path) -> None:
    names = ("sec1/ann", "sec1/bob", "sec2/ann", "sec2/dee", "late/ann")
    folder = lay_down(tmp_path / "x", *(f"{name}/{MAIN}" for name in names))
    assert len(found(folder, tmp_path)) == 5


@pytest.mark.parametrize("ending", ["", ".zip"])
@pytest.mark.parametrize("first", ["on_time", "SecA"])
def test_one_section_beside_what_came_late(tmp_path: Path, first: str, ending: str) -> None:
    names = (f"{first}/ann", f"{first}/bob", "late/dora", "late/emil")
    folder = lay_down(tmp_path / "x", *(f"{name}/{MAIN}" for name in names))
    if ending:
        packed(folder / "late", "zip")
        shutil.rmtree(folder / "late")
    hand_ins = found(folder, tmp_path)
    assert [*hand_ins] == sorted(name.replace("/", "_") for name in names)
    assert not any(h.problem for h in hand_ins.values())


def test_student_may_be_called_late(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", f"late/{MAIN}", f"anna_late/{MAIN}", f"bob/{MAIN}")
    assert [*found(folder, tmp_path)] == ["anna_late", "bob", "late"]


@pytest.mark.parametrize("names", [("mona", "tuta"), ("secundo", "secret"), ("Seck", "TUTU")])
def test_name_of_a_person_is_no_section(tmp_path: Path, names: tuple[str, str]) -> None:
    assert not any(map(is_section, names))


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


@pytest.mark.parametrize("folders", IN_DOUBT.values(), ids=IN_DOUBT)
@pytest.mark.parametrize("others", [(), ("carl",)])
@pytest.mark.parametrize("kind", ["", "zip"])
def test_what_may_be_of_one_or_of_several_is_for_a_person(
    tmp_path: Path, folders: tuple[str, ...], others: tuple[str, ...], kind: str
) -> None:
    """Else the grade would be that of the first file found."""
    course = tmp_path / "x"
    for student in ("anna", "bob"):
        files = [f"{folder.format(student)}/{MAIN}" for folder in folders]
        lay_down(course / student, *files)
        if kind:
            packed(course / student, kind)
            shutil.rmtree(course / student)
    lay_down(course, *(f"{other}/{MAIN}" for other in others))
    hand_ins = found(course, tmp_path)
    assert list(hand_ins) == ["anna", "bob", *others]
    assert {n for n, h in hand_ins.items() if h.problem} == {"anna", "bob"}
    assert f"{SEVERAL} (" in hand_ins["anna"].problem
    assert "leave the one to grade" in hand_ins["anna"].problem


def test_copies_that_are_the_same_are_one(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", f"anna/zeta/{MAIN}", f"anna/eta/{MAIN}", f"bob/{MAIN}")
    for name in ("zeta", "eta"):
        (folder / "anna" / name / MAIN).write_text("same = 1\n")
    assert not any(h.problem for h in found(folder, tmp_path).values())


@pytest.mark.parametrize(
    ("names", "doubtful"),
    [
        # A single such folder, one with a file at its top, and one beside parts of one hand-in.
        ((f"anna/zeta/{MAIN}", f"anna/eta/{MAIN}", f"bob/{MAIN}"), {"anna"}),
        (
            (f"anna/zeta/{MAIN}", f"anna/eta/{MAIN}", "anna/read.txt", *SECTIONS[:2]),
            {"anna", "sec1"},
        ),
        ((f"anna/zeta/{MAIN}", f"anna/eta/{CODE_FILE}", *SECTIONS[:2]), {"sec1"}),
        ((f"anna/zeta/{MAIN}", "anna/eta/x.py", *SECTIONS[:2]), {"sec1"}),
        # Two among more students than they have folders.
        (
            (*SECTIONS, *(f"{name}/{MAIN}" for name in ("ed", "flo", "gus", "hal"))),
            {"sec1", "sec2"},
        ),
    ],
)
def test_several_hand_ins_among_single_ones(
    tmp_path: Path, names: tuple[str, ...], doubtful: set[str]
) -> None:
    hand_ins = found(lay_down(tmp_path / "x", *names), tmp_path)
    assert hand_ins.keys() == {name.split("/")[0] for name in names}
    assert {name for name, hand_in in hand_ins.items() if SEVERAL in hand_in.problem} == doubtful
    assert {name for name, hand_in in hand_ins.items() if hand_in.problem} == doubtful


def two_sections(folder: Path, *students: tuple[str, str], pattern: str) -> Path:
    names = [pattern.format(section=section, student=student) for section, student in students]
    return lay_down(folder, *names)


A, B = "Section A", "Section B"
FIVE = [(A, "ann"), (A, "bob"), (A, "cy"), (B, "dora"), (B, "ed")]
PEOPLE = {"Section_A_ann", "Section_A_bob", "Section_A_cy", "Section_B_dora", "Section_B_ed"}


def gradescope(course: Path, around: str = "") -> Path:
    for number, (section, student) in enumerate(FIVE):
        export = course / section / around
        lay_down(export, f"submission_{number}/{MAIN}")
        table = export / METADATA
        before = table.read_text() if table.exists() else ""
        submitters = f"{{':submitters': [{{':name': {student}, ':sid': {number}}}]}}"
        table.write_text(f"{before}submission_{number}: {submitters}\n")
    return course


@pytest.mark.parametrize("around", ["", "assignment_1_export"])
@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
def test_gradescopes_export_in_each_section(tmp_path: Path, around: str, kind: str) -> None:
    course = gradescope(tmp_path / "x", around)
    path = packed(course, kind) if kind else course
    assert looks_like_many(path, RUBRIC.intake)
    hand_ins = found(path, tmp_path)
    assert hand_ins.keys() == PEOPLE
    assert hand_ins["Section_B_ed"].arrival.student_id == "4"
    assert code_of(hand_ins["Section_B_ed"], tmp_path) == f"'submission_4/{MAIN}'\n"


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
def test_repositories_in_each_section(tmp_path: Path, kind: str) -> None:
    pattern = "{section}/homework-4-{student}/"
    course = two_sections(tmp_path / "x", *FIVE, pattern=pattern + MAIN)
    two_sections(course, *FIVE, pattern=pattern + ".git/HEAD")
    hand_ins = found(packed(course, kind) if kind else course, tmp_path)
    assert [h.arrival.student for h in hand_ins.values()] == ["ann", "bob", "cy", "dora", "ed"]
    assert next(iter(hand_ins)) == "Section_A_homework-4-ann"


def test_what_a_student_has_fetched_is_no_hand_in(tmp_path: Path) -> None:
    """A repository of one's own, and other people's in it."""
    names = (f"anna/{MAIN}", "anna/.git/HEAD", f"bob/src/{MAIN}", "bob/torch/.git/HEAD")
    others = (f"anna/x/{MAIN}", "anna/x/.git/HEAD", "bob/nlp/.git/HEAD", "bob/torch/setup.py")
    hand_ins = found(lay_down(tmp_path / "x", *names, *others), tmp_path)
    assert list(hand_ins) == ["anna", "bob"]
    assert not any(h.problem for h in hand_ins.values())


@pytest.mark.parametrize(
    ("students", "sections"),
    [
        ([f"team{number:02}" for number in range(1, 9)], (A, B)),
        (["Group 1", "Group 2", "Group 1", "Group 2"], (A, B)),
        (["group1", "group2", "group1", "group2"], ("x", "y")),
        (["ann team", "bob team", "cy team", "ed team"], ("A team", "B team")),
        (["10234", "10235", "10236", "10237"], ("x", "y")),
        (["muller", "smith", "muller", "smith"], (A, B)),
        (["George Best", "Lee", "Anna Main", "Kim"], (A, B)),
        (["homework-4-ann", "homework-4-bob", "homework-4-cy", "homework-4-ed"], (A, B)),
    ],
)
@pytest.mark.parametrize("ending", [f"/{MAIN}", ".zip"])
def test_names_that_look_like_parts_and_are_students(
    tmp_path: Path, students: list[str], sections: tuple[str, str], ending: str
) -> None:
    half = len(students) // 2
    names = [f"{sections[i >= half]}/{name}{ending}" for i, name in enumerate(students)]
    hand_ins = found(lay_down(tmp_path / "x", *names), tmp_path)
    assert sorted(h.arrival.student for h in hand_ins.values()) == sorted(students)
    assert not any(h.problem for h in hand_ins.values())


@pytest.mark.parametrize("sections", [(A, B), ("A", "B"), ("Mon", "Tue")])
def test_section_of_one(tmp_path: Path, sections: tuple[str, str]) -> None:
    names = [f"{sections[0]}/{name}/{MAIN}" for name in ("anna", "bob", "cy")]
    hand_ins = found(lay_down(tmp_path / "x", *names, f"{sections[1]}/dora/{MAIN}"), tmp_path)
    assert [h.arrival.student for h in hand_ins.values()] == ["anna", "bob", "cy", "dora"]


@pytest.mark.parametrize("kind", ["", "zip"])
def test_canvas_loose_files_in_each_section(tmp_path: Path, kind: str) -> None:
    students = [(s, f"{n}_{i}_{i + 90}") for i, (s, n) in enumerate(FIVE)]
    course = two_sections(tmp_path / "x", *students, pattern="{section}/{student}_" + MAIN)
    path = packed(course, kind) if kind else course
    assert looks_like_many(path, RUBRIC.intake)
    hand_ins = found(path, tmp_path)
    assert hand_ins.keys() == PEOPLE
    assert hand_ins["Section_B_ed"].arrival.student_id == "4"


@pytest.mark.parametrize(
    "runs",
    [("lstm_256_128_best.pt", "gru_512_128_best.pt"), ("run_256_1_a.ipynb", "run_512_1_a.ipynb")],
)
def test_runs_that_are_named_like_canvas_files(tmp_path: Path, runs: tuple[str, str]) -> None:
    names = [f"{student}/runs/{run}" for student in ("anna", "bob") for run in runs]
    names += [f"{student}/code/{MAIN}" for student in ("anna", "bob")]
    hand_ins = found(lay_down(tmp_path / "x", *names), tmp_path)
    assert list(hand_ins) == ["anna", "bob"]
    assert not any(h.problem for h in hand_ins.values())
    assert not looks_like_many(tmp_path / "x" / "anna", RUBRIC.intake)


def test_an_export_in_an_archive_for_each_section(tmp_path: Path) -> None:
    """Also of different platforms, and all in one archive."""
    course = tmp_path / "x"
    packed(gradescope(tmp_path / "of both"), "zip").rename(tmp_path / "unused.zip")
    course.mkdir()
    packed(tmp_path / "of both" / A, "zip").rename(course / "gs.zip")
    canvas = lay_down(tmp_path / "canvas", "flo_7_1_hw.zip", "gus_8_2_hw.zip", "hal_9_3_hw.rar")
    packed(canvas, "tar.gz").rename(course / "canvas.tar.gz")
    assert looks_like_many(course, RUBRIC.intake)
    hand_ins = found(course, tmp_path)
    of_canvas = ["canvas_flo", "canvas_gus", "canvas_hal"]
    assert list(hand_ins) == [*of_canvas, "gs_ann", "gs_bob", "gs_cy"]
    assert code_of(hand_ins["canvas_flo"], tmp_path) == "'flo_7_1_hw.zip'\n"
    assert list(found(packed(course, "zip"), tmp_path / "again")) == list(hand_ins)


def test_export_in_an_archive_among_single_hand_ins_is_not_graded(tmp_path: Path) -> None:
    """So nobody can hand in something for another."""
    course = lay_down(tmp_path / "x", "ann.zip")
    packed(gradescope(tmp_path / "y") / A, "zip").rename(course / "mallory.zip")
    hand_ins = found(course, tmp_path)
    assert list(hand_ins) == ["ann", "mallory"]
    assert f"mallory.zip {SEVERAL} (submission_0, " in hand_ins["mallory"].problem
    assert not hand_ins["ann"].problem


def test_a_sections_damaged_archive_is_a_row(tmp_path: Path) -> None:
    course = lay_down(tmp_path / "x", "a.zip", "b.zip")
    for name in ("a", "b"):
        lay_down(tmp_path / name, *(f"submission_{i}/{MAIN}" for i in (1, 2)))
        (tmp_path / name / METADATA).write_text("a: [" if name == "b" else "{}")
        packed(tmp_path / name, "zip").replace(course / f"{name}.zip")
    hand_ins = found(course, tmp_path)
    assert list(hand_ins) == ["a_submission_1", "a_submission_2", "b"]
    assert "submission_metadata.yml cannot be read" in hand_ins["b"].problem
