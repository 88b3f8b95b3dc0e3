"""An implementation whose name says nothing is told by the functions that it defines."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from grader.handed_in import unnamed
from grader.handed_in.submission import Submission, stage
from grader.source import MAX_SOURCE
from tests.handed_in.notebooks import notebook
from tests.staging import GIVEN, LIMITS, refused, write, zipped

CODE = "import numpy as np\n\ndef rnn(a):\n    pass\n\ndef mha(b):\n    pass\n"
ONE = "def rnn():\n    pass\n"


def read(folder: Path, tmp_path: Path) -> Submission:
    return stage(folder, tmp_path / "staged", LIMITS)


@pytest.mark.parametrize("name", ["hw4.py", "Solution.PY", "a4/code/my work.py"])
@pytest.mark.parametrize("as_zip", [False, True])
def test_file_that_defines_the_functions_is_the_implementation(
    tmp_path: Path, name: str, as_zip: bool
) -> None:
    path = write(tmp_path / "bob", name, content=CODE)
    path = zipped(tmp_path, name, content=CODE) if as_zip else path
    submission = read(path, tmp_path)
    assert submission.files - GIVEN == {"implementation.py"}
    assert submission.notes == (
        f"there is no implementation.py; {name}, which defines rnn, mha, was read as it",
    )


def test_what_lies_beside_it_is_there(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "q2/hw4.py", content=CODE)
    write(folder, "q2/layers.py", "rnn_lm.py", content=ONE)
    submission = read(folder, tmp_path)
    assert (submission.folder / "implementation.py").read_text() == CODE
    assert submission.files - GIVEN >= {"implementation.py", "layers.py", "rnn_lm.py"}


@pytest.mark.parametrize(
    "name", ["rnn_lm.py", "test_hw4.py", "starter.py", "rnn_param_helper.py", "hw4.txt"]
)
def test_files_that_are_something_else(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "bob", name, "rnn_lm.sav", content=CODE)
    submission = read(folder, tmp_path)
    assert not submission.has("implementation.py")


@pytest.mark.parametrize(
    "content",
    [
        ONE,
        "class A:\n    def rnn(): pass\n    def gru(): pass\n",
        '"""\ndef rnn(): pass\ndef gru(): pass\n"""\n',
        "def rnn(): pass\ndef gru(: pass\n",
        "def rnn(): pass\ndef gru(): pass\n\0",
        CODE + "#" * MAX_SOURCE,
        CODE + "x = " + "(" * 5000 + ")" * 5000,
    ],
)
def test_code_that_does_not_define_them(tmp_path: Path, content: str) -> None:
    assert "nothing to grade" in refused(write(tmp_path / "bob", "hw4.py", content=content))


DONE = "def rnn(): return 1\n"


def test_any_spelling_comes_before_it(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "hw4.py", content=CODE)
    write(folder, "old/my_implementation.py", content=DONE)
    submission = read(folder, tmp_path)
    assert (submission.folder / "implementation.py").read_text() == DONE


def test_of_several_none_is_taken(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "a.py", "b.py", "c.py", "d.py", "rnn_lm.py", content=CODE)
    submission = read(folder, tmp_path)
    assert not submission.has("implementation.py")
    assert submission.notes == (
        "there is no implementation.py, and several files could be it: a.py, b.py, c.py and "
        "1 more; none was taken; rename the right one, or give each student a folder if they are "
        "of several (or grade the platform's export)",
    )
    (folder / "rnn_lm.py").unlink()
    assert "several files could be it: a.py, b.py" in refused(folder)


def test_reading_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "bob", "a.py", content=ONE * 10)
    write(folder, "b.py", content=CODE)
    assert read(folder, tmp_path).has("implementation.py")
    monkeypatch.setattr(unnamed, "MAX_PARSED", 200)
    assert "nothing to grade" in refused(folder)


def test_folder_in_its_place(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "hw4.py", content=CODE)
    write(folder, "rnn_lm.py", "implementation.py/part.py", content=ONE)
    submission = read(folder, tmp_path)
    assert submission.has("implementation.py/part.py")


def test_python_files_are_named_where_none_is_the_implementation(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "rnn_lm.py", "q2.py", "lib/gru.py", content=ONE)
    write(folder, "rnn_param_helper.py")
    write(folder, "a.ipynb", content=notebook("x = 1"))
    words = "there is no implementation.py; the Python files are: q2.py, lib/gru.py"
    assert read(folder, tmp_path).notes == (words,)


def test_notebooks_are_named_where_there_is_no_other_code(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "rnn_lm.py", "rnn_lm.sav")
    write(folder, "implementation.ipynb", content=notebook("x = 1"))
    words = "there is no implementation.py; the notebooks are: implementation.ipynb"
    assert read(folder, tmp_path).notes == (words,)


@pytest.mark.parametrize("names", [("rnn_lm.py",), ("rnn_lm.py", "a.py", "implementation2.py")])
def test_nothing_is_said_where_there_is_nothing_to_name(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    notes = read(write(tmp_path / "bob", *names), tmp_path).notes
    assert not any("Python files" in note for note in notes)


@pytest.mark.timeout(10)
def test_file_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hw4.py")
    files, notes = unnamed.with_implementation({PurePosixPath("hw4.py"): tmp_path / "hw4.py"})
    assert (list(map(str, files)), notes) == (["hw4.py"], [])
