"""A worker's scratch folder is made anew, whatever an earlier worker has left in its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.sandbox import scratch
from grader.sandbox.scratch import make_scratch, remove_scratch, scratch_bytes
from tests.conftest import Handing
from tests.staging import write
from tests.student_support import ARRAY, GOOD, array, assert_still_answers, failure


def test_files_are_copied(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    make_scratch(tmp_path / "scratch", [tmp_path / "config.json"])
    assert (tmp_path / "scratch" / "config.json").read_text() == "{}"


def test_nothing_is_written_through_a_link_that_was_left(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("chosen by the student")
    (tmp_path / "scratch").mkdir()
    for name, target in (("config.json", "precious"), ("other.json", "missing")):
        (tmp_path / name).write_text("chosen by the student")
        (tmp_path / "scratch" / name).symlink_to(tmp_path / target)
    (tmp_path / "precious").write_text("kept")
    make_scratch(tmp_path / "scratch", [tmp_path / "config.json", tmp_path / "other.json"])
    assert (tmp_path / "precious").read_text() == "kept"
    assert not (tmp_path / "missing").exists()


def test_folders_are_read_through_links_and_written_beside(tmp_path: Path) -> None:
    write(tmp_path / "staged" / "lib", "a.py", "deep/b.json", content="theirs")
    folder = tmp_path / "scratch"
    make_scratch(folder, folders=[tmp_path / "staged" / "lib"])
    assert (folder / "lib" / "a.py").read_text() == "theirs"
    assert (folder / "lib" / "deep" / "b.json").read_text() == "theirs"
    (folder / "lib" / "new.txt").write_text("own")
    assert not (tmp_path / "staged" / "lib" / "new.txt").exists()
    remove_scratch(folder)
    assert not folder.exists()
    assert (tmp_path / "staged" / "lib" / "deep" / "b.json").exists()


def test_links_do_not_count_as_what_they_lead_to(tmp_path: Path) -> None:
    write(tmp_path / "staged" / "lib", "a.py", "deep/b.py", content="x" * (1 << 20))
    make_scratch(tmp_path / "scratch", folders=[tmp_path / "staged" / "lib"])
    assert scratch_bytes(tmp_path / "scratch", 1 << 20) < 1 << 17


@pytest.mark.parametrize("is_link", [True, False])
def test_no_link_is_made_in_a_folder_that_was_left(tmp_path: Path, is_link: bool) -> None:
    write(tmp_path / "staged" / "lib", "a.py")
    write(tmp_path / "staged" / "more", "b.py")
    (tmp_path / "scratch").mkdir()
    left = tmp_path / "precious" if is_link else tmp_path / "scratch" / "lib"
    left.mkdir()
    if is_link:
        (tmp_path / "scratch" / "lib").symlink_to(left)
    folders = [tmp_path / "staged" / name for name in ("lib", "more")]
    make_scratch(tmp_path / "scratch", folders=folders)
    assert list(left.iterdir()) == []
    assert (tmp_path / "scratch" / "more" / "b.py").exists()


def test_links_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MOST_LINKS", 3)
    for name in ("a", "b"):
        write(tmp_path / name, *(f"{number}.txt" for number in range(2)))
    make_scratch(tmp_path / "scratch", folders=[tmp_path / "a", tmp_path / "b"])
    found = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.glob("scratch/*/*"))
    assert found == ["scratch/a/0.txt", "scratch/a/1.txt", "scratch/b/0.txt"]


def test_student_code_reaches_its_folders_by_relative_paths(hand_in: Handing) -> None:
    code = """
        import json, os, sys
        sys.path.append("lib")
        from layers import twice
        def rnn(x):
            os.makedirs("lib/saved", exist_ok=True)
            with open("lib/saved/log.txt", "w") as log:
                log.write("done")
            return twice(x) + json.load(open("lib/parts/settings.json"))["plus"]
    """
    files = {
        "lib/layers.py": "def twice(x): return 2 * x\n",
        "lib/parts/settings.json": '{"plus": 1}',
    }
    student = hand_in(code, files)
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY + 1).tolist()


def test_student_code_does_not_write_its_folders(hand_in: Handing) -> None:
    code = "def rnn(x):\n    open('lib/layers.py', 'w').write('')\n    return x\n" + GOOD
    student = hand_in(code, {"lib/layers.py": "kept = 1\n"})
    assert "PermissionError" in failure(student, "rnn").message
    assert (student.submission.folder / "lib" / "layers.py").read_text() == "kept = 1\n"
    assert_still_answers(student)


def test_the_worker_owns_what_it_may_write_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned: list[Path] = []
    monkeypatch.setattr(scratch, "spare_uid", lambda: 12345)
    monkeypatch.setattr(os, "chown", lambda path, *_, follow_symlinks: owned.append(path))
    write(tmp_path, "words.txt", "lib/a.py")
    folder = tmp_path / "scratch"
    make_scratch(folder, [tmp_path / "words.txt"], [tmp_path / "lib"])
    assert owned == [folder, folder / "words.txt", folder / "lib"]


def test_line_of_a_module_that_was_reached_by_a_relative_path_is_told(hand_in: Handing) -> None:
    code = "import sys\nsys.path.append('lib')\nfrom layers import rnn\n"
    student = hand_in(code, {"lib/layers.py": "def rnn(x):\n    return x / missing\n"})
    message = failure(student).message
    assert "name 'missing' is not defined (line 2 of lib/layers.py)" in message
