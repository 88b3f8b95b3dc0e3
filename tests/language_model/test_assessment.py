"""A model is loaded or trained as it was asked for, within the limits that were asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.doctor import Sandbox
from grader.engine import grade
from grader.errors import DataError
from grader.grading import Request
from grader.language_model.assessment import Assessment, ModelRequest
from grader.language_model.corpus import EMBEDDED_CORPUS
from grader.language_model.evaluation import Evaluation
from grader.model import Outcome, QuestionResult
from grader.modes import ModelMode
from grader.plugin import Silent

NEVER_BUILT = """
import torch.nn as nn

class SentenceModel(nn.Module):
    def __init__(self, freq):
        super().__init__()
        while True:
            pass
"""


def test_timeout_bounds_the_building_of_a_model_to_train(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "rnn_lm.py").write_text(NEVER_BUILT)
    request = Request(
        tmp_path,
        only=frozenset({"q7"}),
        timeout_s=0.5,
        model=ModelRequest(mode=ModelMode.TRAIN),
    )
    [question] = grade(request, sandbox, Silent()).questions
    [check] = [check for check in question.checks if check.name == "model_runs"]
    assert check.outcome is Outcome.TIMEOUT
    assert check.message.startswith("Building SentenceModel(freq) took more than 0.5 s.")


def test_import_that_does_not_end_is_told_as_that(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "rnn_lm.py").write_text(f"{RIGHT_CODE}\nwhile True:\n    pass\n")
    torch.save({"emb.weight": torch.zeros(98, 8)}, tmp_path / "rnn_lm.sav")
    only = frozenset({"q7"})
    [question] = grade(Request(tmp_path, only=only, timeout_s=2.0), sandbox, Silent()).questions
    [check] = [check for check in question.checks if check.name == "model_runs"]
    assert check.outcome is Outcome.TIMEOUT
    assert check.message.startswith("The import of rnn_lm.py did not end within 2 s: look at line")


RIGHT_CODE = """
import torch.nn as nn

class SentenceModel(nn.Module):
    def __init__(self, freq):
        super().__init__()
        self.emb = nn.Embedding(len(freq) + 3, 8)
        self.out = nn.Linear(8, len(freq) + 3)

    def forward(self, x):
        return self.out(self.emb(x))
"""


def test_private_test_set_that_cannot_be_used_is_told_before_a_training(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "rnn_lm.py").write_text(NEVER_BUILT)
    private = tmp_path / "private.csv"
    private.write_text("text\n\0\n")
    with pytest.raises(DataError, match=r"private\.csv \(--private-test\) cannot be used: "):
        q7(sandbox, tmp_path, ModelRequest(mode=ModelMode.TRAIN, private_test=private))


def q7(sandbox: Sandbox, folder: Path, model: ModelRequest, **asked: Any) -> QuestionResult:
    request = Request(folder, only=frozenset({"q7"}), model=model, **asked)
    [question] = grade(request, sandbox, Silent()).questions
    return question


WORTH_NOTHING = """
[questions.q7]
points = 0

[[language_model.thresholds]]
below = 2.0
points = 0
why = "it is only shown"
"""


def test_only_points_of_a_model_are_said_to_be_of_made_up_sentences(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    hand_in, rubric = tmp_path / "hand-in", tmp_path / "rubric.toml"
    hand_in.mkdir()
    (hand_in / "implementation.py").touch()
    rubric.write_text(WORTH_NOTHING)
    model = ModelRequest(mode=ModelMode.TRAIN, max_time_s=0.01)
    for mode in ModelMode:
        assert not q7(sandbox, hand_in, ModelRequest(mode=mode)).made_up
    (hand_in / "rnn_lm.py").write_text(RIGHT_CODE)
    assert q7(sandbox, hand_in, model).made_up
    of_other_characters = {"emb.weight": torch.zeros(70, 8), "out.weight": torch.zeros(70, 8)}
    torch.save({**of_other_characters, "out.bias": torch.zeros(70)}, hand_in / "rnn_lm.sav")
    fails = q7(sandbox, hand_in, ModelRequest(mode=ModelMode.LOAD))
    assert fails.measured is None
    assert fails.made_up
    assert not q7(sandbox, hand_in, model, data=EMBEDDED_CORPUS).made_up
    worth_nothing = q7(sandbox, hand_in, model, rubric=rubric)
    assert worth_nothing.measured is not None
    assert not worth_nothing.made_up


def test_class_that_is_in_a_notebook_alone_is_trained(sandbox: Sandbox, tmp_path: Path) -> None:
    cell = {"cell_type": "code", "source": RIGHT_CODE, "metadata": {}, "outputs": []}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "sentence_modeling.ipynb").write_text(json.dumps(notebook))
    question = q7(sandbox, tmp_path, ModelRequest(epochs=1))
    assert question.measured is not None
    assert question.measured.training is not None


def test_training_that_was_cut_short_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "rnn_lm.py").write_text(RIGHT_CODE)
    question = q7(sandbox, tmp_path, ModelRequest(max_time_s=0.01))
    messages = [check.message for check in question.checks if check.name.startswith("loss_below")]
    assert messages
    words = "its time was over in epoch 1 of 5: hand in the model that you have trained."
    assert all(message.endswith(words) for message in messages)


@pytest.mark.parametrize("mode", [ModelMode.AUTO, ModelMode.TRAIN])
def test_training_to_its_end_says_to_hand_in_a_model(
    sandbox: Sandbox, tmp_path: Path, mode: ModelMode
) -> None:
    (tmp_path / "rnn_lm.py").write_text(RIGHT_CODE)
    (tmp_path / "rnn_lm.sav").write_bytes(b"version https://git-lfs.github.com/spec/v1")
    question = q7(sandbox, tmp_path, ModelRequest(mode=mode, epochs=1))
    checks = [check for check in question.checks if check.name.startswith("loss_below")]
    said = [check.message for check in checks]
    words = "The grader trained this model itself: hand in the model that you have trained."
    assert all((words in message) == (mode is ModelMode.AUTO) for message in said if message)
    # Where it is told what the loss comes from, that stands alone.
    [first, *_] = [check for check in checks if check.message]
    assert (first.hint is None) == ("longer training, a larger hidden size" in first.message)


def test_training_that_was_asked_for_does_not_make_a_model_be_there(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "rnn_lm.py").write_text(RIGHT_CODE)
    for expected in (False, True):
        question = q7(sandbox, tmp_path, ModelRequest(mode=ModelMode.TRAIN, max_time_s=0.01))
        [check] = [check for check in question.checks if check.name == "trained_model_is_there"]
        assert check.passed == expected
        (tmp_path / "rnn_lm.sav").write_bytes(b"not looked at")


def test_evaluation_that_fails_by_the_graders_doing_is_not_made_again(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Assessment] = []

    def evaluate(assessment: Assessment) -> Evaluation:
        begun.append(assessment)
        raise ZeroDivisionError

    monkeypatch.setattr(Assessment, "evaluate", evaluate)
    (tmp_path / "rnn_lm.py").write_text(RIGHT_CODE)
    question = q7(sandbox, tmp_path, ModelRequest())
    assert {check.outcome for check in question.checks} == {Outcome.HARNESS_ERROR}
    assert len(begun) == 1


def test_model_that_is_there_and_fails_is_there(sandbox: Sandbox, tmp_path: Path) -> None:
    broken = RIGHT_CODE.replace("self.out(self.emb(x))", "(self.out(self.emb(x)), None)")
    (tmp_path / "rnn_lm.py").write_text(broken)
    trained = Path(tmp_path, "rnn_lm.sav")
    layers = {"emb.weight": torch.zeros(98, 8), "out.weight": torch.zeros(98, 8)}
    torch.save({**layers, "out.bias": torch.zeros(98)}, trained)
    checks = {check.name: check for check in q7(sandbox, tmp_path, ModelRequest()).checks}
    assert "returns a tuple" in checks["model_runs"].message
    assert checks["trained_model_is_there"].passed
    trained.write_bytes(b"no model")
    checks = {check.name: check for check in q7(sandbox, tmp_path, ModelRequest()).checks}
    assert not checks["trained_model_is_there"].passed
    assert ". So the grader tried to train it" in checks["trained_model_is_there"].message


def why_it_does_not_run(sandbox: Sandbox, folder: Path) -> str:
    [check] = [c for c in q7(sandbox, folder, ModelRequest()).checks if c.name == "model_runs"]
    return check.message


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("from helpers_of_mine import Net\nclass SentenceModel(Net):\n    pass\n", "No module"),
        (RIGHT_CODE.replace("SentenceModel", "SentModel"), "Did you rename it?"),
        (RIGHT_CODE.replace("8)", "wide)"), "name 'wide' is not defined"),
        (f"{RIGHT_CODE}print((1)\n", "Python cannot read rnn_lm.py: SyntaxError: '(' was never"),
    ],
)
def test_same_reason_is_told_once(sandbox: Sandbox, tmp_path: Path, code: str, words: str) -> None:
    (tmp_path / "rnn_lm.py").write_text(code)
    torch.save({"emb.weight": torch.zeros(98, 8)}, tmp_path / "rnn_lm.sav")
    message = why_it_does_not_run(sandbox, tmp_path)
    assert message.count(words) == 1
    assert message.endswith(
        "So the grader tried to train it, which did not work for the same reason."
    )


def test_of_a_relative_import_nothing_else_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    code = RIGHT_CODE.replace("self.emb = nn.Embedding", "self.emb = embedding")
    (tmp_path / "rnn_lm.py").write_text(f"from .layers import embedding\n{code}")
    (tmp_path / "layers.py").write_text("from torch.nn import Embedding as embedding\n")
    torch.save({"emb.weight": torch.zeros(98, 8)}, tmp_path / "rnn_lm.sav")
    assert why_it_does_not_run(sandbox, tmp_path).startswith(
        "Loading rnn_lm.sav raised NameError: name 'embedding' is not defined (line 8 of "
        "rnn_lm.py). It is imported by 'from .layers import embedding', which works inside of a "
        "package alone: write 'from layers import embedding', without the dot. So the grader"
    )


def test_exception_without_a_text(sandbox: Sandbox, tmp_path: Path) -> None:
    stub = RIGHT_CODE.replace("self.emb = nn", "raise NotImplementedError\n        self.emb = nn")
    (tmp_path / "rnn_lm.py").write_text(stub)
    message = why_it_does_not_run(sandbox, tmp_path)
    assert "is no trained model rnn_lm.sav in the hand-in" in message
    assert "did not work either: Building SentenceModel(freq) raised NotImplementedError" in message
    words = "NotImplementedError (line 7 of rnn_lm.py). SentenceModel of rnn_lm.py was called as"
    assert words in message


def test_model_that_was_unpacked_to_a_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "rnn_lm.py").write_text("x = 1\n")
    (tmp_path / "rnn_lm.sav" / "data").mkdir(parents=True)
    (tmp_path / "rnn_lm.sav" / "data.pkl").write_bytes(b"x")
    message = why_it_does_not_run(sandbox, tmp_path)
    assert message.startswith("rnn_lm.sav is a folder in the hand-in")


def test_code_of_the_model_is_run_once(sandbox: Sandbox, tmp_path: Path) -> None:
    log = "with open('log.txt', 'a') as file:\n    file.write('once')\n"
    asked = "assert open('log.txt').read() == 'once'\n        self.emb = nn"
    (tmp_path / "rnn_lm.py").write_text(log + RIGHT_CODE.replace("self.emb = nn", asked))
    question = q7(sandbox, tmp_path, ModelRequest(epochs=1, max_time_s=5))
    assert question.checks[0].passed, question.checks[0].message
