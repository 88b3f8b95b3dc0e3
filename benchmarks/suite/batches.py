"""The figures of starting, of isolation and of courses."""

from __future__ import annotations

import statistics

from benchmarks.spread import spread
from benchmarks.suite.benchmark import Benchmark, Measured
from benchmarks.suite.record import Figure, Series


def cold_start(found: Measured) -> list[Figure]:
    """Q2 to Q6 against the import of torch, and against a plain pytest file."""
    times = found["seconds"]
    floor, plain, grade, whole = times.values()
    return [
        Figure(
            f"Q2 to Q6 from a cold start, against {name}",
            f"{statistics.median(grade):.1f} s against {statistics.median(other):.1f} s: "
            f"{spread(_ratios(grade, other))} times",
            "",
            tuple(_ratios(grade, other)),
            "times",
            goal,
            statistics.median(_ratios(grade, other)) <= found["goal"] if goal else None,
        )
        for name, other, goal in (
            ("`import torch`", floor, f"{found['goal']:g} times at most"),
            ("a plain pytest file with the same checks", plain, ""),
        )
    ] + [
        Figure(
            "all questions from a cold start, fixture corpus",
            spread(whole, "s", 1),
            "",
            tuple(whole),
            "s",
        )
    ]


def isolation_cost(found: Measured) -> list[Figure]:
    """What isolation adds to a worker."""
    cost, bar = found["cost_ms"], found["bar_ms"]
    text = f"{cost['median']:.0f} ms (quartiles {cost['lower']:.0f} and {cost['upper']:.0f})"
    values = (cost["lower"], cost["median"], cost["upper"])
    what, goal = "what isolation adds to a worker", f"under {bar:g} ms"
    return [Figure(what, text, "", values, "ms", goal, cost["median"] < bar)]


def course(found: Measured) -> list[Figure]:
    """A course against a process for each hand-in, and by its size."""
    own = [cost["wall_s"] for cost in found["grader"]]
    reached, count = found["reached"], found["count"]
    figures = []
    for peer in found["peers"]:
        goal = {"pytest": "at least 20 times", "otter": "at least 10 times"}[peer["name"]]
        what = f"a course of {count}, two at a time, against {peer['name']} for each hand-in"
        if not peer["course_s"]:
            figures.append(Figure(what, f"not measured: {peer['why_not']}", "", goal=goal))
            continue
        times = _ratios(peer["course_s"], own)
        text = (
            f"{spread(own, 's', 1)} against {spread(peer['course_s'], 's', 0)}: "
            f"{spread(times, '', 1)} times"
        )
        if found["sampled"]:
            text += f"; of {peer['name']} a sample of {found['sampled']} was run and scaled"
        figures.append(Figure(what, text, "", tuple(times), "times", goal, reached[peer["name"]]))
    cpu = [1000 * cost["cpu_s"] / count for cost in found["grader"]]
    memory = [cost["peak_mb"] for cost in found["costs"]]
    sizes = " ".join(map(str, found["counts"]))
    fit, alone = found["line"], found["one_job"]
    return [
        *figures,
        Figure(
            f"CPU of each, of {count}, all processes",
            spread(cpu, "ms", 0),
            "",
            tuple(cpu),
            "ms",
            "under 150 ms",
            reached["cpu"],
        ),
        Figure(
            f"time for {sizes} hand-ins",
            f"{1000 * fit['s_each']:.0f} ms each and {fit['s_start']:.1f} s once; at most "
            f"{fit['largest_part_off']:.0%} off that line",
            "",
            tuple(cost["wall_s"] for cost in found["costs"]),
            "s",
            "a line",
            reached["linear"],
        ),
        Figure(
            f"time for {count} hand-ins, one at a time and {found['jobs']} at a time",
            f"{alone['wall_s']:.1f} s and {statistics.median(own):.1f} s; peak memory of the "
            f"grader's process {alone['peak_mb']:.0f} and {max(memory):.0f} MB",
            "",
            (alone["wall_s"], statistics.median(own)),
            "s",
        ),
        Figure(
            f"peak memory of the grader's process, {sizes} hand-ins",
            f"{', '.join(f'{mb:.0f}' for mb in memory)} MB",
            "",
            tuple(memory),
            "MB",
            "flat",
            reached["memory"],
        ),
    ]


def course_series(found: Measured) -> list[Series]:
    """Time by size, with its line."""
    counts, fit = found["counts"], found["line"]
    points = [(float(n), cost["wall_s"]) for n, cost in zip(counts, found["costs"], strict=True)]
    line = [(float(n), fit["s_start"] + n * fit["s_each"]) for n in counts]
    return [Series("Grading a course", "hand-ins", "s", {"measured": points, "line": line})]


def kills(found: Measured) -> list[Figure]:
    """Killed runs that were resumed."""
    wrong, count = len(found["wrong"]), found["count"]
    same = "the same" if found["same_gradebook"] else "different"
    settled = [kill["settled_s"] for kill in found["kills"]]
    return [
        Figure(
            f"a run of {count} killed at random moments and resumed",
            f"killed {found['killed']} times; gradebook {same}; {wrong} things wrong; all "
            f"processes and scratch folders gone after {max(settled):.1f} s at most",
            "",
            tuple(settled),
            "s",
            "the same bytes, nothing left",
            not wrong,
        )
    ]


def warm(found: Measured) -> list[Figure]:
    """A submission inside a batch."""
    wholes = [sum(stages.values()) for stages in found["ms"]]
    cpu, goal = found["cpu_ms_each"], found["goal_ms"]
    middle = {s: statistics.median(e.get(s, 0.0) for e in found["ms"]) for s in found["ms"][0]}
    longest = sorted(middle, key=lambda stage: -middle[stage])[:3]
    return [
        Figure(
            "inside a batch, from a submission's path to its report, on one core",
            f"{spread(wholes, 'ms', 0)}; the longest: "
            + ", ".join(f"{stage} {middle[stage]:.0f} ms" for stage in longest)
            + f"; CPU {cpu['own']:.0f} ms here, {cpu['workers']:.0f} ms in workers",
            "",
            tuple(wholes),
            "ms",
            f"under {goal:g} ms",
            statistics.median(wholes) < goal,
        )
    ]


def _ratios(one: list[float], other: list[float]) -> list[float]:
    return [a / b for a, b in zip(one, other, strict=True)]


BENCHMARKS = (
    Benchmark("cold_start", cold_start, quick=("--rounds", "1", "--no-warm-up")),
    Benchmark("isolation_cost", isolation_cost, quick=("--rounds", "2")),
    Benchmark("warm", warm, quick=("--count", "2")),
    Benchmark(
        "course",
        course,
        quick=("--count", "2", "--counts", "3", "--sample", "1", "--rounds", "1", "--no-otter"),
        series=course_series,
    ),
    Benchmark("kills", kills, quick=("--count", "4", "--kills", "1"), exact=True),
)
