"""One server for several processes of the grader: what goes with whom."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from grader.doctor import Sandbox
from grader.errors import HarnessError
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
from grader.modes import IsolationMode
from grader.sandbox import fork_service, forkserver
from grader.sandbox.forkserver import ForkClient, ForkServer
from grader.sandbox.process import Usage, WorkerProcess, children_of, tables_and_threads_of
from grader.sandbox.scratch import make_scratch
from grader.sandbox.spec import WorkerSpec
from tests.conftest import ROOT

END_S = 20.0


@pytest.fixture
def spec(sandbox: Sandbox) -> WorkerSpec:
    scratch = sandbox.folder / "shared-server-test"
    make_scratch(scratch)
    return WorkerSpec(
        code_dir=str(scratch),
        scratch_dir=str(scratch),
        isolate=True,
        max_message_bytes=1 << 20,
        threads=1,
        cpu_s=60,
        file_bytes=1 << 20,
        open_files=64,
        processes=1,
    )


@pytest.fixture
def client(server: ForkServer) -> Iterator[ForkClient]:
    client = ForkClient(server.new_client())
    yield client
    client.close()


def has_ended(worker: WorkerProcess) -> bool:
    """Whether the server says so; waits for a process that is about to end."""
    return worker._status_value("exit", END_S) is not None


def end(worker: WorkerProcess) -> None:
    worker.kill()
    worker.close()


def test_clients_get_workers_of_their_own(
    server: ForkServer, client: ForkClient, spec: WorkerSpec
) -> None:
    workers = [server.start(spec), client.start(spec)]
    assert workers[0].pid != workers[1].pid
    for worker in workers:
        end(worker)


def test_workers_go_with_their_client_and_no_others(
    server: ForkServer, client: ForkClient, spec: WorkerSpec
) -> None:
    other, own = server.start(spec), client.start(spec)
    client.close()
    assert has_ended(own)
    assert other.pid is not None
    assert psutil.pid_exists(other.pid)
    own.close()
    end(other)


def test_server_outlives_its_clients(server: ForkServer, spec: WorkerSpec) -> None:
    for _ in range(3):
        ForkClient(server.new_client()).close()
    end(server.start(spec))


def test_client_of_a_server_that_has_ended(tmp_path: Path, spec: WorkerSpec) -> None:
    server = ForkServer(tmp_path / "scratch")
    client = ForkClient(server.new_client())
    server.close()
    with pytest.raises(HarnessError, match="has ended"):
        client.start(spec)


def test_server_that_was_killed_takes_no_more_clients(tmp_path: Path) -> None:
    server = ForkServer(tmp_path / "scratch")
    psutil.Process(server.pid).kill()
    server._process.wait()
    with pytest.raises(HarnessError, match="has ended"):
        server.new_client()
    server.close()


@contextmanager
def served(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[ForkClient, dict[int, fork_service._Forked]]]:
    """A client, and the workers of its server, which answers three requests, without pauses."""
    monkeypatch.setattr(forkserver, "PAUSES_S", (0.0, 0.0))
    ours, theirs = socket.socketpair()
    clients = {theirs.fileno(): theirs}
    workers: dict[int, fork_service._Forked] = {}

    def serve() -> None:
        for _ in range(3):
            assert fork_service._answer(clients, theirs.fileno(), workers)

    with ours, theirs, ThreadPoolExecutor(1) as thread:
        serving = thread.submit(serve)
        yield ForkClient(ours), workers
        serving.result()


def test_fork_that_the_system_refuses_ends_nothing_else(
    spec: WorkerSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(fork_service, "_fork", no_room)
    refused = pytest.raises(HarnessError, match=r"let no worker start .*unavailable")
    with served(monkeypatch) as (client, workers), refused:
        client.start(spec)
    assert workers == {}


def test_fork_that_the_system_refuses_is_tried_again(
    spec: WorkerSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [errno.EAGAIN, errno.ENOMEM]
    own = os.getpid()

    def room_at_last(_: WorkerSpec, fds: list[int]) -> int:
        if refusals:
            raise OSError(refusals.pop(), "no room")
        fork_service.report(fds[fork_service.STATUS], pid=own)
        return own

    monkeypatch.setattr(fork_service, "_fork", room_at_last)
    with served(monkeypatch) as (client, workers):
        worker = client.start(spec)
        assert worker.pid == own
        worker.close()
    os.close(workers[own].status_fd)


KILLED = """
import os, signal, sys
from pathlib import Path
from grader.doctor import Sandbox
from grader.language_model.corpus import EMBEDDED_CORPUS, TEST_FILE
from grader.modes import IsolationMode

sandbox = Sandbox(IsolationMode.BEST_EFFORT, EMBEDDED_CORPUS / TEST_FILE)
sandbox.isolation()
(sandbox.folder / "submission").mkdir()
print(sandbox.folder, sandbox.server.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_scratch_goes_even_when_the_grader_is_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    folder, pid = done.stdout.split()
    assert done.returncode < 0
    gone = psutil.wait_procs([p for p in psutil.process_iter() if p.pid == int(pid)], END_S)[1]
    assert gone == []
    assert not Path(folder).exists()


def test_scratch_goes_when_another_client_outlives_the_first(
    tmp_path: Path, spec: WorkerSpec
) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    server = ForkServer(folder)
    client = ForkClient(server.new_client())
    worker = client.start(spec)
    server._control.close()
    # The server has noticed when it has ended the worker; the other client has not.
    worker.wire.settimeout(END_S)
    assert worker.wire.recv(1) == b""
    (folder / "submission").mkdir(parents=True)
    client.close()
    assert server._process.wait(END_S) == 0
    assert not folder.exists()
    worker.close()
    server.close()


def test_children_are_those_that_psutil_finds() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        found = {process.pid for process in children_of(os.getpid())}
        assert child.pid in found
        assert found == {process.pid for process in psutil.Process().children()}
        child.communicate(b"\n")


def test_scratch_goes_also_when_the_server_was_killed() -> None:
    with Sandbox(IsolationMode.OFF, EMBEDDED_CORPUS / TEST_FILE) as sandbox:
        sandbox.isolation()
        psutil.Process(sandbox.server.pid).kill()
    assert not sandbox.folder.exists()


def test_worker_that_never_began_is_not_this_process() -> None:
    """Of the process that is told to it as None, psutil would take and kill this one."""
    ours, theirs = socket.socketpair()
    status, ended = os.pipe()
    os.close(ended)
    with ours, theirs:
        process = WorkerProcess(ours, os.open(os.devnull, os.O_RDONLY), os.dup(status), status)
        assert process.pid is None
        assert process.usage() == Usage(0, 0, 0)
        process.close()


MAPS_MUCH = """
import mmap
with open("/proc/self/comm", "w") as name:
    name.write("a\\nVmPTE: none")
size = TABLES_BYTES // 4096 * (2 << 20)
flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000  # MAP_NORESERVE
mapped = mmap.mmap(-1, size, flags=flags, prot=mmap.PROT_READ)
mapped.madvise(15)  # MADV_NOHUGEPAGE
print(sum(mapped[at] for at in range(0, size, 2 << 20)), flush=True)
input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_page_tables_are_memory_too() -> None:
    """Of pages that are only read there is one for all, and nothing more is resident."""
    tables = 48 << 20
    code = f"TABLES_BYTES = {tables}\n{MAPS_MUCH}"
    ours, theirs = socket.socketpair()
    status, told = os.pipe()
    command = [sys.executable, "-c", code]
    with (
        ours,
        theirs,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child,
    ):
        os.write(told, f'{{"pid": {child.pid}}}\n'.encode())
        os.close(told)
        process = WorkerProcess(ours, os.open(os.devnull, os.O_RDONLY), os.dup(status), status)
        assert child.stdout is not None
        assert child.stdout.readline() == b"0\n"
        resident = psutil.Process(child.pid).memory_info().rss
        usage = process.usage()
        assert (usage.processes, usage.threads) == (1, 1)
        assert tables < usage.memory_bytes - resident < 2 * tables
        child.communicate(b"\n")
        assert process.usage() == Usage(0, 0, 0)
        process.close()


def test_process_that_is_gone_has_neither_page_tables_nor_threads() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert tables_and_threads_of(child.pid) == (0, 0)
