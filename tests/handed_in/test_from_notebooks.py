"""Where no Python file is the implementation, a notebook that has it is taken for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.handed_in import from_notebooks
from grader.handed_in.naming import FUNCTIONS
from grader.handed_in.submission import stage
from grader.source import MAX_SOURCE, RECURRENT_LAYERS, torch_layers_used
from tests.handed_in.notebooks import (
    FILE,
    GRU,
    MADE,
    OTHER,
    RNN,
    WRITTEN,
    Students,
    answer,
    code,
    notebook,
    read,
    with_notebooks,
)
from tests.staging import GIVEN, LIMITS, write, zipped
from tests.student_support import ARRAY, failure


@pytest.mark.parametrize("before", ["", "\ufeff", " \n"])
def test_notebook_that_is_called_a_python_file(
    student: Students, tmp_path: Path, before: str
) -> None:
    folder = write(tmp_path / "bob", "implementation.py", content=before + notebook(RNN, GRU))
    submission = read(folder)
    assert answer(student(folder)) == (2 * ARRAY).tolist()
    assert submission.notes[0] == "implementation.py is a notebook, and was read as one"
    assert set(submission.files) - GIVEN == {"implementation.py", "implementation.ipynb"}


@pytest.mark.parametrize("text", ["{}", '{"cells": 1}', "{'a': 1}\n" + RNN])
def test_python_file_that_only_looks_like_a_notebook(tmp_path: Path, text: str) -> None:
    folder = write(tmp_path / "bob", "implementation.py", content=text)
    submission = read(folder)
    assert code(submission) == text
    assert submission.notes == ()


@pytest.mark.parametrize(
    "magic",
    [
        "%%writefile implementation.py",
        "\n%%file implementation.py",
        "%%writefile /content/drive/hw4/implementation.py",
        "%%writefile  '/content/My Drive/implementation.py' ",
        '%%writefile "C:\\hw 4\\Implementation.py"',
        "%%writefile $folder/implementation.py",
        "%%writefile -a implementation.py",
    ],
)
def test_file_that_a_cell_writes_is_the_implementation(tmp_path: Path, magic: str) -> None:
    folder = with_notebooks(tmp_path, a=notebook("import time", f"{magic}\n{RNN}"))
    submission = read(folder)
    assert submission.files - GIVEN == {"implementation.py", "a.ipynb"}
    assert code(submission) == RNN
    assert submission.notes == (WRITTEN.format("implementation.py"),)


def test_last_cell_that_writes_it_counts_and_one_may_add_to_it(tmp_path: Path) -> None:
    cells = ["%%writefile implementation.py\nold = 1", FILE.split("\n"), "print(1)"]
    cells[1] = [f"{line}\n" for line in cells[1]]
    added = f"%%writefile --append implementation.py\n{GRU}"
    submission = read(with_notebooks(tmp_path, a=notebook(*cells, added)))
    assert code(submission) == f"{RNN}{GRU}"


def test_all_of_what_a_cell_writes_is_run(tmp_path: Path, student: Students) -> None:
    text = "%%writefile implementation.py\nfactor = max(list(map(int, '24')))\n" + (
        "def rnn(x):\n    return factor * x\n"
    )
    assert answer(student(with_notebooks(tmp_path, a=notebook(text)))) == (4 * ARRAY).tolist()


def test_modules_that_cells_write_and_it_imports_are_there(
    tmp_path: Path, student: Students
) -> None:
    folder = with_notebooks(
        tmp_path,
        a=notebook(
            "%%writefile cells.py\nfrom more import TWO\ndef step(x): return TWO * x",
            "%%writefile more.py\nTWO = 2",
            "%%writefile unused.py\n1 / 0",
            "%%writefile implementation.py\nfrom cells import step\ndef rnn(x): return step(x)",
        ),
    )
    it = student(folder)
    assert it.submission.files - GIVEN == {"a.ipynb", "implementation.py", "cells.py", "more.py"}
    assert answer(it) == (2 * ARRAY).tolist()


def test_code_of_the_model_that_a_cell_writes_is_there(tmp_path: Path) -> None:
    folder = with_notebooks(tmp_path, a=notebook("%%writefile rnn_lm.py\nx = 1", "y = 2"))
    write(folder, "implementation.py")
    submission = read(folder)
    assert code(submission, "rnn_lm.py") == "x = 1\n"
    assert submission.notes == (WRITTEN.format("rnn_lm.py"),)


@pytest.mark.parametrize("name", ["implementation.py", "my_implementation.py", "hw4.py"])
def test_what_was_handed_in_comes_before_any_notebook(tmp_path: Path, name: str) -> None:
    folder = with_notebooks(tmp_path, a=notebook(FILE, RNN, GRU))
    write(folder, name, content=OTHER + GRU)
    assert code(read(folder)) == OTHER + GRU


def test_notebook_does_not_decide_between_several_files(tmp_path: Path) -> None:
    folder = with_notebooks(tmp_path, a=notebook(FILE))
    write(folder, "b.py", "c.py", "rnn_lm.py", content=RNN + GRU)
    submission = read(folder)
    assert not submission.has("implementation.py")
    assert "several files could be it" in submission.notes[0]


def test_functions_are_taken_from_the_cells(tmp_path: Path, student: Students) -> None:
    cells = (
        "from google.colab import drive\ndrive.mount('/content')",
        "%matplotlib inline\nimport numpy as np\nfrom nowhere import plot",
        "np.random.seed(1); two = 2",
        "def rnn(x):\n    return 7 * x",
        "from implementation import rnn, gru",
        f"%%time\n# mine\n@staticmethod\n{RNN.replace('2 * x', 'two * one(x)')}print(rnn(3))",
        "def one(x): return np.asarray(x) * np.float32(1)\nraise SystemExit",
        "model = train()\nclass SentenceModel: pass\nopen('/etc/passwd').read()",
    )
    it = student(with_notebooks(tmp_path, a=notebook(*cells)))
    assert answer(it) == (2 * ARRAY).tolist()
    assert it.submission.notes == (MADE.format("rnn from the notebook a.ipynb"),)
    made = code(it.submission)
    assert "# mine\n@staticmethod\ndef rnn(x):\n    return two * one(x)" in made
    assert not any(word in made for word in ("passwd", "Sentence", "colab", "seed", "print"))
    assert it.absent_modules == ()


def test_all_of_them_are_not_listed(tmp_path: Path) -> None:
    cells = [f"def {name}(): pass" for name in FUNCTIONS]
    notes = read(with_notebooks(tmp_path, a=notebook(*cells))).notes
    assert notes == (MADE.format("the functions from the notebook a.ipynb"),)


def test_one_definition_that_fails_costs_only_itself(tmp_path: Path, student: Students) -> None:
    cells = ["size = data.shape[0]", f"{RNN}    y = size", "def gru(x, n=data): return x"]
    it = student(with_notebooks(tmp_path, a=notebook(*cells, "y = size")))
    assert answer(it) == (2 * ARRAY).tolist()
    message = failure(it, "gru").message
    assert "has no function gru" in message
    assert "this failed: " in message
    assert "def gru(x, n=data):: name 'data' is not defined" in message


def test_traceback_has_the_students_line(tmp_path: Path, student: Students) -> None:
    cells = [
        "x = 1\n\n\n",
        "import math; y = 2; \\\nz = 3",
        "def rnn(x):\n    return 1 / 0 # é\n# end",
    ]
    failed = failure(student(with_notebooks(tmp_path, a=notebook(*cells))))
    line = failed.traceback[-1]
    assert (line.file, line.function, line.code) == ("implementation.py", "rnn", "return 1 / 0")


def test_statements_of_one_line_are_taken_apart(tmp_path: Path) -> None:
    text = "é = 'é'; print(é); one = 1; \\\ntwo = 2\ndef rnn(x): return é, one, two"
    made = code(read(with_notebooks(tmp_path, a=notebook(text))))
    assert made.split("\n\n")[1:] == [
        "é = 'é'",
        "one = 1",
        "two = 2",
        "def rnn(x): return é, one, two\n",
    ]


def test_search_for_layers_sees_it(tmp_path: Path) -> None:
    cells = "from torch import nn", "def layer():\n    return nn.RNN(3, 2)", "def rnn(x): layer()"
    made = code(read(with_notebooks(tmp_path, a=notebook(*cells))))
    [call] = torch_layers_used(made, "rnn", RECURRENT_LAYERS)
    assert call.name == "torch.nn.RNN"


def test_helper_whose_name_a_function_within_has_as_its_own(
    tmp_path: Path, student: Students
) -> None:
    helper = "def double(x):\n    return 2 * x\n"
    code = (
        "def rnn(x):\n    def gate(x, double=double):\n        return double(x)\n"
        "    return gate(x)\n"
    )
    folder = with_notebooks(tmp_path, hw=notebook(helper, code))
    assert answer(student(folder)) == answer(
        student(with_notebooks(tmp_path / "b", hw=notebook(RNN)))
    )


def test_variable_that_a_function_counts_up_is_taken(tmp_path: Path, student: Students) -> None:
    code = "def rnn(x):\n    global count\n    count += 1\n    return count * x\n"
    folder = with_notebooks(tmp_path, hw=notebook("count = 1", code))
    assert answer(student(folder)) == (2 * ARRAY).tolist()


def test_notebook_that_has_more_counts_and_others_add_to_it(tmp_path: Path) -> None:
    folder = with_notebooks(
        tmp_path,
        a=notebook(OTHER),
        b=notebook(RNN, GRU, "def step(): return 1"),
        c=notebook("def mha(x): pass", "def step(): return 2"),
        rnn_backup=notebook(OTHER, GRU, "def mha(x): return 1"),
    )
    submission = read(folder)
    places = "rnn, gru from the notebook b.ipynb and mha from the notebook c.ipynb"
    other = (
        "there is another implementation.py, which was not graded, in: a.ipynb, rnn_backup.ipynb"
    )
    assert submission.notes == (MADE.format(places), other)
    assert RNN.strip() in code(submission)
    assert OTHER.strip() not in code(submission)


@pytest.mark.parametrize("cells", [(FILE,), (RNN,)])
def test_of_versions_the_last_counts(tmp_path: Path, cells: tuple[str, ...]) -> None:
    old = [cell.replace("2 *", "5 *") for cell in cells]
    versions = {"hw4 (1)": notebook(*old), "hw4 (10)": notebook(*cells), "hw4": notebook(*old)}
    versions["hw4-checkpoint"] = notebook(*old)
    submission = read(with_notebooks(tmp_path, **versions))
    assert RNN.strip() in code(submission)
    assert "there is another implementation.py" in submission.notes[1]


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (("Copy of rnn", "rnn"), "rnn"),
        (("rnn - Copy", "rnn"), "rnn"),
        (("Copy of a", "Copy of b"), "Copy of a"),
    ],
)
def test_copy_counts_less_than_what_it_is_of(
    tmp_path: Path, names: tuple[str, str], taken: str
) -> None:
    cells = {name: RNN if name == taken else RNN.replace("2 *", "5 *") for name in names}
    folder = with_notebooks(tmp_path, **{name: notebook(cell) for name, cell in cells.items()})
    submission = read(folder)
    assert RNN.strip() in code(submission)
    assert "there is another implementation.py" in submission.notes[1]


def test_copy_of_what_was_given_counts_more(tmp_path: Path) -> None:
    """Colab makes a copy of a notebook that is opened, and the work is done in that."""
    given = notebook("def rnn(x):\n    return None", "def gru(x):\n    pass")
    folder = with_notebooks(tmp_path, **{"Copy of rnn": notebook(RNN), "rnn": given})
    submission = read(folder)
    assert RNN.strip() in code(submission)
    assert "def gru(x):\n    pass" in code(submission)


def test_function_that_gets_another_ones_name_later(tmp_path: Path) -> None:
    cells = (GRU, "def my_gru(x): return 7 * x", "gru = my_gru")
    made = code(read(with_notebooks(tmp_path, hw=notebook(*cells))))
    assert made.index("def my_gru") < made.index("gru = my_gru")


def test_functions_within_a_condition_are_found(tmp_path: Path) -> None:
    inside = "if True:\n    def rnn(x):\n        return 2 * x\n"
    made = code(read(with_notebooks(tmp_path, hw=notebook("import numpy", inside, GRU))))
    assert "return 2 * x" in made


def test_order_of_the_other_files_is_what_it_is_without_notebooks(tmp_path: Path) -> None:
    folder = with_notebooks(tmp_path, a=notebook(FILE))
    for place in ("old", "work"):
        write(folder, f"{place}/rnn_lm.py", content=f"WHERE = '{place}'\n")
    submission = read(folder)
    assert RNN.strip() in code(submission)
    assert "'work'" in code(submission, "rnn_lm.py")


def test_notebook_of_2014(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "input": ["def rnn(x):\n", "    return 2 * x\n"]}]
    text = json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3})
    assert RNN.strip() in code(read(with_notebooks(tmp_path, a=text)))


def test_cell_that_is_no_python_is_named(tmp_path: Path) -> None:
    submission = read(with_notebooks(tmp_path, a=notebook(RNN, "def gru(:\n  pass")))
    words = "cell 2 of the notebook a.ipynb, with gru, is no Python and was left out"
    assert words in submission.notes
    assert submission.has("implementation.py")


DEEP = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * DEEP,
        '{"cells": 3}',
        '{"cells": [3, null, {"cell_type": "code"}, {"cell_type": "code", "source": {"a": 1}}]}',
        notebook(3, None, [3, None], {"a": 1}),
        notebook("x = " + "(" * DEEP + ")" * DEEP),
        notebook(
            "x = a" + ".a" * DEEP, "def rnn(x) -> " + "-" * 3000 + "1: pass" + "#" * MAX_SOURCE
        ),
        notebook("def rnn(): pass\0", "def rnn(): return '\ud800'"),
        notebook("%%writefile", "%%writefile -a", "%%writefile ../..", "%%writefile ''"),
        notebook("if 1:\n    def rnn(x): pass", "class A:\n    def rnn(self): pass", "rnn = 1"),
    ],
)
def test_what_is_no_implementation(tmp_path: Path, text: str) -> None:
    submission = read(with_notebooks(tmp_path, a=text))
    assert submission.files - GIVEN == {"a.ipynb"}
    assert submission.notes[-1] == "there is no implementation.py; the notebooks are: a.ipynb"


@pytest.mark.parametrize(("text", "why"), [('{"cells": [', "it is no JSON"), ("3", "no list of")])
def test_notebook_that_is_damaged_is_named_where_code_is_lacking(
    tmp_path: Path, text: str, why: str
) -> None:
    folder = with_notebooks(tmp_path, a=text)
    [said] = [note for note in read(folder).notes if "damaged" in note]
    assert said.startswith("the notebook a.ipynb is damaged, so ask for it: ")
    assert why in said
    write(folder, "implementation.py", "rnn_lm.py")
    again = stage(folder, tmp_path / "again", LIMITS)
    assert not any("damaged" in note for note in again.notes)


@pytest.mark.parametrize("value", ["a" + ".a" * 3000, "-" * 3000 + "1", "+".join("1" * 20000)])
def test_what_is_nested_deep_beside_it(tmp_path: Path, value: str) -> None:
    cells = f"x = {value}", RNN.replace("2 *", "x *"), f"x = f({value})"
    assert read(with_notebooks(tmp_path, a=notebook(*cells))).has("implementation.py")


def test_text_that_no_file_can_hold(tmp_path: Path) -> None:
    submission = read(with_notebooks(tmp_path, a=notebook(f"{FILE}# \ud800")))
    assert code(submission) == f"{RNN}# ?\n"


def test_reading_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = with_notebooks(tmp_path, a=notebook("x = 1"), b=notebook(FILE))
    monkeypatch.setattr(from_notebooks, "MOST_NOTEBOOKS", 1)
    assert not read(folder).has("implementation.py")


def test_folder_in_its_place(tmp_path: Path) -> None:
    folder = with_notebooks(tmp_path, a=notebook(FILE, RNN))
    write(folder, "implementation.py/x.py")
    assert read(folder).has("implementation.py/x.py")


def test_helpers_beside_the_notebook_are_found(tmp_path: Path, student: Students) -> None:
    folder = tmp_path / "bob"
    write(
        folder,
        "code/work/a.ipynb",
        content=notebook("from steps import *", "def rnn(x): return step(x)"),
    )
    write(folder, "code/work/steps.py", content="def step(x): return 2 * x")
    write(folder, "rnn_lm.py")
    assert answer(student(folder)) == (2 * ARRAY).tolist()


def test_another_notebook_is_another_submission(tmp_path: Path) -> None:
    digests = set()
    for number, cell in enumerate((RNN, OTHER, FILE)):
        file = zipped(tmp_path, "a.ipynb", content=notebook(cell))
        digests.add(stage(file, tmp_path / f"staged{number}", LIMITS).digest)
    assert len(digests) == 3


def test_what_only_has_the_name_of_a_parameter_or_variable_is_not_taken(tmp_path: Path) -> None:
    cells = ("x = 'a parameter'", "h = 'a variable'", "c = 'read'", "g = 'global'")
    function = "def rnn(x):\n    global g\n    h = x * c + g\n    g = h\n    return h"
    found = code(read(with_notebooks(tmp_path, hw=notebook(*cells, function))))
    assert [cell for cell in cells if cell in found] == ["c = 'read'", "g = 'global'"]
