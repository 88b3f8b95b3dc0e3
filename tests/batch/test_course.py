"""A course on the command line and from Python: every hand-in is a row, and nothing is lost."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from grader import grade_many
from grader.batch.course import grade_course, plan, rows_of
from grader.batch.grade_one import Done, Task
from grader.batch.local import LocalExecutor
from grader.batch.results import alone_in
from grader.doctor import Sandbox
from grader.errors import HarnessError, UsageError
from grader.grading import Request
from grader.language_model.assessment import ModelRequest
from grader.rows import Row, Status
from grader.rubric import Rubric
from tests.batch.conftest import SUBMISSIONS
from tests.conftest import ROOT


def run(
    course: Path, out: Path, *arguments: str, only: str = "q5"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "grader", course, "--only", only, "--out", out, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def gradebook(out: Path) -> dict[str, dict[str, str]]:
    with (out / "gradebook.csv").open(encoding="utf-8-sig", newline="") as reader:
        return {row["name"]: row for row in csv.DictReader(reader)}


def test_course_is_graded_and_a_second_run_keeps_it(course: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run(course, out, "--summary", "markdown", "--min-score", "1")
    assert done.returncode == 1, done.stderr
    said = "Under --min-score 1: 2 of 3: bob (cannot be read), half_open_gates (0)"
    assert said in done.stderr
    rows = gradebook(out)
    assert {name: row["q5"] for name, row in rows.items()} == {
        "alice": "2",
        "bob": "",
        "half_open_gates": "0",
    }
    assert rows["bob"]["status"] == "cannot be read"
    assert (done.stdout + done.stderr).count("bob: cannot be read: ") == 1
    assert {file.name for file in out.iterdir() if file.is_file()} == {
        "gradebook.csv",
        "summary.html",
        "summary.md",
    }
    assert (out / "alice" / "report.html").exists()
    first = (out / "gradebook.csv").read_bytes()

    again = run(course, out)
    assert again.returncode == 0
    assert again.stderr.count("unchanged") == 2
    assert (out / "gradebook.csv").read_bytes() == first

    (course / "half_open_gates" / "implementation.py").write_text("x = 1\n")
    changed = run(course, out)
    assert changed.stderr.count("unchanged") == 1


def test_course_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    for name in ("alice", "bob"):
        (tmp_path / "course" / name).mkdir(parents=True)
    done = run(tmp_path / "course", tmp_path / "out", "--many")
    assert done.returncode == 2
    assert "nothing to grade: no hand-in can be read" in done.stderr
    assert set(gradebook(tmp_path / "out")) == {"alice", "bob"}


def test_canvas_gets_its_grades(course: Path, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Homework 4 (99)\n"
        '"    Points Possible",,,,,27\n'
        '"A, Alice",11,s11,alice,one,\n'
        '"C, Carol",12,s12,carol,one,\n'
    )
    (course / "alice" / "rnn_lm.sav").write_bytes(b"no model")
    shutil.make_archive(str(tmp_path / "aalice_11_500_hw4"), "zip", course / "alice")
    shutil.rmtree(course)
    course.mkdir()
    (tmp_path / "aalice_11_500_hw4.zip").rename(course / "aalice_11_500_hw4.zip")
    listed = ("--roster", str(roster), "--assignment", "Homework 4")

    def grades() -> dict[str, str]:
        with (tmp_path / "out" / "canvas.csv").open(encoding="utf-8", newline="") as reader:
            return {line["ID"]: line["Homework 4 (99)"] for line in csv.DictReader(reader)}

    # A part is no grade.
    done = run(course, tmp_path / "out", *listed)
    assert done.returncode == 0, done.stderr
    assert "so canvas.csv was not written" in done.stdout
    assert "(gradebook.csv, summary.html)" in " ".join(done.stdout.split())
    assert "No grade for aalice" in " ".join(done.stdout.split())
    assert "No hand-in of: C, Carol" in done.stdout
    assert "made-up" not in done.stdout
    assert "earlier run" not in done.stdout
    assert not (tmp_path / "out" / "canvas.csv").exists()

    # Of points on made-up sentences staff are told, also of those that an earlier run gave.
    for only in ("q2,q3,q4,q5,q6,q7", "q2"):
        said = " ".join(run(course, tmp_path / "out", *listed, only=only).stdout.split())
        assert "canvas.csv has points for Q7 on the grader's own made-up sentences" in said
        assert "Q7 of 1 hand-in was graded on the grader's own made-up" in said
        page = (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
        assert "made-up sentences" in page
        assert grades() == {"": "27", "11": "17", "12": ""}

    # Given as the course's data, they are no others'.
    done = run(course, tmp_path / "out", *listed, "--data", "fixtures/corpus", only="q7")
    assert "No grade" not in done.stdout
    assert "made-up" not in done.stdout
    assert "(gradebook.csv, summary.html, canvas.csv)" in " ".join(done.stdout.split())
    assert grades() == {"": "27", "11": "17", "12": ""}

    shutil.copytree(SUBMISSIONS / "half_open_gates", tmp_path / "other" / "dora")
    said = " ".join(run(tmp_path / "other", tmp_path / "out", "--many").stdout.split())
    assert "not among these hand-ins: 1 (aalice)" in said
    assert f"still in {tmp_path / 'out'}/" in said
    assert f"{tmp_path / 'out'}/canvas.csv is of an earlier run" in said
    assert grades() == {"": "27", "11": "17", "12": ""}

    # Nobody's points go with the list now, and the old file is still there.
    (tmp_path / "none.csv").write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Homework 4 (99)\n"
        '"C, Carol",12,s12,carol,one,\n'
    )
    done = run(
        course, tmp_path / "out", "--roster", str(tmp_path / "none.csv"), *listed[2:], only="q2"
    )
    said = " ".join(done.stdout.split())
    assert "so canvas.csv was not written" in said
    assert "canvas.csv is of an earlier run and was not written anew: do not import it." in said
    assert grades() == {"": "27", "11": "17", "12": ""}

    misspelt = run(course, tmp_path / "out", "--roster", str(roster), "--assignment", "HW 4")
    assert misspelt.returncode == 2
    assert "its assignments: Homework 4 (99)" in " ".join(misspelt.stderr.split())
    unsaid = run(course, tmp_path / "out", "--roster", str(roster))
    assert unsaid.returncode == 2
    assert "give --assignment, one of: Homework 4 (99)" in " ".join(unsaid.stderr.split())


def test_same_file_in_several_hand_ins_is_pointed_to(course: Path, tmp_path: Path) -> None:
    """Whose it is stands in the summary alone."""
    assert "Similar" not in run(course, tmp_path / "out").stdout
    shutil.copytree(course / "alice", course / "carol")
    said = run(course, tmp_path / "out").stdout
    pointer = "1 group of hand-ins has the same file: see Similar hand-ins in summary.html."
    assert pointer in said.splitlines()
    assert "carol" not in said
    (course / "dora").mkdir()
    shutil.copy(course / "half_open_gates" / "implementation.py", course / "dora")
    said = run(course, tmp_path / "out").stdout
    assert "2 groups of hand-ins have the same file: see Similar" in said


def test_list_of_names_gives_nothing_to_import(course: Path, tmp_path: Path) -> None:
    roster = tmp_path / "names.csv"
    roster.write_text("Name,Email\nAlice,alice@example.org\n")
    said = " ".join(run(course, tmp_path / "out", "--roster", str(roster)).stdout.split())
    assert "no file to import was written" in said


def test_interrupted_run_keeps_what_is_done(course: Path, tmp_path: Path) -> None:
    (course / "slow").mkdir()
    (course / "slow" / "implementation.py").write_text("import time\ntime.sleep(1000)\n")
    out = tmp_path / "out"
    arguments = ["--only", "q5", "--jobs", "1", "--timeout", "200"]
    with subprocess.Popen(
        [sys.executable, "-m", "grader", course, "--out", out, *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("half_open_gates"):
                break
        # As Ctrl-C, which a shell lets its background jobs ignore.
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what is done is kept" in output
    rows = gradebook(out)
    assert {name: row["status"] for name, row in rows.items()} == {
        "alice": "graded",
        "bob": "cannot be read",
        "half_open_gates": "graded",
        "slow": "not done",
    }
    assert not list(out.glob("**/.partial-*"))


def test_gradescope_gets_a_result_of_a_single_hand_in_whatever_happens(tmp_path: Path) -> None:
    file, out = tmp_path / "results.json", tmp_path / "out"
    done = run(SUBMISSIONS / "alice", out, "--gradescope", str(file))
    assert done.returncode == 0
    assert json.loads(file.read_text())["score"] == 2
    (tmp_path / "empty").mkdir()
    done = run(tmp_path / "empty", out, "--gradescope", str(file))
    assert done.returncode == 2
    assert "nothing to grade" in json.loads(file.read_text())["output"]
    (tmp_path / "rubric.toml").write_text("[")
    done = run(
        SUBMISSIONS / "alice", out, "--gradescope", str(file), "--rubric",
        str(tmp_path / "rubric.toml"),
    )  # fmt: skip
    assert done.returncode == 2
    assert "score" not in json.loads(file.read_text())


def test_github_gets_a_summary_and_annotations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    (tmp_path / "eve").mkdir()
    raises = (
        "def init_gru_with_long_term_memory(*_):\n    raise ValueError('::error::taken over')\n"
    )
    (tmp_path / "eve" / "implementation.py").write_text(raises)
    done = run(tmp_path / "eve", tmp_path / "out", "--summary", "markdown")
    assert page.read_text() == "before\n" + (tmp_path / "out" / "summary.md").read_text()
    assert "Q5" in page.read_text()
    stop, *shown = done.stdout.splitlines()
    assert stop.startswith("::stop-commands::")
    token = stop.removeprefix("::stop-commands::")
    assert len(token) == 32
    start = shown.index(f"::{token}::")
    assert any("::error::taken over" in line for line in shown[:start])
    [annotation] = [line for line in shown[start + 1 :] if line.startswith("::")]
    assert re.match("::error file=.*eve/implementation.py,line=2,", annotation)


def test_what_was_not_reached_is_not_done_whatever_an_earlier_run_left(
    course: Path, tmp_path: Path
) -> None:
    request = Request(course, only=frozenset({"q5"}))
    tasks = plan(request, tmp_path / "out", tmp_path / "unpacked", regrade=False)
    earlier = Row(arrival=tasks[0].hand_in.arrival, status=Status.GRADED)
    tasks[0].out.mkdir(parents=True)
    (tasks[0].out / "row.json").write_text(earlier.model_dump_json())
    assert [row.status for row in rows_of(tasks, [])] == 3 * [Status.NOT_DONE]


def test_wrong_request_is_found_before_anything_is_graded(course: Path, tmp_path: Path) -> None:
    request = Request(course, only=frozenset({"q9"}))
    with pytest.raises(UsageError, match="q9"):
        plan(request, tmp_path / "out", tmp_path / "unpacked", regrade=False)
    (tmp_path / "private.csv").write_text("text\n")
    request = Request(course, model=ModelRequest(private_test=tmp_path / "private.csv"))
    with pytest.raises(UsageError, match=r"private\.csv \(--private-test\) cannot be used"):
        plan(request, tmp_path / "out", tmp_path / "unpacked", regrade=False)
    assert not (tmp_path / "out").exists()


def namesakes(folder: Path, *ids: str) -> Path:
    for id in ids:
        place = folder / f"Li Wei_{id}_assignsubmission_file_"
        if not place.exists():
            shutil.copytree(SUBMISSIONS / "alice", place)
    return folder


def test_results_follow_a_student_whose_name_another_has_too(tmp_path: Path) -> None:
    course = namesakes(tmp_path / "course", "2003")
    [first] = grade_many(course, tmp_path / "out", jobs=1, only=["q5"])
    page = (tmp_path / "out" / "Li_Wei" / "report.html").read_text(encoding="utf-8")
    assert "<h1>Li Wei</h1>" in page
    namesakes(course, "2004")
    rows = grade_many(course, tmp_path / "out", jobs=1, only=["q4"])
    assert {row.arrival.name: [q.id for q in row.questions] for row in rows} == {
        "Li_Wei-2003": ["q4", "q5"],
        "Li_Wei-2004": ["q4"],
    }
    assert not (tmp_path / "out" / "Li_Wei").exists()
    shutil.rmtree(course / "Li Wei_2004_assignsubmission_file_")
    [again] = grade_many(course, tmp_path / "out", jobs=1, only=["q4"])
    assert [question.id for question in again.questions] == ["q4", "q5"]
    assert again.arrival == first.arrival


def test_failure_of_the_whole_run_leaves_the_files_of_what_was_done(
    course: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    class Fails(LocalExecutor):
        def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
            yield next(super().run(tasks))
            raise HarnessError("the scheduler has ended")

    request = Request(course, only=frozenset({"q5"}))
    tasks = plan(request, tmp_path / "out", tmp_path / "unpacked", regrade=False)
    with pytest.raises(HarnessError, match="scheduler has ended"):
        grade_course(tasks, Fails(1, sandbox, request), tmp_path / "out", Rubric.load())
    lines = (tmp_path / "out" / "gradebook.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 4
    assert sum("not done" in line for line in lines) == 2


def test_what_a_killed_run_was_writing_is_removed(tmp_path: Path) -> None:
    half = tmp_path / "out" / "alice" / ".partial-abc"
    half.parent.mkdir(parents=True)
    half.write_text("{")
    os.utime(half)
    with alone_in(tmp_path / "out"):
        assert not half.exists()


def test_results_among_the_hand_ins_are_not_one_of_them(course: Path, tmp_path: Path) -> None:
    (course / "results" / "alice").mkdir(parents=True)
    (course / "results" / "alice" / "row.json").write_text("{}")
    request = Request(course, only=frozenset({"q5"}))
    tasks = plan(request, course / "results", tmp_path / "unpacked", regrade=False)
    assert [task.hand_in.arrival.name for task in tasks] == ["alice", "bob", "half_open_gates"]


@pytest.mark.parametrize(("inside", "said"), [("", "holds the hand-ins"), ("alice/out", "lies in")])
def test_results_where_hand_ins_are(course: Path, tmp_path: Path, inside: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plan(Request(course), course / inside, tmp_path / "unpacked", regrade=False)


def test_course_without_hand_ins(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    with pytest.raises(UsageError, match="no hand-ins"):
        plan(Request(tmp_path / "course"), tmp_path / "out", tmp_path / "unpacked", regrade=False)


def test_course_in_one_archive(course: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "export"), "zip", course)
    rows = grade_many(archive, tmp_path / "out", jobs=1, only=["q5"])
    assert {row.arrival.name: row.status for row in rows} == {
        "alice": Status.GRADED,
        "bob": Status.UNREADABLE,
        "half_open_gates": Status.GRADED,
    }


def test_nothing_stays_in_the_temporary_folder(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than the path of a socket may be.
    temporary = tmp_path / ("temporary" * 12)
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    archive = shutil.make_archive(str(tmp_path / "export"), "zip", course)
    done = run(Path(archive), tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert list(temporary.iterdir()) == []


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(UsageError, match="another run"), alone_in(tmp_path):
        pass
    with alone_in(tmp_path):
        pass


def test_one_hand_in_that_looks_like_many(course: Path, tmp_path: Path) -> None:
    done = run(course, tmp_path / "out", "--one")
    assert (tmp_path / "out" / "report.json").exists(), done.stderr
    assert not (tmp_path / "out" / "gradebook.csv").exists()


def test_folder_that_is_called_like_half_a_file_is_no_hindrance(tmp_path: Path) -> None:
    """Another run may be trying just now whether it can write there."""
    for place in (tmp_path / ".partial-abc", tmp_path / "alice" / ".partial-def"):
        place.mkdir(parents=True)
    (tmp_path / ".partial-ghi").touch()
    with alone_in(tmp_path):
        pass
    assert {file.name for file in tmp_path.iterdir()} == {".partial-abc", "alice"}
