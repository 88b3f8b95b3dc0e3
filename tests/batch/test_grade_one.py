"""One submission of a course: what is graded again, what is kept, and what is never a zero."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from grader.batch import keys
from grader.batch.grade_one import Done, Task
from grader.batch.results import read_row
from grader.engine import Judge, with_questions
from grader.errors import HarnessError, RubricError
from grader.grading import Grading
from grader.language_model.assessment import ModelRequest
from grader.model import Report
from grader.modes import ModelMode
from grader.plugin import Listener
from grader.questions.misconceptions.matching import answers_of
from grader.reports.gradebook import final
from grader.rows import Status
from grader.rubric import Rubric
from tests.batch import made
from tests.batch.grading_one import Run, never, report, scores
from tests.conftest import ROOT

ODD_GRU = """
import numpy as np


def gru(r, z, n, init_state, input_data):
    outputs = np.ones((*input_data.shape[:2], init_state.shape[-1]))
    return outputs, outputs[:, -1]
"""


def test_first_run_writes_the_row_and_the_reports(run: Run, alice: Path, tmp_path: Path) -> None:
    done = run(made.task(alice, tmp_path / "out", "q5"))
    assert done.fresh
    assert (done.row.status, done.row.score, done.row.max_score) == (Status.GRADED, 2, 2)
    assert read_row(tmp_path / "out") == done.row
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"report.json", "junit.xml", "report.html", "staff.html", "row.json"}
    assert done.row.fingerprints["implementation.py"]
    assert set(done.row.files) == {"implementation.py"}


def test_unchanged_submission_is_not_graded_again(run: Run, alice: Path, tmp_path: Path) -> None:
    first = run(made.task(alice, tmp_path / "out", "q5"))
    again = run(made.task(alice, tmp_path / "out", "q5"), never)
    assert not again.fresh
    assert again.row == first.row


def test_one_thing_that_stops_several_questions_is_the_rows_reason(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    assert run(made.task(alice, tmp_path / "out", "q4", "q5")).row.reason == ""
    (alice / "implementation.py").write_text("def gru(:\n" + f"x = '{'long ' * 100}'\n")
    done = run(made.task(alice, tmp_path / "out", "q4", "q5"))
    assert done.row.status is Status.GRADED
    assert done.row.reason.startswith("One thing stops several questions: ")
    assert "SyntaxError" in done.row.reason
    assert len(done.row.reason) <= 400
    again = run(made.task(alice, tmp_path / "out", "q4", "q5"), never)
    assert again.row == done.row


def test_same_mistake_of_another_is_compared_with_answers_that_are_there(
    run: Run, tmp_path: Path
) -> None:
    """A q3 that no misconception explains is compared with thousands of pairs of them."""
    answers_of.cache_clear()
    computed = []

    def grade_two(judge: Judge) -> None:
        for name in "ab":
            (tmp_path / name).mkdir()
            (tmp_path / name / "implementation.py").write_text(f"{ODD_GRU}# {name}\n")
            task = made.task(tmp_path / name, tmp_path / "out" / name, "q3")
            assert run(task, judge).row.score == 0
            computed.append(answers_of.cache_info().misses)

    with_questions(["q3"], Rubric.load(), grade_two)
    assert computed[0] > 80
    assert computed == [computed[0]] * 2


def test_what_the_shell_tells_pytest_is_meant_for_other_tests(
    run: Run, alice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing --no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    assert run(made.task(alice, tmp_path / "out", "q5")).row.score == 2
    assert os.environ["PYTEST_PLUGINS"] == "no_such_plugin"


def test_regrade_grades_all_the_same(run: Run, alice: Path, tmp_path: Path) -> None:
    run(made.task(alice, tmp_path / "out", "q5"))
    assert run(made.task(alice, tmp_path / "out", "q5", regrade=True)).fresh


def test_changed_submission_is_graded_again(run: Run, alice: Path, tmp_path: Path) -> None:
    first = run(made.task(alice, tmp_path / "out", "q5"))
    (alice / "implementation.py").write_text("def gru():\n    pass\n")
    again = run(made.task(alice, tmp_path / "out", "q5"))
    assert again.fresh
    assert (first.row.score, again.row.score) == (2, 0)


def test_changed_rubric_grades_again(run: Run, alice: Path, tmp_path: Path) -> None:
    task = made.task(alice, tmp_path / "out", "q5")
    run(task)
    (tmp_path / "rubric.toml").write_text("[questions.q5]\npoints = 4\n")
    request = replace(task.request, rubric=tmp_path / "rubric.toml")
    again = run(replace(task, request=request))
    assert again.fresh
    assert again.row.max_score == 4


@pytest.mark.parametrize("file", ["implementation.py", "hw.ipynb"])
def test_package_that_came_later_grades_again(
    run: Run, alice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    """What it has cost that the package was not there must not stay."""
    with (alice / file).open("a") as writer:
        writer.write('\n"import no_such\\n"\n')
    task = made.task(alice, tmp_path / "out", "q5")
    run(task)
    here = keys.installed_packages()
    for package, again in (("another", False), ("no_such", True)):
        packages = {**here, package: frozenset({"numpy"})}
        monkeypatch.setattr(keys, "installed_packages", lambda packages=packages: packages)
        assert run(task).fresh is again


def test_version_of_a_package_that_the_code_names_counts(
    run: Run, alice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (alice / "implementation.py").open("a") as writer:
        writer.write("from scipy.special import expit\n")
    task = made.task(alice, tmp_path / "out", "q5")
    run(task)
    for package, again in (("rich", False), ("scipy", True)):
        newer = {package: "99"}
        monkeypatch.setattr(
            keys, "installed_version", lambda name, newer=newer: newer.get(name) or version(name)
        )
        assert run(task).fresh is again


def test_other_data_matters_to_the_model_alone(run: Run, alice: Path, tmp_path: Path) -> None:
    run(made.task(alice, tmp_path / "out", "q5", data="one"))
    assert not run(made.task(alice, tmp_path / "out", "q5", data="two")).fresh


@pytest.mark.parametrize(
    ("file", "text", "matters"),
    [
        ("notes.txt", "I have no model.", False),
        ("layers.py", "class GRU:\n    pass\n", False),
        ("layers.py", "class SentenceModel:\n    pass\n", True),
        ("rnn_lm.py", "", True),
        ("rnn_lm.sav", "", True),
        ("hw.ipynb", "{}", True),
    ],
)
def test_how_a_model_is_scored_matters_where_there_may_be_one(
    run: Run, alice: Path, tmp_path: Path, file: str, text: str, matters: bool
) -> None:
    (alice / file).write_text(text)
    task = made.task(alice, tmp_path / "out", "q7")
    for model in (
        ModelRequest(quick=True),
        ModelRequest(epochs=1, max_time_s=60),
        ModelRequest(mode=ModelMode.TRAIN),
    ):
        run(task, scores(("q7", 0)))
        other = replace(task, request=replace(task.request, device="cpu", model=model))
        assert run(other, scores(("q7", 0))).fresh is matters
    assert run(replace(task, data="other"), scores(("q7", 0))).fresh


def test_reports_that_were_removed_are_written_again(run: Run, alice: Path, tmp_path: Path) -> None:
    """From the report's records, and without those by grading once more."""
    out = tmp_path / "out"
    first = run(made.task(alice, out, "q5"))
    texts = {file.name: file.read_bytes() for file in out.iterdir()}
    for name in ("junit.xml", "report.html", "staff.html"):
        (out / name).unlink()
        again = run(made.task(alice, out, "q5"), never)
        assert (again.fresh, again.row) == (False, first.row)
        assert {file.name: file.read_bytes() for file in out.iterdir()} == texts
    (out / "report.json").unlink()
    assert run(made.task(alice, out, "q5")).fresh
    assert {file.name for file in out.iterdir()} == set(texts)


def test_half_written_row_counts_for_nothing(run: Run, alice: Path, tmp_path: Path) -> None:
    run(made.task(alice, tmp_path / "out", "q5"))
    row = tmp_path / "out" / "row.json"
    row.write_text(row.read_text()[:-20])
    assert run(made.task(alice, tmp_path / "out", "q5")).fresh


def test_what_cannot_be_read_is_a_row(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run(made.task(tmp_path / "empty", tmp_path / "out"))
    assert done.row.status is Status.UNREADABLE
    assert "nothing to grade" in done.row.reason
    assert read_row(tmp_path / "out") == done.row


def test_problem_of_the_arrival_is_its_reason(run: Run, tmp_path: Path) -> None:
    task = made.task(tmp_path, tmp_path / "out")
    hand_in = replace(task.hand_in, problem="it is a RAR archive")
    done = run(replace(task, hand_in=hand_in))
    assert (done.row.status, done.row.reason) == (Status.UNREADABLE, "it is a RAR archive")


def test_reports_of_what_cannot_be_read_any_more_go(run: Run, alice: Path, tmp_path: Path) -> None:
    run(made.task(alice, tmp_path / "out", "q5"))
    (alice / "implementation.py").unlink()
    run(made.task(alice, tmp_path / "out", "q5"))
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["row.json"]


def test_failure_of_the_grader_is_no_zero_and_tried_again(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    def fail(*_: object) -> Report:
        raise HarnessError("no more processes")

    done = run(made.task(alice, tmp_path / "out", "q5"), fail)
    assert (done.row.status, done.row.reason) == (Status.GRADER_FAILED, "no more processes")
    assert done.row.questions == ()
    assert run(made.task(alice, tmp_path / "out", "q5")).row.score == 2


def test_failure_of_the_grader_costs_nothing_that_was_graded(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    def fails(grading: Grading, wanted: Sequence[str], listener: Listener) -> Report:
        raise HarnessError("the disk is full")

    first = run(made.task(alice, tmp_path / "out", "q5"))
    second = run(made.task(alice, tmp_path / "out", "q4"), fails)
    assert (second.row.status, second.row.reason) == (Status.GRADER_FAILED, "the disk is full")
    assert read_row(tmp_path / "out") == first.row
    third = run(made.task(alice, tmp_path / "out", "q4"))
    assert [question.id for question in third.row.questions] == ["q4", "q5"]


def test_reports_without_their_row_are_of_a_run_that_was_ended(
    run: Run, alice: Path, tmp_path: Path
) -> None:
    """Killed between the two, or out of room: the row's questions are in the report, and more."""
    run(made.task(alice, tmp_path / "out", "q5"))
    row = (tmp_path / "out" / "row.json").read_bytes()
    run(made.task(alice, tmp_path / "out", "q4"))
    (tmp_path / "out" / "row.json").write_bytes(row)
    assert [q.id for q in report(tmp_path / "out").questions] == ["q4", "q5"]
    run(made.task(alice, tmp_path / "out", "q5"), never)
    done = run(made.task(alice, tmp_path / "out", "q4"))
    assert [question.id for question in done.row.questions] == ["q4", "q5"]


def test_what_cannot_be_read_still_is_nothing_new(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    task = made.task(tmp_path / "empty", tmp_path / "out", "q5")
    first, second = run(task), run(task)
    assert (first.fresh, second.fresh, first.row) == (True, False, second.row)


def test_question_in_which_the_grader_failed_is_tried_again(
    run: Run, alice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("grader.checking.Check.gates", None)
        done = run(made.task(alice, tmp_path / "out", "q5"))
    assert done.row.status is Status.GRADER_FAILED
    again = run(made.task(alice, tmp_path / "out", "q5"))
    assert (again.fresh, again.row.status, again.row.score) == (True, Status.GRADED, 2)


def test_nothing_has_changed_where_the_grader_failed(
    run: Run, alice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("grader.checking.Check.gates", None)
        run(made.task(alice, tmp_path / "out", "q5"))
    done = run(made.task(alice, tmp_path / "out", "q4"))
    assert done.row.status is Status.GRADER_FAILED
    assert (done.row.outdated, done.row.open) == ((), ("q2", "q3", "q6", "q7"))
    assert not any("earlier run" in note for note in done.row.notes)
    assert final(done.row) is None


def test_wrong_request_is_no_submissions_fault(run: Run, alice: Path, tmp_path: Path) -> None:
    task = made.task(alice, tmp_path / "out", "q5")
    request = replace(task.request, rubric=tmp_path / "none.toml")
    with pytest.raises(RubricError):
        run(replace(task, request=request))


def test_one_collection_judges_many(run: Run, alice: Path, tmp_path: Path) -> None:
    """As a job does: what came of one submission is nothing to the next."""
    wrong = tmp_path / "wrong"
    shutil.copytree(ROOT / "submissions" / "reset_gate_first", wrong)
    done: list[Done] = []

    def use(judge: Judge) -> None:
        for folder in (wrong, alice, wrong):
            task = made.task(folder, tmp_path / f"out-{len(done)}", "q3", "q5")
            done.append(run(task, judge))
        task = made.task(alice, tmp_path / "out-q5", "q5")
        done.append(run(task, judge))

    with_questions(["q3", "q5"], Rubric.load(), use)
    assert [result.row.score for result in done] == [2, 7, 2, 2]
    hints = [[question.misconception for question in result.row.questions] for result in done]
    reset = "The reset gate is applied before the matrix product"
    assert hints == [[reset, ""], ["", ""], [reset, ""], [""]]


def test_results_of_another_student_are_not_kept(run: Run, alice: Path, tmp_path: Path) -> None:
    task = made.task(alice, tmp_path / "out", "q5")

    def of_student(id: str) -> Task:
        arrival = task.hand_in.arrival.model_copy(update={"student_id": id})
        return replace(task, hand_in=replace(task.hand_in, arrival=arrival))

    run(of_student("111"))
    assert not run(of_student("111")).fresh
    assert run(of_student("222")).fresh


def test_results_that_cannot_be_written(run: Run, alice: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    task = made.task(alice, tmp_path / "out", "q5")
    done = run(replace(task, hand_in=replace(task.hand_in, problem="it is a RAR archive")))
    assert done.row.status is Status.GRADER_FAILED
    assert "cannot be written" in done.row.reason
