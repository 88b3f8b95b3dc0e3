"""The benchmarks' figures: how they are kept, and that the README shows the kept ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import chosen, good
from benchmarks.suite import kept
from benchmarks.suite.batches import course, course_series, kills
from benchmarks.suite.plots import plot
from benchmarks.suite.record import Figure, Result, Series, read
from benchmarks.suite.registry import BENCHMARKS
from tests.conftest import ROOT

FIGURE = Figure("a thing", "2 s | 3 s", "python -m benchmarks.thing", (2.0, 3.0), "s", "fast", True)
SERIES = Series("time", "n", "s", {"measured": [(1.0, 2.0), (2.0, 3.0)]})
RESULT = Result("cold_start", {"cpu": "a cpu", "cores": "2"}, (FIGURE,), (SERIES,), seconds=1.5)
COST = {"wall_s": 10.0, "cpu_s": 20.0, "peak_mb": 250.0, "exit_code": 0, "said": ""}
COURSE = {
    "count": 200,
    "sampled": 15,
    "grader": [COST, {**COST, "wall_s": 20.0}],
    "peers": [
        {"name": "pytest", "course_s": [300.0, 500.0], "why_not": ""},
        {"name": "otter", "course_s": [], "why_not": "left out"},
    ],
    "counts": [50, 100],
    "costs": [COST, COST],
    "one_job": COST,
    "jobs": 2,
    "line": {"s_each": 0.05, "s_start": 3.0, "largest_part_off": 0.02},
    "reached": {"pytest": True, "otter": None, "cpu": True, "memory": True, "linear": False},
}


def test_table_of_the_readme_is_that_of_the_kept_figures() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert kept.with_table(readme, kept.kept()) == readme


def test_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "cold_start.json"
    file.write_text(RESULT.to_json())
    assert read(file) == RESULT


def test_new_result_takes_the_place_of_the_kept_one(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    file.write_text(json.dumps([json.loads(replace(RESULT, seconds=9.0).to_json())]))
    other = replace(RESULT, name="kills")
    assert kept.keep([RESULT, other], file) == []
    assert kept.kept(file) == [RESULT, other]


@pytest.mark.parametrize(
    "result",
    [
        replace(RESULT, quick=True),
        replace(RESULT, failed="it ended early"),
        Result("cold_start", {}, passed_over="it is not installed"),
    ],
)
def test_what_says_nothing_is_not_kept(result: Result, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    file.write_text("[]")
    assert kept.keep([result], file) == ["cold_start"]
    assert kept.kept(file) == []


def test_table_names_each_machine_once_and_what_was_missed() -> None:
    missed = replace(RESULT, figures=(replace(FIGURE, reached=False),))
    text = kept.table([RESULT, missed, replace(RESULT, machine={"cpu": "another"})])
    assert text.count("Measured on a cpu, 2 cores.") == 1
    assert text.count("Measured on another.") == 1
    assert r"| a thing | 2 s \| 3 s | `python -m benchmarks.thing` |" in text
    assert "(goal: fast; not reached)" in text


def test_readme_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="figures"):
        kept.with_table("# Grader\n", [])


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_benchmark_of_the_suite_can_be_called(name: str) -> None:
    source = (ROOT / "benchmarks" / f"{name}.py").read_text("utf-8")
    assert '"--json"' in source
    for option in (*BENCHMARKS[name].full, *BENCHMARKS[name].quick):
        if option.startswith("--"):
            words = option.removeprefix("--").removeprefix("no-")
            assert words.replace("-", "_") in source, option


def test_names_are_chosen_in_the_order_of_the_suite() -> None:
    assert chosen("kills, cold_start") == ["cold_start", "kills"]
    assert chosen("") == list(BENCHMARKS)


def test_goals_of_speed_do_not_count_in_a_quick_run() -> None:
    missed = replace(RESULT, figures=(replace(FIGURE, reached=False),))
    assert not good(missed)
    assert good(replace(missed, quick=True))
    assert not good(replace(missed, quick=True, failed="it ended early"))


def test_course_is_told_with_its_ratios_and_what_was_not_measured() -> None:
    pytest_, otter, cpu, line, jobs, memory = course(COURSE)
    assert pytest_.values == (30.0, 25.0)
    assert "a sample of 15" in pytest_.text
    assert (otter.text, otter.reached) == ("not measured: left out", None)
    assert cpu.values == (100.0, 100.0)
    assert (line.reached, memory.reached) == (False, True)
    assert jobs.values == (10.0, 15.0)
    [series] = course_series(COURSE)
    assert series.lines["line"] == [(50.0, 5.5), (100.0, 8.0)]


def test_kills_are_told_with_what_was_wrong() -> None:
    found = {"count": 9, "killed": 1, "same_gradebook": False, "kills": [{"settled_s": 0.5}]}
    [figure] = kills({**found, "wrong": ["the gradebooks differ"]})
    assert figure.reached is False
    assert "gradebook different" in figure.text


def test_pictures_are_drawn_of_values_and_series(tmp_path: Path) -> None:
    names = {file.name for file in plot(RESULT, tmp_path)}
    drawn = {"cold_start-s.png", "cold_start-s.svg", "cold_start-0.png", "cold_start-0.svg"}
    assert names == drawn == {file.name for file in tmp_path.iterdir()}
