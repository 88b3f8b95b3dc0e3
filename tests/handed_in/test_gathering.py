"""Of a hand-in's archives those are opened that have what is lacking."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.archive import table
from grader.errors import SubmissionError
from grader.handed_in import gathering, unopened
from grader.handed_in.gathering import Part
from grader.handed_in.listing import files_of
from grader.handed_in.submission import stage
from tests.course_folders import MAIN, packed
from tests.staging import (
    CODE,
    GIVEN,
    LIMITS,
    staged,
    tarred,
    with_limits,
    write,
    zipped,
)


def test_times_of_archives_in_an_archive_are_kept(tmp_path: Path) -> None:
    outer = tmp_path / "outer.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        for name, year in (("a.zip", 2022), ("b.zip", 2024), ("c.zip", 2023)):
            inner = zipped(tmp_path, MAIN, content=f"'{name}'\n").read_bytes()
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), inner)
    submission = stage(outer, tmp_path / "staged", LIMITS)
    assert (submission.folder / MAIN).read_text() == "'b.zip'\n"


def test_hand_in_that_was_zipped_twice(tmp_path: Path) -> None:
    for inner in (tarred(tmp_path, f"a4/{MAIN}"), zipped(tmp_path, f"a4/{MAIN}")):
        outer = tmp_path / "outer.zip"
        with zipfile.ZipFile(outer, "w") as archive:
            archive.write(inner, f"a/{inner.name}")
        assert staged(outer).files == {MAIN}
        assert staged(outer).name == "outer"
        folder = tmp_path / f"folder-{inner.name}"
        (folder / "sub").mkdir(parents=True)
        (folder / "sub" / "thrice.zip").write_bytes(outer.read_bytes())
        assert staged(folder).files == {MAIN}


def in_three(folder: Path, *beside: str) -> Path:
    """A zip of main.zip and other files, in a zip in a zip."""
    file = zipped(folder, MAIN).rename(folder / "main.zip")
    for number in range(3):
        outer = folder / f"outer{number}.zip"
        with zipfile.ZipFile(outer, "w") as archive:
            archive.write(file, file.name)
            for name in beside if not number else ():
                archive.writestr(name, CODE)
        file = outer
    return file


def test_archive_that_is_too_deep_is_named(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match=r"main\.zip was not opened: it is an archive in an"):
        staged(in_three(tmp_path))
    submission = staged(in_three(tmp_path, "rnn_lm.py"))
    assert submission.files == {"rnn_lm.py"}
    [note] = submission.notes
    assert note.startswith("main.zip was not opened: it is an archive in an archive")


def test_archives_beside_what_can_be_graded_stay_closed(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", MAIN)
    zipped(folder, MAIN, content="old = 1\n")
    assert staged(folder).files == {MAIN}
    assert (stage(folder, tmp_path / "staged", LIMITS).folder / MAIN).read_text() == CODE


@pytest.mark.parametrize(
    ("names", "latest"),
    [
        (("hw4.zip", "hw4 (1).zip"), 1),
        (("hw4 (2).zip", "hw4 (10).zip"), 1),
        (("hw4_v2.zip", "HW4.zip"), 0),
        (("hw4-1.zip", "hw4.tar.gz"), 0),
        (("first.zip", "final.zip", "hw9.zip"), 2),
    ],
)
def test_of_several_archives_the_latest_is_opened(
    tmp_path: Path, names: tuple[str, ...], latest: int
) -> None:
    """By number where names differ in nothing else, else by time: later ones come later here."""
    folder = tmp_path / "bob"
    folder.mkdir()
    for number, name in enumerate(names):
        file = zipped(tmp_path, MAIN, content=f"n = {number}\n").rename(folder / name)
        os.utime(file, (1e9 + number, 1e9 + number))
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert (submission.folder / MAIN).read_text() == f"n = {latest}\n"
    [note] = submission.notes
    assert note.startswith(f"{names[latest]} was taken, the latest archive, and not ")
    assert all(name in note for name in names)


def apart(folder: Path, **archives: tuple[str, ...]) -> Path:
    """A folder of archives, later ones being newer; each file says in which one it is."""
    folder.mkdir()
    for number, (name, files) in enumerate(archives.items()):
        file = zipped(folder, *files, content=f"'{name}'\n").rename(folder / f"{name}.zip")
        os.utime(file, (1e9 + number, 1e9 + number))
    return folder


@pytest.mark.parametrize("code_first", [True, False])
def test_code_and_model_in_archives_of_their_own(tmp_path: Path, code_first: bool) -> None:
    both = {"code": (MAIN, "rnn_lm.py", "layers.py"), "model": ("rnn_lm.sav",)}
    order = both if code_first else dict(reversed(both.items()))
    submission = stage(apart(tmp_path / "ann", **order), tmp_path / "staged", LIMITS)
    assert submission.files - GIVEN == {MAIN, "rnn_lm.py", "layers.py", "rnn_lm.sav"}
    # The later one is opened first, and the other for what is lacking then.
    code, model = (
        "code.zip was opened, too, for implementation.py, rnn_lm.py",
        ("model.zip was opened, too, for rnn_lm.sav"),
    )
    assert submission.notes == (code if code_first else model,)


def test_what_a_later_archive_lacks_comes_from_an_earlier_one(tmp_path: Path) -> None:
    everything = (f"hw4/{MAIN}", "hw4/rnn_lm.py", "hw4/rnn_lm.sav")
    folder = apart(tmp_path / "ann", first=everything, second=everything, mended=(f"fix/{MAIN}",))
    submission = stage(folder, tmp_path / "staged", LIMITS)
    read = {name: (submission.folder / name).read_text() for name in submission.files - GIVEN}
    assert read == {MAIN: "'mended'\n", "rnn_lm.py": "'second'\n", "rnn_lm.sav": "'second'\n"}
    assert "second.zip was opened, too, for rnn_lm.py, rnn_lm.sav" in submission.notes
    assert "mended.zip was taken, the latest archive, and not first.zip" in submission.notes


def test_files_of_the_same_name_in_two_archives(tmp_path: Path) -> None:
    names = ("utils.py", "gates.py", "cfg.json", "rnn.ipynb")
    folder = apart(tmp_path / "ann", q7=("rnn_lm.py", *names), q26=(MAIN, *names))
    notes = stage(folder, tmp_path / "staged", LIMITS).notes
    two = "two different files are named cfg.json, gates.py, utils.py"
    assert notes[-1] == f"{two}: that of q26.zip is used, not that of q7.zip"
    write(folder, "utils.py")
    notes = stage(folder, tmp_path / "again", LIMITS).notes
    two = "two different files are named utils.py: that outside of archives is used"
    assert {f"{two}, not that of q26.zip", f"{two}, not that of q7.zip"} < {*notes}


def test_files_of_the_same_content_in_two_archives(tmp_path: Path) -> None:
    folder = apart(tmp_path / "ann", q7=("rnn_lm.py",), q26=(MAIN,))
    for name in ("q7.zip", "q26.zip"):
        with zipfile.ZipFile(folder / name, "a") as archive:
            archive.writestr("utils.py", CODE)
    notes = stage(folder, tmp_path / "staged", LIMITS).notes
    assert [note for note in notes if "utils" in note] == []


@pytest.mark.parametrize("inside", [MAIN, f"hw4/{MAIN}", "hw4/Implementation.py"])
def test_other_code_in_an_archive_beside_the_code(tmp_path: Path, inside: str) -> None:
    """The archive may have the finished one, and there be nothing else that it is opened for."""
    folder = apart(tmp_path / "ann", hw4=(inside, "rnn_lm.py"))
    write(folder, MAIN)
    submission = stage(folder, tmp_path / "staged", LIMITS)
    other = f"two different files are named {MAIN}: that outside of archives is used, not that of"
    assert f"{other} hw4.zip" in submission.notes
    write(folder, "rnn_lm.py")
    submission = stage(folder, tmp_path / "again", LIMITS)
    assert (submission.folder / MAIN).read_text() == CODE
    both = other.replace(f"{MAIN}:", f"{MAIN}, rnn_lm.py:")
    assert submission.notes == (f"{both} hw4.zip",)


@pytest.mark.parametrize(
    ("beside", "inside", "differs"),
    [
        # What is but nearly so named is not what is graded.
        ((f"my_{MAIN}.bak.py",), (MAIN,), False),
        # Of several there the last version is.
        (("implementation (1).py",), (MAIN,), True),
        ((MAIN, "implementation (1).py"), (MAIN,), True),
        ((MAIN,), ("old/implementation (1).py", MAIN), True),
    ],
)
def test_which_code_is_compared(
    tmp_path: Path, beside: tuple[str, ...], inside: tuple[str, ...], differs: bool
) -> None:
    folder = write(apart(tmp_path / "ann", hw4=(*inside, "rnn_lm.py")), *beside)
    notes = stage(folder, tmp_path / "staged", LIMITS).notes
    other = f"two different files are named {MAIN}: that outside of archives is used"
    assert any(note.startswith(other) for note in notes) == differs


def test_archive_that_is_compared_costs_no_other_one(tmp_path: Path) -> None:
    versions = {f"hw4_{number}.zip": b"PK" for number in range(9)}
    folder = apart(tmp_path / "ann", model=("rnn_lm.sav",), backup=(MAIN,))
    with zipfile.ZipFile(folder / "backup.zip", "a") as archive:
        for name, content in versions.items():
            archive.writestr(name, content)
    write(folder, MAIN, "rnn_lm.py")
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert "rnn_lm.sav" in submission.files


def test_same_code_in_an_archive_beside_the_code(tmp_path: Path) -> None:
    folder = write(tmp_path / "ann", MAIN)
    with zipfile.ZipFile(folder / "hw4.zip", "w") as archive:
        archive.writestr(f"hw4/{MAIN}", CODE)
    assert stage(folder, tmp_path / "staged", LIMITS).notes == ()


def test_model_in_an_archive_beside_the_code(tmp_path: Path) -> None:
    folder = apart(tmp_path / "ann", model=("best.pt",), notes=("notes.txt",))
    write(folder, MAIN, "rnn_lm.py")
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert submission.files - GIVEN == {MAIN, "rnn_lm.py", "rnn_lm.sav"}
    assert submission.notes[0] == "model.zip was opened, too, for rnn_lm.sav"


def test_archive_that_cannot_be_read_costs_what_is_in_it(tmp_path: Path) -> None:
    folder = apart(tmp_path / "ann", code=(MAIN, "rnn_lm.py"), model=())
    (folder / "model.zip").rename(folder / "model.rar").write_bytes(b"Rar!\x1a\x07\x00")
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert submission.files - GIVEN == {MAIN, "rnn_lm.py"}
    assert submission.notes == ("model.rar was not opened: it is a RAR archive; ask for a zip",)
    (folder / "code.zip").unlink()
    with pytest.raises(SubmissionError, match="RAR archive"):
        stage(folder, tmp_path / "again", LIMITS)


def test_of_very_many_archives_only_some_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    def noted(path: Path, *others: Any) -> Any:
        opened.append(path)
        return files_of(path, *others)

    monkeypatch.setattr(gathering, "files_of", noted)
    looked: list[Path] = []

    def looked_at(path: Path, *others: Any) -> Any:
        looked.append(path)
        return table(path, *others)

    monkeypatch.setattr(unopened, "table", looked_at)
    folder = apart(tmp_path / "ann", **{f"a{i}": ("notes.txt",) for i in range(20)})
    with pytest.raises(SubmissionError, match="nothing to grade"):
        stage(folder, tmp_path / "staged", LIMITS)
    assert len(opened) == gathering.MAX_OPENED + 1  # and the folder itself
    assert len(looked) == gathering.MAX_OPENED


def test_all_archives_together_take_no_more_room_than_one(tmp_path: Path) -> None:
    folder = tmp_path / "ann"
    folder.mkdir()
    for number, name in enumerate((MAIN, "rnn_lm.py", "rnn_lm.sav")):
        with zipfile.ZipFile(folder / f"a{number}.zip", "w") as archive:
            archive.writestr(name, os.urandom(3 << 19))
        os.utime(folder / f"a{number}.zip", (1e9 - number, 1e9 - number))
    submission = staged(folder, with_limits(max_mb=4))
    assert submission.files == {MAIN, "rnn_lm.py"}
    assert any(note.startswith("a2.zip was not opened: ") for note in submission.notes)


def test_several_files_get_their_names(tmp_path: Path) -> None:
    write(tmp_path, "doe_1_2_impl.py", "doe_1_3_model.sav", content="1\n")
    parts = [
        Part(tmp_path / "doe_1_2_impl.py", MAIN),
        Part(tmp_path / "doe_1_3_model.sav", "x.sav"),
    ]
    submission = stage(parts, tmp_path / "staged", LIMITS, "doe")
    assert submission.name == "doe"
    assert submission.files - GIVEN == {MAIN, "rnn_lm.sav"}
    alone = stage(parts[:1], tmp_path / "alone", LIMITS, "doe")
    assert alone.files - GIVEN == {MAIN}


def test_archive_among_several_files(tmp_path: Path) -> None:
    write(tmp_path, "shot.png")
    parts = [Part(tmp_path / "shot.png", "shot.png"), Part(zipped(tmp_path, MAIN), "hw4.zip")]
    assert stage(parts, tmp_path / "staged", LIMITS, "doe").files - GIVEN == {MAIN}


def test_model_in_a_zip_inside_of_the_zip(tmp_path: Path) -> None:
    inner = zipped(tmp_path, "rnn_lm.sav").rename(tmp_path / "model.zip")
    outer = tmp_path / "hw4.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        for name in (MAIN, "rnn_lm.py"):
            archive.writestr(f"hw4/{name}", CODE)
        archive.write(inner, "hw4/model.zip")
    assert staged(outer).files == {MAIN, "rnn_lm.py", "rnn_lm.sav"}
    tight = with_limits(max_file_mb=1)
    with zipfile.ZipFile(outer, "a") as archive:
        archive.writestr("hw4/data.zip", os.urandom(2 << 20))
    submission = staged(outer, tight)
    assert submission.files == {MAIN, "rnn_lm.py", "rnn_lm.sav"}
    assert any("data.zip" in note and "too large" in note for note in submission.notes)


@pytest.mark.parametrize(
    ("older", "taken"),
    [
        ("backup", "work"),
        ("old code", "src"),
        ("copy of zeta", "zeta"),
        ("checkpoints", "work"),
        ("draft", "final"),
        ("v1", "v2"),
        ("hw4_v2", "hw4_v10"),
        ("hw4", "hw4_v2"),
        ("Abgabe 1", "Abgabe 2"),
        ("attempt2", "attempt10"),
        ("final", "final2"),
        ("hw3", "hw3 (1)"),
        ("hw3", "hw3_FINAL_really"),
        ("alt", "neu"),
        ("submission", "resubmission"),
        ("resubmission1", "resubmission2"),
        ("hw4_corrected_1", "hw4_corrected_2"),
        ("fixed", "fixed2"),
        ("hw4 last year", "hw4"),
        ("hw4", "hw4_final"),
        ("a4/reference", "a4/solution"),
        ("example/a4", "jane/a4"),
        ("old", "src/a4"),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_older_copies_and_given_files_come_after_others(
    tmp_path: Path, older: str, taken: str, is_packed: bool
) -> None:
    folder = tmp_path / "ann"
    for place in (older, taken):
        (folder / place).mkdir(parents=True)
        (folder / place / MAIN).write_text(f"'{place}'\n")
    path = packed(folder, "zip") if is_packed else folder
    submission = stage(path, tmp_path / "staged", LIMITS)
    assert (submission.folder / MAIN).read_text() == f"'{taken}'\n"
    [note] = submission.notes
    assert note.startswith(f"{taken}/{MAIN} was graded, and not {older}/{MAIN}; if it should be")
