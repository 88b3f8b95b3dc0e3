"""The figures that count the grader's mistakes."""

from __future__ import annotations

from benchmarks.suite.benchmark import Benchmark, Measured
from benchmarks.suite.record import Figure


def _count(what: str, text: str, wrong: int, goal: str) -> Figure:
    return Figure(what, text, "", (float(wrong),), "mistakes", goal, wrong == 0)


def false_failures(found: Measured) -> list[Figure]:
    """Correct work that was failed."""
    styles = found["styles"]
    used: dict[str, float] = {}
    for style in styles:
        used[style["function"]] = max(used.get(style["function"], 0.0), style["largest"])
    parts = ", ".join(f"{used[name]:.0%} by `{name}`" for name in ("rnn", "gru", "mha"))
    failures = len(found["failures"])
    what = f"correct work failed, of {found['draws']:,} draws in {len(styles)} correct styles"
    return [_count(what, f"{failures}; of the allowance is used at most {parts}", failures, "none")]


def causality(found: Measured) -> list[Figure]:
    """Models accused of looking ahead, rightly and wrongly."""
    models, named, accused = found["models"], found["named"], found["accused"]
    correct, falsely = models.get("correct", 0), accused.get("correct", 0)
    others = sum(models.values()) - correct
    rightly = sum(named.values()) - named.get("correct", 0)
    return [
        _count(
            f"correct models accused of looking ahead, of {correct} with random weights",
            str(falsely),
            falsely,
            "none",
        ),
        Figure(
            "kind told rightly for models that depend on more than the past",
            f"{rightly} of {others}; {len(found['failed'])} could not be run",
            "",
        ),
    ]


def kill_matrix(found: Measured) -> list[Figure]:
    """Known mistakes and answers without understanding, against the checks."""
    bad, known, trivial = len(found["bad"]), found["misconceptions"], found["trivial_answers"]
    what = (
        "misconceptions of Q2–Q6 that a graded check rejects and that are told from all others; "
        "trivial answers rejected"
    )
    text = f"{known} and {trivial}, but for {bad}, each with {found['seeds']} draws"
    return [_count(what, text, bad, "all")]


def diagnosis(found: Measured) -> list[Figure]:
    """Names given to mistakes."""
    optional = ("pairs", "known mistake:")
    return [
        Figure(
            name,
            f"{right} of {of}",
            "",
            (float(right), float(of)),
            "",
            "" if any(word in name for word in optional) else "all",
            None if any(word in name for word in optional) else right == of,
        )
        for name, (right, of) in found["groups"].items()
    ]


def mutation(found: Measured) -> list[Figure]:
    """Small changes of the right solutions."""
    unnoticed = len(found["unnoticed"])
    text = (
        f"{found['rejected']:,} of {found['mutants']:,}; {found['equivalent']} are as right as the "
        f"original, each with its reason; {unnoticed} not noticed"
    )
    return [_count("mutants of the reference solutions rejected", text, unnoticed, "all others")]


def fuzz(found: Measured) -> list[Figure]:
    """Hostile inputs of the parsers."""
    crashes = sum(len(run["crashes"]) for run in found["runs"])
    text = f"{crashes} defects found; {found['inputs'] / found['seconds']:,.0f} inputs a second"
    what = f"{found['inputs']:,} fuzzed inputs of the wire and the submission reader"
    return [_count(what, text, crashes, "none")]


def similarity(found: Measured) -> list[Figure]:
    """Copies and independent work."""
    threshold = found["threshold"]
    pairs = found["independent"]
    falsely = sum(share >= threshold for share in pairs)
    copies = [share for shares in found["copies"].values() for share in shares]
    missed = sum(share < threshold for share in copies)
    return [
        _count(
            f"independent right answers called similar, of {len(pairs):,} pairs",
            f"{falsely}; the most alike {max(pairs):.2f}, the threshold {threshold:.2f}",
            falsely,
            "none",
        ),
        _count(
            f"disguised copies missed, of {len(copies):,}",
            f"{missed}; the least alike {min(copies):.2f}",
            missed,
            "none",
        ),
    ]


BENCHMARKS = (
    Benchmark("false_failures", false_failures, quick=("--draws", "100"), exact=True),
    Benchmark("kill_matrix", kill_matrix, quick=("--seeds", "1", "--only", "q5"), exact=True),
    Benchmark(
        "diagnosis", diagnosis, quick=("--seeds", "1", "--count", "1", "--only", "q2"), exact=True
    ),
    Benchmark("mutation", mutation, quick=("--every", "400"), needs="cosmic_ray", exact=True),
    Benchmark("fuzz", fuzz, quick=("--inputs", "200", "--no-guide"), exact=True),
    Benchmark("similarity", similarity, quick=("--every", "4"), exact=True),
    Benchmark(
        "causality", causality, quick=("--sentences", "200", "--only", "GRU, one-hot"), exact=True
    ),
)
