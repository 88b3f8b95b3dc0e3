"""Does a killed run lose anything, or leave anything behind? It must not, whenever it is killed.

    python -m benchmarks.kills

A course with a hostile tenth is graded once undisturbed. Then it is graded anew, and the grader's
process is killed with SIGKILL 20 times, each time when a random number of hand-ins is done and a
random moment more has gone by, which for some is while the grader still starts; the same command
goes on each time. At the end the gradebook must have the same bytes as the undisturbed run's.

After each kill: within SETTLE_S no process of the run is left, and no scratch folder ``grader-*``
in the temporary folder, which is the run's own; every row.json can be read and has its report; what
was done before is as it was; and what was still being written counts for nothing. A row that says
that the grader failed is nothing done, and graded again; such rows are counted, since a job that
outlives the kill, without its workers, can write one.

Exits with code 1 when any of that does not hold.
"""

from __future__ import annotations

import json
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Annotated

import psutil
import typer
from rich.console import Console

from benchmarks.counted import adopt_orphans, wait_for_all
from benchmarks.handed_in_copies import make_course, write_rubric
from benchmarks.machine import machine
from benchmarks.resumable_run import LOOK_S, Run
from grader.batch.results import read_earlier, read_row
from grader.reports.files import PARTIAL
from grader.rows import ROW_FILE, Status

CALL_S = 3.0
"""A busy machine must not make a timeout of a right answer: the two runs would differ by it."""
SETTLE_S = 5.0


@dataclass(frozen=True)
class Kill:
    """One kill and what was found after it."""

    done: int
    """Hand-ins that were done."""
    after_s: float
    """Since the command was started."""
    killed: bool
    """False: the run had ended by itself."""
    settled_s: float
    """Until no process and no scratch folder was left."""
    partial: int
    """Files that were being written."""
    failures: int
    """Rows that say that the grader failed."""
    left_in_temp: tuple[str, ...]
    """Whatever is still in the temporary folder; it is removed before the next run."""
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        how = "killed" if self.killed else "ended by itself"
        return (
            f"{how} after {self.after_s:.1f} s, {self.done} done, {self.partial} being written, "
            f"{self.failures} failed; settled in {self.settled_s:.1f} s; left in the temporary "
            f"folder: {', '.join(self.left_in_temp) or 'nothing'}; wrong: "
            f"{'; '.join(self.wrong) or 'nothing'}"
        )


@dataclass(frozen=True)
class Moment:
    """When to kill: when so many hand-ins are done and a part of what one takes has gone by.

    Where they are done already, it is that part of what the run takes to start.
    """

    done: int
    part: float


def kill(run: Run, moment: Moment, first_s: float, each_s: float) -> Kill:
    """Start or resume the run, kill it at the moment, and look what is left."""
    failures = run.failures()
    before = {name: written for name, written in run.rows().items() if name not in failures}
    whole_s = first_s if len(run.rows()) >= moment.done else 2 * each_s
    start = time.perf_counter()
    process = run.start()
    while process.poll() is None and len(run.rows()) < moment.done:
        time.sleep(LOOK_S)
    time.sleep(moment.part * whole_s)
    process.send_signal(signal.SIGKILL)
    killed = process.wait() == -signal.SIGKILL
    at = time.perf_counter()
    wrong = []
    if not wait_for_all(SETTLE_S):
        left = psutil.Process().children(recursive=True)
        wrong += [f"{child.name()} {child.pid} still runs" for child in left]
    while run.scratch() and time.perf_counter() - at < SETTLE_S:
        time.sleep(LOOK_S)
    settled = time.perf_counter() - at
    wrong += [f"{folder.name} is still there" for folder in run.scratch()]
    wrong += broken(run, before)
    partial = len(list(run.out.glob(f"*/{PARTIAL}*"))) + len(list(run.out.glob(f"{PARTIAL}*")))
    failed = len(run.failures())
    return Kill(
        done=len(run.rows()) - failed,
        after_s=at - start,
        killed=killed,
        settled_s=settled,
        partial=partial,
        failures=failed,
        left_in_temp=run.clear_temp(),
        wrong=tuple(wrong),
    )


def broken(run: Run, before: dict[str, int]) -> Iterator[str]:
    """What is wrong with the results that are there."""
    now = run.rows()
    for name in now:
        row = read_row(run.out / name)
        if row is None:
            yield f"{name}/{ROW_FILE} cannot be read"
        elif row.status is Status.GRADED and read_earlier(run.out / name) is None:
            yield f"{name} has a row and no report that goes with it"
    for name, written in before.items():
        if now.get(name) != written:
            yield f"{name} was done and has been graded again"


def moments(count: int, kills: int, rng: Random) -> list[Moment]:
    """Random moments in their order; the last tenth is left for the run after the last kill."""
    done = sorted(rng.randrange(max(1, count * 9 // 10)) for _ in range(kills))
    return [Moment(number, rng.random()) for number in done]


def main(
    count: Annotated[int, typer.Option(min=1, help="Hand-ins.")] = 100,
    kills: Annotated[int, typer.Option(min=1)] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of the random moments.")] = 0,
    jobs: Annotated[int, typer.Option(min=1)] = 2,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Grade, kill, look, resume and compare; exit with 1 when anything is wrong."""
    adopt_orphans()
    console = Console(width=120, highlight=False)
    with tempfile.TemporaryDirectory(prefix="benchmark-kills-") as name:
        place = Path(name)
        make_course(place / "course", count)
        rubric = write_rubric(place, CALL_S)
        quiet, disturbed = (
            Run(place / "course", place / side, rubric, place / f"{side}-temp", jobs)
            for side in ("undisturbed", "killed")
        )
        first, seconds = quiet.finish()
        console.print(f"undisturbed: {count} hand-ins in {seconds:.1f} s")
        found = []
        for moment in moments(count, kills, Random(seed)):
            found.append(kill(disturbed, moment, first, (seconds - first) / count))
            console.print(f"kill {len(found)}: {found[-1]}")
        _, rest_s = disturbed.finish()
        same = quiet.gradebook() == disturbed.gradebook()
        partial = list(disturbed.out.rglob(f"{PARTIAL}*"))
    killed = sum(each.killed for each in found)
    wrong = [words for each in found for words in each.wrong]
    wrong += [] if same else ["the gradebooks differ"]
    wrong += [f"{file.name} is left at the end" for file in partial]
    console.print(
        f"killed {killed} times; the last run needed {rest_s:.1f} s; gradebooks "
        f"{'the same' if same else 'differ'}; {len(wrong)} things wrong",
        *wrong,
        sep="\n",
    )
    if out is not None:
        figures = {
            "machine": machine(),
            "count": count,
            "undisturbed_s": seconds,
            "kills": [asdict(each) for each in found],
            "killed": killed,
            "same_gradebook": same,
            "wrong": wrong,
        }
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if wrong:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
