"""The fork server's own process; ``forkserver`` starts it and asks it for workers."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psutil

from grader.sandbox.process import children_of
from grader.sandbox.scratch import remove_scratch
from grader.sandbox.spec import WorkerSpec

REQUEST_SIZE = struct.Struct("<I")
NEW_CLIENT = 0
"""In place of a request's size: the descriptor that comes with it is a further control socket."""
MOST_FDS = 5
"""Of one request: the worker's wire, its two outputs, its status, and perhaps shared memory."""
STATUS = 3
"""The place of the status among a request's descriptors."""
WIRE_FD, STATUS_FD = 3, 4
MAX_SWEEPS = 1000
HANG_UP_S = 3.0
"""How long the other clients of a first client that was killed may take to end, too."""


@dataclass(frozen=True)
class _Forked:
    """A worker of the server's: where to tell of its end, and the control socket it serves."""

    status_fd: int
    client: int


def serve(fd: int, folder: str) -> NoReturn:
    """The server's own process: fork a worker for each request, and say how each ended."""
    import gc

    # Of what is imported nothing is garbage, and to look for it takes a tenth of the time.
    gc.disable()

    from grader.sandbox import layers
    from grader.worker.main import preload

    preload()
    layers.prepare()
    _adopt_orphans()
    # The workers share these objects' pages; a collection in a worker would copy them all.
    gc.collect()
    gc.freeze()
    gc.enable()
    clients = {fd: socket.socket(fileno=fd)}
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    workers: dict[int, _Forked] = {}
    while fd in clients:
        ready, _, _ = select.select([*clients, wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 4096)
        _reap(workers)
        for client in clients.keys() & set(ready):
            if not _answer(clients, client, workers):
                clients.pop(client).close()
                _kill_workers_of(client, workers)
    for client in clients:
        _kill_workers_of(client, workers)
    _kill_orphans(workers)
    _wait_for_hang_up(clients)
    remove_scratch(Path(folder))
    os._exit(0)


def _kill_workers_of(client: int, workers: dict[int, _Forked]) -> None:
    for pid, worker in workers.items():
        if worker.client == client:
            # One that has only just been forked leads no group yet.
            os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def _wait_for_hang_up(clients: dict[int, socket.socket]) -> None:
    """Serve no one any more; what clients write into the scratch folder would stay there."""
    deadline = time.monotonic() + HANG_UP_S
    while clients and (left := deadline - time.monotonic()) > 0:
        for client in select.select([*clients], [], [], left)[0]:
            with contextlib.suppress(ConnectionResetError):
                if clients[client].recv(4096):
                    continue
            clients.pop(client).close()


def _adopt_orphans() -> None:
    """Become the parent of what a worker leaves behind, where no namespace ends it."""
    with contextlib.suppress(ImportError, OSError):
        import pyprctl

        pyprctl.set_child_subreaper(True)


def _reap(workers: dict[int, _Forked]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        worker = workers.pop(pid, None)
        if worker is not None:
            # Before the grader learns of the end, nothing of the worker may be left.
            _kill_orphans(workers)
            report(worker.status_fd, exit=os.waitstatus_to_exitcode(status))
            os.close(worker.status_fd)


def _kill_orphans(workers: dict[int, _Forked]) -> None:
    """End what an ended worker left behind. Ending one process hands its children to this one."""
    for _ in range(MAX_SWEEPS):
        orphans = [child for child in children_of(os.getpid()) if child.pid not in workers]
        if not orphans:
            return
        for orphan in orphans:
            with contextlib.suppress(psutil.Error, ChildProcessError):
                orphan.kill()
                os.waitpid(orphan.pid, 0)


def _answer(clients: dict[int, socket.socket], client: int, workers: dict[int, _Forked]) -> bool:
    """Serve one request of a client; False when it has gone."""
    control = clients[client]
    try:
        prefix, fds, _, _ = socket.recv_fds(control, REQUEST_SIZE.size, MOST_FDS)
        if not prefix:
            return False
        size = REQUEST_SIZE.unpack(prefix)[0]
        if size == NEW_CLIENT:
            clients[fds[0]] = socket.socket(fileno=fds[0])
            return True
        raw = b""
        while len(raw) < size:
            more = control.recv(size - len(raw))
            if not more:
                return False
            raw += more
    except ConnectionResetError:
        return False
    try:
        pid = _fork(WorkerSpec.from_json(raw), fds)
    except OSError as error:
        # The system may have room for another process again.
        report(fds[STATUS], refused=error.errno or 0)
    else:
        workers[pid] = _Forked(fds.pop(STATUS), client)
    for fd in fds:
        os.close(fd)
    return True


def _fork(spec: WorkerSpec, fds: list[int]) -> int:
    from grader.sandbox import layers, namespaces

    # A worker that had to fork once more would copy all page tables a second time.
    with namespaces.children_apart(layers.wants(spec, layers.PID_NAMESPACE)) as apart:
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _become_worker(spec, apart, *fds)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(70)
    if apart:
        # The worker sees another number.
        report(fds[STATUS], pid=pid, group=pid)
    return pid


def _become_worker(
    spec: WorkerSpec,
    apart: bool,
    wire_fd: int,
    out_fd: int,
    err_fd: int,
    status_fd: int,
    *shared_fd: int,
) -> None:
    from grader.sandbox import layers, shared_memory
    from grader.worker.main import main

    os.setsid()
    # The mapping outlives its descriptor.
    slots = [a for fd in shared_fd for a in shared_memory.slots_in_worker(fd, spec.shared_bytes)]
    # Descriptors 0 to 3 are all that a worker has in the end; 4 is for saying that it started.
    sources = os.open(os.devnull, os.O_RDONLY), out_fd, err_fd, wire_fd, status_fd
    kept = [fcntl.fcntl(source, fcntl.F_DUPFD, 16) for source in sources]
    for target, source in enumerate(kept):
        os.dup2(source, target, inheritable=False)
    os.closerange(len(kept), os.sysconf("SC_OPEN_MAX"))
    group = os.getpid()

    def announce(pid: int) -> None:
        report(STATUS_FD, pid=pid, group=group)

    def guard(pid: int) -> NoReturn:
        # Process 1 of a new namespace has this process as its parent; it answers for it.
        announce(pid)
        os.closerange(0, STATUS_FD)
        report(STATUS_FD, exit=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        os._exit(0)

    in_force = layers.enter(spec, announce, guard, apart=apart)
    os.close(STATUS_FD)
    main(socket.socket(fileno=WIRE_FD), spec, in_force, slots)
    os._exit(0)


def report(status_fd: int, **values: int) -> None:
    """Write one line for ``WorkerProcess`` to read; the grader may have closed its end."""
    with contextlib.suppress(BrokenPipeError):
        os.write(status_fd, json.dumps(values).encode() + b"\n")
