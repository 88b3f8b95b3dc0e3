"""A file that has no code gives way to what has: a notebook, or another file."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.handed_in.submission import stage
from grader.handed_in.unnamed import UNFINISHED
from tests.handed_in.notebooks import GRU, MADE, RNN, code, notebook, read, with_notebooks
from tests.staging import LIMITS, write

EMPTY = ("", "# TODO\n", '"""Here it goes."""\nimport numpy as np\nfrom torch import nn\npass\n')


@pytest.mark.parametrize("text", EMPTY)
def test_notebook_counts_where_the_file_has_no_code(tmp_path: Path, text: str) -> None:
    folder = with_notebooks(tmp_path, hw=notebook(RNN, GRU))
    write(folder, "implementation.py", content=text)
    submission = read(folder)
    assert "return 2 * x" in code(submission)
    words = MADE.format("rnn, gru from the notebook hw.ipynb")
    assert submission.notes == ("implementation.py has no code in it", words)


@pytest.mark.parametrize(
    "result",
    ["rnn = np.array([1.0])", "rnn = [0.1 * k for k in range(4)]", "rnn = np.pi", "rnn = gru"],
)
def test_result_of_the_same_name_leaves_a_function_what_it_is(tmp_path: Path, result: str) -> None:
    submission = read(with_notebooks(tmp_path, hw=notebook("import numpy as np", RNN, GRU, result)))
    assert result not in code(submission)
    assert "return 2 * x" in code(submission)


AS_GIVEN = """import numpy as np
def rnn(x):
    'To be written.'
    outputs = None
    state: object = None
    return outputs, state
def gru(x):
    r = z = None
    return None
def init_gru_with_rnn(x): pass
def mha(x): raise NotImplementedError
"""


def test_notebook_counts_where_the_functions_are_as_they_were_given(tmp_path: Path) -> None:
    folder = with_notebooks(tmp_path, hw=notebook(RNN, GRU))
    write(folder, "implementation.py", content=AS_GIVEN)
    submission = read(folder)
    assert "return 2 * x" in code(submission)
    assert submission.notes[0] == f"implementation.py {UNFINISHED}"


@pytest.mark.parametrize(
    "text",
    [
        "from mine import *\n",
        "from mine import rnn\n",
        "x = 1\n",
        f"{AS_GIVEN}def more(x):\n    return x + 1\n",
        f"{AS_GIVEN}class More: pass\n",
        f"{AS_GIVEN}rnn = more\n",
        "import numpy as np\n@np.vectorize\ndef rnn(x): pass\n",
    ],
)
def test_notebook_does_not_count_where_the_file_may_have_it(tmp_path: Path, text: str) -> None:
    folder = with_notebooks(tmp_path, hw=notebook(RNN, GRU))
    write(folder, "implementation.py", content=text)
    write(folder, "mine.py", content=RNN)
    submission = read(folder)
    assert (code(submission), submission.notes) == (text, ())


def test_other_code_counts_where_the_file_has_none(tmp_path: Path) -> None:
    write(tmp_path / "bob", "implementation.py", content="")
    write(tmp_path / "bob", "hw4.py", content=RNN + GRU)
    assert code(read(tmp_path / "bob")) == RNN + GRU
    write(tmp_path / "ann", "implementation.py", "backup/implementation.py", content=RNN)
    (tmp_path / "ann" / "implementation.py").write_text("")
    assert code(stage(tmp_path / "ann", tmp_path / "again", LIMITS)) == RNN


def test_file_without_code_stays_where_there_is_no_other(tmp_path: Path) -> None:
    folder = with_notebooks(tmp_path, hw=notebook("%%writefile rnn_lm.py\nx = 1\n"))
    write(folder, "implementation.py", content="")
    submission = read(folder)
    assert code(submission) == ""
    assert code(submission, "rnn_lm.py") == "x = 1\n"
    assert submission.notes[0] == "implementation.py has no code in it"


def test_what_lies_beside_a_file_without_code_is_not_taken_from_elsewhere(tmp_path: Path) -> None:
    for place in (".", "old"):
        write(tmp_path / "bob" / place, "rnn_lm.py", "rnn_lm.sav", content=f"'{place}'\n")
    write(tmp_path / "bob", "implementation.py", content="")
    write(tmp_path / "bob" / "old", "implementation.py", content=RNN)
    submission = read(tmp_path / "bob")
    found = [code(submission, name) for name in ("implementation.py", "rnn_lm.py", "rnn_lm.sav")]
    assert found == [RNN, "'.'\n", "'.'\n"]


def test_folder_of_a_file_without_code_gives_no_part_of_another_hand_in(tmp_path: Path) -> None:
    for place in ("hw4", "work"):
        write(tmp_path / "bob" / place, "rnn_lm.py", content=f"'{place}'\n")
        write(tmp_path / "bob" / place, "implementation.py", content=RNN if place == "work" else "")
    submission = read(tmp_path / "bob")
    assert [code(submission), code(submission, "rnn_lm.py")] == [RNN, "'work'\n"]
