"""Whatever a student's code does, the call comes back with an answer or with what went wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
import torch

from grader.doctor import Sandbox
from grader.errors import CheckFailed
from grader.grading import Grading, Request
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
from grader.model import IsolationMode, Outcome
from grader.plugin import Silent
from grader.rubric import Rubric
from grader.sandbox import ForkServer
from grader.student import Answer, Returned, Several, Student
from grader.wire import Message
from grader.worker.values import pack_arguments

REPLY_MB = 1
OUTPUT_KB = 8
LIMITS = f"""
[limits]
call_s = 30
reply_mb = {REPLY_MB}
output_kb = {OUTPUT_KB}
"""
ONE_SECOND = LIMITS.replace("call_s = 30", "call_s = 1")
ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


class Handing(Protocol):
    def __call__(
        self, code: str, *, limits: str = LIMITS, sandbox: Sandbox | None = None, **files: str
    ) -> Student:
        """A handle on a hand-in with ``implementation.py`` and other files, by their stem."""


@pytest.fixture
def hand_in(sandbox: Sandbox, tmp_path: Path) -> Iterator[Handing]:
    gradings = []

    def make(
        code: str, *, limits: str = LIMITS, sandbox: Sandbox | None = sandbox, **files: str
    ) -> Student:
        folder = tmp_path / "handin"
        folder.mkdir()
        for name, text in {"implementation": code, **files}.items():
            (folder / f"{name}.py").write_text(textwrap.dedent(text))
        (tmp_path / "rubric.toml").write_text(limits)
        assert sandbox is not None
        request = Request(folder, rubric=tmp_path / "rubric.toml")
        gradings.append(Grading(request, sandbox, Silent().progress))
        return gradings[-1].new_student("q2")

    yield make
    for grading in gradings:
        grading.close()


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


def test_answer(hand_in: Handing) -> None:
    student = hand_in("import numpy as np\ndef rnn(x, n): return x.T @ np.ones((len(x), n))")
    answer = student.call("rnn", (ARRAY, 2), 0)
    assert array(answer) == [[3, 3], [5, 5], [7, 7]]
    assert not answer.changed_arguments
    assert answer.layers == ()


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
    assert value.items[2] == Returned("None (is there a return statement?)")


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


def test_endless_loop(hand_in: Handing) -> None:
    student = hand_in(f"{GOOD}def rnn(x):\n    while True: pass", limits=ONE_SECOND)
    failed = failure(student)
    assert failed.outcome is Outcome.TIMEOUT
    assert "within 1 s" in failed.message
    assert_still_answers(student)


def test_after_two_timeouts_nothing_more_is_tried(hand_in: Handing) -> None:
    code = f"{GOOD}def rnn(x):\n    while True:\n        try: [].pop()\n        except: pass"
    student = hand_in(code, limits=ONE_SECOND.replace("call_s = 1", "call_s = 0.2"))
    messages = [failure(student).message for _ in range(3)]
    assert "was not tried" not in messages[1]
    assert "was not tried" in messages[2]
    assert failure(student, "good").outcome is Outcome.TIMEOUT


def test_waiting_for_input_ends_at_once(hand_in: Handing) -> None:
    failed = failure(hand_in("def rnn(x): return input()"))
    assert failed.outcome is Outcome.EXCEPTION
    assert "EOFError" in failed.message


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


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("import sys; sys.exit()", "sys.exit"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
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


def test_import_is_not_tried_again(hand_in: Handing) -> None:
    student = hand_in("print('importing')\nraise ValueError")
    first, second = failure(student), failure(student)
    assert first.message == second.message
    assert student.take_output().count("importing") == 1


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
    assert student.call("rnn", (ARRAY,), 0).layers == ("gru",)
    assert student.layers_seen == {"gru"}


STREAMED = """
import os
import numpy as np
calls = 0
def echo(x):
    global calls
    calls += 1
    return x, calls
def failing(x):
    if x[0] == 3:
        LEAVE
    return echo(x)
def large(x):
    return np.resize(x, 3 << 18), calls
"""


def request(function: str, value: float, size: int = 2) -> Message:
    trees, arrays = pack_arguments([np.full(size, value, np.float32)])
    return Message("call", {"name": function, "arguments": trees, "depth": 1}, arrays)


def streamed(student: Student, requests: Iterable[Message]) -> Iterator[tuple[float, int]]:
    """The echo of each request, and which call of its worker that was."""
    student.ask(Message("load", {"module": "implementation"}), 30, "Importing")
    for reply in student.stream(requests, lambda: 30.0, "echo(...)"):
        yield float(reply.arrays[0][0]), int(reply.arrays[1])


def test_stream_keeps_the_order(hand_in: Handing) -> None:
    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    echoes = streamed(student, (request("echo", value) for value in range(9)))
    assert list(echoes) == [(value, value + 1) for value in range(9)]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_short_stream(hand_in: Handing, count: int) -> None:
    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    echoes = list(streamed(student, [request("echo", value) for value in range(count)]))
    assert echoes == [(value, value + 1) for value in range(count)]
    assert list(streamed(student, [request("echo", 7)])) == [(7, count + 1)]


def test_two_requests_are_under_way(hand_in: Handing) -> None:
    """While a reply is looked at, the worker has two requests more; no others are made yet."""
    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    made: list[int] = []

    def requests() -> Iterator[Message]:
        for value in range(6):
            made.append(value)
            yield request("echo", value)

    seen = [len(made) for _ in streamed(student, requests())]
    assert seen == [3, 4, 5, 6, 6, 6]


@pytest.mark.parametrize(
    ("leave", "outcome"),
    [("raise ValueError('no')", Outcome.EXCEPTION), ("os._exit(0)", Outcome.CRASH)],
)
def test_failure_within_a_stream(hand_in: Handing, leave: str, outcome: Outcome) -> None:
    student = hand_in(STREAMED.replace("LEAVE", leave))
    found = []
    with pytest.raises(CheckFailed) as error:
        for value, _ in streamed(student, (request("failing", value) for value in range(9))):
            found.append(value)
    assert error.value.outcome is outcome
    # The last reply before a death may be lost: the next request finds nobody.
    assert found in ([0, 1, 2], [0, 1]) if outcome is Outcome.CRASH else found == [0, 1, 2]
    # A new worker, without the replies to the requests that were under way.
    assert list(streamed(student, [request("echo", 8)])) == [(8, 1)]


def test_failure_at_the_end_of_a_stream_leaves_the_worker(hand_in: Handing) -> None:
    student = hand_in(STREAMED.replace("LEAVE", "raise ValueError('no')"))
    with pytest.raises(CheckFailed, match="ValueError"):
        list(streamed(student, (request("failing", value) for value in range(4))))
    assert list(streamed(student, [request("echo", 8)])) == [(8, 4)]


@pytest.mark.parametrize("taken", [1, 3])
def test_stream_that_is_left_early(hand_in: Handing, taken: int) -> None:
    """What was under way is not taken for the reply to another request."""
    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    requests = (request("echo", value) for value in range(9))
    student.ask(Message("load", {"module": "implementation"}), 30, "Importing")
    replies = student.stream(requests, lambda: 30.0, "echo(...)")
    assert isinstance(replies, Generator)
    for _ in range(taken):
        next(replies)
    replies.close()
    assert list(streamed(student, [request("echo", 77)])) == [(77, 1)]


def test_requests_that_cannot_be_made(hand_in: Handing) -> None:
    def requests() -> Iterator[Message]:
        yield from (request("echo", value) for value in range(4))
        raise KeyError("of the grader's own")

    student = hand_in(STREAMED.replace("LEAVE", "pass"))
    with pytest.raises(KeyError):
        list(streamed(student, requests()))
    assert list(streamed(student, [request("echo", 8)])) == [(8, 1)]


def test_large_requests_cross_large_replies(hand_in: Handing) -> None:
    """Both are more than a socket holds: neither side may wait for the other to read."""
    limits = LIMITS.replace(f"reply_mb = {REPLY_MB}", "reply_mb = 8")
    student = hand_in(STREAMED.replace("LEAVE", "pass"), limits=limits)
    student.ask(Message("load", {"module": "implementation"}), 30, "Importing")
    requests = (request("large", value, size=5 << 18) for value in range(6))
    replies = student.stream(requests, lambda: 30.0, "large(...)")
    found = [(len(reply.arrays[0]), float(reply.arrays[0][-1])) for reply in replies]
    assert found == [(3 << 18, value) for value in range(6)]


def test_each_reply_of_a_stream_has_its_time(hand_in: Handing) -> None:
    """The limit is asked for again: what is left may be less, and ends the worker."""
    code = STREAMED.replace("LEAVE", "while True: pass")
    student = hand_in(code)
    left = iter([30.0] * 8)
    student.ask(Message("load", {"module": "implementation"}), 30, "Importing")
    requests = (request("failing", value) for value in range(9))
    replies = student.stream(requests, lambda: next(left, 0.3), "failing(...)")
    with pytest.raises(CheckFailed, match=r"did not finish within 0\.3 s") as error:
        for _ in replies:
            pass
    assert error.value.outcome is Outcome.TIMEOUT
    assert list(streamed(student, [request("echo", 8)])) == [(8, 1)]


WRITE_TO_SOCKETS = """
import os, stat
def sockets():
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                yield fd
        except OSError:
            pass
"""


@pytest.mark.parametrize(
    "data", [b"garbage that is no message", b"GRD1\xff\xff\xff\xff", b"GRD1\x02\x00\x00\x00[]"]
)
def test_bytes_that_are_no_message(hand_in: Handing, data: bytes) -> None:
    code = f"{WRITE_TO_SOCKETS}{GOOD}def rnn(x):\n    for fd in sockets(): os.write(fd, {data!r})\n"
    student = hand_in(code)
    failed = failure(student)
    assert failed.outcome is Outcome.CRASH
    assert "no answer" in failed.message
    assert_still_answers(student)


def test_forged_answer_of_another_kind(hand_in: Handing) -> None:
    """A worker's word is not believed: indices, kinds and types are whatever it likes."""
    header = (
        '{"op": "result", "arrays": [], "layers": [3, "gru", null], "changed": 1, '
        '"value": {"kind": "sequence", "count": "many", "text": 5, '
        '"items": [{"kind": "array", "index": 7}, {"kind": "array", "index": true}, 3]}}'
    )
    student = hand_in(
        f"""{WRITE_TO_SOCKETS}
import struct
def rnn(x):
    header = {header!r}.encode()
    for fd in sockets():
        os.write(fd, b"GRD1" + struct.pack("<I", len(header)) + header)
    while True: pass
"""
    )
    answer = student.call("rnn", (ARRAY,), 1)
    assert isinstance(answer.value, Several)
    assert answer.value.count == 3
    assert all(isinstance(item, Returned) for item in answer.value.items)
    assert not answer.changed_arguments


def test_wire_that_is_closed(hand_in: Handing) -> None:
    student = hand_in(
        f"{WRITE_TO_SOCKETS}{GOOD}def rnn(x):\n    for fd in sockets(): os.close(fd)\n"
    )
    assert failure(student).outcome is Outcome.CRASH
    assert_still_answers(student)


def test_output_that_is_closed(hand_in: Handing) -> None:
    student = hand_in(f"import os\n{GOOD}def rnn(x):\n    os.close(1); os.close(2)\n    return x")
    assert array(student.call("rnn", (ARRAY,), 0)) == ARRAY.tolist()
    assert_still_answers(student)


def test_nothing_of_the_graders_environment_is_visible(
    hand_in: Handing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_TEST_SECRET", "a-secret-token")
    with Sandbox(IsolationMode.BEST_EFFORT, EMBEDDED_CORPUS / TEST_FILE) as own:
        student = hand_in(
            """
            import os
            def rnn(x):
                seen = [repr(dict(os.environ)), environment_of("self")]
                seen += [environment_of(pid) for pid in range(1, 50_000)]
                return ["a-secret-token" in text for text in seen]
            def environment_of(pid):
                try:
                    with open(f"/proc/{pid}/environ", "rb") as file:
                        return file.read().decode("utf-8", "replace")
                except OSError:
                    return ""
            """,
            sandbox=own,
        )
        seen = array(student.call("rnn", (ARRAY,), 0))
        student.restart()
    assert seen[:2] == [False, False]
    assert not any(seen)
