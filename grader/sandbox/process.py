"""The parent's handle on one worker process: its descriptors, its memory, and how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from grader.sandbox.stack import Frame, stack_of

START_S = 60.0
"""How long a fork may take: the first one waits until the server has imported torch."""
END_S = 5.0
EXIT_S = 1.0
"""How long a worker that closed its connection may take to end by itself."""


@dataclass(frozen=True)
class Usage:
    """What a worker and all that it started take at the moment."""

    memory_bytes: int
    """What is resident, and the tables in which the kernel notes where it is."""
    processes: int
    threads: int
    """0 where the kernel does not tell."""


class WorkerProcess:
    """A running worker: ``wire`` is the socket to it, ``stdout`` and ``stderr`` are its pipes."""

    def __init__(self, wire: socket.socket, stdout: int, stderr: int, status: int) -> None:
        self.wire = wire
        self.stdout = stdout
        self.stderr = stderr
        self._status = status
        self._status_text = b""
        self.unaccounted = False
        """Whether nobody is left who could say how it ended: the server is gone."""
        self.pid = self._status_value("pid", START_S)
        """The id of the process with student code, or None when it could not be started."""
        self.refused = self._status_value("refused", 0.0) if self.pid is None else None
        """Why the system let none start, as an error number."""
        self._group = self._status_value("group", 0.0)

    def usage(self) -> Usage:
        """What the worker and all that it started take; nothing once they have ended."""
        memory, processes, threads = 0, 0, 0
        for process in self._tree():
            with contextlib.suppress(psutil.Error):
                resident = process.memory_info().rss
                tables, running = tables_and_threads_of(process.pid)
                memory += resident + tables
                processes += 1
                threads += running
        return Usage(memory, processes, threads)

    def stack(self) -> tuple[Frame, ...]:
        """The calls that have not returned in the worker, the outermost first, if it tells them.

        What is in the pipe of its stderr must have been read before, or is lost.
        """
        if self.pid is None or self._status_value("exit", 0.0) is not None:
            return ()
        try:
            return stack_of(self._root, self.stderr)
        except psutil.NoSuchProcess:  # it has just ended, and was not asked for anything before
            return ()

    def kill(self) -> None:
        """End the worker and every process that it started."""
        if self._status_value("exit", 0.0) is not None:
            return  # Nothing is left of it, and its process group's number may be another's.
        for process in reversed(self._tree()):
            with contextlib.suppress(psutil.Error):
                process.kill()
        if self._group is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)
        self._status_value("exit", END_S)

    def exit_status(self) -> int | None:
        """The exit status, waiting for a process that is about to end; None if it does not."""
        return self._status_value("exit", EXIT_S)

    def close(self) -> None:
        """Close the descriptors; the process must have ended or been killed."""
        self.wire.close()
        for fd in (self.stdout, self.stderr, self._status):
            os.close(fd)

    def _tree(self) -> list[psutil.Process]:
        if self.pid is None:  # which psutil takes for this process
            return []
        try:
            if not children_of(self._root.pid):
                return [self._root]
            return [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return []

    @cached_property
    def _root(self) -> psutil.Process:
        # To make one takes longer than to ask it.
        return psutil.Process(self.pid)

    def _status_value(self, key: str, timeout_s: float) -> int | None:
        while True:
            for line in self._status_text.splitlines():
                values = json.loads(line)
                if key in values:
                    return int(values[key])
            if not select.select([self._status], [], [], timeout_s)[0]:
                return None
            chunk = os.read(self._status, 4096)
            if not chunk:
                self.unaccounted = True
                return None
            self._status_text += chunk


def children_of(pid: int) -> list[psutil.Process]:
    """The processes that a process has started and that have not ended.

    psutil looks at every process of the machine to tell; the kernel knows. This is asked twenty
    times a second, on cores that the worker needs.
    """
    threads = Path(f"/proc/{pid}/task")
    try:
        lists = [(thread / "children").read_text() for thread in threads.iterdir()]
    except OSError:
        return list(psutil.Process(pid).children())
    children = []
    for child in " ".join(lists).split():
        with contextlib.suppress(psutil.Error):
            children.append(psutil.Process(int(child)))
    return children


def tables_and_threads_of(pid: int) -> tuple[int, int]:
    """The bytes of a process's page tables, and its threads; 0 for what the kernel does not tell.

    The tables are no part of what is resident, and a byte read in every 2 MB of an empty mapping
    takes a page of them: gigabytes of the machine's memory, with hardly any of it resident.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0, 0
    return _number_after(b"VmPTE:", status) << 10, _number_after(b"Threads:", status)


def _number_after(key: bytes, status: bytes) -> int:
    # At the beginning of a line: the process's name comes first, and may be anything.
    _, _, told = status.partition(b"\n" + key)
    return int(told.split(maxsplit=1)[0]) if told else 0
