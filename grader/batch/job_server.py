"""The process that a course's jobs are forked from: one with torch in it, and without threads."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import ModuleType

JOBS = "grader.batch.jobs"
ROOT = str(Path(__file__).resolve().parents[2])
"""Where this package lies."""
SHORT = "/tmp"
LONGEST_TEMPORARY = 103 - len("/pymp-12345678/listener-12345678")
"""Bytes: macOS takes 103 for a socket's path, Linux 107, and multiprocessing adds these."""


def start_job_server(module: str = JOBS) -> ForkServerContext:
    """Start it, if it does not run yet; it imports ``module`` beside the caller's own imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    # Before the signal is blocked: to start this one unblocks it.
    resource_tracker.ensure_running()
    # Ctrl-C reaches all processes of a terminal, and this one imports for seconds before it would
    # ignore it. What is blocked stays so in it; here it is only put off.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with _same_package(), _short_temporary_folder():
            forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context


@contextmanager
def _same_package() -> Iterator[None]:
    """While active, a Python that is started finds the package that runs here.

    It would look into the current folder first, and take a folder ``grader`` there, such as the one
    that a clone of this project lies in, for a package.
    """
    before = {name: os.environ.get(name) for name in ("PYTHONPATH", "PYTHONSAFEPATH")}
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (ROOT, before["PYTHONPATH"])))
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _short_temporary_folder() -> Iterator[None]:
    """While active, a socket can be made below the folder for temporary files.

    Its whole path has room for some hundred bytes. From Python 3.14 on multiprocessing itself turns
    to another folder.
    """
    before = tempfile.tempdir
    if len(os.fsencode(tempfile.gettempdir())) > LONGEST_TEMPORARY and os.access(SHORT, os.W_OK):
        tempfile.tempdir = SHORT
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextmanager
def unimported_main() -> Iterator[None]:
    """While active, a process that is started does not import the program that runs here.

    multiprocessing does that for functions which are defined there; a job needs none, and a program
    that calls ``grade_many`` without looking at ``__name__`` would begin once more in each.
    """
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program
