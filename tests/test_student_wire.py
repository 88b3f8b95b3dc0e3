"""What student code does to its worker's own channels costs only what it was asked."""

from __future__ import annotations

import pytest

from grader.answers import Returned, Several
from grader.doctor import Sandbox
from grader.errors import CheckFailed
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
from grader.model import Outcome
from grader.modes import IsolationMode
from tests.conftest import Handing
from tests.student_support import (
    ARRAY,
    GOOD,
    array,
    assert_still_answers,
    failure,
)

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


def test_forged_answer_is_not_taken_for_what_is_said_of_a_watched_call(hand_in: Handing) -> None:
    header = '{"op": "result", "arrays": [], "value": {"kind": "other", "text": "forged"}}'
    code = f"""{WRITE_TO_SOCKETS}{GOOD}
import struct
def rnn(x):
    header = {header!r}.encode()
    for fd in sockets():
        os.write(fd, b"GRD1" + struct.pack("<I", len(header)) + header)
"""
    student = hand_in(code)
    with pytest.raises(CheckFailed, match="answer twice") as caught:
        student.call("rnn", (ARRAY,), 0, watch_layers=True)
    assert caught.value.outcome is Outcome.CRASH
    assert_still_answers(student)


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
