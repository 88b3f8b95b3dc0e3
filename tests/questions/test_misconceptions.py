"""Each known mistake loses its points and is given its own name; nothing else gets a hint."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from benchmarks.as_student import QUESTIONS, Judged
from benchmarks.diagnosis import random_mutants
from benchmarks.student_code import SOURCES, compiled, mistaken
from benchmarks.student_mistakes import MISTAKES
from benchmarks.styles import styles
from benchmarks.trivial_answers import trivial_answers
from grader.questions.misconceptions.diagnosis import as_hint
from grader.questions.misconceptions.matching import Diagnosis
from grader.questions.misconceptions.record import independent, misread
from tests.questions.known_mistakes import BY_ID, SEED, misconception

ALL = [(question.id, m.id) for question in QUESTIONS for m in question.misconceptions]
CODE_WORDS = ("np.", "@", "axis=", " = ", "sqrt", "**", ".T")


def test_there_are_many_and_each_was_made_a_second_time() -> None:
    assert len(ALL) >= 40
    assert len(set(ALL)) == len(ALL)
    assert {(question, id) for question, ids in MISTAKES.items() for id in ids} == set(ALL)


@pytest.mark.parametrize(("question", "id"), ALL)
def test_words_lead_to_the_documentation_without_the_line_to_write(question: str, id: str) -> None:
    found = misconception(question, id)
    assert found.link.startswith("https://docs.pytorch.org/docs/stable/generated/torch.")
    assert found.title[0].isupper()
    assert not found.title.endswith(".")
    assert found.explanation.endswith(".")
    assert found.hint[-1] in ".?"
    said = f"{found.title} {found.where} {found.explanation} {found.hint}"
    assert [word for word in CODE_WORDS if word in said] == []


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_titles_are_told_apart(question: Judged) -> None:
    titles = [m.title for m in question.misconceptions]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(("question", "id"), ALL)
def test_mistake_of_a_student_is_rejected_and_named(question: str, id: str) -> None:
    code = mistaken(question, id)
    assert BY_ID[question].rejected(code, SEED)
    assert BY_ID[question].diagnosed(code, SEED) == Diagnosis((misconception(question, id),))


@pytest.mark.parametrize(("question", "id"), ALL)
def test_misconceptions_own_code_is_named(question: str, id: str) -> None:
    judged = BY_ID[question]
    code = misread(judged.solution, misconception(question, id))
    assert judged.diagnosed(code, SEED) == Diagnosis((misconception(question, id),))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_right_answers_get_no_name(question: Judged) -> None:
    for style in styles(np.random.default_rng(SEED))[question.function].values():
        assert question.diagnosed(style, SEED) is None
    assert question.diagnosed(mistaken(question.id), SEED) is None
    assert question.diagnosed(question.solution, SEED) is None
    assert not question.rejected(mistaken(question.id), SEED)
    assert not question.rejected(question.solution, SEED)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_answers_that_need_no_understanding_are_rejected(question: Judged) -> None:
    answers = trivial_answers(question)
    assert len(answers) == 5
    passing = [name for name, code in answers.items() if not question.rejected(code, SEED)]
    assert passing == []


def test_wrong_code_that_is_no_known_mistake_gets_no_name() -> None:
    told = list(random_mutants(12, SEED))
    assert len([t for t in told if not t.due]) == 12
    assert [t for t in told if not t.right] == []


PAIRS = [
    ("q2", "bias-dropped", "outputs-time-major"),
    ("q2", "relu-for-tanh", "recurrent-kernel-transposed"),
    ("q3", "update-gate-turned-round", "reset-before-product"),
    ("q3", "reset-missing", "final-state-of-the-first-step"),
    ("q4", "update-gate-weak", "bias-missing"),
    ("q4", "reset-gate-shut", "recurrent-kernel-transposed"),
    ("q6", "no-scale", "projection-missing"),
    ("q6", "softmax-over-queries", "output-time-major"),
]


@pytest.mark.parametrize(("question", "one", "other"), PAIRS)
def test_two_mistakes_at_once_are_named_as_two(question: str, one: str, other: str) -> None:
    found = BY_ID[question].diagnosed(mistaken(question, one, other), SEED)
    assert found is not None
    assert {m.id for m in found.misconceptions} == {one, other}
    assert not found.near
    hint = as_hint(found)
    assert hint.title.startswith("Two mistakes together: (1) ")


IN_R = "x.dot(wxr) + bxr + state.dot(whr) + bhr"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("r * (state", "(1 - r) * (state"),
        (f"expit({IN_R})", f"expit(-({IN_R}))"),
        (f"expit({IN_R})", f"1 / (1 + np.exp({IN_R}))"),
    ],
)
def test_one_gate_turned_round_is_not_called_the_other_one_and_a_wrong_sign(
    old: str, new: str
) -> None:
    code = compiled(SOURCES["q3"].replace(old, new), "gru")
    found = BY_ID["q3"].diagnosed(code, SEED)
    assert found == Diagnosis((misconception("q3", "reset-gate-turned-round"),))


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        # Without a softmax the scores' transpose is all that either of two exchanges makes.
        ("q6", "no-softmax", "keys-and-queries-exchanged"),
        ("q3", "state-not-updated", "outputs-one-step-late"),
    ],
)
def test_mistakes_that_could_be_two_other_ones_get_no_name(
    question: str, one: str, other: str
) -> None:
    assert BY_ID[question].diagnosed(mistaken(question, one, other), SEED) is None


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_mistakes_in_one_part_are_no_pair(question: Judged) -> None:
    for one, other in combinations(question.misconceptions, 2):
        is_alone = one.is_alone or other.is_alone
        assert independent(one, other) != (is_alone or bool(set(one.changes) & set(other.changes)))
        assert independent(one, other) == independent(other, one)


@pytest.mark.parametrize(
    ("question", "id"),
    [
        ("q2", "recurrent-term-missing"),
        ("q3", "update-gate-missing"),
        ("q3", "old-state-term-missing"),
        ("q3", "turned-round-and-old-state-term-missing"),
        ("q3", "candidate-not-weighted"),
    ],
)
def test_what_is_said_to_be_missing_is_not_said_to_be_added_too(question: str, id: str) -> None:
    assert not independent(misconception(question, id), misconception(question, "old-state-added"))


@pytest.mark.parametrize(("question", "id"), ALL)
def test_nothing_else_is_called_right(question: str, id: str) -> None:
    # Where two mistakes are told together, what is said of each has to hold beside the other.
    explanation = misconception(question, id).explanation
    assert [s for s in (" are right", "is right but", "rightly") if s in explanation] == []


def a_little_off(code: Callable[..., Any]) -> Callable[..., Any]:
    def scaled(*arguments: Any) -> Any:
        answer = code(*arguments)
        if isinstance(answer, tuple):
            return tuple(np.asarray(item) * 1.003 for item in answer)
        return np.asarray(answer) * 1.003

    return scaled


def half_precision(code: Callable[..., Any]) -> Callable[..., Any]:
    def rounded(*arguments: Any) -> Any:
        answer = code(*arguments)
        if isinstance(answer, tuple):
            return tuple(np.asarray(item).astype(np.float16) for item in answer)
        return np.asarray(answer).astype(np.float16)

    return rounded


@pytest.mark.parametrize(
    ("question", "id"),
    [("q2", "bias-twice"), ("q3", "update-gate-turned-round"), ("q6", "no-scale")],
)
def test_near_miss_is_called_near(question: str, id: str) -> None:
    found = BY_ID[question].diagnosed(a_little_off(mistaken(question, id)), SEED)
    assert found == Diagnosis((misconception(question, id),), near=True)


def test_answer_on_the_way_to_a_mistake_is_not_near_it() -> None:
    right, wrong = mistaken("q6"), mistaken("q6", "no-scale")

    def between(*arguments: Any) -> Any:
        return 0.8 * wrong(*arguments) + 0.2 * right(*arguments)

    assert BY_ID["q6"].diagnosed(between, SEED) is None


@pytest.mark.parametrize("question", ["q2", "q3", "q6"])
def test_right_answer_of_too_few_digits_is_near_to_nothing(question: str) -> None:
    for distorted in (half_precision, a_little_off):
        assert BY_ID[question].diagnosed(distorted(mistaken(question)), SEED) is None


def test_right_answer_that_fails_at_other_sizes_is_like_no_answer_that_is_infinite() -> None:
    def gru(*arguments: Any) -> Any:
        if arguments[0][0].shape[0] != arguments[0][0].shape[1]:
            raise ValueError("as many inputs as hidden units are expected")
        return mistaken("q3")(*arguments)

    # With this seed two misconceptions together overflow where the answer is right.
    assert BY_ID["q3"].diagnosed(gru, 3) is None


def raising(*arguments: Any) -> Any:
    raise ValueError("no")


ODD: dict[str, Callable[..., Any]] = {
    "raises": raising,
    "none": lambda *arguments: None,
    "text": lambda *arguments: ("a", "b"),
    "scalar": lambda *arguments: 0.5,
    "empty": lambda *arguments: (np.zeros((0, 3)), np.zeros(0)),
    "three": lambda *arguments: (np.zeros(2), np.zeros(2), np.zeros(2)),
    "nan": lambda *arguments: np.full((3, 4, 2, 2), np.nan),
    "ones in gates": lambda *arguments: np.ones((3, 4, 1)),
    "infinite": lambda *arguments: (np.full((3, 5, 4), np.inf), np.full((1, 3, 4), np.inf)),
    "ragged gates": lambda *arguments: [[np.zeros((2, 3)), 1.0, np.zeros(2), np.inf]] * 3,
}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
@pytest.mark.parametrize("answer", ODD.values(), ids=list(ODD))
def test_odd_answers_get_no_name(question: Judged, answer: Callable[..., Any]) -> None:
    try:
        assert question.diagnosed(answer, SEED) is None
    except Exception as error:
        # What the student's own function raises is passed on where its value is needed.
        assert answer is raising
        assert "ValueError: no" in str(error)


def test_mistake_whose_mending_earns_nothing_gets_no_name() -> None:
    def halved(wt_h: Any, wt_x: Any, bias: Any) -> Any:
        r, z, _ = mistaken("q4", "reset-gate-untouched")(wt_h, wt_x, bias)
        return r, z, (wt_x, bias, wt_h / 3, 0 * bias)

    assert BY_ID["q4"].diagnosed(halved, SEED) is None


def test_mistakes_that_three_parts_have_get_no_name() -> None:
    ids = ("update-gate-weak", "reset-gate-weak", "bias-missing")
    assert BY_ID["q4"].diagnosed(mistaken("q4", *ids), SEED) is None


def test_levels_of_a_hint() -> None:
    diagnosis = Diagnosis((misconception("q3", "update-gate-turned-round"),))
    full, location = as_hint(diagnosis), as_hint(diagnosis, location_only=True)
    assert full.title == "The update gate is turned round"
    assert full.explanation
    assert full.hint
    assert full.link.endswith("torch.nn.GRU.html")
    assert location.title.startswith("Look at how the new state is put together")
    assert (location.explanation, location.hint, location.link) == ("", "", "")
    assert "turned round" not in location.title


def test_words_that_two_mistakes_share_are_said_once() -> None:
    two = Diagnosis(
        (misconception("q4", "update-gate-weak"), misconception("q4", "reset-gate-weak"))
    )
    hint = as_hint(two)
    assert hint.hint.count("See on the page") == 1
    assert hint.link.count("https://") == 1
    location = as_hint(two, location_only=True)
    assert location.title == (
        "Look at the update gate's parameters and at the reset gate's parameters"
    )
