"""The worker's entry point: messages in, student code, messages out."""

from __future__ import annotations

import contextlib
import importlib
import socket
import sys
import time
from pathlib import Path

from grader.sandbox.spec import WorkerSpec
from grader.wire import Message, Reader, encode
from grader.worker.attempts import attempt
from grader.worker.failures import raised
from grader.worker.functions import Implementation
from grader.worker.sentence_model import LanguageModel


def preload() -> None:
    """Import what student code imports anyway, so that each fork has it already."""
    for name in ("numpy", "scipy.special", "torch", "torch.nn.functional"):
        importlib.import_module(name)
    # A worker cannot read this program's own files.
    for name in ("landlock", "namespaces", "identity", "seccomp", "layers"):
        importlib.import_module(f"grader.sandbox.{name}")
    for name in ("landlockpy", "pyseccomp", "pyprctl"):
        with contextlib.suppress(ImportError, RuntimeError, OSError):
            importlib.import_module(name)
    # These libraries find the C library by running helpers: here, once, and not in each worker.
    with contextlib.suppress(ImportError, OSError):
        importlib.import_module("landlockpy").abi_version()


def main(wire: socket.socket, spec: WorkerSpec, isolation: dict[str, bool]) -> None:
    """Serve the grader's requests until it hangs up."""
    import torch

    sys.dont_write_bytecode = True
    # Behind everything else, as the notebook has it: a student's statistics.py is not Python's.
    # This program's own folder cannot be read from here, and a student's tests.py is not its tests.
    root = str(Path(__file__).resolve().parents[2])
    sys.path[:] = [*(path for path in sys.path if path != root), spec.code_dir]
    torch.set_num_threads(spec.threads)
    implementation = Implementation()
    model = LanguageModel(spec.code_dir)
    operations = {
        "hello": lambda _: Message("ready", {"isolation": isolation}),
        "load": implementation.load,
        "call": implementation.call,
        "attempt": attempt,
        "devices": model.devices,
        "load_model": model.load,
        "logits": model.logits,
    }
    reader = Reader(spec.max_message_bytes)
    while (request := _receive(wire, reader)) is not None:
        start = time.perf_counter()
        try:
            reply = operations[request.op](request)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are answers too
            reply = raised(error, spec.code_dir)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # student code may have closed or replaced it
                stream.flush()
        seconds = time.perf_counter() - start
        _send(wire, Message(reply.op, {**reply.fields, "seconds": seconds}, reply.arrays))


def _receive(wire: socket.socket, reader: Reader) -> Message | None:
    while True:
        received = wire.recv_into(reader.buffer())
        if received == 0:
            return None
        message = reader.advance(received)
        if message is not None:
            return message


def _send(wire: socket.socket, message: Message) -> None:
    for piece in encode(message):
        wire.sendall(piece)
