"""One hand-in is told from many, and each of many is a row."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from grader.archive import NO_ARCHIVE
from grader.errors import SubmissionError
from grader.intake import arrivals, looks_like_many
from grader.regular import RIGHTS
from tests.conftest import ROOT
from tests.course_folders import (
    CODE_FILE,
    MAIN,
    MODEL,
    MODEL_ZIP,
    RAR,
    RUBRIC,
    code_of,
    files_of,
    found,
    lay_down,
    packed,
)
from tests.staging import CODE

ONE = {
    "main files at the top": (MAIN, CODE_FILE, MODEL),
    "in another case": ("Implementation.PY", "other/implementation.py", "third/rnn_lm.py"),
    "one nested folder": (f"a4/{MAIN}", f"a4/{CODE_FILE}", "a4/old/implementation.py"),
    "nested deep": (f"a/b/c/{MAIN}", "a/b/c/x/implementation.py"),
    "an old copy beside": (MAIN, f"old/{MAIN}", f"backup/{MAIN}"),
    "parts of one": (f"code/{MAIN}", f"model/{MODEL}"),
    "a name near another": (f"code/{MAIN}", "tried/my_implementation.py"),
    "two copies of one": (f"a4/{MAIN}", f"a4 (1)/{MAIN}"),
    "what Macs leave": (f"a4/{MAIN}", f"__MACOSX/a4/._{MAIN}", ".DS_Store", f"__MACOSX/{MAIN}"),
    "one archive": ("hw4.zip",),
    "two uploads of one": ("hw4.zip", "hw4 (1).zip"),
    "an archive of the folder": (f"a4/{MAIN}", "a4.zip"),
    "data beside": (f"a4/{MAIN}", "data.rar"),
    "numbers in the name of a model": ("lstm_256_128_best.pt", "code.ipynb"),
    "nothing to grade": ("a/notes.txt", "b/notes.txt"),
    "empty": (),
}


MANY = {
    "folders": (f"alice/{MAIN}", f"bob/{MAIN}"),
    "folders, with another file each": (f"alice/{MAIN}", f"bob/x/{CODE_FILE}", f"eve/{CODE_FILE}"),
    "folders in a folder": (f"course/alice/{MAIN}", f"course/bob/{MAIN}"),
    "archives": ("alice.zip", "bob.zip"),
    "an archive that is not read": ("alice.zip", "bob.rar"),
    "a folder and an archive": (f"alice/{MAIN}", "bob.zip"),
    "archives in folders": ("alice/hw4.zip", "bob/work.zip"),
    "the project's own": (f"alice/{MAIN}", "alice.toml"),
    "Gradescope": (f"submission_1/{MAIN}", "submission_metadata.yml"),
    "Gradescope in a folder": (f"export/submission_1/{MAIN}", "export/submission_metadata.yml"),
    "Moodle": (f"Jane Doe_12_assignsubmission_file/{MAIN}",),
    "Canvas": ("doejane_1_2_hw4.zip",),
    "Canvas, loose": (f"doejane_1_2_{MAIN}", f"roejohn_2_3_{MAIN}"),
}


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
@pytest.mark.parametrize("names", ONE.values(), ids=ONE)
def test_one(tmp_path: Path, names: Iterable[str], kind: str) -> None:
    folder = lay_down(tmp_path / "x", *names)
    assert not looks_like_many(packed(folder, kind) if kind else folder, RUBRIC.intake)


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        (what, kind)
        for what in MANY
        for kind in ("", "zip", "tar.gz")
        # An archive in an archive is not looked into.
        if not (kind and what == "a folder and an archive")
    ],
)
def test_many(tmp_path: Path, what: str, kind: str) -> None:
    names = MANY[what]
    folder = lay_down(tmp_path / "x", *names)
    assert looks_like_many(packed(folder, kind) if kind else folder, RUBRIC.intake)


def test_code_and_model_in_archives_of_their_own_are_one(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", "code.zip", MODEL_ZIP)
    assert not looks_like_many(folder, RUBRIC.intake)
    lay_down(folder, "code of bob.zip")
    assert looks_like_many(folder, RUBRIC.intake)


def test_what_is_no_archive_is_not_many(tmp_path: Path) -> None:
    for content in (b"", RAR, b"PK\x05\x06", CODE.encode()):
        (tmp_path / "x.zip").write_bytes(content)
        assert not looks_like_many(tmp_path / "x.zip", RUBRIC.intake)
    assert not looks_like_many(tmp_path / "missing", RUBRIC.intake)


def test_example_hand_ins_are_many_and_each_is_one() -> None:
    folder = ROOT / "submissions"
    assert looks_like_many(folder, RUBRIC.intake)
    students = [path for path in folder.iterdir() if path.is_dir()]
    assert students
    assert not any(looks_like_many(path, RUBRIC.intake) for path in students)


def test_example_hand_ins_are_rows(tmp_path: Path) -> None:
    folders = {path.name for path in (ROOT / "submissions").iterdir() if path.is_dir()}
    hand_ins = found(ROOT / "submissions", tmp_path)
    assert hand_ins.keys() == folders
    assert all(not h.problem and h.arrival.student == n for n, h in hand_ins.items())
    assert {hand_in.arrival.late for hand_in in hand_ins.values()} == {None}
    assert not (tmp_path / "into").exists()


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
def test_folders_and_archives(tmp_path: Path, kind: str) -> None:
    folder = lay_down(
        tmp_path / "x", f"alice/a4/{MAIN}", "bob.zip", "grades.csv", "README.md", "notes.txt",
        "index.html", "grades.xlsx", ".DS_Store", "Thumbs.db", "desktop.ini", "alice.toml",
        "__MACOSX/alice/._x",
    )  # fmt: skip
    hand_ins = found(packed(folder, kind) if kind else folder, tmp_path)
    assert list(hand_ins) == ["alice", "bob"]
    assert not any(h.problem or h.arrival.notes for h in hand_ins.values())
    assert code_of(hand_ins["bob"], tmp_path) == "'bob.zip'\n"
    assert files_of(hand_ins["alice"], tmp_path) == {MAIN}


@pytest.mark.parametrize(
    ("names", "taken", "passed_over"),
    [
        (("alice/implementation.py", "alice.zip"), "alice.zip", "alice"),
        (("alice.zip", "alice/implementation.py"), "alice/implementation.py", "alice.zip"),
        (("alice.zip", "alice (1).zip"), "alice (1).zip", "alice.zip"),
        (("alice (1).zip", "alice.zip"), "alice.zip", "alice (1).zip"),
        (("alice.zip", "alice.rar"), "alice.zip", "alice.rar"),
        (("alice.zip", "alice v2.zip"), "alice v2.zip", "alice"),
        (("alice.zip", "alice (final).zip"), "alice (final).zip", "alice"),
        (("alice.zip", "Alice V2.zip"), "Alice V2.zip", "alice"),
        (("alice.zip", "alice v2.zip", "alice v2 (1).zip"), "alice v2 (1).zip", "alice"),
        (("alice_LATE.zip", "alice.zip"), "alice.zip", "alice_LATE"),
        ((f"alice/{MAIN}", f"alice resubmission/{MAIN}"), f"alice resubmission/{MAIN}", "alice"),
        ((f"alice/{MAIN}", f"alice - Kopie/{MAIN}"), f"alice - Kopie/{MAIN}", "alice"),
    ],
)
def test_of_duplicates_the_latest_is_taken(
    tmp_path: Path, names: tuple[str, ...], taken: str, passed_over: str
) -> None:
    hand_ins = found(lay_down(tmp_path / "x", *names, f"bob/{MAIN}"), tmp_path)
    assert list(hand_ins) == ["alice", "bob"]
    [note] = hand_ins["alice"].arrival.notes
    assert f"{taken.split('/')[0]} was taken, the latest, and not {passed_over}" in note
    assert code_of(hand_ins["alice"], tmp_path) == f"'{taken}'\n"


@pytest.mark.parametrize("names", [("ann", "ann new"), ("ann v2", "amy v2"), ("final", "late")])
def test_what_may_be_another_student_is_no_later_version(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    folder = lay_down(tmp_path / "x", *(f"{name}/{MAIN}" for name in (*names, "bob")))
    assert len(found(folder, tmp_path)) == 3


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
def test_folder_whose_name_begins_with_a_dot(tmp_path: Path, kind: str) -> None:
    """It is a student's if there is a main file in it, and no tool's."""
    folder = lay_down(
        tmp_path / "x", f"bob/{MAIN}", f".anna/a4/{MAIN}", f"..eve/{CODE_FILE}", ".empty/notes.txt",
        ".git/implementation.py", ".ipynb_checkpoints/implementation-checkpoint.py",
        ".other/.git/implementation.py", f"._mac/{MAIN}", f"bob/.old/{MAIN}", ".implementation.py",
    )  # fmt: skip
    hand_ins = found(packed(folder, kind) if kind else folder, tmp_path)
    assert list(hand_ins) == ["anna", "bob", "eve"]
    assert hand_ins["anna"].arrival.student == ".anna"
    assert files_of(hand_ins["anna"], tmp_path) == {MAIN}
    assert files_of(hand_ins["bob"], tmp_path) == {MAIN}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (["al.zip"], "al (1).zip"),
        (["al (2).zip", "al.zip"], "al (10).zip"),
        (["al"], "al (1)"),
        (["al.zip"], "al (1)"),
    ],
)
def test_of_duplicates_of_one_time_the_last_copy_is_taken(
    tmp_path: Path, older: list[str], newer: str
) -> None:
    names = [name if "." in name else f"{name}/{MAIN}" for name in (*older, newer)]
    folder = lay_down(tmp_path / "x", *names)
    for name in names:
        os.utime(folder / name, (1e9, 1e9))
    [note] = found(folder, tmp_path)["al"].arrival.notes
    assert f"{newer} was taken, the latest, and not {', '.join(older)}" in note


@pytest.mark.parametrize("ending", [".zip", f"/{MAIN}"])
@pytest.mark.parametrize("beside", [(), (f"amy/{MAIN}",)])
def test_numbers_of_nothing_are_names(tmp_path: Path, ending: str, beside: tuple[str, ...]) -> None:
    """A browser numbers only what is there without a number: Group (1) is no copy of Group (2)."""
    groups = [f"Group ({number})" for number in (1, 2, 10)]
    names = [f"{group}{ending}" for group in groups]
    folder = lay_down(tmp_path / "x", *names, *beside)
    assert looks_like_many(folder, RUBRIC.intake)
    hand_ins = found(folder, tmp_path).values()
    assert not any(hand_in.arrival.notes for hand_in in hand_ins)
    codes = {h.arrival.student: code_of(h, tmp_path) for h in hand_ins}
    codes.pop("amy", None)
    assert codes == {g: f"'{name}'\n" for g, name in zip(groups, names, strict=True)}


def test_versions_of_one_hand_in_are_said_to_look_like_that(tmp_path: Path) -> None:
    versions = ("old", "final", "v1", "Last_v2", "backup.zip", "submission")
    students = ("alice", "bob_final", "submission_12", "v1ktor", "Newman.zip", "3")
    names = [n if n.endswith(".zip") else f"{n}/{MAIN}" for n in (*versions, *students)]
    hand_ins = found(lay_down(tmp_path / "x", *names, "copy/"), tmp_path)
    noted = {n for n, h in hand_ins.items() if "grade that with --one" in str(h.arrival.notes)}
    assert noted == {name.removesuffix(".zip") for name in versions}
    assert hand_ins["old"].arrival.notes[0].startswith("old was taken for a student's name; if ")


def test_versions_are_other_students(tmp_path: Path) -> None:
    hand_ins = found(lay_down(tmp_path / "x", "team-1.zip", "team-2.zip", "Team-2/x.py"), tmp_path)
    assert len(hand_ins) == 3
    assert "team-1" in hand_ins


@pytest.mark.parametrize("kind", ["", "zip"])
def test_what_cannot_be_read_is_a_row(tmp_path: Path, kind: str) -> None:
    folder = lay_down(
        tmp_path / "x", "alice.zip", "bob.rar", "carol.pdf", "dave/", "frank.py", "ivan.py.txt"
    )
    (folder / "erin.zip").write_bytes((folder / "alice.zip").read_bytes()[:40])
    problems = {
        "bob": "bob.rar is a RAR archive; ask for a zip",
        "carol": f"carol.pdf {NO_ARCHIVE}",
        "dave": "the folder is empty: nothing was handed in",
        "erin": "erin.zip is damaged, or not what its name says; ask for it again",
        "frank": "frank.py lies outside of a student's folder; put it into one",
        "ivan.py": "ivan.py.txt lies outside of a student's folder; put it into one",
    }
    if not kind:
        (folder / "grace").symlink_to("alice.zip")
        os.mkfifo(folder / "heidi.zip")
        problems["grace"] = "grace is a symbolic link, which is not followed; "
        problems["heidi"] = "heidi.zip is no regular file"
    hand_ins = found(packed(folder, kind) if kind else folder, tmp_path)
    assert list(hand_ins) == ["alice", *sorted(problems)]
    assert not hand_ins["alice"].problem
    for name, problem in problems.items():
        assert hand_ins[name].problem.startswith(problem)


def test_none_is_said_to_be_taken_of_files_that_are_nobodys(tmp_path: Path) -> None:
    hand_ins = found(lay_down(tmp_path / "x", f"alice/{MAIN}", "rnn_lm.py", "rnn_lm.sav"), tmp_path)
    assert hand_ins["rnn_lm"].problem
    assert not hand_ins["rnn_lm"].arrival.notes


def test_what_the_system_does_not_let_be_read_is_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made up, as root may read everything."""
    folder = lay_down(tmp_path / "x", f"alice/{MAIN}", f"bob/{MAIN}", "eve.zip")
    may_open, may_list, may_ask = Path.open, Path.iterdir, Path.exists

    def refusing(allowed: Callable[..., Any], *names: str) -> Callable[..., Any]:
        def call(path: Path, *args: Any, **options: Any) -> Any:
            if path.name in names or path.parent.name in names:
                raise PermissionError(13, "Permission denied")
            return allowed(path, *args, **options)

        return call

    monkeypatch.setattr(Path, "open", refusing(may_open, "eve.zip"))
    monkeypatch.setattr(Path, "iterdir", refusing(may_list, "bob"))
    monkeypatch.setattr(Path, "exists", refusing(may_ask, "bob"))
    assert looks_like_many(folder, RUBRIC.intake)
    alone = lay_down(tmp_path / "y", f"alice/{MAIN}", "eve.zip")
    assert not looks_like_many(alone, RUBRIC.intake)
    hand_ins = found(folder, tmp_path)
    assert hand_ins["bob"].problem == f"bob cannot be read: Permission denied{RIGHTS}"
    assert hand_ins["eve"].problem == f"eve.zip cannot be read: Permission denied{RIGHTS}"


def test_course_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="no file or folder"):
        arrivals(tmp_path / "missing", tmp_path / "into", RUBRIC.intake)
