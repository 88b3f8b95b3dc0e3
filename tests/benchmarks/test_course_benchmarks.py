"""What the benchmarks of courses are made of: copies, peers, costs, stages, and kills."""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from benchmarks import peer_otter, peer_pytest, plain_checks
from benchmarks.counted import counted
from benchmarks.course import line
from benchmarks.course_peers import sample
from benchmarks.handed_in_copies import Copy, make_course, write_rubric
from benchmarks.kills import broken, moments
from benchmarks.resumable_run import Run
from benchmarks.stages import Stages
from grader.rows import Arrival, Row, Status
from grader.rubric import Rubric
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> list[Copy]:
    return make_course(tmp_path_factory.mktemp("course"), 60)


def implementation(name: str) -> ModuleType:
    file = ROOT / "submissions" / name / "implementation.py"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_two_copies_are_the_same_and_a_tenth_is_hostile(course: list[Copy]) -> None:
    assert len({copy.code.read_bytes() for copy in course}) == 60
    assert sum(copy.hostile for copy in course) == 6
    assert len({copy.example for copy in course if copy.hostile}) == 5


def test_rubric_of_the_course_has_small_limits(tmp_path: Path) -> None:
    limits = Rubric.load(write_rubric(tmp_path)).limits_for("q2")
    assert (limits.call_s, limits.timeouts, limits.memory_mb) == (1.0, 1, 1024)


def test_sample_has_honest_ones_and_each_kind_of_hostile_ones(course: list[Copy]) -> None:
    picked = sample(course, 4)
    assert sum(not copy.hostile for copy in picked) == 4
    assert len({copy.example for copy in picked if copy.hostile}) == 5
    assert len(picked) == 9


@pytest.mark.parametrize("question", plain_checks.QUESTIONS)
def test_plain_checks_pass_right_work(question: str) -> None:
    function = getattr(implementation("alice"), plain_checks.QUESTIONS[question])
    getattr(plain_checks, question)(function)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("q2", "notebook_sizes_only"),
        ("q3", "reset_gate_first"),
        ("q4", "half_open_gates"),
        ("q5", "half_open_gates"),
        ("q6", "unscaled_attention"),
    ],
)
def test_plain_checks_fail_wrong_work(question: str, name: str) -> None:
    function = getattr(implementation(name), plain_checks.QUESTIONS[question])
    with pytest.raises((AssertionError, ValueError)):
        getattr(plain_checks, question)(function)


def test_plain_checks_make_as_many_draws_as_the_graded_ones() -> None:
    lists = (plain_checks.RECURRENT, plain_checks.ATTENTION, plain_checks.AS_RNN)
    assert [len(sizes) for sizes in (*lists, plain_checks.MEMORY)] == [13, 13, 16, 8]


def test_pytest_file_has_a_test_for_each_question(course: list[Copy], tmp_path: Path) -> None:
    file = peer_pytest.prepare(course[0], tmp_path / "one")
    assert file.read_text().count("def test_") == 5
    names = {path.name for path in file.parent.iterdir()}
    assert names == {"implementation.py", "plain_checks.py", "test_homework.py"}


def test_otter_gets_the_same_checks(tmp_path: Path) -> None:
    with zipfile.ZipFile(peer_otter.make_autograder(tmp_path)) as archive:
        tests = [name for name in archive.namelist() if name.startswith("tests/")]
        assert tests == [f"tests/q{number}.py" for number in range(2, 7)]
        for name in tests:
            compile(archive.read(name), name, "exec")
        checks = archive.read("files/plain_checks/__init__.py").decode()
    assert checks == Path(plain_checks.__file__).read_text("utf-8")


def test_line_through_times() -> None:
    slope, start, off = line([10, 20, 40], [3.0, 4.0, 6.0])
    assert [slope, start] == pytest.approx([0.1, 2.0])
    assert off == pytest.approx(0.0, abs=1e-9)
    assert line([10, 20, 40], [3.0, 4.0, 9.0])[2] > 0.05


def test_cost_is_that_of_the_command() -> None:
    # It runs long enough to be looked at while it does.
    code = "import os; print(os.environ['WORD']); sum(range(10_000_000)); exit(3)"
    cost = counted([sys.executable, "-c", code], {"WORD": "x"})
    assert (cost.exit_code, cost.said) == (3, "x\n")
    assert cost.peak_mb > 1


def test_time_of_a_stage_is_without_the_stages_within(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: Iterator[float] = iter((0.0, 1.0, 3.0, 7.0))
    monkeypatch.setattr("benchmarks.stages.time.perf_counter", lambda: next(ticks))
    stages = Stages()
    with stages.stage("outer"), stages.stage("inner"):
        pass
    assert stages.seconds == {"outer": 1.0 + 4.0, "inner": 2.0}


def test_kills_come_in_order_while_something_is_left_to_do() -> None:
    planned = moments(100, 20, Random(0))
    assert len(planned) == 20
    assert [m.done for m in planned] == sorted(m.done for m in planned)
    assert all(0 <= m.done < 90 and 0 <= m.part < 1 for m in planned)


def test_what_a_kill_has_broken_is_told(tmp_path: Path) -> None:
    run = Run(tmp_path / "course", tmp_path / "out", tmp_path / "r.toml", tmp_path / "temp", 1)
    for name, status in (("whole", Status.UNREADABLE), ("lacking", Status.GRADED)):
        row = Row(arrival=Arrival(name=name), status=status)
        (tmp_path / "out" / name).mkdir(parents=True)
        (tmp_path / "out" / name / "row.json").write_text(row.model_dump_json())
    (tmp_path / "out" / "half").mkdir()
    (tmp_path / "out" / "half" / "row.json").write_text('{"arrival": ')
    before = {"whole": run.rows()["whole"]}
    assert sorted(broken(run, before)) == [
        "half/row.json cannot be read",
        "lacking has a row and no report that goes with it",
    ]
    assert "whole was done and has been graded again" in list(broken(run, {"whole": 1}))
