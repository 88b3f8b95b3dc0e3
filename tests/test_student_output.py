"""What a student's code prints is captured, in bounds, and names no place of the grader's."""

from __future__ import annotations

import pytest

from grader.model import Outcome
from tests.conftest import OUTPUT_KB, Handing
from tests.student_support import (
    ARRAY,
    GOOD,
    ONE_SECOND,
    array,
    assert_still_answers,
    failure,
)


def test_printing_is_captured(hand_in: Handing) -> None:
    student = hand_in(
        """
        import os, sys
        print("on import")
        def rnn(x):
            print("caf\u00e9")
            print("to stderr", file=sys.stderr)
            os.write(1, b"by descriptor \\xff")
            return x
        """
    )
    student.call("rnn", (ARRAY,), 0)
    output = student.take_output()
    for words in ("on import", "caf\u00e9", "to stderr", "by descriptor \ufffd"):
        assert words in output
    assert student.take_output() == ""


def test_printing_of_a_worker_that_died_is_captured(hand_in: Handing) -> None:
    student = hand_in("import os\ndef rnn(x):\n    print('last words', flush=True); os._exit(1)")
    failure(student)
    assert "last words" in student.take_output()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_long_output_is_cut_and_says_so(hand_in: Handing, stream: str) -> None:
    student = hand_in(
        f"import sys\ndef rnn(x):\n    print('x' * 10**6, file=sys.{stream})\n    return x"
    )
    assert array(student.call("rnn", (ARRAY,), 0)) == ARRAY.tolist()
    output = student.take_output()
    assert OUTPUT_KB << 10 <= len(output) < (OUTPUT_KB << 10) + 100
    assert f"cut after {OUTPUT_KB << 10:,} bytes" in output


def test_output_at_the_bound_is_not_cut(hand_in: Handing) -> None:
    length = (OUTPUT_KB << 10) - 1
    student = hand_in(f"def rnn(x):\n    print('x' * {length})\n    return x")
    student.call("rnn", (ARRAY,), 0)
    assert student.take_output() == "x" * length + "\n"


def test_printing_without_end(hand_in: Handing) -> None:
    student = hand_in(f"{GOOD}def rnn(x):\n    while True: print('x' * 1000)", limits=ONE_SECOND)
    assert failure(student).outcome is Outcome.TIMEOUT
    assert len(student.take_output()) < (OUTPUT_KB << 10) + 100
    assert_still_answers(student)


def test_what_is_printed_names_no_place_of_the_graders(hand_in: Handing) -> None:
    lines = (
        "import traceback, warnings",
        "def rnn(x):",
        "    warnings.warn('of mine')",
        "    warnings.warn('of others', stacklevel=2)",
        "    try: int('x')",
        "    except ValueError: traceback.print_exc()",
        "    return x",
    )
    student = hand_in("\n".join((*lines, GOOD)))
    student.call("rnn", (ARRAY,), 0)
    student.restart()
    output = student.take_output()
    assert "implementation.py:3: UserWarning: of mine\n  warnings.warn('of mine')\n" in output
    assert "UserWarning: of others\n" in output
    assert 'File "implementation.py", line 5, in rnn' in output
    assert str(student.submission.folder) not in output
    assert "worker" not in output
