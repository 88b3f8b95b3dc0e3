"""A file and a folder of one name, and names that no text is, are noted and stop nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from grader.handed_in.submission import stage
from tests.staging import CODE, LIMITS, staged, tarred, write, zipped

NO_TEXT = os.fsdecode(b"m\xff.pt")
LEFT_OUT = "left out, because a file has the name of the folder around it: {}"


@pytest.mark.parametrize(
    ("outside", "inside", "left_out"),
    [
        ("helper.py", "helper.py/x.py", "helper.py/x.py"),
        ("helper.py/x.py", "helper.py", "helper.py/x.py"),
        ("a/b/c.py", "a/b", None),  # Nothing that student code may see.
    ],
)
def test_file_and_folder_of_one_name(
    tmp_path: Path, outside: str, inside: str, left_out: str | None
) -> None:
    folder = write(tmp_path / "bob", outside)
    zipped(folder, "implementation.py", inside)
    submission = staged(folder)
    if left_out:
        assert submission.files == {"implementation.py", "helper.py"}
        assert LEFT_OUT.format(left_out) in submission.notes
    else:
        assert submission.files == {"implementation.py", outside}


@pytest.mark.parametrize("folder_name", ["implementation.py", "rnn_lm.py", "rnn_lm.sav"])
def test_main_file_comes_before_a_folder_of_its_name(tmp_path: Path, folder_name: str) -> None:
    mains = ("implementation.py", "rnn_lm.py", "rnn_lm.sav")
    folder = write(tmp_path / "bob", f"{folder_name}/x.py")
    zipped(folder, *map(str.upper, mains))
    submission = staged(folder)
    assert submission.files == set(mains)
    assert LEFT_OUT.format(f"{folder_name}/x.py") in submission.notes


def test_main_file_in_a_folder_of_its_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py", "rnn_lm.py", "rnn_lm.sav/rnn_lm.sav")
    submission = staged(folder)
    assert submission.files == {"implementation.py", "rnn_lm.py", "rnn_lm.sav"}
    assert submission.notes == ("rnn_lm.sav was taken from the folder rnn_lm.sav",)


def test_copy_of_a_main_file_comes_before_a_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "Implementation.py", "implementation.py/x.py")
    assert staged(folder).files == {"implementation.py"}


def test_beside_a_main_file_from_elsewhere(tmp_path: Path) -> None:
    names = ("implementation.py", "layers.py", "model/rnn_lm.py", "model/layers.py/x.py")
    submission = staged(write(tmp_path / "bob", *names))
    assert submission.files == {"implementation.py", "rnn_lm.py", *names}
    assert LEFT_OUT.format("layers.py/x.py") in submission.notes


def test_beside_the_root(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "src/implementation.py", content="import layers\n")
    write(folder, "layers.py/x.py")
    zipped(folder, "rnn_lm.py", "layers.py")
    submission = staged(folder)
    assert submission.has("layers.py")
    assert LEFT_OUT.format("layers.py/x.py") in submission.notes


def test_root_that_is_a_file_too(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "hw.py/implementation.py", content="import hw\n")
    zipped(folder, "hw.py", "rnn_lm.sav")
    assert staged(folder).files == {"implementation.py", "rnn_lm.sav", "hw.py"}


def test_model_whose_name_is_no_text(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "implementation.py", NO_TEXT)
    archive = tarred(tmp_path, "implementation.py", NO_TEXT)
    for path in (folder, archive):
        submission = staged(path)
        assert submission.files == {"implementation.py", "rnn_lm.sav"}
        assert submission.notes == ("rnn_lm.sav is missing; m?.pt was taken for it",)
    (folder / "implementation.py").write_bytes(b"open(b'm\xff.pt')")
    assert stage(folder, tmp_path / "staged", LIMITS).has(NO_TEXT)


def test_folder_whose_name_is_as_long_as_can_be(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "src/implementation.py", f"{'漢' * 85}/x.py")
    assert staged(folder).files == {"implementation.py"}


def test_notebook_that_writes_a_file_whose_name_is_too_long(tmp_path: Path) -> None:
    name = "b" * 300
    cells = [
        f"%%writefile implementation.py\nimport {name}\n{CODE}",
        f"%%writefile {name}.py\n{CODE}",
    ]
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    folder = write(tmp_path / "bob", "rnn.ipynb", content=json.dumps(notebook))
    assert staged(folder).files == {"implementation.py", "rnn.ipynb"}
