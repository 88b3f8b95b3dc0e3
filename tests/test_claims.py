"""What notebooks show is read as data, whatever they are, and set beside what was measured."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.claims import OTHER_DATA, Notebooks, claims_of
from grader.doctor import Sandbox
from grader.engine import grade
from grader.grading import Request
from grader.handed_in.notebook_outputs import MOST_BYTES, MOST_TEXT, NotebookError, read_outputs
from grader.measures import ModelMeasures
from grader.model import Claim, ClaimVerdict, Outcome, QuestionResult, Report
from grader.plugin import Silent
from tests.reports.builders import check, passed, question, report
from tests.reports.page_samples import measures, trained

AGREES, DIFFERS = ClaimVerdict.AGREES, ClaimVerdict.DIFFERS
NOT_SHOWN, INCOMPARABLE = ClaimVerdict.NOT_SHOWN, ClaimVerdict.INCOMPARABLE
LINES = {
    "q2": "Difference between your RNN implementation and tf RNN {}",
    "q3": "Difference between your GRU implementation and tf GRU {}",
    "q4": "Difference between RNN and a special GRU {}",
    "q5": "Difference between a later hidden state and the initial state is {}",
    "q6": "Difference between my output and torch output is  {}",
}


def stream(*texts: str) -> dict[str, Any]:
    """A cell of code that printed these texts."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": text} for text in texts]
    return {"cell_type": "code", "source": "", "outputs": outputs}


def notebook(folder: Path, *cells: Any, name: str = "rnn.ipynb") -> Path:
    file = folder / name
    file.write_text(json.dumps({"cells": list(cells), "nbformat": 4}), encoding="utf-8")
    return file


def result(id: str, *, right: bool, **values: Any) -> QuestionResult:
    notebook_case = passed("notebook_case", **values) if right else check("notebook_case", **values)
    return question(notebook_case, id=id)


def model(measured: ModelMeasures | None) -> QuestionResult:
    return question(passed("model_runs"), id="q7", measured=measured)


def claims(folder: Path, *questions: QuestionResult, same_data: bool = True) -> dict[str, Claim]:
    files = sorted(file.name for file in folder.iterdir())
    found = claims_of(Notebooks.read(folder, files), questions, same_data=same_data)
    return {f"{claim.question} {claim.what}".split(" of ")[0]: claim for claim in found}


def only(folder: Path, *questions: QuestionResult, same_data: bool = True) -> Claim:
    files = sorted(file.name for file in folder.iterdir())
    [claim] = claims_of(Notebooks.read(folder, files), questions, same_data=same_data)
    return claim


@pytest.mark.parametrize("id", LINES)
@pytest.mark.parametrize(
    ("shown", "right", "verdict"),
    [
        ("4.474195e-07", True, AGREES),
        ("0.0", True, AGREES),
        ("1.7321", True, DIFFERS),
        ("4.474195e-07", False, DIFFERS),
        ("1.7321", False, AGREES),
        ("nan", False, AGREES),
        ("nan", True, DIFFERS),
        ("inf", True, DIFFERS),
        ("tensor(4.4e-07)", True, AGREES),
        ("np.float32(4.4e-07)", False, DIFFERS),
        (": 1.8", True, DIFFERS),
    ],
)
def test_shown_difference_against_the_check(
    tmp_path: Path, id: str, shown: str, right: bool, verdict: ClaimVerdict
) -> None:
    notebook(tmp_path, {"cell_type": "markdown"}, stream(LINES[id].format(shown) + "\n"))
    claim = only(tmp_path, result(id, right=right, error=0.3))
    assert claim.verdict is verdict
    assert (claim.question, claim.cell) == (id, "rnn.ipynb, cell 2")
    assert claim.measured == 0.3


@pytest.mark.parametrize(
    ("id", "shown"), [("q2", 0.01), ("q3", 2e-3), ("q4", 0.1), ("q5", 0.02), ("q6", 1e-4)]
)
@pytest.mark.parametrize("right", [True, False])
def test_difference_that_says_neither(tmp_path: Path, id: str, shown: float, right: bool) -> None:
    notebook(tmp_path, stream(LINES[id].format(shown)))
    assert only(tmp_path, result(id, right=right)).verdict is INCOMPARABLE


def test_largest_relative_error_of_correct_work_agrees(tmp_path: Path) -> None:
    """An output near zero makes the notebook's relative error as large as this."""
    notebook(tmp_path, stream(LINES["q3"].format("2.4e-04")))
    assert only(tmp_path, result("q3", right=True)).verdict is AGREES


def test_check_that_fails_by_little(tmp_path: Path) -> None:
    notebook(tmp_path, stream(LINES["q2"].format("4e-07")))
    close = result("q2", right=False, error=1e-5)
    assert only(tmp_path, close).verdict is INCOMPARABLE
    crash = result("q2", right=False, outcome=Outcome.EXCEPTION)
    claim = only(tmp_path, crash)
    assert (claim.verdict, claim.why) == (DIFFERS, "the notebook's case does not pass (exception)")


def test_failure_of_the_grader_says_nothing(tmp_path: Path) -> None:
    notebook(tmp_path, stream(LINES["q2"].format("4e-07")))
    failed = result("q2", right=False, outcome=Outcome.HARNESS_ERROR)
    assert only(tmp_path, failed).verdict is INCOMPARABLE
    assert only(tmp_path, question(check("other"), id="q2")).verdict is INCOMPARABLE


def test_line_that_is_printed_in_parts(tmp_path: Path) -> None:
    line = LINES["q2"].format("4e-07")
    notebook(tmp_path, stream(line[:20], line[20:]))
    assert only(tmp_path, result("q2", right=True)).claimed == 4e-7


def test_last_output_counts(tmp_path: Path) -> None:
    first, second = (LINES["q2"].format(shown) + "\n" for shown in ("1.5", "4e-07"))
    notebook(tmp_path, stream(first + second), stream("done"))
    assert only(tmp_path, result("q2", right=True)).claimed == 4e-7


def test_value_of_a_cell_is_an_output_too(tmp_path: Path) -> None:
    data = {"text/plain": ["'" + LINES["q6"].format("1.8e-08") + "'"], "image/png": "AAAA"}
    cell = {"cell_type": "code", "outputs": [{"output_type": "execute_result", "data": data}]}
    notebook(tmp_path, cell, name="Copy of RNN.IPYNB")
    assert only(tmp_path, result("q6", right=True)).cell == "Copy of RNN.IPYNB, cell 1"


def test_old_format(tmp_path: Path) -> None:
    sheet = {"cells": [stream(LINES["q2"].format("4e-07"))]}
    (tmp_path / "rnn.ipynb").write_text(json.dumps({"worksheets": [sheet]}))
    assert only(tmp_path, result("q2", right=True)).verdict is AGREES


def test_outputs_that_are_missing(tmp_path: Path) -> None:
    asked = result("q2", right=True, error=1e-7)
    assert only(tmp_path, asked).why == "there is no notebook in the hand-in"
    notebook(tmp_path, {"cell_type": "code", "source": "x", "outputs": []})
    claim = only(tmp_path, asked)
    assert (claim.verdict, claim.claimed, claim.cell) == (NOT_SHOWN, None, "")
    assert claim.why == "rnn.ipynb has no outputs: it was never run, or was cleared"
    notebook(tmp_path, stream("something else"))
    assert only(tmp_path, asked).why == "no output of the notebooks has this line"


def test_questions_that_were_not_graded_are_left_out(tmp_path: Path) -> None:
    notebook(tmp_path, *(stream(line.format("0.1")) for line in LINES.values()))
    assert list(claims(tmp_path, result("q4", right=True))) == ["q4 difference between RNN and GRU"]


LOSSES = (
    "Epoch 1/2: Training Loss 1.9\nEpoch 2/2: Training Loss {}\n",
    "The per-char-loss is {}\n",
)


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        ("1.394", AGREES),
        ("1.412", AGREES),
        ("1.418", INCOMPARABLE),
        ("1.2", DIFFERS),
        ("0.02", DIFFERS),
    ],
)
def test_loss_on_the_test_set(tmp_path: Path, shown: str, verdict: ClaimVerdict) -> None:
    """The model's own is 1.3944, and its interval reaches 0.022 to each side."""
    notebook(tmp_path, stream(LOSSES[1].format(shown)))
    claim = claims(tmp_path, model(measures()))["q7 loss on the test set"]
    assert (claim.verdict, claim.claimed, claim.measured) == (verdict, float(shown), 1.3944)


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [("1.3", AGREES), ("1.1", AGREES), ("0.9", DIFFERS), ("1.6", INCOMPARABLE)],
)
def test_training_loss(tmp_path: Path, shown: str, verdict: ClaimVerdict) -> None:
    notebook(tmp_path, stream(LOSSES[0].format(shown)))
    claim = claims(tmp_path, model(measures()))["q7 last training loss"]
    assert (claim.verdict, claim.claimed, claim.measured) == (verdict, float(shown), 1.2)


def test_losses_that_cannot_be_compared(tmp_path: Path) -> None:
    notebook(tmp_path, stream(*(line.format("1.394") for line in LOSSES)))
    for measured, same_data, why in (
        (measures(), False, OTHER_DATA),
        (trained(), True, "the grader trained the model itself"),
        (None, True, "it was not measured"),
    ):
        found = claims(tmp_path, model(measured), same_data=same_data)
        assert {(c.verdict, c.why) for c in found.values()} == {(INCOMPARABLE, why)}


DEEP = "[" * 200_000 + "]" * 200_000
BROKEN = {
    "empty": b"",
    "no JSON": b"{",
    "no object": b"[1, 2]",
    "cells of another type": b'{"cells": 7}',
    "no cells": b"{}",
    "sheets of another type": b'{"worksheets": [3]}',
    "deep": DEEP.encode(),
    "deep in a cell": f'{{"cells": [{{"cell_type": "code", "outputs": {DEEP}}}]}}'.encode(),
    "huge": b'{"cells": "' + b"x" * MOST_BYTES + b'"}',
    "huge number": b'{"cells": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_file_that_is_no_notebook_is_a_note(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "rnn.ipynb").write_bytes(data)
    with pytest.raises(NotebookError):
        read_outputs(tmp_path / "rnn.ipynb")
    claim = only(tmp_path, result("q2", right=True))
    assert claim.verdict is NOT_SHOWN
    assert claim.why.startswith("rnn.ipynb was not read: it ")


def test_other_notebooks_count_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(b"{")
    notebook(tmp_path, stream(LINES["q2"].format("4e-07")))
    assert only(tmp_path, result("q2", right=True)).verdict is AGREES


ODD_OUTPUTS: list[Any] = [None, 1, {}, [1], [None], [[]]]
ODD_TEXTS: list[Any] = [1, None, {}, [1, None], "\ud800 \x00"]


@pytest.mark.parametrize(
    "cell",
    [
        *(None, 1, "code", [], {}, {"cell_type": "code"}, {"cell_type": ["code"]}),
        *({"cell_type": "code", "outputs": outputs} for outputs in ODD_OUTPUTS),
        *({"cell_type": "code", "outputs": [{"text": text}]} for text in ODD_TEXTS),
        {"cell_type": "code", "outputs": [{"data": 3}]},
        {"cell_type": "code", "outputs": [{"data": {"text/plain": {"a": 1}}}]},
    ],
    ids=ascii,
)
def test_odd_cells_are_passed_over(tmp_path: Path, cell: Any) -> None:
    notebook(tmp_path, cell, stream(LINES["q2"].format("4e-07")))
    assert only(tmp_path, result("q2", right=True)).cell == "rnn.ipynb, cell 2"


def test_neither_links_nor_pipes_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "hand-in"
    folder.mkdir()
    target = notebook(tmp_path, stream(LINES["q2"].format("4e-07")))
    (folder / "a.ipynb").symlink_to(target)
    os.mkfifo(folder / "b.ipynb")
    (folder / "c.ipynb").mkdir()
    claim = only(folder, result("q2", right=True))
    assert claim.verdict is NOT_SHOWN
    assert claim.why.count("was not read") == 3


def test_long_outputs_are_cut_and_their_end_counts(tmp_path: Path) -> None:
    line = LINES["q2"].format("4e-07")
    file = notebook(tmp_path, stream("x" * MOST_TEXT + "\n" + line), stream(*["y" * 1000] * 2000))
    assert all(len(cell.text) <= MOST_TEXT for cell in read_outputs(file))
    assert only(tmp_path, result("q2", right=True)).verdict is AGREES


def test_many_notebooks(tmp_path: Path) -> None:
    for number in range(20):
        notebook(tmp_path, stream("x"), name=f"{number:02}.ipynb")
    assert only(tmp_path, result("q2", right=True)).why == "15 more notebooks were not read"


def test_nothing_but_numbers_and_names_of_files_gets_into_the_report(tmp_path: Path) -> None:
    bad = os.fsdecode(b"\xff" + b"n" * 90 + b".ipynb")
    notebook(tmp_path, stream(LINES["q2"].format("4e-07 <script> \ud800")), name=bad)
    claim = only(tmp_path, result("q2", right=True))
    assert len(claim.cell) < 80
    of = report(result("q2", right=True), claims=(claim,))
    assert Report.model_validate_json(of.model_dump_json()) == of
    assert "script" not in of.model_dump_json()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.sampled_from(["code"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "cell_type", "outputs", "text", "data", "text/plain", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=150)
@given(value=JSON_VALUES)
def test_any_json_gives_claims(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name, data in (
        ("a.ipynb", value),
        ("b.ipynb", {"cells": [{"cell_type": "code"} | {"outputs": value}]}),
    ):
        (folder / name).write_text(json.dumps(data), encoding="utf-8")
    assert only(folder, result("q2", right=True)).verdict is NOT_SHOWN


def test_claims_are_in_the_report_when_asked_for(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "implementation.py").write_text("")
    notebook(tmp_path, stream(LINES["q5"].format("0.0")))
    request = Request(tmp_path, only=frozenset({"q5"}), claims=True)
    [claim] = grade(request, sandbox, Silent()).claims
    assert (claim.question, claim.verdict, claim.claimed) == ("q5", DIFFERS, 0.0)
    assert grade(replace(request, claims=False), sandbox, Silent()).claims == ()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("said", ["1" * 900 + "_", " " * 900, "1" * 400 + "." + "1" * 400 + "e"])
def test_no_line_takes_long_to_read(tmp_path: Path, said: str) -> None:
    lines = "\n".join([LINES["q2"].format(said)] * 200)
    notebook(tmp_path, *(stream(lines) for _ in range(10)))
    assert only(tmp_path, result("q2", right=True)).verdict in (NOT_SHOWN, DIFFERS)
