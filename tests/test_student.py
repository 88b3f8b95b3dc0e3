"""Whatever a student's code does, the call comes back with an answer or with what went wrong."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from grader.answers import Returned, Several
from grader.doctor import Sandbox
from grader.grading import Grading, Request
from grader.model import Outcome
from grader.plugin import Silent
from grader.rubric import Rubric
from grader.sandbox import ForkServer
from grader.student import POOLS, Student
from tests.conftest import LIMITS, REPLY_MB, Handing
from tests.student_support import (
    ARRAY,
    GOOD,
    ONE_SECOND,
    array,
    assert_still_answers,
    failure,
)


def test_answer(hand_in: Handing) -> None:
    student = hand_in("import numpy as np\ndef rnn(x, n): return x.T @ np.ones((len(x), n))")
    answer = student.call("rnn", (ARRAY, 2), 0)
    assert array(answer) == [[3, 3], [5, 5], [7, 7]]
    assert not answer.changed_arguments
    assert student.layers_seen == set()


def test_arguments_are_those_of_the_notebook(hand_in: Handing) -> None:
    student = hand_in(
        """
        import numpy as np, torch
        def rnn(array, gate, heads, inputs, size):
            return [
                isinstance(array, np.ndarray) and array.dtype == np.float32,
                array.flags.f_contiguous and array.flags.writeable,
                isinstance(gate, tuple) and isinstance(heads, list),
                isinstance(inputs, torch.Tensor) and inputs.dtype == torch.float32,
                type(size) is int,
            ]
        """
    )
    arguments = (ARRAY.T, (ARRAY, ARRAY), [ARRAY], torch.from_numpy(ARRAY), 3)
    assert array(student.call("rnn", arguments, 0)) == [True] * 5


def test_answer_with_several_parts(hand_in: Handing) -> None:
    student = hand_in("def rnn(x): return x, x[0], None")
    value = student.call("rnn", (ARRAY,), 1).value
    assert isinstance(value, Several)
    assert value.count == 3
    assert isinstance(value.items[0], np.ndarray)
    assert value.items[0].tolist() == ARRAY.tolist()
    assert value.items[2] == Returned("None")


def test_worker_is_kept_between_calls(hand_in: Handing) -> None:
    student = hand_in("calls = 0\ndef rnn(x):\n    global calls\n    calls += 1\n    return calls")
    for _ in range(2):
        student.call("rnn", (ARRAY,), 0)
    assert array(student.call("rnn", (ARRAY,), 0)) == 3  # type: ignore[comparison-overlap]
    student.restart()
    assert array(student.call("rnn", (ARRAY,), 0)) == 1  # type: ignore[comparison-overlap]


def test_exception_with_the_students_own_lines(hand_in: Handing) -> None:
    student = hand_in(
        f"""
        from steps import step
        {GOOD}
        def rnn(x):
            return step(x)
        """,
        steps="import numpy as np\ndef step(x):\n    return np.linalg.inv(x[:, :2] * 0)\n",
    )
    failed = failure(student)
    assert failed.outcome is Outcome.EXCEPTION
    assert failed.message.startswith("rnn(...) raised LinAlgError: Singular matrix")
    assert "line 3 of steps.py" in failed.message
    lines = [(line.file, line.line, line.function, line.code) for line in failed.traceback]
    assert lines == [
        ("implementation.py", 6, "rnn", "return step(x)"),
        ("steps.py", 3, "step", "return np.linalg.inv(x[:, :2] * 0)"),
    ]
    assert_still_answers(student)


def test_exception_that_cannot_be_shown(hand_in: Handing) -> None:
    student = hand_in(
        """
        class Broken(Exception):
            def __str__(self):
                raise ValueError
        def rnn(x):
            raise Broken
        """
    )
    failed = failure(student)
    assert failed.outcome is Outcome.EXCEPTION
    assert failed.message.startswith("rnn(...) raised Broken")


def test_very_long_message_is_cut(hand_in: Handing) -> None:
    failed = failure(hand_in("def rnn(x): raise ValueError('x' * 10**7)"))
    assert failed.outcome is Outcome.EXCEPTION
    assert len(failed.message) < 5000


@pytest.mark.parametrize(
    "leave", ["raise SystemExit", "import sys; sys.exit(0)", "exit(1)", "quit()"]
)
def test_exit(hand_in: Handing, leave: str) -> None:
    student = hand_in(f"{GOOD}def rnn(x): {leave}")
    failed = failure(student)
    assert failed.outcome is Outcome.EXCEPTION
    assert "sys.exit" in failed.message
    assert_still_answers(student)


def test_keyboard_interrupt(hand_in: Handing) -> None:
    failed = failure(hand_in("def rnn(x): raise KeyboardInterrupt"))
    assert failed.outcome is Outcome.EXCEPTION
    assert "KeyboardInterrupt" in failed.message


@pytest.mark.parametrize("status", [0, 3])
def test_process_that_is_ended(hand_in: Handing, status: int) -> None:
    student = hand_in(f"import os\n{GOOD}def rnn(x): os._exit({status})")
    failed = failure(student)
    assert failed.outcome is Outcome.CRASH
    assert f"exit code {status}" in failed.message
    assert_still_answers(student)


def test_segmentation_fault(hand_in: Handing) -> None:
    student = hand_in(f"import ctypes\n{GOOD}def rnn(x): return ctypes.string_at(0)")
    failed = failure(student)
    assert failed.outcome is Outcome.CRASH
    assert "SIGSEGV" in failed.message
    assert_still_answers(student)


def test_death_by_a_signal_without_a_name(hand_in: Handing, server: ForkServer) -> None:
    code = f"import signal\n{GOOD}def rnn(x): signal.raise_signal(signal.SIGRTMIN + 5)"
    submission = hand_in(code).submission
    limits = Rubric.load().limits_for("q2")
    scratch = submission.folder.parent / "scratch"
    # Not isolated: as the first process of a namespace of its own, it would not get the signal.
    student = Student(server, submission, scratch, limits, isolate=False)
    try:
        failed = failure(student)
        assert failed.outcome is Outcome.CRASH
        assert_still_answers(student)
    finally:
        student.restart()


def test_endless_recursion(hand_in: Handing) -> None:
    student = hand_in(f"{GOOD}def rnn(x): return rnn(x)")
    failed = failure(student)
    assert failed.outcome is Outcome.EXCEPTION
    assert "RecursionError" in failed.message
    assert 2 <= len(failed.traceback) <= 20
    assert {line.function for line in failed.traceback} == {"rnn"}
    assert_still_answers(student)


@pytest.mark.parametrize("what", ["np.zeros((10**7, 10**7))", "bytearray(10**15)"])
def test_array_that_nobody_has_memory_for(hand_in: Handing, what: str) -> None:
    student = hand_in(f"import numpy as np\n{GOOD}def rnn(x): return {what}")
    failed = failure(student)
    assert failed.outcome is Outcome.OUT_OF_MEMORY
    assert_still_answers(student)


def test_memory_that_is_really_used(hand_in: Handing) -> None:
    code = f"{GOOD}def rnn(x):\n    held = []\n    while True: held.append(bytearray(1) * 10**7)"
    student = hand_in(code, limits=f"{LIMITS}memory_mb = 500")
    failed = failure(student)
    assert failed.outcome is Outcome.OUT_OF_MEMORY
    assert "500 MB" in failed.message
    assert_still_answers(student)


def test_threads_without_number(hand_in: Handing) -> None:
    most = 20 + POOLS * (os.cpu_count() or 1)
    code = f"""
        import threading
        {GOOD}
        def rnn(x):
            threading.stack_size(1 << 16)
            for _ in range({most}):
                threading.Thread(target=threading.Event().wait, daemon=True).start()
            threading.Event().wait()
    """
    student = hand_in(code, limits=f"{LIMITS}threads = 20")
    failed = failure(student)
    assert failed.outcome is Outcome.CRASH
    assert f"more than {most} threads" in failed.message
    assert_still_answers(student)


def test_endless_loop(hand_in: Handing) -> None:
    student = hand_in(f"{GOOD}def rnn(x):\n    while True: pass", limits=ONE_SECOND)
    failed = failure(student)
    assert failed.outcome is Outcome.TIMEOUT
    assert "within 1 s" in failed.message
    assert_still_answers(student)


def test_waiting_for_input_ends_at_once(hand_in: Handing) -> None:
    failed = failure(hand_in("def rnn(x): return input()"))
    assert failed.outcome is Outcome.EXCEPTION
    assert "EOFError" in failed.message


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("import sys; sys.exit()", "sys.exit"),
        ("1 / 0", "ZeroDivisionError"),
        ("def rnn(x:", "SyntaxError"),
        ("x = '\x00'", "SyntaxError"),
    ],
)
def test_import_that_fails(hand_in: Handing, statement: str, words: str) -> None:
    student = hand_in(f"{GOOD}{statement}\n")
    for function in ("rnn", "good"):
        failed = failure(student, function)
        assert failed.outcome is Outcome.EXCEPTION
        assert failed.message.startswith("Importing implementation.py")
        assert words in failed.message


def test_import_that_fails_names_the_line(hand_in: Handing) -> None:
    failed = failure(hand_in("import numpy\n\ndef rnn(x):\n    return x +\n"))
    assert [(line.file, line.line) for line in failed.traceback] == [("implementation.py", 4)]
    assert "line 4 of implementation.py" in failed.message


@pytest.mark.parametrize("code", ["", "rnn = 3", "def RNN(x): return x", "class rnn_: pass"])
def test_function_that_is_missing(hand_in: Handing, code: str) -> None:
    student = hand_in(f"{GOOD}{code}")
    failed = failure(student)
    assert failed.outcome is Outcome.MISSING
    assert "no function rnn" in failed.message
    assert_still_answers(student)


def test_file_that_is_missing(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "rnn_lm.py").write_text("")
    with Grading(Request(tmp_path), sandbox, Silent().progress) as grading:
        failed = failure(grading.new_student("q2"))
    assert failed.outcome is Outcome.MISSING
    assert "implementation.py" in failed.message


def test_wrong_number_of_arguments(hand_in: Handing) -> None:
    failed = failure(hand_in("def rnn(x, y): return x"))
    assert failed.outcome is Outcome.EXCEPTION
    assert "TypeError" in failed.message


def test_answer_that_is_larger_than_allowed(hand_in: Handing) -> None:
    student = hand_in(
        f"import numpy as np\n{GOOD}def rnn(x): return np.zeros({REPLY_MB << 20}, 'd')"
    )
    failed = failure(student)
    assert failed.outcome is Outcome.CRASH
    assert f"{REPLY_MB << 20:,} are allowed" in failed.message
    assert_still_answers(student)


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("x += 1", True),
        ("x[0, 0] = 5", True),
        ("gate[0][:] = 0", True),
        ("tensor.add_(1)", True),
        ("x = x + 1", False),
        ("x.copy()[:] = 7", False),
        ("x[0, 0] = x[0, 0]", False),
    ],
)
def test_change_of_an_argument_is_noticed(hand_in: Handing, statement: str, changes: bool) -> None:
    student = hand_in(f"def rnn(x, gate, tensor):\n    {statement}\n    return 1")
    arguments = (ARRAY, (ARRAY + 1, ARRAY), torch.from_numpy(ARRAY.copy()))
    assert student.call("rnn", arguments, 0).changed_arguments == changes
    assert ARRAY.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_torchs_own_layer_is_noticed(hand_in: Handing) -> None:
    student = hand_in(
        f"""
        import importlib
        {GOOD}
        def rnn(x):
            layers = importlib.import_module("to" + "rch.nn")
            layers.GRU(3, 2)(__import__("torch").from_numpy(x))
            return x
        """
    )
    assert_still_answers(student)
    assert student.layers_seen == set()
    student.call("rnn", (ARRAY,), 0)
    assert student.layers_seen == {"gru"}


def test_function_that_is_called_otherwise_is_named(hand_in: Handing) -> None:
    student = hand_in("def RNN(x): return x\ndef init_gru_with_rnns(x): return x\n")
    assert failure(student).message.endswith("There is RNN: is that it?")
    assert "There is init_gru_with_rnns" in failure(student, "init_gru_with_rnn").message
    assert "Is it missing, or spelt otherwise" in failure(student, "mha").message


def test_function_that_is_a_method_is_found(hand_in: Handing) -> None:
    message = failure(hand_in("class Model:\n    def rnn(self, x): return x\n")).message
    assert message == (
        "implementation.py has no function rnn. It is a method of the class Model. The notebook "
        "imports the function itself: put it at the top level of the file, without self."
    )


def test_coroutine_is_named_and_no_warning_comes(hand_in: Handing) -> None:
    student = hand_in("async def rnn(x): return x")
    value = student.call("rnn", (ARRAY,), 1).value
    assert isinstance(value, Returned)
    assert value.text == "a coroutine (is it an async def? Take the word async away)"
    student.restart()
    assert student.take_output() == ""


def test_generator_is_named(hand_in: Handing) -> None:
    value = hand_in("def rnn(x):\n    yield x\n    return x").call("rnn", (ARRAY,), 1).value
    assert isinstance(value, Several)
    assert value.text == "a generator (is there a yield? Then return does not return the value)"
