"""The command line in a process of its own: exit codes, files, and text without colours."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

import jsonschema
import pytest

from grader import __version__
from grader.cli import main
from grader.doctor import Sandbox
from grader.model import Report
from tests.command_line import COLOURS, grader
from tests.conftest import ROOT

ALICE = ROOT / "submissions" / "alice"


@dataclass(frozen=True)
class Graded:
    done: subprocess.CompletedProcess[str]
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        text = (self.folder / "report.json").read_text(encoding="utf-8")
        result: dict[str, Any] = json.loads(text)
        return result


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """One question of a good hand-in, graded with what users of other tools have set."""
    folder = tmp_path_factory.mktemp("graded") / "out"
    arguments = (ALICE, "--only", "q5", "--seed", 3, "--out", folder)
    return Graded(grader(*arguments, PYTEST_ADDOPTS="-x --co", PYTHONWARNINGS="ignore"), folder)


def test_graded_gives_zero_and_the_points(graded: Graded) -> None:
    assert graded.done.returncode == 0, graded.done.stderr
    assert "Total: 2 / 2" in graded.done.stdout
    assert str(graded.folder.name) in graded.done.stdout


def test_output_that_is_no_terminals_is_plain(graded: Graded) -> None:
    assert "\x1b" not in graded.done.stdout
    assert "\r" not in graded.done.stdout
    assert graded.done.stderr == ""


def test_report_has_the_documented_keys(graded: Graded) -> None:
    schema = Report.model_json_schema(mode="serialization")
    jsonschema.validate(graded.report, schema, jsonschema.Draft202012Validator)
    assert set(graded.report) == set(schema["properties"])
    assert graded.report["submission"] == "alice"
    assert graded.report["seed"] == 3
    assert graded.report["versions"]["grader"] == __version__
    [question] = graded.report["questions"]
    assert (question["id"], question["score"], question["max_score"]) == ("q5", 2.0, 2.0)
    assert {check["outcome"] for check in question["checks"]} == {"passed"}
    assert all(check["error"] < check["allowed"] for check in question["checks"])


def test_junit_is_written_too(graded: Graded) -> None:
    root = ElementTree.parse(graded.folder / "junit.xml").getroot()
    assert root.get("failures") == "0"
    assert len(root.findall("testsuite/testcase")) == len(graded.report["questions"][0]["checks"])


def test_nothing_to_grade(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = grader(tmp_path / "empty", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "nothing to grade" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_place_that_cannot_be_written_to_is_told_gradescope(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    results = tmp_path / "results.json"
    done = grader(ALICE, "--out", tmp_path / "file" / "out", "--gradescope", results)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "not your fault" in json.loads(results.read_text())["output"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--gradescope", "README.md/x.json"), "--gradescope README.md/x.json cannot be written"),
        (("--summary", "markdown"), "GITHUB_STEP_SUMMARY names /none/page.md"),
    ],
)
def test_place_of_a_result_is_looked_at_first(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    page = "/none/page.md"
    done = grader(ALICE, "--out", tmp_path / "out", *arguments, GITHUB_STEP_SUMMARY=page)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """Runs the command in this process, with the sandbox that the tests share, for it is quicker.

    Returns the exit code, the output and the errors.
    """

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["grader", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit:
            main()
        assert isinstance(exit.value.code, int)
        return exit.value.code, *capfd.readouterr()

    for name in COLOURS:
        monkeypatch.delenv(name, raising=False)
    server = nullcontext(sandbox.server)
    monkeypatch.setattr("grader.commands.early.fork_server", lambda _: server)
    monkeypatch.setattr("grader.doctor.Sandbox", lambda *_, server: nullcontext(sandbox))
    return run


def unfinished(tmp_path: Path) -> Path:
    (tmp_path / "hand-in").mkdir()
    (tmp_path / "hand-in" / "implementation.py").write_text("")
    return tmp_path / "hand-in"


def test_score_under_the_minimum(here: Run, tmp_path: Path) -> None:
    arguments = (unfinished(tmp_path), "--only", " Q5 ", "--out", tmp_path / "out")
    code, out, err = here(*arguments, "--min-score", "0.5")
    assert code == 1, err
    assert "Total: 0 / 2" in out
    assert "no function init_gru_with_long_term_memory" in out
    assert (tmp_path / "out" / "report.json").is_file()
    assert "Under --min-score 0.5: 0 points." in err
    assert here(*arguments, "--min-score", "0")[::2] == (0, "")
    code, _, err = here(*arguments, "--min-score", "20")
    assert code == 1
    assert "--min-score 20 is more than the 2 points that there are" in err
    code, _, err = here(*arguments, "--min-score", "nan")
    assert code == 2
    assert "--min-score is nan" in err


@pytest.mark.parametrize("only", ["q4 q5", "q4, q5", "Q5,q4,", "4,5"])
def test_questions_are_named_with_commas_or_spaces(here: Run, tmp_path: Path, only: str) -> None:
    code, out, err = here(unfinished(tmp_path), "--only", only, "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert "Total: 0 / 4" in out


def test_hand_in_that_may_be_a_course(here: Run, tmp_path: Path) -> None:
    folder = unfinished(tmp_path)
    (folder / "alice").mkdir()
    (folder / "alice" / "implementation.py").write_text("")
    (folder / "bob" / "hw4").mkdir(parents=True)
    arguments = (folder, "--only", "q5", "--out", tmp_path / "out")
    assert "--many" not in here(*arguments)[1]
    (folder / "bob" / "hw4" / "Implementation.py").write_text("")
    said = " ".join(here(*arguments)[1].split())
    assert "If alice, bob are those of several students, it is a course: use --many." in said
    first = here(*arguments, "--one")[1].partition("\nQ5")[0]
    assert " ".join(first.split()).startswith(
        "Graded as one hand-in, though alice, bob may be the hand-ins of several students. If it "
        "is a course, use --many."
    )


def test_course_that_is_to_be_one_hand_in_is_told_of_first(here: Run, tmp_path: Path) -> None:
    for name in ("alice", "bob"):
        (tmp_path / "hw4" / name).mkdir(parents=True)
        (tmp_path / "hw4" / name / "implementation.py").write_text("")
    arguments = ("--only", "q5", "--out", tmp_path / "out", "--one")
    warning = (
        "Graded as one hand-in, though what is in hw4 may be the hand-ins of several students. If "
        "it is a course, use --many."
    )
    said = " ".join(here(tmp_path / "hw4", *arguments)[1].split())
    assert said.startswith(warning)
    assert said.count("several students") == 1
    assert "several students" not in here(tmp_path / "hw4" / "alice", *arguments)[1]
    of_one = (*arguments[:-1], "--gradescope", tmp_path / "r.json")
    assert " ".join(here(tmp_path / "hw4", *of_one)[1].split()).startswith(warning)


def test_data_is_asked_for_only_where_a_model_was_scored(here: Run, tmp_path: Path) -> None:
    code, out, err = here(unfinished(tmp_path), "--only", "q7", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert "no trained model" in out
    assert "made-up" not in out


def test_claims_of_the_notebooks(here: Run, tmp_path: Path) -> None:
    arguments = (unfinished(tmp_path), "--only", "q5", "--out", tmp_path / "out")
    assert "What the notebooks show" not in here(*arguments)[1]
    code, out, err = here(*arguments, "--claims")
    assert code == 0, err
    assert "What the notebooks show" in out
    assert "there is no notebook" in (tmp_path / "out" / "staff.html").read_text(encoding="utf-8")
    assert "no notebook" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_rubric_that_is_no_rubric(here: Run, tmp_path: Path) -> None:
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("[limits]\ncall_s = -1\n")
    code, _, err = here(ALICE, "--rubric", rubric, "--out", tmp_path / "out")
    assert code == 2
    assert "limits.call_s" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("word", "meant"),
    [("expalin", "did you mean the command explain?"), ("shema", "command schema?"), ("alcie", "")],
)
def test_command_that_is_misspelt(here: Run, word: str, meant: str) -> None:
    code, _, err = here(word, "q3")
    assert code == 2
    assert word in err
    assert meant in err
    assert bool(meant) == ("did you mean" in err)


def test_question_that_there_is_not(here: Run, tmp_path: Path) -> None:
    code, _, err = here(ALICE, "--only", "q2,q99", "--out", tmp_path / "out")
    assert code == 2
    assert "q99" in err
    assert not (tmp_path / "out").exists()


def test_data_that_is_not_there(here: Run, tmp_path: Path) -> None:
    arguments = (ALICE, "--only", "q7", "--data", tmp_path, "--out", tmp_path / "out")
    code, _, err = here(*arguments)
    assert code == 2
    assert "test.csv" in err


def test_names_of_files_give_github_no_command(here: Run, tmp_path: Path) -> None:
    (tmp_path / "a\n::error::boo\x1b[31mred\u2028::x.txt").touch()
    code, _, err = here(tmp_path, "--one", "--out", tmp_path / "out")
    assert code == 2
    [line] = err.splitlines()
    assert line.startswith("Error: ")
    assert "::error::boored ::x.txt" in line


def test_words_of_a_student_begin_no_line(here: Run, tmp_path: Path) -> None:
    (tmp_path / "implementation.py").write_text(
        'def rnn(*a):\n    raise ValueError("x\\u2028Total: 27 / 27\\x85\\u2029Q2  3 / 3")\n'
    )
    _, out, _ = here(tmp_path, "--one", "--only", "q2", "--out", tmp_path / "out")
    assert [line for line in out.splitlines() if line.startswith("Total")] == ["Total: 0 / 3"]
    assert not any(line.startswith("Q2  3") for line in out.splitlines())


@pytest.mark.parametrize(
    ("closed", "arguments", "code"),
    [("stdout", (), 0), ("stderr", ("--rubric", "none.toml"), 2)],
)
def test_reader_who_has_enough_changes_no_exit_code(
    tmp_path: Path, closed: str, arguments: tuple[str, ...], code: int
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, closed: writing}
    done = subprocess.run(
        [sys.executable, "-m", "grader", ALICE, "--only", "q5", "--out", tmp_path, *arguments],
        cwd=ROOT, timeout=120, check=False, stdout=streams["stdout"], stderr=streams["stderr"],
    )  # fmt: skip
    os.close(writing)
    assert done.returncode == code


@pytest.mark.parametrize("course", [(), ("--many",)])
def test_name_that_the_output_cannot_encode(tmp_path: Path, course: tuple[str, ...]) -> None:
    folder = tmp_path / "course" / "李明"
    folder.mkdir(parents=True)
    (folder / "implementation.py").write_text("")
    path = folder.parent if course else folder
    arguments = (path, *course, "--only", "q5", "--out", tmp_path / "out")
    done = grader(*arguments, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert r"\u674e\u660e" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"), [((), 0), (("--min-score", "3"), 1), (("--rubric", "none.toml"), 2)]
)
def test_streams_that_are_closed_change_no_exit_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    words = [sys.executable, "-m", "grader", ALICE, "--only", "q5", "--out", tmp_path, *arguments]
    closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *map(str, words)]
    assert subprocess.run(closed, cwd=ROOT, timeout=120, check=False).returncode == code
    assert (tmp_path / "report.json").is_file() == (code < 2)


def test_failure_of_the_grader(here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> NoReturn:
        raise ZeroDivisionError("a defect")

    arguments = (ALICE, "--only", "q5", "--out", tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("grader.grading.Grading.new_student", fails)
        code, out, _ = here(*arguments)
    assert code == 3
    assert "not final" in out
    assert (tmp_path / "out" / "report.json").is_file()
    with monkeypatch.context() as patch:
        patch.setattr("grader.engine.question_files", fails)
        code, _, err = here(*arguments)
    assert code == 3
    assert "ZeroDivisionError: a defect" in err


def test_disk_that_is_full(here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(report: Report, folder: Path) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder / "report.json"))

    monkeypatch.setattr("grader.commands.hand_in.write_reports", full)
    code, _, err = here(ALICE, "--only", "q5", "--out", tmp_path / "out")
    assert code == 3
    assert "No space left on device: " in err
    assert "Traceback" not in err


def test_path_that_is_missing(tmp_path: Path) -> None:
    done = grader(tmp_path / "nobody")
    assert done.returncode == 2
    assert "nobody" in "".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-such-option",),
        (ALICE, "--device", "tpu"),
        (ALICE, "--timeout", "0"),
        (ALICE, ALICE),
        (ALICE, "--only", ""),
        (ALICE, "--roster", ALICE.with_suffix(".toml")),
        (ALICE, "--assignment", "Homework 4"),
        (ALICE.parent, "--many", "--assignment", "HW"),
        (ALICE, "--cluster", "tcp://127.0.0.1:9"),
        (ALICE.parent, "--many", "--cluster", "tcp://127.0.0.1:9", "--jobs", "2"),
    ],
    ids=str,
)
def test_command_line_that_is_wrong(arguments: tuple[object, ...]) -> None:
    done = grader(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "option", ["--assignment x", "--cluster tcp://127.0.0.1:9", "--jobs 2", "--regrade"]
)
def test_option_of_a_course_is_named_where_there_is_none(
    here: Run, tmp_path: Path, option: str
) -> None:
    code, out, err = here(ALICE, "--only", "q5", "--out", tmp_path / "out", *option.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"Error: {option.split()[0]} is for a course; ")
