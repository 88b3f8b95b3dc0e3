"""What ``explain`` says is what is graded, and nothing is run for it."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from grader.catalogue import QuestionText, question_files, read_question
from grader.errors import HarnessError, UsageError
from grader.explain import SECTIONS, in_full, in_short
from grader.rubric import Rubric
from tests.conftest import ROOT

FILES = question_files()
IDS = ["q2", "q3", "q4", "q5", "q6", "q7"]
DEFAULT = Rubric.load()


def text_of(shown: RenderableType, width: int = 500) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def explained(id: str, rubric: Rubric = DEFAULT) -> str:
    return text_of(in_full(read_question(FILES[id]), rubric))


def changed(tmp_path: Path, toml: str) -> Rubric:
    file = tmp_path / "rubric.toml"
    file.write_text(toml)
    return Rubric.load(file)


def collected(*options: str) -> Counter[tuple[str, str]]:
    """How often pytest would run each check of each question."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"),
            *("--submission", str(ROOT / "submissions" / "alice"), *options),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = re.findall(r"test_(q\d+)_\w+\.py::(?:Test\w+::)?test_(\w+)", done.stdout)
    assert found, done.stdout + done.stderr
    return Counter(found)


def told(question: QuestionText, *, advisory: bool | None = None) -> Counter[tuple[str, str]]:
    return Counter(
        {
            (question.question.id, check.name): check.cases
            or len(DEFAULT.language_model.thresholds)
            for check in question.checks
            if advisory in (None, check.advisory)
        }
    )


def test_questions_are_those_of_the_assignment() -> None:
    assert list(FILES) == IDS


def test_checks_are_those_that_pytest_collects() -> None:
    questions = [read_question(file) for file in FILES.values()]
    assert sum((told(q) for q in questions), Counter()) == collected()
    advisory = sum((told(q, advisory=True) for q in questions), Counter())
    assert advisory == collected("-m", "advisory")


@pytest.mark.parametrize("id", IDS)
def test_everything_of_a_question_is_told(id: str) -> None:
    question = read_question(FILES[id])
    said = explained(id)
    assert question.question.title in said
    assert question.about.split("\n")[0] in said
    for check in question.checks:
        assert check.name in said
        assert check.asks
        assert check.asks in said
    assert f"{DEFAULT.questions[id].points:g} points" in said
    assert "A correct call takes milliseconds" in said
    assert SECTIONS[id]


def test_graded_and_advisory_checks_stand_apart() -> None:
    graded, advisory = explained("q3").split("Advisory checks")
    assert "other_sizes (4 cases)" in graded
    assert "own_work" in graded
    assert "batch_of_one" in advisory


def test_values_are_those_of_the_rubric_in_force(tmp_path: Path) -> None:
    rubric = changed(
        tmp_path,
        """
        [questions.q4]
        points = 7
        why = "this course likes it"
        [questions.q4.graded]
        many_steps = true
        [questions.q4.visible]
        other_sizes = false
        [almost_rnn]
        max_difference = 0.25
        [limits]
        call_s = 99.0
        """,
    )
    said = explained("q4", rubric)
    graded, _ = said.split("Points")
    for words in ("7 points", "this course likes it", "max_difference = 0.25", "call_s = 99"):
        assert words in said
    assert "other_sizes (3 cases, students see only how it ended)" in graded
    assert "many_steps" in graded
    assert "Advisory" not in said


def test_own_work_is_advisory_where_torch_may_earn_points(tmp_path: Path) -> None:
    rubric = changed(tmp_path, "[torch_layers]\nearn_points = true\n")
    _, advisory = explained("q2", rubric).split("Advisory checks")
    assert "own_work" in advisory


def test_thresholds_and_reasons() -> None:
    said = explained("q7")
    assert "loss below 1.5: 2 points more (the assignment's text: 10 points together)" in said
    assert "look_ahead_nats = 0.01" in said
    assert "TF32" in said
    assert "call_s = 600" in said


def test_all_in_short() -> None:
    said = text_of(in_short([read_question(file) for file in FILES.values()], DEFAULT))
    assert re.search(r"Q3 +GRU +5 +6 graded, 6 advisory +gru", said)
    assert re.search(r"Q7 +Character language model +10 +5 graded, 5 advisory", said)
    assert "27 points in all" in said


def test_narrow_terminal() -> None:
    said = text_of(in_full(read_question(FILES["q7"]), DEFAULT), width=60)
    assert max(map(len, said.splitlines())) <= 60


def test_question_that_the_rubric_does_not_know(tmp_path: Path) -> None:
    file = tmp_path / "test_q9_new.py"
    file.write_text('QUESTION = Question(id="q9", title="New")\ndef test_a(check):\n    """Ask."""')
    question = read_question(file)
    assert [(c.name, c.asks, c.cases) for c in question.checks] == [("a", "Ask.", 1)]
    with pytest.raises(UsageError, match="q9"):
        in_full(question, DEFAULT)


@pytest.mark.parametrize("source", ["", "QUESTION = make()", "QUESTION = Question(id=name())"])
def test_file_without_a_question_that_can_be_read(tmp_path: Path, source: str) -> None:
    file = tmp_path / "test_q9_new.py"
    file.write_text(source)
    with pytest.raises(HarnessError, match="test_q9_new"):
        read_question(file)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; from grader.cli import main\n"
        "try: main()\n"
        "finally: print('torch' in sys.modules, file=sys.stderr)"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), (" Q3 ",)])
def test_command_is_plain_and_needs_no_torch(arguments: tuple[str, ...]) -> None:
    done = command("explain", *arguments)
    assert done.returncode == 0, done.stderr
    assert "GRU" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr.strip() == "False"


def test_command_with_a_question_that_there_is_not() -> None:
    done = command("explain", "q99")
    assert done.returncode == 2
    assert "there is no question q99; there are q2, q3" in done.stderr


@pytest.mark.parametrize(("check", "is_one"), [("many_steps", True), ("none", False)])
def test_rubric_may_name_a_check_that_is_not_selected(
    tmp_path: Path, check: str, is_one: bool
) -> None:
    (tmp_path / "rubric.toml").write_text(f"[questions.q4.graded]\n{check} = true\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("--submission", ROOT / "submissions" / "alice", "-k", "q4 and notebook_case"),
            *("--submission-rubric", tmp_path / "rubric.toml"),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ("names no check" in done.stdout) is not is_one
    assert (done.returncode == 0) is is_one
