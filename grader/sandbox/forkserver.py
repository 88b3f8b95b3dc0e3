"""A process that imports torch once and then forks a worker in milliseconds.

This is what ``multiprocessing``'s fork server does, with four differences that matter when the
child runs a stranger's code: the server is executed with an environment of its own (the parent's
secrets are not in ``/proc/self/environ``), nothing is pickled in either direction, a worker has no
descriptors but its own four, and the parent's main module is not run again in it.

Several processes of the grader may share one server, each by a control socket of its own. When a
process ends, in whatever way, the server kills the workers that it asked for; when the one that
started the server ends, the server removes the scratch folder and ends too.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import NoReturn

import psutil

from grader.errors import HarnessError
from grader.sandbox.process import WorkerProcess, children_of
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

ENVIRONMENT = frozenset(
    "PATH LANG LC_ALL LC_CTYPE TZ LD_LIBRARY_PATH CUDA_VISIBLE_DEVICES CUDA_HOME "
    "NVIDIA_VISIBLE_DEVICES OMP_NUM_THREADS OPENBLAS_CORETYPE OPENBLAS_L2_SIZE "
    "OPENBLAS_NUM_THREADS MKL_NUM_THREADS".split()
)
"""The variables that workers may know; all others may hold secrets."""

HUGE_PAGES = "glibc.malloc.hugetlb=1"
"""What torch allocates at its import is half of the memory whose pages each fork and each end of a
worker walks through. Where the kernel does not offer large pages nothing is different."""

BOOT = """
import sys
sys.path[:] = {path!r}
sys.dont_write_bytecode = True
from grader.sandbox.forkserver import serve
serve({fd}, {folder!r})
"""


class ForkClient:
    """Asks a server for workers."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._lock = threading.Lock()

    def start(self, spec: WorkerSpec, shared_fd: int | None = None) -> WorkerProcess:
        """Fork a worker; ``shared_fd`` is the memory of ``spec.shared_bytes`` that it may write.

        Raises HarnessError when the server does not run, or the system lets no process start.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        pipes = [os.pipe() for _ in range(3)]
        inherited = [theirs.fileno(), *(write for _, write in pipes)]
        given = inherited if shared_fd is None else [*inherited, shared_fd]
        request = spec.to_json()
        try:
            with self._lock:
                socket.send_fds(self._control, [REQUEST_SIZE.pack(len(request))], given)
                self._control.sendall(request)
        except OSError:
            ours.close()
            for read, _ in pipes:
                os.close(read)
            raise self._died() from None
        finally:
            theirs.close()
            for _, write in pipes:
                os.close(write)
        stdout, stderr, status = (read for read, _ in pipes)
        process = WorkerProcess(ours, stdout, stderr, status)
        if process.pid is None:
            process.close()
            raise self._died() if process.refused is None else _refused(process.refused)
        return process

    def close(self) -> None:
        """End every worker that was asked for here and still runs."""
        self._control.close()

    def _died(self) -> HarnessError:
        return HarnessError("the server that starts workers has ended")


def _refused(number: int) -> HarnessError:
    return HarnessError(
        f"the system let no worker start ({os.strerror(number)}); is there a limit on processes or "
        "memory? Grade fewer hand-ins at once (--jobs), or raise it"
    )


class ForkServer(ForkClient):
    """A server's first client, which started it. That returns at once; its imports go on beside
    the caller's own. With the server goes ``folder``, where workers have their scratch folders."""

    def __init__(self, folder: Path | None = None) -> None:
        """``folder``: None for a new one."""
        folder = folder or Path(mkdtemp(prefix="grader-"))
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        super().__init__(control)
        self.folder = folder
        self._log = TemporaryFile()  # noqa: SIM115
        root = str(Path(__file__).resolve().parents[2])
        path = [root, *(p for p in sys.path if p and p != root and Path(p).is_absolute())]
        boot = BOOT.format(path=path, fd=theirs.fileno(), folder=str(folder))
        environment = {k: v for k, v in os.environ.items() if k in ENVIRONMENT}
        environment["GLIBC_TUNABLES"] = HUGE_PAGES
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", boot],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd="/",
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def new_client(self) -> socket.socket:
        """A control socket for a ``ForkClient``, which may be in another process.

        Raises HarnessError when the server does not run.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs, self._lock:
                socket.send_fds(self._control, [REQUEST_SIZE.pack(NEW_CLIENT)], [theirs.fileno()])
        except OSError:
            ours.close()
            raise self._died() from None
        return ours

    def _died(self) -> HarnessError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        if self._process.poll() is None:
            return HarnessError(
                "the server that starts workers gives no answer; is the machine overloaded?"
            )
        self._log.seek(0)
        last_words = self._log.read()[-2000:].decode("utf-8", "replace").strip()
        last_words = last_words or "it left no message"
        return HarnessError(f"the server that starts workers has ended: {last_words}")

    def close(self) -> None:
        """End the server and every worker that still runs; the folder goes."""
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        # The server has done that, unless it was killed.
        remove_scratch(self.folder)


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
