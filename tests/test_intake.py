"""One hand-in is told from many, and every platform's export gives a row for each student."""

from __future__ import annotations

import gzip
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from grader.errors import SubmissionError
from grader.intake import HandIn, arrivals, looks_like_many
from grader.rubric import Rubric
from grader.submission import stage
from tests.conftest import ROOT
from tests.test_submission import CODE, GIVEN, write

RUBRIC = Rubric.load()
MAIN, CODE_FILE, MODEL = "implementation.py", "rnn_lm.py", "rnn_lm.sav"
RAR = b"Rar!\x1a\x07\x00"


def lay_down(folder: Path, *names: str) -> Path:
    """A folder of files; an archive holds an ``implementation.py``, later names being newer."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            place.mkdir()
            continue
        if name.endswith(".zip"):
            with zipfile.ZipFile(place, "w") as archive:
                archive.writestr(MAIN, f"'{name}'\n")
        elif name.endswith(".rar"):
            place.write_bytes(RAR)
        else:
            place.write_text(f"'{name}'\n")
        os.utime(place, (1e9 + number, 1e9 + number))
    return folder


def packed(folder: Path, kind: str) -> Path:
    """The same as an archive beside the folder."""
    file = folder.with_name(f"{folder.name}.{kind}")
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
    else:
        with tarfile.open(file, "w:gz") as tar:
            tar.add(folder, ".")
    return file


def found(path: Path, tmp_path: Path) -> dict[str, HandIn]:
    hand_ins = arrivals(path, tmp_path / "into", RUBRIC.intake)
    by_name = {hand_in.arrival.name: hand_in for hand_in in hand_ins}
    assert len(by_name) == len(hand_ins)
    return by_name


def code_of(hand_in: HandIn, tmp_path: Path) -> str:
    into = tmp_path / f"staged-{hand_in.arrival.name}"
    submission = stage(hand_in.parts, into, RUBRIC.submission, hand_in.arrival.name)
    assert submission.name == hand_in.arrival.name
    return (submission.folder / MAIN).read_text()


def files_of(hand_in: HandIn, tmp_path: Path) -> frozenset[str]:
    into = tmp_path / f"staged-{hand_in.arrival.name}"
    return stage(hand_in.parts, into, RUBRIC.submission, hand_in.arrival.name).files - GIVEN


ONE = {
    "main files at the top": (MAIN, CODE_FILE, MODEL),
    "in another case": ("Implementation.PY", "other/implementation.py", "third/rnn_lm.py"),
    "one nested folder": (f"a4/{MAIN}", f"a4/{CODE_FILE}", "a4/old/implementation.py"),
    "nested deep": (f"a/b/c/{MAIN}", "a/b/c/x/implementation.py"),
    "an old copy beside": (MAIN, f"old/{MAIN}", f"backup/{MAIN}"),
    "parts of one": (f"code/{MAIN}", f"model/{MODEL}"),
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


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
@pytest.mark.parametrize("names", MANY.values(), ids=MANY)
def test_many(tmp_path: Path, names: Iterable[str], kind: str) -> None:
    if kind and names == MANY["a folder and an archive"]:
        pytest.skip("an archive in an archive is not looked into")
    folder = lay_down(tmp_path / "x", *names)
    assert looks_like_many(packed(folder, kind) if kind else folder, RUBRIC.intake)


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
    assert not (tmp_path / "into").exists()


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
def test_folders_and_archives(tmp_path: Path, kind: str) -> None:
    folder = lay_down(
        tmp_path / "x", f"alice/a4/{MAIN}", "bob.zip", "grades.csv", "README.md", "notes.txt",
        "index.html", ".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/alice/._x", "alice.toml",
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


def test_versions_are_other_students(tmp_path: Path) -> None:
    hand_ins = found(lay_down(tmp_path / "x", "team-1.zip", "team-2.zip", "Team-2/x.py"), tmp_path)
    assert len(hand_ins) == 3
    assert "team-1" in hand_ins


@pytest.mark.parametrize("kind", ["", "zip"])
def test_what_cannot_be_read_is_a_row(tmp_path: Path, kind: str) -> None:
    folder = lay_down(tmp_path / "x", "alice.zip", "bob.rar", "carol.pdf", "dave/", "frank.py")
    (folder / "erin.zip").write_bytes((folder / "alice.zip").read_bytes()[:40])
    problems = {
        "bob": "bob.rar is a RAR archive; ask for a zip",
        "carol": "carol.pdf is no archive; ask for a zip",
        "dave": "the folder is empty: nothing was handed in",
        "erin": "erin.zip is damaged, or not what its name says; ask for it again",
        "frank": "frank.py lies outside of a student's folder; put it into one",
    }
    if not kind:
        (folder / "grace").symlink_to("alice.zip")
        os.mkfifo(folder / "heidi.zip")
        problems["grace"] = "grace is a symbolic link, which is not followed; "
        problems["heidi"] = "heidi.zip is no regular file"
    hand_ins = found(packed(folder, kind) if kind else folder, tmp_path)
    assert list(hand_ins) == ["alice", *problems]
    assert not hand_ins["alice"].problem
    for name, problem in problems.items():
        assert hand_ins[name].problem.startswith(problem)


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
    assert hand_ins["bob"].problem == "bob cannot be read: Permission denied"
    assert hand_ins["eve"].problem == "eve.zip cannot be read: Permission denied"


def test_github_classroom(tmp_path: Path) -> None:
    names = [
        f"assignment-4-{who}/{part}" for who in ("alice", "bob-b") for part in (MAIN, ".git/x")
    ]
    folder = lay_down(tmp_path / "x", *names)
    hand_ins = found(folder, tmp_path)
    assert {n: h.arrival.student for n, h in hand_ins.items()} == {
        "assignment-4-alice": "alice",
        "assignment-4-bob-b": "bob-b",
    }
    assert files_of(hand_ins["assignment-4-alice"], tmp_path) == {MAIN}
    alone = lay_down(tmp_path / "a4-submissions", f"a4-al-ice/{MAIN}", "a4-al-ice/.git/x")
    assert found(alone, tmp_path)["a4-al-ice"].arrival.student == "al-ice"


MOODLE = (
    f"Zoë O'Brien_12_assignsubmission_file/a4/{MAIN}",
    "Jane Doe_13_assignsubmission_file_/work.zip",
    "Jane Doe_14_assignsubmission_file/hw4.rar",
    "Jane Doe_14_assignsubmission_onlinetext/onlinetext.html",
    "Max_Muster_15_assignsubmission_file_my_work.zip",
    f"Eve_16_assignsubmission_file_{MAIN}",
    f"Eve_16_assignsubmission_file_{MODEL}",
    "Tom_17_assignsubmission_onlinetext/onlinetext.html",
)


@pytest.mark.parametrize("kind", ["", "zip"])
def test_moodle(tmp_path: Path, kind: str) -> None:
    folder = lay_down(tmp_path / "x", *MOODLE)
    hand_ins = found(packed(folder, kind) if kind else folder, tmp_path)
    assert {n: (h.arrival.student, h.arrival.student_id) for n, h in hand_ins.items()} == {
        "Zoë_O_Brien": ("Zoë O'Brien", "12"),
        "Jane_Doe-13": ("Jane Doe", "13"),
        "Jane_Doe-14": ("Jane Doe", "14"),
        "Max_Muster": ("Max_Muster", "15"),
        "Eve": ("Eve", "16"),
        "Tom": ("Tom", "17"),
    }
    assert {n for n, h in hand_ins.items() if h.problem} == {"Tom"}
    assert "only a text" in hand_ins["Tom"].problem
    assert code_of(hand_ins["Jane_Doe-13"], tmp_path) == f"'{MOODLE[1]}'\n"
    assert code_of(hand_ins["Max_Muster"], tmp_path) == f"'{MOODLE[4]}'\n"
    assert files_of(hand_ins["Zoë_O_Brien"], tmp_path) == {MAIN}
    assert files_of(hand_ins["Eve"], tmp_path) == {MAIN, MODEL}
    with pytest.raises(SubmissionError, match="RAR archive; ask for a zip"):
        code_of(hand_ins["Jane_Doe-14"], tmp_path)


CANVAS = (
    f"doejane_12345_67890_{MAIN}",
    f"doejane_12345_67891_{MODEL}",
    f"doejane_12345_67899_{MAIN.replace('.', '-1.')}",
    "roejohn2_LATE_222_333_hw4.zip",
    "roejohn2_LATE_222_334_hw4-2.zip",
    "roejohn2_LATE_222_399_hw4-1.zip",
    "twozips_5_60_first.zip",
    "twozips_5_61_second.zip",
    "text_7_70_text.html",
    "doejane_8_80_hw4.rar",
    "doejane_8_81_hw4.zip",
)


@pytest.mark.parametrize("kind", ["", "zip", "tar.gz"])
def test_canvas(tmp_path: Path, kind: str) -> None:
    folder = lay_down(tmp_path / "x", *CANVAS)
    hand_ins = found(packed(folder, kind) if kind else folder, tmp_path)
    seen = {
        n: (h.arrival.student, h.arrival.student_id, h.arrival.submission_id, h.arrival.late)
        for n, h in hand_ins.items()
    }
    assert seen == {
        "doejane-12345": ("doejane", "12345", "67891", False),
        "doejane-8": ("doejane", "8", "81", False),
        "roejohn2": ("roejohn2", "222", "334", True),
        "twozips": ("twozips", "5", "61", False),
        "text": ("text", "7", "70", False),
    }
    assert {part.name for part in hand_ins["doejane-12345"].parts} == {MAIN, MODEL}
    assert code_of(hand_ins["doejane-12345"], tmp_path) == f"'{CANVAS[2]}'\n"
    assert code_of(hand_ins["roejohn2"], tmp_path) == f"'{CANVAS[4]}'\n"
    assert code_of(hand_ins["twozips"], tmp_path) == f"'{CANVAS[7]}'\n"
    assert code_of(hand_ins["doejane-8"], tmp_path) == f"'{CANVAS[10]}'\n"
    assert hand_ins["text"].problem == "text_7_70_text.html is no archive; ask for a zip"
    assert f"{CANVAS[4]} was taken, the latest, and not" in hand_ins["roejohn2"].arrival.notes[0]
    assert all("more than once" in h.arrival.notes[0] for n, h in hand_ins.items() if n != "text")


def test_hand_ins_are_the_same_in_every_run(tmp_path: Path) -> None:
    folder = lay_down(tmp_path / "x", *MOODLE, *CANVAS, f"alice/{MAIN}", "alice.zip")
    first = arrivals(folder, tmp_path / "into", RUBRIC.intake)
    assert arrivals(folder, tmp_path / "into", RUBRIC.intake) == first
    names = [hand_in.arrival.name for hand_in in first]
    assert names == sorted(names)


def test_a_broken_file_of_an_export_costs_its_student(tmp_path: Path) -> None:
    """Also one that is over a limit, or no regular file, or damaged."""
    file = tmp_path / "export.zip"
    link = zipfile.ZipInfo("dave.zip")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"alice/{MAIN}", CODE)
        archive.writestr(f"alice/{MODEL}", bytes(5 << 20))
        archive.writestr(f"bob/{MAIN}", CODE)
        archive.writestr("carol.zip", bytes(5 << 20))
        archive.writestr(link, "/etc/passwd")
        archive.writestr(f"erin/{MAIN}", "x" * 99)
    raw = bytearray(file.read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 16] ^= 1  # the checksum of the last one
    file.write_bytes(raw)
    hand_ins = found(file, tmp_path)
    assert list(hand_ins) == ["alice", "bob", "carol", "dave", "erin"]
    assert "rnn_lm.sav: rnn_lm.sav in the zip expands like a zip bomb" in str(
        hand_ins["alice"].arrival.notes
    )
    assert files_of(hand_ins["alice"], tmp_path) == {MAIN}
    assert not hand_ins["bob"].problem
    assert "bomb" in hand_ins["carol"].problem
    assert "link or device" in hand_ins["dave"].problem
    assert hand_ins["erin"].problem == "the folder is empty: nothing was handed in"
    assert "Bad CRC" in hand_ins["erin"].arrival.notes[0]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_files": 3}, "more than 3 files; unpack it yourself"),
        ({"max_mb": 1}, "more than 1 MB"),
    ],
)
def test_export_over_a_limit(tmp_path: Path, limits: dict[str, int], words: str) -> None:
    folder = lay_down(tmp_path / "x", *MOODLE)
    for number in range(3):
        (folder / f"{number}.sav").write_bytes(os.urandom(500_000))
    with pytest.raises(SubmissionError, match=words):
        arrivals(packed(folder, "zip"), tmp_path / "i", RUBRIC.intake.model_copy(update=limits))


@pytest.mark.parametrize("name", ["../x.zip", "/x.zip", "alice/../../x.zip", "C:\\x.zip"])
def test_export_with_an_unsafe_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, CODE)
    with pytest.raises(SubmissionError, match="unsafe name"):
        arrivals(file, tmp_path / "a" / "into", RUBRIC.intake)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_export_that_was_cut_off(tmp_path: Path) -> None:
    for kind in ("zip", "tar.gz"):
        file = packed(lay_down(tmp_path / "x", *MOODLE), kind)
        file.write_bytes(file.read_bytes()[:-200])
        with pytest.raises(SubmissionError, match=r"damaged|cannot be unpacked"):
            arrivals(file, tmp_path / f"into-{kind}", RUBRIC.intake)


def test_course_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="no file or folder"):
        arrivals(tmp_path / "missing", tmp_path / "into", RUBRIC.intake)


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    folder = write(tmp_path / "x", f"{name}/{MAIN}", f"{name}x.pdf", f"{name}_1_2_a.zip")
    hand_ins = found(folder, tmp_path)
    assert len(hand_ins) == 3
    for hand_in in hand_ins.values():
        hand_in.arrival.model_dump_json().encode()
        hand_in.problem.encode()


def test_what_nobody_reads_of_an_export_stays_packed(tmp_path: Path) -> None:
    names = (f"alice/{MAIN}", "alice/train.csv", "alice/.git/x.py", "bob/train.csv")
    folder = lay_down(tmp_path / "x", *names)
    hand_ins = found(packed(folder, "zip"), tmp_path)
    assert list(hand_ins) == ["alice", "bob"]
    unpacked = [path.name for path in (tmp_path / "into").rglob("*") if path.is_file()]
    assert unpacked == [MAIN]


def test_file_and_folder_of_one_name_in_an_export(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"bob/{MAIN}", CODE)
        archive.writestr("bob", CODE)
    [bob] = arrivals(file, tmp_path / "into", RUBRIC.intake)
    assert not bob.problem
    assert "a file and a folder named bob" in bob.arrival.notes[0]


def test_tar_of_an_export_that_was_cut_off_in_a_file(tmp_path: Path) -> None:
    """Not taken for one that ends there: the students after it would be lost unseen."""
    folder = lay_down(tmp_path / "x", f"alice/{MAIN}", f"bob/{MAIN}")
    (folder / "alice" / MODEL).write_bytes(os.urandom(90_000))
    whole = gzip.decompress(packed(folder, "tar.gz").read_bytes())
    file = tmp_path / "export.tar"
    file.write_bytes(whole[:50_000])
    with pytest.raises(SubmissionError, match="cut off before its end"):
        arrivals(file, tmp_path / "into", RUBRIC.intake)


def test_moodle_file_that_names_another_participant(tmp_path: Path) -> None:
    """What follows the first mark is of the student's choice."""
    mine = "Mallory_123_assignsubmission_file_a_999_assignsubmission_file_implementation.py"
    for name in (mine, "Victim_999_assignsubmission_file_rnn_lm.py"):
        (tmp_path / name).write_text("x = 1\n")
    found = {
        h.arrival.student_id: h for h in arrivals(tmp_path, tmp_path / "into", Rubric.load().intake)
    }
    assert set(found) == {"", "999"}
    assert [part.name for part in found["999"].parts] == ["rnn_lm.py"]
    assert "two participants" in found[""].problem
    assert "Mallory" in found[""].arrival.name
