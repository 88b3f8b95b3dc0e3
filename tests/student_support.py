"""What tests of ``grader.student`` share: calls, answers, failures, and the worker itself."""

from __future__ import annotations

import numpy as np
import psutil
import pytest

from grader.answers import Answer
from grader.errors import CheckFailed
from grader.student import Student
from tests.conftest import LIMITS

ONE_SECOND = LIMITS.replace("call_s = 30", "call_s = 1")
ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


def failure(student: Student, function: str = "rnn") -> CheckFailed:
    with pytest.raises(CheckFailed) as error:
        student.call(function, (ARRAY,), 0)
    return error.value


def array(answer: Answer) -> list[object]:
    assert isinstance(answer.value, np.ndarray)
    values: list[object] = answer.value.tolist()
    return values


def assert_still_answers(student: Student) -> None:
    """A call after one that went wrong is not spoilt by it."""
    assert array(student.call("good", (ARRAY,), 0)) == (2 * ARRAY).tolist()


GOOD = "def good(x): return 2 * x\n"


def worker_of(student: Student) -> psutil.Process:
    process = student._connected()._process
    return psutil.Process(process.pid)
