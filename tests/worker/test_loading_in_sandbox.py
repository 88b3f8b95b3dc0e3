"""Models are loaded in a real worker, behind all layers: it reads no file of this program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from grader.doctor import Sandbox
from grader.errors import CheckFailed
from grader.grading import Grading, Request
from grader.handed_in.naming import MODEL
from grader.model import Outcome
from grader.plugin import Silent
from grader.student import Student
from grader.wire import Message
from tests.worker.loading_support import (
    FREQ,
    MODEL_CODE,
    TOKENS,
    HandIn,
    forget,
    gpu_machine,
    outputs_of,
)

Start = Callable[[], Student]


@pytest.fixture
def start(sandbox: Sandbox, hand_in: HandIn) -> Iterator[Start]:
    """A function that hands in what is in the folder, and returns a handle on its worker."""
    gradings = []

    def hand_over() -> Student:
        forget()
        gradings.append(Grading(Request(hand_in.folder), sandbox, Silent().progress))
        return gradings[-1].new_student("q7")

    yield hand_over
    for grading in gradings:
        grading.close()


def load(student: Student, *weights: np.ndarray) -> Message:
    request = {"file": MODEL, "device": "cpu", "seed": 1, "characters": ""}
    return student.ask(Message("load_model", request, (FREQ, *weights)), 60.0, "Loading")


def assert_runs(student: Student, expected: torch.Tensor) -> None:
    tokens = TOKENS.numpy().astype(np.uint8)
    reply = student.ask(Message("logits", {"last_only": False}, (tokens,)), 60.0, "The model")
    assert reply.op == "logits"
    np.testing.assert_allclose(reply.arrays[0], expected.numpy(), rtol=1e-5)


def in_notebook(hand_in: HandIn) -> Any:
    hand_in.notebook("sentence_modeling.ipynb", "from google.colab import drive", MODEL_CODE)
    trained = hand_in.trained()
    torch.save(trained, hand_in.file)
    return trained


def of_gpu_machine(hand_in: HandIn) -> Any:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    trained.device = torch.device("cuda:0")
    with gpu_machine():
        torch.save(trained, hand_in.file)
    return trained


def in_older_format(hand_in: HandIn) -> Any:
    hand_in.script("RNN_LM.py", MODEL_CODE)
    trained = hand_in.trained()
    with gpu_machine():
        torch.save(trained, hand_in.file, _use_new_zipfile_serialization=False)
    return trained


def as_safetensors(hand_in: HandIn) -> Any:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    safetensors.torch.save_file(trained.state_dict(), hand_in.folder / "best.safetensors")
    return trained


def compiled(hand_in: HandIn) -> Any:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    torch.save(torch.compile(trained), hand_in.file)
    return trained


def with_cuda_in_its_code(hand_in: HandIn) -> Any:
    trained = hand_in.trained()
    code = MODEL_CODE.replace("hidden, tokens)", "hidden, tokens).cuda()")
    hand_in.script("rnn_lm.py", code.replace("self.emb(x)", "self.emb(x.cuda())"))
    with gpu_machine():
        torch.save({"model": trained.state_dict(), "epoch": 5}, hand_in.folder / "rnn_lm.ckpt")
    return trained


@pytest.mark.parametrize(
    ("hand_over", "notes"),
    [
        (
            in_notebook,
            [
                "the class SentenceModel came from sentence_modeling.ipynb",
                "what is imported and not installed here: google",
            ],
        ),
        (of_gpu_machine, []),
        (in_older_format, []),
        (as_safetensors, []),
        (compiled, ["the wrapper of torch.compile was taken off"]),
        (
            with_cuda_in_its_code,
            [
                "it was taken from ['model'] of what rnn_lm.sav holds",
                "devices that the code names were redirected to cpu",
            ],
        ),
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="nothing is redirected where there is a GPU")
def test_form(
    hand_in: HandIn, start: Start, hand_over: Callable[[HandIn], Any], notes: list[str]
) -> None:
    trained = hand_over(hand_in)
    expected = outputs_of(trained)
    student = start()
    fields = load(student).fields
    assert fields["notes"] == notes
    place = student.ask(Message("model_place", {}), 60.0, "The model").fields
    assert (place["device"], place["moved"]) == ("cpu", False)
    assert fields["parameters"] == sum(p.numel() for p in trained.parameters())
    assert_runs(student, expected)


def test_weights_that_another_worker_trained(hand_in: HandIn, start: Start, tmp_path: Path) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    torch.save(trained.state_dict(), tmp_path / "weights")
    student = start()
    weights = np.frombuffer((tmp_path / "weights").read_bytes(), np.uint8)
    assert load(student, weights).fields["notes"] == []
    assert_runs(student, outputs_of(trained))


def test_what_cannot_be_loaded_is_the_students_to_read(hand_in: HandIn, start: Start) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    hand_in.file.write_bytes(b"<!doctype html><title>Google Drive - Virus scan warning</title>")
    with pytest.raises(CheckFailed, match=r"rnn_lm\.sav is a web page") as error:
        load(start())
    assert error.value.outcome is Outcome.MISSING


def test_exception_of_the_class_has_its_traceback(hand_in: HandIn, start: Start) -> None:
    trained = hand_in.trained()
    hand_in.script("rnn_lm.py", MODEL_CODE.replace("len(freq)", "freq.length"))
    torch.save(trained.state_dict(), hand_in.file)
    with pytest.raises(CheckFailed, match="AttributeError") as error:
        load(start())
    assert error.value.outcome is Outcome.EXCEPTION
    [line] = error.value.traceback
    assert (line.file, line.line, line.code) == ("rnn_lm.py", 8, "tokens = freq.length + 3")
