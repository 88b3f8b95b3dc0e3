"""Coverage-guided inputs for ``benchmarks.fuzz``, with atheris, in a process of their own.

    python -m benchmarks.fuzz_guided wire 100000 0 tally.json

libFuzzer, on which atheris is built, keeps inputs that reach new lines of the grader (and of
``zipfile``) and mutates them further, half of the time with the structure-aware mutations of
``fuzz_inputs``. It never returns, so the process ends itself when it has run its inputs.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

SEEDS = 300
INSTRUMENTED = [
    *("grader.wire", "grader.answers", "grader.raised", "grader.student"),
    *("grader.handed_in.submission", "grader.archive", "zipfile"),
]
UNIT_S = 20
"""An input that takes longer is a failure."""


def available() -> bool:
    """Whether atheris is installed."""
    return importlib.util.find_spec("atheris") is not None


def main(name: str, count: int, seed: int, result: Path) -> None:
    """Run ``count`` inputs of the target ``name``; the tally goes to the file ``result``."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
        sys.modules.pop("zipfile", None)
        from benchmarks.fuzz_inputs import MAX_INPUT, WireInputs, ZipInputs
        from benchmarks.fuzz_run import Runner
        from benchmarks.fuzz_targets import Place, Target, Wire, Zip

    place = Place()
    target: Target = Wire(place) if name == "wire" else Zip(place)
    kind = WireInputs if name == "wire" else ZipInputs
    corpus = tempfile.TemporaryDirectory(prefix="grader-fuzz-corpus-")
    seeds = kind(Random(seed))
    for i in range(SEEDS):
        Path(corpus.name, f"{i:03}").write_bytes(seeds.make()[:MAX_INPUT])
    runner = Runner(target, "guided")

    def one(data: bytes) -> None:
        runner.run(data)
        if runner.tally.inputs >= count:
            result.write_text(json.dumps(asdict(runner.tally)))
            place.close()
            corpus.cleanup()
            os._exit(0)

    def mutate(data: bytes, max_size: int, its_seed: int) -> bytes:
        rng = Random(its_seed)
        if rng.random() < 0.5:
            return bytes(atheris.Mutate(data, max_size))
        return kind(rng).mutate(bytes(data))[:max_size]

    options = [
        f"-seed={seed + 1}",
        f"-max_len={MAX_INPUT}",
        f"-timeout={UNIT_S}",
        "-rss_limit_mb=0",
    ]
    options.append(f"-artifact_prefix={corpus.name}/")
    quiet = ["-verbosity=0", "-print_final_stats=0"]
    arguments = [sys.argv[0], corpus.name, *options, *quiet]
    atheris.Setup(arguments, one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
