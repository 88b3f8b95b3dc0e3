"""The benchmarks of the suite, by name."""

from __future__ import annotations

from benchmarks.suite import batches, judgement, model
from benchmarks.suite.benchmark import Benchmark

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (*batches.BENCHMARKS, *model.BENCHMARKS, *judgement.BENCHMARKS)
}
"""In the order in which they run and stand in the README."""
