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
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp

from grader.errors import HarnessError
from grader.sandbox.fork_service import NEW_CLIENT, REQUEST_SIZE
from grader.sandbox.process import WorkerProcess
from grader.sandbox.scratch import remove_scratch
from grader.sandbox.spec import WorkerSpec

ENVIRONMENT = frozenset(
    "PATH LANG LC_ALL LC_CTYPE TZ LD_LIBRARY_PATH CUDA_VISIBLE_DEVICES CUDA_HOME "
    "NVIDIA_VISIBLE_DEVICES OMP_NUM_THREADS OPENBLAS_CORETYPE OPENBLAS_L2_SIZE "
    "OPENBLAS_NUM_THREADS MKL_NUM_THREADS".split()
)
"""The variables that workers may know; all others may hold secrets."""

HUGE_PAGES = "glibc.malloc.hugetlb=1"
"""What torch allocates at its import is half of the memory whose pages each fork and each end of a
worker walks through. Where the kernel does not offer large pages nothing is different."""

PAUSES_S = (0.05, 0.15, 0.4, 1.0)
"""Before another try, where the system has let no process start. What fills it may be a worker that
is about to be ended for that; it is no fault of the hand-in whose turn it is."""
NO_ANSWER = "the server that starts workers gives no answer; is the machine overloaded?"
BOOT = """
import sys
sys.path[:] = {path!r}
sys.dont_write_bytecode = True
from grader import own_builtins
own_builtins.keep()
from grader.sandbox.fork_service import serve
serve({fd}, {folder!r})
"""


class ForkClient:
    """Asks a server for workers."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._lock = threading.Lock()

    def start(self, spec: WorkerSpec, shared_fd: int | None = None) -> WorkerProcess:
        """Fork a worker; ``shared_fd`` is the memory of ``spec.shared_bytes`` that it may write.

        Raises HarnessError when the server does not run, or the system lets no process start, now
        and after short pauses.
        """
        for pause_s in PAUSES_S:
            process = self._started(spec, shared_fd)
            if process.refused is None:
                return process
            process.close()
            time.sleep(pause_s)
        process = self._started(spec, shared_fd)
        if process.refused is not None:
            process.close()
            raise _refused(process.refused)
        return process

    def _started(self, spec: WorkerSpec, shared_fd: int | None) -> WorkerProcess:
        """A worker that runs, or that the system has refused."""
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
        if process.pid is None and process.refused is None:
            process.close()
            raise self._died() if process.unaccounted else HarnessError(NO_ANSWER)
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
            return HarnessError(NO_ANSWER)
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
