"""Of code whose time or memory is up it is said where it was."""

from __future__ import annotations

import pytest

from grader.model import Outcome
from grader.stopped import MOST_LINES
from tests.conftest import LIMITS, Handing
from tests.student_support import GOOD, ONE_SECOND, assert_still_answers, failure

SHORT = ONE_SECOND.replace("call_s = 1", "call_s = 0.3")
ENDLESS = """
    from sums import add_up
    def good(x): return 2 * x
    def rnn(x):
        for row in x:
            add_up(row)
"""
SUMS = """
    def add_up(row):
        total = 0
        while True:
            for value in row:
                total += value
"""


def test_loop_without_end_and_the_calls_it_is_in(hand_in: Handing) -> None:
    student = hand_in(ENDLESS, limits=SHORT, sums=SUMS)
    failed = failure(student)
    assert failed.outcome is Outcome.TIMEOUT
    assert failed.message.endswith(
        "When it was stopped, it was in the while loop at line 4 of sums.py."
    )
    outer, inner = failed.traceback
    assert (outer.file, outer.line, outer.function) == ("implementation.py", 6, "rnn")
    assert outer.code == "add_up(row)"
    assert (inner.file, inner.function) == ("sums.py", "add_up")
    assert inner.line in {4, 5, 6}
    assert_still_answers(student)


def test_for_loop_where_no_while_is_around(hand_in: Handing) -> None:
    code = "import itertools\ndef rnn(x):\n    for _ in itertools.count():\n        pass\n"
    failed = failure(hand_in(code, limits=SHORT))
    assert "it was in the for loop at line 3 of implementation.py." in failed.message


def test_call_that_waits(hand_in: Handing) -> None:
    failed = failure(hand_in("import time\ndef rnn(x):\n    time.sleep(99)\n", limits=SHORT))
    assert "it was at line 3 of implementation.py." in failed.message
    assert failed.traceback[-1].code == "time.sleep(99)"


def test_import_without_end(hand_in: Handing) -> None:
    limits = SHORT + "load_s = 0.3\n"
    failed = failure(hand_in("while True:\n    pass\n", limits=limits))
    assert "Importing implementation.py did not finish" in failed.message
    assert "it was in the while loop at line 1 of implementation.py." in failed.message


def test_line_that_takes_all_memory(hand_in: Handing) -> None:
    code = """
        import numpy as np
        def rnn(x):
            rows = []
            while True:
                rows.append(np.ones(1 << 20))
    """
    failed = failure(hand_in(code, limits=LIMITS + "memory_mb = 600\n"))
    assert failed.outcome is Outcome.OUT_OF_MEMORY
    assert "it was in the while loop at line 5 of implementation.py." in failed.message


def test_what_was_printed_stays_apart(hand_in: Handing) -> None:
    code = """
        import sys
        def rnn(x):
            print("before", file=sys.stderr, flush=True)
            while True: pass
    """
    student = hand_in(code, limits=SHORT)
    assert "line 5 of implementation.py" in failure(student).message
    assert student.take_output() == "before\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_code_that_prints_without_end(hand_in: Handing, stream: str) -> None:
    code = (
        f"import sys\ndef rnn(x):\n    while True:\n        print('x' * 999, file=sys.{stream})\n"
    )
    failed = failure(hand_in(code, limits=SHORT))
    assert "it was in the while loop at line 3 of implementation.py." in failed.message


@pytest.mark.parametrize(
    "ending",
    [
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
        "signal.signal(signal.SIGUSR1, lambda *_: None)",
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})",
        "os.close(2)",
    ],
)
def test_code_that_says_nothing_ends_as_before(hand_in: Handing, ending: str) -> None:
    code = f"import os, signal\n{GOOD}def rnn(x):\n    {ending}\n    while True: pass\n"
    student = hand_in(code, limits=SHORT)
    failed = failure(student)
    assert failed.outcome is Outcome.TIMEOUT
    assert failed.message.endswith("or a call that waits for something?")
    assert_still_answers(student)


def test_places_that_are_made_up_are_not_told(hand_in: Handing) -> None:
    code = r"""
        import os, signal
        FRAMES = b"Stack (most recent call first):\n" + b"\n".join([
            b'  File "/etc/passwd", line 1 in rnn',
            b'  File "' + __file__.encode() + b'/../../secret.py", line 1 in rnn',
            b'  File "' + __file__.encode() + b'", line 9999999 in rnn',
            b'  File "' + __file__.encode() + b'", line 3 in <b>\x1b[31m',
        ]) + b"\n"
        def rnn(x):
            signal.signal(signal.SIGUSR1, lambda *_: os.write(2, FRAMES))
            while True: pass
    """
    failed = failure(hand_in(code, limits=SHORT))
    places = [(line.file, line.line) for line in failed.traceback]
    assert places == [("implementation.py", 3)]


def test_flood_of_places_is_cut(hand_in: Handing) -> None:
    """Each place that is told takes a look at the file."""
    code = r"""
        import os, signal
        FRAME = b'  File "' + __file__.encode() + b'", line 3 in rnn\n'
        def rnn(x):
            frames = b"(most recent call first):\n" + 9000 * FRAME
            signal.signal(signal.SIGUSR1, lambda *_: os.write(2, frames))
            while True: pass
    """
    student = hand_in(code + 50_000 * "        # much to read\n", limits=SHORT)
    assert len(failure(student).traceback) == MOST_LINES


def test_names_are_not_told_where_nothing_is_quoted(hand_in: Handing) -> None:
    student = hand_in("def rnn(x):\n    while True: pass\n", limits=SHORT)
    student.quote_no_more()
    assert [line.function for line in failure(student).traceback] == [""]
