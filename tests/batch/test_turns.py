"""Turns: never more at once than there are, and none lost with a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from grader.batch.turns import Turns, model_turns
from grader.rubric import Rubric
from tests.conftest import ROOT

HOLDER = """
import os, sys
from pathlib import Path
from grader.batch.turns import Turns
with Turns(Path(sys.argv[1]), 1):
    print("mine", flush=True)
    sys.stdin.readline()
    os._exit(9)
"""
WAITER = """
import sys
from pathlib import Path
from grader.batch.turns import Turns
print("waiting", flush=True)
with Turns(Path(sys.argv[1]), 1):
    print("mine", flush=True)
"""


def started(code: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, folder],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_turn_of_a_process_that_died_is_free_again(tmp_path: Path) -> None:
    with started(HOLDER, tmp_path) as holder, started(WAITER, tmp_path) as waiter:
        assert holder.stdout is not None
        assert waiter.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        assert waiter.stdout.readline() == "waiting\n"
        holder.communicate("end\n", timeout=60)
        assert waiter.stdout.readline() == "mine\n"
        waiter.communicate(timeout=60)
    assert (holder.returncode, waiter.returncode) == (9, 0)


def test_turns_are_given_back_and_as_many_as_there_are(tmp_path: Path) -> None:
    for _ in range(3):
        with Turns(tmp_path, 2), Turns(tmp_path, 2):
            pass


def test_there_is_always_a_turn() -> None:
    rubric = Rubric.load()
    limits = rubric.limits.model_copy(update={"memory_mb": 1 << 40, "questions": {}})
    assert model_turns("cpu", rubric.model_copy(update={"limits": limits})) == 1
    small = rubric.limits.model_copy(update={"memory_mb": 64, "questions": {}})
    assert model_turns("cpu", rubric.model_copy(update={"limits": small})) > 1
