"""What a user asks for: impossible values are said to the user, and cost no student a point."""

from __future__ import annotations

import math
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pytest

import grader.api
from grader import grade, grade_many
from grader.api import Options
from grader.asked import check_request
from grader.errors import HarnessError, UsageError
from grader.grading import Request
from grader.language_model.assessment import ModelRequest
from grader.language_model.corpus import EMBEDDED_CORPUS
from grader.modes import ModelMode
from tests.conftest import ROOT

ALICE = ROOT / "submissions" / "alice"


@pytest.mark.parametrize("value", [-1.0, 0.0, math.nan, math.inf, 10.0])
def test_learning_rate_that_cannot_be(value: float) -> None:
    request = Request(ALICE, model=ModelRequest(learning_rate=value))
    with pytest.raises(
        UsageError, match=r"learning rate is .*; possible is above 0, and 1 at most"
    ):
        check_request(request)


@pytest.mark.parametrize(
    "model",
    [
        {"epochs": 0},
        {"epochs": 10**30},
        {"batch_size": -3},
        {"batch_size": 10**30},
        {"max_time_s": math.nan},
        {"max_time_s": math.inf},
        {"max_time_s": 0.5},
    ],
    ids=str,
)
def test_training_that_cannot_be(model: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="possible is 1 or more, and"):
        check_request(Request(ALICE, model=ModelRequest(**model)))


@pytest.mark.parametrize(
    "asked",
    [{"timeout_s": math.nan}, {"timeout_s": math.inf}, {"timeout_s": 0.0}, {"seed": -1}],
    ids=str,
)
def test_request_that_cannot_be(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="possible is"):
        check_request(Request(ALICE, **asked))


def test_device_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="no device tpu; there are auto, cpu, cuda"):
        check_request(Request(ALICE, device="tpu"))


@pytest.mark.parametrize(("name", "said"), [("absent", "is not there"), ("file", "is a file")])
def test_data_that_is_no_folder_whatever_is_asked(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=said):
        check_request(Request(ALICE, data=tmp_path / name, only=frozenset({"q2"})))


@pytest.mark.parametrize("rows", ["0,a b\n1,c d\n", "7,a\n"])
def test_numbers_where_the_sentences_should_stand(tmp_path: Path, rows: str) -> None:
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text(f",text\n{rows}")
    with pytest.raises(UsageError, match=r"first column of .*train\.csv has nothing but numbers"):
        check_request(Request(ALICE, data=tmp_path))
    check_request(Request(ALICE, data=tmp_path, only=frozenset({"q2"})))
    (tmp_path / "train.csv").write_text(f"text,label\n{rows}a b,2\n")
    check_request(Request(ALICE, data=tmp_path))


def test_private_test_set_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no file"):
        check_request(Request(ALICE, model=ModelRequest(private_test=tmp_path)))


@pytest.mark.parametrize("name", ["train.csv", "test.csv"])
def test_private_test_set_that_students_have(tmp_path: Path, name: str) -> None:
    file = tmp_path / "private.csv"
    file.write_bytes((EMBEDDED_CORPUS / name).read_bytes())
    with pytest.raises(UsageError, match=rf"private\.csv .* is the same as .*{name}; "):
        check_request(Request(ALICE, model=ModelRequest(private_test=file)))


def test_everything_that_can_be() -> None:
    model = ModelRequest(epochs=1, batch_size=1, learning_rate=1e-5, max_time_s=1)
    check_request(Request(ALICE, seed=0, timeout_s=0.1, model=model))
    check_request(Request(ALICE))


def test_python_looks_at_values_and_names(tmp_path: Path) -> None:
    wrong: dict[str, Any] = {"onyl": ["q2"]}
    with pytest.raises(TypeError, match=r"no option onyl; there are only, data, rubric"):
        grade(ALICE, **wrong)
    with pytest.raises(UsageError, match="learning rate is -1"):
        grade(ALICE, model=ModelRequest(learning_rate=-1))
    for jobs in (0, -1):
        with pytest.raises(UsageError, match=f"jobs is {jobs}"):
            grade_many(ALICE.parent, tmp_path / "out", jobs=jobs)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"seed": "x"}, "the seed is 'x'; possible is 0 or more, a whole number"),
        ({"seed": 1.5}, "the seed is 1.5; possible is 0 or more, a whole number"),
        ({"timeout_s": "x"}, "the timeout is 'x'; possible is 0.1 or more"),
        ({"isolation": "foo"}, "no isolation foo; there are require, best-effort, off"),
        ({"model": {"mode": "load"}}, "model is {'mode': 'load'}; possible is a grader.ModelReq"),
        ({"model": ModelRequest(mode=cast(Any, "x"))}, "no mode x; there are load, train, auto"),
        ({"model": ModelRequest(epochs=cast(Any, "x"))}, "the number of epochs is 'x'; possible"),
        ({"only": []}, "only names no question"),
        ({"only": " "}, "only names no question"),
    ],
    ids=str,
)
def test_value_that_a_program_cannot_ask_for(
    asked: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        grade(ALICE, **asked)
    with pytest.raises(UsageError, match=re.escape(said)):
        grade_many(ALICE.parent, tmp_path / "out", **asked)


def test_path_that_is_missing_starts_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.api.Sandbox", None)
    with pytest.raises(UsageError, match="there is no file or folder nowhere"):
        grade("nowhere")


def test_program_may_ask_as_the_command_line_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[Request] = []
    monkeypatch.setattr("grader.api.Sandbox", lambda *_: nullcontext())
    monkeypatch.setattr("grader.api.grade_submission", lambda request, *_: seen.append(request))
    nothing: dict[str, Any] = dict.fromkeys(Options.__annotations__)
    grade(ALICE, **nothing)
    for only in (["Q2", "q3"], "Q2,q3", iter(["q2, Q3"])):
        grade(ALICE, only=only)
    private = tmp_path / "private.csv"
    private.touch()
    grade(ALICE, model=ModelRequest(cast(Any, "train"), private_test=cast(Any, str(private))))
    assert seen[0] == Request(ALICE)
    assert seen[1:4] == 3 * [Request(ALICE, only=frozenset({"q2", "q3"}))]
    assert seen[4].model == ModelRequest(ModelMode.TRAIN, private_test=private)
    assert seen[4].model.mode is ModelMode.TRAIN


def test_help_lists_the_options() -> None:
    assert grade.__doc__ is not None
    assert all(f"``{name}``: " in grade.__doc__ for name in Options.__annotations__)


def test_names_that_a_program_needs() -> None:
    assert grader.ModelRequest is ModelRequest
    assert grader.UsageError is UsageError
    assert grader.HarnessError is HarnessError
    assert {*grader.__all__} <= {*dir(grader.api), "__version__"}
