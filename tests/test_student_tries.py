"""What is tried again, what is not, and what counts for which question."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
import psutil
import pytest
import torch

from grader.doctor import Sandbox
from grader.errors import CheckFailed, HarnessError
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
from grader.model import Outcome
from grader.modes import IsolationMode
from grader.sandbox.layers import PID_NAMESPACE, SECCOMP
from grader.sandbox.spec import WorkerSpec
from grader.student import Student
from grader.wire import Message
from tests.conftest import LIMITS, Handing
from tests.student_support import (
    ARRAY,
    GOOD,
    ONE_SECOND,
    array,
    assert_still_answers,
    failure,
    worker_of,
)


def test_after_two_timeouts_nothing_more_is_tried(hand_in: Handing) -> None:
    code = f"{GOOD}def rnn(x):\n    while True:\n        try: [].pop()\n        except: pass"
    student = hand_in(code, limits=ONE_SECOND.replace("call_s = 1", "call_s = 0.2"))
    messages = [failure(student).message for _ in range(3)]
    assert "was not tried" not in messages[1]
    assert "was not tried" in messages[2]
    assert failure(student, "good").outcome is Outcome.TIMEOUT


def test_import_is_not_tried_again(hand_in: Handing) -> None:
    student = hand_in("print('importing')\nraise ValueError")
    first, second = failure(student), failure(student)
    assert first.message == second.message
    assert student.take_output().count("importing") == 1


def test_after_too_much_memory_twice_nothing_more_is_tried(hand_in: Handing) -> None:
    code = f"{GOOD}def rnn(x):\n    held = []\n    while True: held.append(bytearray(1) * 10**7)"
    student = hand_in(code, limits=f"{LIMITS}memory_mb = 400")
    failures = [failure(student) for _ in range(3)]
    assert {failed.outcome for failed in failures} == {Outcome.OUT_OF_MEMORY}
    assert ["was not tried" in failed.message for failed in failures] == [False, False, True]
    student.begin_question()
    assert_still_answers(student)


def test_calls_that_the_system_ends_do_not_count(hand_in: Handing) -> None:
    student = hand_in("def rnn(x):\n    return x\n")
    for _ in range(3):
        assert array(student.call("rnn", (ARRAY,), 0)) == ARRAY.tolist()
        worker_of(student).kill()
        assert failure(student).by_system
    assert array(student.call("rnn", (ARRAY,), 0)) == ARRAY.tolist()


def test_import_that_the_system_ends_is_tried_twice(hand_in: Handing) -> None:
    student = hand_in("def rnn(x):\n    return x\n")
    for _ in range(2):
        worker_of(student).kill()
        assert failure(student).by_system
    assert failure(student).by_system
    student.begin_question()
    assert array(student.call("rnn", (ARRAY,), 0)) == ARRAY.tolist()


def test_models_may_take_too_much_memory_more_often(hand_in: Handing) -> None:
    student = hand_in("x = 1\n", limits=f"{LIMITS}memory_mb = 400\ntimeouts = 1")
    takes = Message("attempt", {"act": "take_memory", "target": "1000"})
    for _ in range(2):
        with pytest.raises(CheckFailed, match="400 MB"):
            student.ask(takes, 60.0, "The model")


def test_timeouts_of_one_question_are_nothing_to_the_next(hand_in: Handing) -> None:
    code = """
        import time
        def rnn(*_):
            time.sleep(100)
        def gru(x):
            return x
    """
    student = hand_in(code, limits="[limits]\ncall_s = 0.5\ntimeouts = 1\n")
    assert failure(student, "rnn").outcome is Outcome.TIMEOUT
    assert "was not tried" in failure(student, "gru").message
    student.begin_question()
    value = student.call("gru", (np.ones(2, np.float32),), 0).value
    assert isinstance(value, np.ndarray)


def test_layers_of_one_question_are_nothing_to_the_next(hand_in: Handing) -> None:
    student = hand_in("""
        import torch
        def rnn(x):
            torch.nn.GRU(2, 2)(x[None])
            return x
    """)
    student.call("rnn", (torch.ones(1, 2),), 0)
    assert student.layers_seen == {"gru"}
    student.begin_question()
    assert student.layers_seen == set()


def test_worker_is_inherited_until_it_is_a_new_one(hand_in: Handing) -> None:
    student = hand_in("def rnn():\n    return 1\n")
    student.begin_question()
    assert not student.inherited
    student.call("rnn", (), 0)
    assert not student.inherited
    student.begin_question()
    assert student.inherited
    student.restart()
    assert not student.inherited


def test_import_that_failed_by_chance_is_tried_again_for_the_next_question(
    hand_in: Handing,
) -> None:
    student = hand_in("import os\nos._exit(3)\n")
    first = failure(student)
    assert first.outcome is Outcome.CRASH
    assert failure(student) is first
    broken = failure_of_import(student, "x = ")
    assert broken is not first


def test_import_that_ended_so_twice_is_not_tried_for_a_third_question(hand_in: Handing) -> None:
    student = hand_in("import os\nos._exit(3)\n")
    first = failure(student)
    student.begin_question()
    second = failure(student)
    student.begin_question()
    assert first is not second
    assert failure(student) is second


def failure_of_import(student: Student, code: str) -> CheckFailed:
    """Of other code; that it is no Python is no chance, and asked for once."""
    (student.submission.folder / "implementation.py").write_text(code)
    student.begin_question()
    found = failure(student)
    assert found.outcome is Outcome.EXCEPTION
    student.begin_question()
    assert failure(student) is found
    return found


def test_worker_that_the_system_killed_may_be_tried_again(hand_in: Handing) -> None:
    student = hand_in("def rnn(x):\n    return x\n")
    worker_of(student).kill()
    killed = failure(student)
    assert killed.by_system
    assert killed.outcome is Outcome.OUT_OF_MEMORY


def test_worker_that_ended_itself_did_so(hand_in: Handing) -> None:
    student = hand_in("def rnn(x):\n    import os; os._exit(1)\n")
    assert not failure(student).by_system


@pytest.mark.parametrize("how", ["os.kill(os.getpid(), 9)", "signal.raise_signal(9)"])
@pytest.mark.skipif(sys.platform != "linux", reason="there is no seccomp")
def test_worker_cannot_end_as_if_the_system_had_ended_it(
    hand_in: Handing, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The first process of a namespace does not get that signal; any other one might."""
    outside = partial(WorkerSpec, omit=(PID_NAMESPACE,))
    monkeypatch.setattr("grader.student.WorkerSpec", outside)
    student = hand_in(f"import os, signal\n{GOOD}def rnn(x):\n    {how}\n    return x\n")
    if not student.ask(Message("hello", {}), 60.0, "The worker").fields["isolation"][SECCOMP]:
        pytest.skip("there is no seccomp here")
    try:
        student.call("rnn", (ARRAY,), 0)
    except CheckFailed as failure:
        assert not failure.by_system
        assert failure.outcome is Outcome.EXCEPTION
    assert_still_answers(student)


def test_end_of_the_server_is_no_fault_of_the_students(hand_in: Handing) -> None:
    with Sandbox(IsolationMode.OFF, EMBEDDED_CORPUS / TEST_FILE) as own:
        student = hand_in("def rnn(x):\n    return x\n", sandbox=own)
        worker = worker_of(student)
        psutil.Process(own.server.pid).kill()
        worker.kill()
        with pytest.raises(HarnessError, match="server"):
            student.call("rnn", (ARRAY,), 0)
