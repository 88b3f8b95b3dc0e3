"""What was handed in is found and copied; what is not safe to read is refused or passed over."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from grader.archive import DATA_BYTES
from grader.errors import SubmissionError
from grader.handed_in.submission import MOST_DATA, stage
from tests.staging import CODE, GIVEN, LIMITS, MB, refused, staged, with_limits, write, zipped


def test_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "alice", "implementation.py", "rnn_lm.py", "rnn_lm.sav", "rnn.ipynb")
    submission = staged(folder)
    assert submission.name == "alice"
    assert submission.files == {"implementation.py", "rnn_lm.py", "rnn_lm.sav", "rnn.ipynb"}
    assert submission.has("implementation.py")
    assert not submission.has("model.py")
    assert submission.notes == ()


def test_content_is_copied(tmp_path: Path) -> None:
    folder = write(tmp_path / "alice", "implementation.py")
    (folder / "rnn_lm.sav").write_bytes(bytes(range(256)) * 9000)
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert submission.folder == tmp_path / "staged"
    assert (tmp_path / "staged" / "implementation.py").read_text() == CODE
    assert (tmp_path / "staged" / "rnn_lm.sav").read_bytes() == bytes(range(256)) * 9000


@pytest.mark.parametrize("nested", ["assignment4", "a/b/c/assignment 4", "Übung"])
def test_nested_folder(tmp_path: Path, nested: str) -> None:
    folder = write(tmp_path / "bob", f"{nested}/implementation.py", f"{nested}/lib/steps.py")
    submission = staged(folder)
    assert submission.name == "bob"
    assert submission.files == {"implementation.py", "lib/steps.py"}


def test_shallowest_folder_is_the_root(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "a/deep/implementation.py", "z/implementation.py", "z/x.py")
    assert staged(folder).files == {"implementation.py", "x.py"}


def test_zip_and_folder_are_the_same_submission(tmp_path: Path) -> None:
    folder = write(tmp_path / "alice", "implementation.py", "rnn_lm.py")
    archive = zipped(tmp_path, "x/implementation.py", "x/rnn_lm.py")
    assert staged(folder).digest == staged(archive).digest


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("Implementation.py", "implementation.py"),
        ("IMPLEMENTATION.PY", "implementation.py"),
        ("RNN_LM.py", "rnn_lm.py"),
        ("rnn_lm.SAV", "rnn_lm.sav"),
    ],
)
def test_name_in_another_case(tmp_path: Path, name: str, canonical: str) -> None:
    submission = staged(write(tmp_path / "bob", f"assignment4/{name}"))
    assert submission.files == {canonical}
    assert submission.notes == (f"{name} was read as {canonical}",)


def test_exact_name_is_taken_before_one_in_another_case(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "Implementation.py", content="old = 1\n")
    write(folder, "implementation.py")
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert submission.files - GIVEN == {"implementation.py"}
    assert len(submission.notes) == 1
    assert (tmp_path / "staged" / "implementation.py").read_text() == CODE


def test_what_macs_and_tools_leave_is_passed_over(tmp_path: Path) -> None:
    names = (
        "__MACOSX/implementation.py",
        "__MACOSX/assignment4/._implementation.py",
        "assignment4/._implementation.py",
        "assignment4/.ipynb_checkpoints/implementation.py",
        "assignment4/__pycache__/implementation.py",
        "assignment4/implementation.py",
    )
    assert staged(zipped(tmp_path, *names)).files == {"implementation.py"}
    assert staged(write(tmp_path / "folder", *names)).files == {"implementation.py"}


def test_environment_is_passed_over(tmp_path: Path) -> None:
    """Whatever its folder is called; what a student has put into that folder itself is not."""
    names = (
        "venv/bin/implementation.py",
        "env/Lib/site-packages/implementation.py",
        "myenv/lib/python3.11/site-packages/pip/implementation.py",
        "conda/lib/python3.12/implementation.py",
        "node_modules/x/implementation.py",
    )
    archive = zipped(tmp_path, "implementation.py", *names)
    for path in (write(tmp_path / "bob", "implementation.py", *names), archive):
        submission = staged(path)
        assert submission.files == {"implementation.py"}
        assert submission.notes == ()
    assert staged(archive, with_limits(max_files=2)).files == {"implementation.py"}
    assert "more than 1 files" in refused(archive, with_limits(max_files=1))
    assert staged(write(tmp_path / "eve", "venv/implementation.py")).has("implementation.py")


def test_data_and_other_files_are_not_staged(tmp_path: Path) -> None:
    names = ("test.csv", "sub/test.csv", "my_test data.tsv", "plot.png", "data", "TEST.CSV")
    submission = staged(write(tmp_path / "bob", "implementation.py", *names))
    assert submission.files == {"implementation.py"}


def test_small_data_is_staged_and_large_is_not(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py", "config.json", "sub/words.txt")
    write(folder, "log.txt", "large.json", content="x" * (DATA_BYTES + 1))
    for path in (folder, Path(shutil.make_archive(str(tmp_path / "bob"), "zip", folder))):
        assert staged(path).files == {"implementation.py", "config.json", "sub/words.txt"}
        assert staged(path).notes == ()


def test_own_tables_and_what_was_saved_are_there_to_read(tmp_path: Path) -> None:
    names = ("train.csv", "latest.tsv", "consts.pkl", "w.pt")
    folder = write(tmp_path / "bob", "implementation.py", "rnn_lm.sav", *names)
    for path in (folder, Path(shutil.make_archive(str(tmp_path / "bob"), "zip", folder))):
        submission = stage(path, tmp_path / f"staged{path.suffix}", LIMITS)
        assert {file.name for file in submission.data} == set(names)


@pytest.mark.parametrize("name", ["consts.pt", "consts.pkl"])
def test_what_is_taken_for_the_model_stays_where_code_names_it(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "bob", "implementation.py", content=f"open('{name}')")
    write(folder, name)
    assert staged(folder).files == {"implementation.py", "rnn_lm.sav", name}
    write(folder, "implementation.py", content="open('other.pt')")
    assert staged(folder).files == {"implementation.py", "rnn_lm.sav"}


def test_a_large_model_may_end_like_data(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py")
    (folder / "rnn_lm.pkl").write_bytes(os.urandom(DATA_BYTES + 1))
    for path in (folder, Path(shutil.make_archive(str(tmp_path / "bob"), "zip", folder))):
        assert staged(path).files == {"implementation.py", "rnn_lm.sav"}


def test_what_is_left_out_is_known_by_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py", "sub/w.xyz", "test.csv", "notes.txt")
    for path in (folder, Path(shutil.make_archive(str(tmp_path / "bob"), "zip", folder))):
        submission = stage(path, tmp_path / f"staged{path.suffix}", LIMITS)
        assert submission.left_out == ("test.csv", "w.xyz")


def test_few_data_files_go_with_a_worker(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py", *(f"n{i}.txt" for i in range(99)))
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert len(submission.data) == MOST_DATA
    assert all(file.suffix == ".txt" for file in submission.data)


def test_given_files_are_there_to_import(tmp_path: Path) -> None:
    assert "rnn_param_helper.py" in GIVEN
    submission = stage(write(tmp_path / "bob", "implementation.py"), tmp_path / "staged", LIMITS)
    assert submission.files >= GIVEN
    assert submission.notes == ()


def test_own_copy_of_a_given_file_is_kept(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py", "rnn_param_helper.py")
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert (submission.folder / "rnn_param_helper.py").read_text() == CODE


def test_given_files_alone_are_nothing_to_grade(tmp_path: Path) -> None:
    assert "nothing to grade" in refused(write(tmp_path / "bob", *GIVEN))


def test_files_beside_the_root_are_not_staged(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "assignment4/implementation.py", "other/steps.py", "top.py")
    assert staged(folder).files == {"implementation.py"}


@pytest.mark.parametrize("names", [(), ("notes.txt",), ("test.csv",), ("main.py", "conf.json")])
def test_nothing_to_grade(tmp_path: Path, names: tuple[str, ...]) -> None:
    folder = write(tmp_path / "bob", *names)
    folder.mkdir(exist_ok=True)
    for path in (folder, zipped(tmp_path, *names)):
        words = refused(path)
        assert "nothing to grade" in words
        assert all(name in words for name in names)


def test_what_is_there_instead_is_named(tmp_path: Path) -> None:
    names = ("notes.pdf", "hw.docx", "sub/train.csv", "z.md", "y.md")
    hidden = (".git/config", "__MACOSX/._notes.pdf")
    folder = write(tmp_path / "bob", *names, *hidden)
    there = "there are: hw.docx, notes.pdf, y.md and 2 more"
    none = "has nothing to grade: none of implementation.py, rnn_lm.py, rnn_lm.sav could be read"
    assert refused(folder) == f"bob {none}; {there}"
    assert refused(zipped(tmp_path, *names, *hidden)) == f"handin {none}; {there}"
    long = refused(write(tmp_path / "eve", f"{'deep/' * 5}{'x' * 150}.md"))
    assert "there are: deep/deep/deep/deep/deep/xx" in long
    assert len(long) < 200


def test_path_that_is_missing(tmp_path: Path) -> None:
    assert "there is no file or folder" in refused(tmp_path / "nobody")


def test_links_are_passed_over(tmp_path: Path) -> None:
    secret = write(tmp_path / "elsewhere", "secret.py", "implementation.py")
    folder = write(tmp_path / "bob", "assignment4/implementation.py")
    (folder / "implementation.py").symlink_to(secret / "implementation.py")
    (folder / "assignment4" / "stolen.py").symlink_to(secret / "secret.py")
    (folder / "assignment4" / "folder").symlink_to(secret)
    (folder / "assignment4" / "loop").symlink_to(folder)
    (folder / "assignment4" / "broken.py").symlink_to(tmp_path / "nothing")
    submission = staged(folder)
    assert submission.files == {"implementation.py"}
    assert len(submission.notes) == 5
    assert all("symbolic link" in note for note in submission.notes)
    assert any("assignment4/stolen.py" in note for note in submission.notes)


def test_nothing_but_a_link(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "notes.txt")
    (folder / "implementation.py").symlink_to("/etc/passwd")
    words = refused(folder)
    assert "nothing to grade" in words
    assert "'implementation.py' was not read: it is a symbolic link" in words


@pytest.mark.timeout(10)
def test_fifo_is_not_opened(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "rnn_lm.py")
    os.mkfifo(folder / "implementation.py")
    os.mkfifo(folder / "steps.py")
    submission = staged(folder)
    assert submission.files == {"rnn_lm.py"}
    assert len(submission.notes) == 2
    assert all("no regular file" in note for note in submission.notes)


@pytest.mark.timeout(10)
def test_fifo_as_the_submission_is_not_opened(tmp_path: Path) -> None:
    fifo = tmp_path / "handin.zip"
    os.mkfifo(fifo)
    assert "neither a folder nor a zip" in refused(fifo)


def test_main_files_in_different_folders(tmp_path: Path) -> None:
    names = ("assignment4/implementation.py", "assignment4/rnn_lm.py", "models/rnn_lm.sav")
    submission = staged(write(tmp_path / "bob", *names))
    assert submission.files - GIVEN == {"implementation.py", "rnn_lm.py", "rnn_lm.sav"}
    assert submission.notes == ("rnn_lm.sav was taken from the folder models",)


def test_main_file_above_the_others(tmp_path: Path) -> None:
    submission = staged(write(tmp_path / "bob", "hw4/implementation.py", "rnn_lm.sav"))
    assert submission.files - GIVEN == {"implementation.py", "rnn_lm.sav"}
    assert submission.notes == ("rnn_lm.sav was taken from the top folder",)
    write(tmp_path / "eve", "hw4/implementation.py", "hw4/steps.py")
    submission = staged(write(tmp_path / "eve", "rnn_lm.py", "steps.py", content="x = 1\n"))
    assert submission.notes[0] == "rnn_lm.py was taken from the top folder"
    assert "that of the top folder is not used" in submission.notes[1]


def test_what_a_main_file_needs_comes_along(tmp_path: Path) -> None:
    """A module beside the model's code, as far as nothing of that name is there already."""
    write(tmp_path / "bob", "implementation.py", "steps.py")
    write(tmp_path / "bob", "lm/implementation.py", "lm/steps.py", content="another = 1\n")
    write(tmp_path / "bob", "lm/rnn_lm.py", "lm/blocks.py", "lm/parts/cell.py", "lm/big.dat")
    write(tmp_path / "bob", "other/unused.py")
    submission = staged(tmp_path / "bob")
    top = {"implementation.py", "steps.py", "rnn_lm.py", "blocks.py", "parts/cell.py"}
    below = {"lm/implementation.py", "lm/steps.py", "lm/rnn_lm.py", "lm/blocks.py"}
    assert submission.files == top | below | {"lm/parts/cell.py", "other/unused.py"}
    two = "two different files are named steps.py: that of the folder lm is not used"
    assert two in submission.notes
    write(tmp_path / "bob", "lm/steps.py")
    assert two not in staged(tmp_path / "bob").notes


def test_a_file_where_a_folder_would_come_along(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "code/implementation.py", "code/parts.py")
    write(folder, "lm/rnn_lm.py", "lm/parts.py/cell.py", "lm/parts.py/x/cell.py")
    submission = staged(folder)
    assert submission.files == {"implementation.py", "parts.py", "rnn_lm.py"}


def test_two_candidates_are_named(tmp_path: Path) -> None:
    submission = staged(write(tmp_path / "bob", "a/implementation.py", "b/implementation.py"))
    words = "a/implementation.py was graded, and not b/implementation.py"
    [note] = submission.notes
    assert note == f"{words}; if it should be the other one, take the first away and grade again"
    submission = staged(write(tmp_path / "bob", *(f"{c}/implementation.py" for c in "cdef")))
    assert submission.notes[0].startswith(
        f"{words}, c/implementation.py, d/implementation.py and 2 more; if it should be one of"
    )


def test_folder_that_is_too_large(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py", "a.py", content="x" * (MB + 1))
    assert "larger than 1 MB" in refused(folder, with_limits(max_file_mb=1))
    assert "more than 2 MB" in refused(folder, with_limits(max_mb=2))
    assert len(staged(folder, with_limits(max_mb=3)).files) == 2


def test_file_of_holes_is_refused_before_it_is_copied(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py")
    with (folder / "rnn_lm.sav").open("wb") as file:
        file.truncate(1 << 30)
    limits = with_limits(max_file_mb=1)
    with pytest.raises(SubmissionError, match="larger than 1 MB"):
        stage(folder, tmp_path / "staged", limits)
    assert sum(f.stat().st_size for f in (tmp_path / "staged").rglob("*.sav")) == 0


def test_too_many_files(tmp_path: Path) -> None:
    names = [f"file{i}.py" for i in range(9)]
    folder = write(tmp_path / "bob", "implementation.py", *names)
    archive = zipped(tmp_path, "implementation.py", *names)
    for path in (folder, archive):
        assert "more than 9 files" in refused(path, with_limits(max_files=9))
        assert len(staged(path, with_limits(max_files=10)).files) == 10


def test_folders_without_end_are_not_followed(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 50)
    folder = write(tmp_path / "bob", "implementation.py", f"{deep}/deep.py")
    submission = staged(folder)
    assert submission.files == {"implementation.py"}
    assert len(submission.notes) == 1
    assert "nested too deep" in submission.notes[0]


def test_notes_are_bounded(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py")
    for number in range(100):
        (folder / f"link{number}").symlink_to(tmp_path)
    assert 1 <= len(staged(folder).notes) < 50


def test_digest_is_of_names_and_contents(tmp_path: Path) -> None:
    def digest(folder: str, *names: str, content: str = CODE) -> str:
        return staged(write(tmp_path / folder, *names, content=content)).digest

    first = digest("one", "implementation.py", "a.py")
    assert digest("two", "a.py", "implementation.py") == first
    assert digest("three", "implementation.py", "a.py", "notes.md") == first
    assert digest("four", "implementation.py", "b.py") != first
    assert digest("five", "implementation.py") != first
    assert digest("six", "implementation.py", "a.py", content=CODE + " ") != first


def test_digest_tells_names_from_contents(tmp_path: Path) -> None:
    one = write(tmp_path / "one", "implementation.py", "j.py", content="x")
    two = write(tmp_path / "two", "implementation.py", content="xj.pyx")
    assert staged(one).digest != staged(two).digest


def test_digest_does_not_change_with_time_or_mode(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py")
    before = staged(folder).digest
    os.utime(folder / "implementation.py", (1, 1))
    (folder / "implementation.py").chmod(0o755)
    assert staged(folder).digest == before


@pytest.mark.parametrize("as_zip", [False, True])
def test_names_that_are_no_utf8(tmp_path: Path, as_zip: bool) -> None:
    """Old archives leave such names on the disk; the reports, which are UTF-8, have the name."""
    name = os.fsdecode(b"caf\xe9")
    folder = write(tmp_path / name, "implementation.py", f"{name}.py")
    path = folder
    if as_zip:
        path = zipped(tmp_path, "implementation.py").rename(tmp_path / f"{name}.zip")
    submission = staged(path)
    assert submission.name.encode("utf-8").startswith(b"caf")
    assert submission.has("implementation.py")


def test_original_is_not_touched(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "Implementation.py", "notes.txt")
    staged(folder)
    assert sorted(p.name for p in folder.iterdir()) == ["Implementation.py", "notes.txt"]
