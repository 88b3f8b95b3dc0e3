"""The worker's entry point: messages in, student code, messages out."""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.sandbox import installed
from grader.sandbox.spec import WorkerSpec
from grader.sandbox.stack import answer_requests
from grader.wire import Message, Reader, encode
from grader.worker.attempts import attempt
from grader.worker.failures import raised
from grader.worker.functions import Implementation
from grader.worker.installs import leave_installations_undone
from grader.worker.notebook_builtins import provide_notebook_builtins
from grader.worker.older_numpy import restore_dropped_names
from grader.worker.other_case import find_in_other_case
from grader.worker.sentence_model import LanguageModel
from grader.worker.trainer import Trainer
from grader.worker.warned import show_only_places_in

Operation = Callable[[Message], Message | Iterator[Message]]


def preload() -> None:
    """Import what student code imports anyway, as it expects it, so that each fork has it."""
    for name in ("numpy", "scipy.special", "torch", "torch.nn.functional"):
        importlib.import_module(name)
    restore_dropped_names()
    provide_notebook_builtins()
    leave_installations_undone()


def main(
    wire: socket.socket,
    spec: WorkerSpec,
    isolation: dict[str, bool],
    slots: Sequence[NDArray[np.float32]] = (),
) -> None:
    """Serve the grader's requests until it hangs up; ``slots`` is memory shared with it."""
    import torch

    sys.dont_write_bytecode = True
    answer_requests()
    # Behind everything else, as the notebook has it: a student's statistics.py is not Python's.
    # This program's own folder cannot be read from here, and a student's tests.py is not its tests.
    # Where it is installed that is the folder of all libraries, which comes where it should.
    home = str(installed.HOME)
    libraries = [] if installed.is_checkout() else [home]
    sys.path[:] = [*(path for path in sys.path if path != home), *libraries, spec.code_dir]
    # Nor is a module of a student's this program, whose code has been imported long since.
    if any(Path(spec.code_dir, name).exists() for name in ("grader", "grader.py")):
        for name in [name for name in sys.modules if name.split(".")[0] == "grader"]:
            del sys.modules[name]
    # Python's own search removes the file that it tries a folder with, which is not allowed here.
    tempfile.tempdir = spec.scratch_dir
    find_in_other_case(Path(spec.code_dir))
    show_only_places_in(spec.code_dir)
    torch.set_num_threads(spec.threads)
    # To compile takes other programs, and a minute: torch then runs what it is given as it is.
    os.environ["TORCHDYNAMO_DISABLE"] = "1"
    implementation = Implementation(spec.code_dir)
    model = LanguageModel(spec.code_dir, slots)
    trainer = Trainer(spec.code_dir, spec.max_message_bytes)
    operations: dict[str, Operation] = {
        "hello": lambda _: Message("ready", {"isolation": isolation}),
        "load": implementation.load,
        "call": implementation.call,
        "attempt": attempt,
        "devices": model.devices,
        "load_model": model.load,
        "model_place": model.place,
        "logits": model.logits,
        "train_begin": trainer.begin,
        "train_more": trainer.more,
        "train_end": trainer.end,
    }
    reader = Reader(spec.max_message_bytes)
    # Student code may give the methods of sockets other values.
    receive, send = wire.recv_into, wire.sendall
    while (request := _receive(receive, reader)) is not None:
        for reply in _replies(operations[request.op], request, spec.code_dir):
            # Before its code can run again: what is bytes stays as it is.
            pieces = tuple(map(bytes, encode(reply)))
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):  # student code may have closed or replaced it
                    stream.flush()
            for piece in pieces:
                send(piece)


def _replies(operation: Operation, request: Message, code_dir: str) -> Iterator[Message]:
    """What an operation answers, each as soon as it is there; an exception is an answer, too."""
    try:
        given = operation(request)
        yield from (given,) if isinstance(given, Message) else given
    except BaseException as error:  # SystemExit and KeyboardInterrupt as well
        yield raised(error, code_dir)


def _receive(receive: Callable[[memoryview], int], reader: Reader) -> Message | None:
    while True:
        received = receive(reader.buffer())
        if received == 0:
            return None
        message = reader.advance(received)
        if message is not None:
            return message
