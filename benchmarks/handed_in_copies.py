"""A course made of copies of the examples, a tenth of them hostile, no two of them the same file.

Hostile are those examples and attacks that can be given to a grader without a sandbox, too: they
loop without end, take all memory, or end the process. What would harm the machine of such a grader
is left out; the tests have it.
"""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES, ATTACKS = ROOT / "submissions", ROOT / "tests" / "attacks"
CODE = "implementation.py"
HOSTILE = (
    EXAMPLES / "endless_loop",
    ATTACKS / "exit_at_import.py",
    EXAMPLES / "exits_early",
    ATTACKS / "segmentation_fault.py",
    EXAMPLES / "memory_hog",
)
HOSTILE_SHARE = 10
"""One of so many hand-ins is hostile."""
CALL_S, MEMORY_MB = 1.0, 1024
"""Small limits, so that the hostile tenth does not decide what is measured."""
RUBRIC = """
[limits]
call_s = {call_s}
timeouts = 1
memory_mb = {memory_mb}
"""


@dataclass(frozen=True)
class Copy:
    """One hand-in of the course."""

    folder: Path
    example: str
    hostile: bool

    @property
    def code(self) -> Path:
        """Its implementation.py, in whatever folder and case."""
        files = sorted(self.folder.rglob("*.py"))
        return next(file for file in files if file.name.lower() == CODE)


def make_course(folder: Path, count: int) -> list[Copy]:
    """Write the hand-ins student000, student001, … into ``folder``."""
    honest = itertools.cycle(
        [path for path in sorted(EXAMPLES.iterdir()) if path.is_dir() and path not in HOSTILE]
    )
    hostile = itertools.cycle(HOSTILE)
    copies = []
    for number in range(count):
        is_hostile = number % HOSTILE_SHARE == HOSTILE_SHARE - 1
        example = next(hostile if is_hostile else honest)
        copy = Copy(folder / f"student{number:03}", example.stem, is_hostile)
        if example.is_dir():
            shutil.copytree(example, copy.folder)
        else:
            copy.folder.mkdir(parents=True)
            shutil.copyfile(example, copy.folder / CODE)
        with copy.code.open("a", encoding="utf-8") as file:
            file.write(f"\n# copy {number}\n")
        copies.append(copy)
    return copies


def write_rubric(folder: Path, call_s: float = CALL_S) -> Path:
    """The rubric file with the small limits."""
    file = folder / "rubric.toml"
    file.write_text(RUBRIC.format(call_s=call_s, memory_mb=MEMORY_MB), encoding="utf-8")
    return file
