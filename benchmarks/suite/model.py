"""The figures of the language model: scoring, training, encoding and memory."""

from __future__ import annotations

import statistics

from benchmarks.spread import spread
from benchmarks.suite.benchmark import Benchmark, Measured
from benchmarks.suite.record import Figure

SHARE = 0.85
"""Of the rate of a bare matrix product, at least, as the goal."""


def scoring(found: Measured) -> list[Figure]:
    """Against the notebook's loop, and against the machine's matrix product."""
    notebook, _, sandboxed = (side["seconds"] for side in found["sides"].values())
    times = [a / b for a, b in zip(notebook, sandboxed, strict=True)]
    own, onednn = found["share_of_product"].values()
    what = (
        f"scoring the given model on {found['sentences']:,} sentences, against the notebook's loop"
    )
    of_product = "the given model's operations, as a part of those of a bare matrix product"
    least = 1.5 if found["device"] == "cpu" else 10.0
    figures = [
        Figure(
            what,
            f"{spread(times)} times as fast",
            "",
            tuple(times),
            "times",
            f"at least {least:g} times",
            statistics.median(times) >= least,
        )
    ]
    if own is not None:
        text = f"{own:.0%} of torch's own, {onednn:.0%} of oneDNN's"
        goal = "at least 85% of torch's own"
        figures.append(Figure(of_product, text, "", (own, onednn), "share", goal, own >= SHARE))
    return figures


def training(found: Measured) -> list[Figure]:
    """Against the notebook's loop at equal epochs."""
    base, *others = found["sides"].items()
    figures = []
    for name, side in others:
        times = [a / b for a, b in zip(side["rates"], base[1]["rates"], strict=True)]
        figures.append(
            Figure(
                f"training the given model on {found['sentences']:,} sentences ({name}), against "
                "the notebook's loop",
                f"{spread(times)} times as fast; test loss {spread(side['losses'], '', 3)} against "
                f"{spread(base[1]['losses'], '', 3)}",
                "",
                tuple(times),
                "times",
                "no slower" if found["device"] == "cpu" else "at least 5 times",
                sum(times) / len(times) >= (1.0 if found["device"] == "cpu" else 5.0),
            )
        )
    return figures


def encoding(found: Measured) -> list[Figure]:
    """Against the notebook's functions."""
    times = [a / b for a, b in zip(found["notebook_s"], found["grader_s"], strict=True)]
    what = f"encoding {found['sentences']:,} sentences, against the notebook's functions"
    text = f"{spread(times, '', 0)} times as fast, the same arrays"
    goal = "at least 50 times"
    return [Figure(what, text, "", tuple(times), "times", goal, found["ratio"] >= 50)]


def parent_memory(found: Measured) -> list[Figure]:
    """The grader's own process while it scores."""
    small, large = found["peak_mb"].items()
    text = f"{small[1]:.0f} and {large[1]:.0f} MB"
    what = (
        f"peak memory of the grader's process, {int(small[0]):,} and {int(large[0]):,} test "
        "sentences"
    )
    return [Figure(what, text, "", (small[1], large[1]), "MB")]


BENCHMARKS = (
    Benchmark("scoring", scoring, quick=("--sentences", "40", "--rounds", "1"), data=True),
    Benchmark(
        "training",
        training,
        full=("--sentences", "2000", "--repeat", "5", "--sandbox"),
        quick=("--sentences", "130", "--test-sentences", "20", "--repeat", "1", "--no-warm-up"),
        data=True,
    ),
    Benchmark("encoding", encoding, quick=("--rounds", "1"), data=True),
    Benchmark("parent_memory", parent_memory, quick=("--times", "2"), data=True),
)
