"""What code imports from where it was handed in is there once it was copied."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from grader.handed_in.imported import imported_names, out_of_sight
from grader.handed_in.submission import stage
from tests.conftest import ROOT, Grade
from tests.staging import CODE, GIVEN, LIMITS, staged, write

FROM_SRC = "from src.layers import rnn\n"


def code(folder: Path, name: str, content: str) -> Path:
    return write(folder, name, content=content)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("import a", {"a"}),
        ("import a.b as c, d , e as f\nimport g; import h\n", {"a", "d", "e", "g"}),
        ("from a.b import c\n  from d import (e,\n f)\n", {"a", "d"}),
        ("try:\n\timport a\nexcept ImportError:\r\n    import b\r\n", {"a", "b"}),
        ("from . import a\nfrom .b import c\nimportant = 1\nfrom_x = import_y = 2\n", set()),
        ("x = 'import a'\n# import b\n", set()),
        ("from ü1 import x\nimport \n", {"ü1"}),
    ],
)
def test_names_that_are_imported(tmp_path: Path, content: str, names: set[str]) -> None:
    assert imported_names(code(tmp_path, "x.py", content) / "x.py") == names


def test_only_the_beginning_of_a_file_is_looked_at(tmp_path: Path) -> None:
    folder = code(tmp_path, "x.py", "import a\n" + "#\n" * 200_000 + "import b\n")
    assert imported_names(folder / "x.py") == {"a"}
    assert imported_names(folder / "nothing.py") == set()


@pytest.mark.parametrize("top", ["", "hw4/"])
def test_folder_of_the_implementation_under_its_own_name(tmp_path: Path, top: str) -> None:
    folder = code(tmp_path / "bob", f"{top}src/implementation.py", FROM_SRC)
    write(folder, f"{top}src/layers.py", f"{top}src/rnn_lm.sav", f"{top}other/x.py")
    submission = staged(folder)
    main = {"implementation.py", "layers.py", "rnn_lm.sav"}
    assert submission.files == main | {"src/implementation.py", "src/layers.py"}
    assert submission.notes == ()


def test_package_beside_the_folder_of_the_implementation(tmp_path: Path) -> None:
    folder = code(tmp_path / "bob", "hw/implementation.py", FROM_SRC)
    code(folder, "src/layers.py", "    import deeper\n")
    write(folder, "src/unused.py", "src/w.json", "deeper.py", "also.py")
    files = {"implementation.py", "src/layers.py", "src/unused.py", "src/w.json", "deeper.py"}
    assert staged(folder).files == files


def test_nearest_one_of_a_name_is_taken(tmp_path: Path) -> None:
    folder = code(tmp_path / "bob", "a/b/implementation.py", FROM_SRC)
    code(folder, "src/layers.py", "far = 1\n")
    code(folder, "a/src/layers.py", "near = 1\n")
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert submission.files - GIVEN == {"implementation.py", "src/layers.py"}
    assert (submission.folder / "src" / "layers.py").read_text() == "near = 1\n"


def test_what_is_there_already_is_not_replaced(tmp_path: Path) -> None:
    folder = code(tmp_path / "bob", "hw/implementation.py", FROM_SRC)
    write(folder, "hw/src/other.py", "src/layers.py", "src.py")
    assert staged(folder).files == {"implementation.py", "src/other.py"}


def test_what_came_along_with_a_main_file_is_not_replaced(tmp_path: Path) -> None:
    folder = code(tmp_path / "bob", "q2/implementation.py", "import layers\n")
    write(folder, "q7/rnn_lm.py", "q7/layers.py")
    code(folder, "layers.py", "another = 1\n")
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert (submission.folder / "layers.py").read_text() == CODE


def test_package_comes_before_a_module_elsewhere(tmp_path: Path) -> None:
    folder = code(tmp_path / "bob", "hw/implementation.py", FROM_SRC)
    write(folder, "src/layers.py", "old/src.py")
    assert staged(folder).files == {"implementation.py", "src/layers.py"}


def test_only_module_of_a_name_elsewhere(tmp_path: Path) -> None:
    """The student adds its folder to the path, by a way that is not the same here."""
    folder = code(tmp_path / "bob", "hw/implementation.py", "import steps, twice\n")
    write(folder, "lib/steps.py", "lib/twice.py", "old/twice.py", "old/more.py")
    assert staged(folder).files == {"implementation.py", "steps.py"}


@pytest.mark.parametrize("name", ["implementation_v2", "hw4", "Implementation"])
def test_implementation_that_others_import_by_its_own_name(tmp_path: Path, name: str) -> None:
    functions = "def rnn(): pass\ndef gru(): pass\n"
    folder = code(tmp_path / "bob", f"{name}.py", functions)
    assert staged(folder).files == {"implementation.py"}
    code(folder, "rnn_lm.py", f"from {name} import gru\n")
    assert staged(folder).files == {"implementation.py", f"{name}.py", "rnn_lm.py"}


def test_nothing_is_out_of_sight_at_the_top() -> None:
    files = [PurePosixPath(name) for name in ("implementation.py", "lib/a.py")]
    assert out_of_sight(files, PurePosixPath()) == {
        "implementation": {files[0]: files[0]},
        "lib": {files[1]: files[1]},
    }


def test_code_that_imports_its_own_folder_is_graded(tmp_path: Path, grading: Grade) -> None:
    solution = (ROOT / "submissions" / "alice" / "implementation.py").read_text()
    names = "rnn, gru, mha, init_gru_with_rnn, init_gru_with_long_term_memory"
    folder = code(tmp_path / "bob", "hw/src/layers.py", solution)
    code(folder, "hw/src/implementation.py", f"from src.layers import {names}\n")
    report = grading(folder, "q2")
    assert report.score == 3
