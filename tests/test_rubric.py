"""The default rubric says what the assignment says; files that cannot be used are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from grader.errors import RubricError, UsageError
from grader.model import Visibility
from grader.rubric import Rubric

LOSS_MEANT_FOR_POINTS = {2.49: 5, 2.5: 0, 1.99: 8, 2.0: 5, 1.49: 10, 1.5: 8, 3.13: 0}


def rubric_of(tmp_path: Path, toml: str) -> Rubric:
    file = tmp_path / "rubric.toml"
    file.write_text(toml, encoding="utf-8")
    return Rubric.load(file)


def test_points_of_the_assignment() -> None:
    points = {id: question.points for id, question in Rubric.load().questions.items()}
    assert points == {"q2": 3, "q3": 5, "q4": 2, "q5": 2, "q6": 5, "q7": 10}
    assert sum(points.values()) == 27


@pytest.mark.parametrize(("loss", "points"), LOSS_MEANT_FOR_POINTS.items())
def test_thresholds_of_the_assignment(loss: float, points: float) -> None:
    thresholds = Rubric.load().language_model.thresholds
    assert sum(t.points for t in thresholds if loss < t.below) == points


def test_file_states_only_what_differs(tmp_path: Path) -> None:
    default = Rubric.load()
    changed = rubric_of(tmp_path, "[limits]\ncall_s = 3.5\n[questions.q2.graded]\none_step = true")
    assert changed.limits.call_s == 3.5
    assert changed.questions["q2"].graded == {"one_step": True}
    assert changed.questions["q2"].points == default.questions["q2"].points
    assert changed.limits.model_copy(update={"call_s": default.limits.call_s}) == default.limits
    assert changed.language_model == default.language_model


def test_file_that_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert rubric_of(tmp_path, "\ufeff[limits]\ncall_s = 3.5\n").limits.call_s == 3.5


def test_no_threshold_at_all(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="thresholds"):
        rubric_of(tmp_path, "questions.q7.points = 0\nlanguage_model.thresholds = []")


def test_thresholds_are_replaced_as_a_whole(tmp_path: Path) -> None:
    toml = """
        [[language_model.thresholds]]
        below = 2.2
        points = 10
        why = "one step is enough here"
    """
    [threshold] = rubric_of(tmp_path, toml).language_model.thresholds
    assert (threshold.below, threshold.points) == (2.2, 10)


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("[limits]\ncall_seconds = 3", "limits.call_seconds"),
        ("[limit]\ncall_s = 3", "limit is no value of a rubric; limits is one"),
        ("hints = 'some'", "hints"),
        ("[questions.q2.visible]\none_step = 'perhaps'", "questions.q2.visible"),
        (
            "[questions.q2.graded]\nnotebook_case = 'no'",
            "q2.graded.notebook_case must be true or false, without quotation marks",
        ),
        ("[questions.q2.visible]\none_step = 0", "one_step must be true or false"),
        ("[torch_layers]\nearn_points = 'yes'", "earn_points must be true or false"),
        (
            "[questions.q2]\nhints = 'none'",
            r"questions.q2.hints is no value of a rubric; hints belongs above the first \[table\]$",
        ),
        ("[intake]\ncall_s = 3", r"intake.call_s is .*; call_s belongs into \[limits\]$"),
        ("call_s = 3", r"call_s is no value of a rubric; call_s belongs into \[limits\]$"),
        ("colour = 'red'", "colour is no value of a rubric$"),
        ("[limits]\ncalls = 3", "limits.calls is no value of a rubric; call_s is one"),
        ("[questions.q2.points]\nq2 = 3", "questions.q2.points"),
        ("[limits]\ncall_s = 0", "limits.call_s"),
        ("[limits]\ncall_s = -1", "limits.call_s"),
        ("[limits]\ncall_s = nan", "limits.call_s"),
        ("[limits]\ncall_s = inf", "limits.call_s"),
        ("[limits]\ncall_s = 'soon'", "limits.call_s"),
        ("[limits]\nquestion_s = 0", "limits.question_s"),
        ("[limits]\nmemory_mb = 1.5", "limits.memory_mb"),
        ("limits = 3", "limits"),
        ("[limits.questions.q3]\ncall_s = 3", "limits.questions.q3.why is missing"),
        ("[limits.questions.q7]\ncall_s = 0", "limits.questions.q7.call_s"),
        ("[questions.q2]\npoints = -1", "questions.q2.points"),
        ("[questions.q2]\npoints = inf", "questions.q2.points"),
        ("[questions.q2.graded]\none_step = 'perhaps'", "questions.q2.graded"),
        ("[questions.q9]\npoints = 1", "questions.q9.why"),
        ("[rounding]\nwhy = 'because'", "rounding.why"),
        ("[language_model]\nprobe_sentences = 1", "language_model.probe_sentences"),
        ("[questions.q7]\npoints = 9", "q7"),
    ],
)
def test_values_that_are_not_allowed(tmp_path: Path, toml: str, named: str) -> None:
    with pytest.raises(RubricError, match=named) as error:
        rubric_of(tmp_path, toml)
    assert "rubric.toml" in str(error.value)
    assert isinstance(error.value, UsageError)


def test_what_is_wrong_in_a_list_is_said_and_not_what_follows_from_it(tmp_path: Path) -> None:
    thresholds = '[[language_model.thresholds]]\nbelow = 2.0\npoints = 10\nwhy = "No."\n'
    with pytest.raises(RubricError) as error:
        rubric_of(tmp_path, thresholds)
    assert str(error.value).count("language_model.thresholds") == 1
    assert "language_model.thresholds.0.why: " in str(error.value)


def test_file_that_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="no valid TOML"):
        rubric_of(tmp_path, "[limits")


def test_file_that_is_no_utf8(tmp_path: Path) -> None:
    file = tmp_path / "rubric.toml"
    file.write_bytes(b"# caf\xe9\n")
    with pytest.raises(RubricError, match="is not UTF-8; save it"):
        Rubric.load(file)


def test_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match=r"none\.toml cannot be read"):
        Rubric.load(tmp_path / "none.toml")


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="cannot be read"):
        Rubric.load(tmp_path)


def test_digest_is_of_the_values(tmp_path: Path) -> None:
    default = Rubric.load()
    same = rubric_of(tmp_path, f"# a remark\n[limits]\ncall_s = {default.limits.call_s}")
    other = rubric_of(tmp_path, f"[limits]\ncall_s = {default.limits.call_s + 1}")
    assert same.digest == default.digest
    assert other.digest != default.digest
    assert len(default.digest) == 64


def test_limits_of_a_question() -> None:
    rubric = Rubric.load()
    common, model = rubric.limits_for("q2"), rubric.limits_for("q7")
    assert common.model_dump().items() <= rubric.limits.model_dump().items()
    assert model.call_s > common.call_s
    assert model.memory_mb > common.memory_mb
    assert model.load_s == common.load_s


def test_limits_of_a_question_can_be_changed(tmp_path: Path) -> None:
    toml = """
        [limits]
        output_kb = 3
        [limits.questions.q3]
        call_s = 99
        why = "an exercise in patience"
        [limits.questions.q7]
        memory_mb = 1234
    """
    rubric, default = rubric_of(tmp_path, toml), Rubric.load()
    assert rubric.limits_for("q2").call_s == default.limits_for("q2").call_s
    assert rubric.limits_for("q3").call_s == 99
    assert rubric.limits_for("q7").memory_mb == 1234
    assert rubric.limits_for("q7").call_s == default.limits_for("q7").call_s
    assert {rubric.limits_for(q).output_kb for q in ("q2", "q3", "q7")} == {3}


def test_one_limit_for_every_call() -> None:
    default = Rubric.load()
    limited = default.with_call_limit(2.5)
    for question in default.questions:
        limits, before = limited.limits_for(question), default.limits_for(question)
        assert (limits.load_s, limits.call_s) == (2.5, 2.5)
        assert (
            limits.model_copy(update={"load_s": before.load_s, "call_s": before.call_s}) == before
        )
    assert limited.questions == default.questions
    assert default.limits.call_s != 2.5


def test_longer_limit_for_every_call_is_one_for_all_of_them_too() -> None:
    default = Rubric.load()
    longer = default.with_call_limit(3 * default.limits.call_s)
    assert longer.limits_for("q2").question_s == 3 * default.limits_for("q2").question_s


def test_rubric_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Rubric.load().limits.call_s = 1e9


def test_hints_are_full_unless_a_file_says_otherwise(tmp_path: Path) -> None:
    assert Rubric.load().hints == "full"
    assert rubric_of(tmp_path, 'hints = "location"').hints == "location"


def test_checks_are_visible_unless_a_file_says_otherwise(tmp_path: Path) -> None:
    toml = "[questions.q2.visible]\none_step = false\nmany_steps = true"
    rubric = rubric_of(tmp_path, toml)
    seen = {
        (question, check): rubric.visibility(question, check)
        for question in ("q2", "q3")
        for check in ("one_step", "many_steps", "notebook_case")
    }
    hidden = [where for where, how in seen.items() if how is Visibility.HIDDEN]
    assert hidden == [("q2", "one_step")]


@pytest.mark.parametrize(
    ("toml", "check", "advisory", "counts"),
    [
        ("", "a", False, True),
        ("", "a", True, False),
        ("[questions.q2.graded]\na = true", "a", True, True),
        ("[questions.q2.graded]\na = false", "a", False, False),
        ("[questions.q2.graded]\na = false", "b", False, True),
        ("", "own_work", False, True),
        ("[torch_layers]\nearn_points = true", "own_work", False, False),
        ("[torch_layers]\nearn_points = true", "a", False, True),
        (
            "[torch_layers]\nearn_points = true\n[questions.q2.graded]\nown_work = true",
            "own_work",
            False,
            True,
        ),
    ],
)
def test_what_counts(tmp_path: Path, toml: str, check: str, advisory: bool, counts: bool) -> None:
    assert rubric_of(tmp_path, toml).counts("q2", check, advisory=advisory) is counts
