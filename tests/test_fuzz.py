"""A short run of ``benchmarks.fuzz``: nothing hostile gets past the parsers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random

import pytest

from benchmarks.fuzz import bombed, mutated, shares
from benchmarks.fuzz_inputs import WireInputs, ZipInputs, folder
from benchmarks.fuzz_run import Runner, Tally
from benchmarks.fuzz_targets import Folder, Place, Target, Wire, Zip

SEED = 1


@pytest.fixture
def place() -> Iterator[Place]:
    with Place() as place:
        yield place


def failures(tally: Tally) -> list[str]:
    """What failed, with an input that does it again."""
    return [
        f"{crash.error} ({crash.where}): --reproduce {tally.target}:{crash.input[:2000]}"
        for crash in tally.crashes.values()
    ]


def run(target: Target, make: Callable[[], bytes], count: int) -> Tally:
    *_, tally = mutated(target, make, count)
    assert tally.inputs == count
    return tally


def test_streams_of_a_hostile_worker(place: Place) -> None:
    tally = run(Wire(place), WireInputs(Random(SEED)).make, 5000)
    assert failures(tally) == []
    # Inputs that are all refused at the first byte would say nothing.
    assert tally.accepted > 500
    assert len(tally.outcomes) > 10


def test_damaged_zips(place: Place) -> None:
    tally = run(Zip(place), ZipInputs(Random(SEED)).make, 1500)
    assert failures(tally) == []
    assert tally.accepted > 50
    assert len(tally.outcomes) > 5


def test_odd_folders(place: Place) -> None:
    rng = Random(SEED)
    tally = run(Folder(place), lambda: folder(rng), 100)
    assert failures(tally) == []
    assert tally.accepted > 10


def test_zip_bombs_take_no_memory(place: Place) -> None:
    tally = bombed(Zip(place))
    assert failures(tally) == []
    assert tally.accepted == 0


def test_what_is_raised_is_a_failure() -> None:
    class Raising:
        name = "wire"
        bound = 1 << 30

        def __call__(self, data: bytes) -> str:
            return str(json.loads(data))

        def bound_for(self, data: bytes) -> int:
            return self.bound

    runner = Runner(Raising(), "")
    for data in (b"[1, 2", b"[1", b"3"):
        runner.run(data)
    assert runner.tally.crashed == 2
    [crash] = runner.tally.crashes.values()
    assert (crash.count, crash.input) == (2, b"[1".hex())
    assert Tally.from_json(json.loads(json.dumps(vars(runner.tally), default=vars))) == runner.tally


def test_memory_beyond_the_bound_is_a_failure() -> None:
    class Greedy:
        name = "wire"
        bound = 8 << 20

        def __call__(self, data: bytes) -> str:
            # So much is never taken from what earlier tests have freed: malloc asks for new pages.
            return str(len(b"x" * (64 << 20)))

        def bound_for(self, data: bytes) -> int:
            return self.bound

    runner = Runner(Greedy(), "")
    runner.run(b"", traced=True)
    runner.run(b"")
    [crash] = runner.tally.crashes.values()
    assert crash.where == "memory"
    assert crash.count == 2


def test_nine_of_ten_inputs_are_messages() -> None:
    assert shares(1_000_000) == {"wire": 900_000, "zip": 98_000, "folder": 2000}
