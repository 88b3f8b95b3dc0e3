"""A hint comes with a question's first wrong answer, as the rubric says, and costs no point."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.checking import CHANGES, OUTPUTS_AGREE
from grader.doctor import Sandbox
from grader.engine import grade
from grader.errors import RubricError
from grader.grading import Request
from grader.handed_in.naming import IMPLEMENTATION
from grader.model import CheckResult, Outcome, QuestionResult, Visibility
from grader.plugin import Silent
from grader.questions.conftest import SHAPES_FIT
from grader.questions.misconceptions.diagnosis import RECURRENT_SIZES
from grader.wrong_part import STORED
from grader.wrong_shape import OF_THE_LOOP
from tests.conftest import ROOT
from tests.questions.test_what_was_returned import RNN
from tests.staging import write

SUBMISSIONS = ROOT / "submissions"
TURNED = SUBMISSIONS / "update_gate_turned_round"
TITLE = "The update gate is turned round"
GraderOf = Callable[..., dict[str, QuestionResult]]


@pytest.fixture
def graded(sandbox: Sandbox, tmp_path: Path) -> GraderOf:
    """Grades a hand-in by a rubric of which only the differences are given."""

    def run(path: Path, *only: str, rubric: str = "") -> dict[str, QuestionResult]:
        file = tmp_path / "rubric.toml"
        file.write_text(rubric, encoding="utf-8")
        request = Request(path, only=frozenset(only), rubric=file, seed=5)
        return {q.id: q for q in grade(request, sandbox, Silent()).questions}

    return run


def hinted(question: QuestionResult) -> list[CheckResult]:
    return [check for check in question.checks if check.hint is not None]


def test_hint_stands_at_the_first_graded_failure_alone(graded: GraderOf) -> None:
    question = graded(TURNED, "q3")["q3"]
    [check] = hinted(question)
    failures = [c for c in question.checks if c.graded and not c.passed]
    assert check == failures[0]
    assert len(failures) > 1
    assert check.hint is not None
    assert (check.hint.title, check.hint.near) == (TITLE, False)
    assert check.hint.link.startswith("https://docs.pytorch.org/")
    assert question.score == 0


def test_right_answers_have_no_hint(graded: GraderOf) -> None:
    questions = graded(TURNED, "q2", "q4", "q5", "q6")
    assert [hinted(question) for question in questions.values()] == [[], [], [], []]


@pytest.mark.parametrize(
    ("level", "titles"),
    [
        ("full", [TITLE]),
        (
            "location",
            ["Look at how the new state is put together from the old one and the candidate"],
        ),
        ("none", []),
    ],
)
def test_rubric_says_how_much_is_told(graded: GraderOf, level: str, titles: list[str]) -> None:
    question = graded(TURNED, "q3", rubric=f'hints = "{level}"')["q3"]
    hints = [check.hint for check in hinted(question)]
    assert [hint.title for hint in hints if hint] == titles
    assert all(bool(hint.link) == (level == "full") for hint in hints if hint)
    assert question.score == 0


@pytest.mark.parametrize(
    ("advice", "change"),
    [
        (OUTPUTS_AGREE, ("axis=1), state", "axis=1), outputs[0]")),
        (CHANGES, ("        state =", "        wt_h *= 0.9\n        state =")),
        (OF_THE_LOOP, ("range(input_data.shape[1])", "range(input_data.shape[1] - 1)")),
        (STORED, ("np.stack(outputs", "np.stack([np.cos(init_state[0]), *outputs[1:]]")),
    ],
)
def test_advice_may_be_held_back(
    graded: GraderOf, tmp_path: Path, advice: str, change: tuple[str, str]
) -> None:
    write(tmp_path / "bob", IMPLEMENTATION, content=RNN.replace(*change))
    for level in ("location", "none"):
        question = graded(tmp_path / "bob", "q2", rubric=f'hints = "{level}"')["q2"]
        said = [check.message for check in question.checks if check.graded]
        assert any(advice in message for message in said) == (level == "location")


def test_hidden_check_has_no_hint_but_the_next_one(graded: GraderOf) -> None:
    question = graded(TURNED, "q3", rubric="[questions.q3.visible]\nnotebook_case = false")["q3"]
    by_name = {check.name: check for check in question.checks}
    assert by_name["notebook_case"].visibility is Visibility.HIDDEN
    assert [check.name for check in hinted(question)] == ["other_sizes[B2-T5-D4-H4]"]
    assert {c.visibility for c in question.checks if c.name != "notebook_case"} == {"visible"}


def test_all_sizes_of_a_check_are_hidden_at_once(graded: GraderOf) -> None:
    question = graded(TURNED, "q3", rubric="[questions.q3.visible]\nother_sizes = false")["q3"]
    hidden = {check.name for check in question.checks if check.hidden}
    assert len(hidden) == 4
    assert all(name.startswith("other_sizes[") for name in hidden)


def test_check_that_there_is_not_cannot_be_hidden(graded: GraderOf) -> None:
    with pytest.raises(RubricError, match=r"questions\.q3\.visible names no check: notebok_case"):
        graded(TURNED, "q3", rubric="[questions.q3.visible]\nnotebok_case = false")


def test_advisory_failures_have_no_hint(graded: GraderOf) -> None:
    rubric = "[questions.q3.graded]\nnotebook_case = false\nother_sizes = false"
    question = graded(TURNED, "q3", rubric=rubric)["q3"]
    assert not all(check.passed for check in question.checks)
    assert hinted(question) == []
    assert question.score == 5


MODEL_TITLE = "A softmax was applied before the loss"


@pytest.mark.parametrize(
    ("rubric", "titles"),
    [
        ("", [("loss_below[2.5]", MODEL_TITLE)]),
        ('hints = "location"', [("loss_below[2.5]", "Look at what forward returns")]),
        ('hints = "none"', []),
        ("[questions.q7.visible]\nloss_below = false", []),
    ],
)
def test_loss_is_explained_once(
    graded: GraderOf, rubric: str, titles: list[tuple[str, str]]
) -> None:
    question = graded(SUBMISSIONS / "softmax_before_loss", "q7", rubric=rubric)["q7"]
    assert [(c.name, c.hint.title) for c in hinted(question) if c.hint] == titles
    assert question.score == 0
    assert question.measured is not None
    assert question.measured.signs is not None


SLOW = """
import numpy as np


def rnn(wt_h, wt_x, bias, init_state, input_data):
    while input_data.shape == {shape}:
        pass
    state, outputs = init_state[0], []
    for t in range(input_data.shape[1]):
        state = np.tanh(input_data[:, t] @ wt_x + state @ wt_h)
        outputs.append(state)
    return np.stack(outputs, axis=1), state
"""
CALL_LIMIT = "[limits]\ncall_s = 2.0"


def outcomes(question: QuestionResult) -> list[Outcome]:
    return [check.outcome for check in question.checks if check.graded]


def test_nothing_more_is_asked_once_a_call_took_too_long(graded: GraderOf, tmp_path: Path) -> None:
    (tmp_path / "implementation.py").write_text(SLOW.format(shape=(4, 12, 3)), encoding="utf-8")
    question = graded(tmp_path, "q2", rubric=CALL_LIMIT)["q2"]
    assert outcomes(question)[:2] == [Outcome.TIMEOUT, Outcome.WRONG]
    assert hinted(question) == []


def test_worker_lost_over_a_hint_costs_no_more(graded: GraderOf, tmp_path: Path) -> None:
    first = RECURRENT_SIZES[0]
    source = SLOW.format(shape=(first.batch, first.steps, first.inputs))
    (tmp_path / "implementation.py").write_text(source, encoding="utf-8")
    question = graded(tmp_path, "q2", rubric=CALL_LIMIT)["q2"]
    assert set(outcomes(question)[:5]) == {Outcome.WRONG}
    assert hinted(question) == []


TRANSPOSED = """
import numpy as np


def rnn(wt_h, wt_x, bias, init_state, input_data):
    state, outputs = init_state[0], []
    for t in range(input_data.shape[1]):
        state = np.tanh(input_data[:, t] @ {kernel} + state @ wt_h + bias[::-1] / 2)
        outputs.append(state)
    return np.stack(outputs, axis=1), state
"""


@pytest.mark.parametrize(
    ("kernel", "said"),
    [("wt_x", "It is none of the mistakes that are known here."), ("wt_x.T", SHAPES_FIT)],
)
def test_what_is_told_where_no_misconception_explains_an_answer(
    graded: GraderOf, tmp_path: Path, kernel: str, said: str
) -> None:
    code = TRANSPOSED.format(kernel=kernel)
    (tmp_path / "implementation.py").write_text(code, encoding="utf-8")
    wrong = [c for c in graded(tmp_path, "q2")["q2"].checks if c.graded and said in c.message]
    assert [check.outcome for check in wrong] == [Outcome.WRONG]
