"""Attempts each forbidden act from inside a real worker, and tells what kept it.

A ``Sandbox`` is what gradings share: the fork server, and the examination of what it holds back,
which runs once, beside the first grading.
"""

from __future__ import annotations

import itertools
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from grader.errors import CheckFailed, HarnessError, IsolationRefused
from grader.model import Isolation, Outcome, Verdict
from grader.modes import IsolationMode
from grader.sandbox import layers
from grader.sandbox.conversation import Bounds, Conversation
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.lent import available_cores
from grader.sandbox.scratch import make_scratch, remove_scratch
from grader.sandbox.spec import WorkerSpec
from grader.wire import Message, text

ACT_S = 10.0
DEADLINE_S = 0.1
AMPLE_BYTES = 2048 << 20
SOME_BYTES = 64 << 20
"""What the worker that takes more than it may can have beyond what it was forked with. To touch
memory for the first time takes a second a gigabyte on some machines."""
TOO_MANY_MB = 1500
LEFT_BEHIND_S = 30.0
AT_ONCE = 4
"""Acts that are attempted at the same time: a worker is mostly waited for."""

# Which layers stand in the way of an act, the first to be met first.
FILE_LAYERS = (layers.LANDLOCK, layers.USER_ID)
NETWORK_LAYERS = (layers.SECCOMP, layers.NETWORK_NAMESPACE, layers.LANDLOCK)
PROCESS_LAYERS = (layers.SECCOMP, layers.PID_NAMESPACE, layers.LANDLOCK_SCOPES, layers.USER_ID)


@dataclass(frozen=True)
class Act:
    """A forbidden act: what a reader calls it, and what would keep a worker from it."""

    title: str
    name: str
    target: str
    kept_by: tuple[str, ...]


class Sandbox:
    """A fork server and the examination of its isolation; a context that ends the server."""

    def __init__(
        self,
        mode: IsolationMode,
        test_data: Path,
        folder: Path | None = None,
        server: ForkServer | None = None,
    ) -> None:
        """``server`` runs already, and its folder is used; else one is started, with ``folder``."""
        self.mode = mode
        self.server = server or ForkServer(folder)
        self.folder = self.server.folder
        """Where hand-ins are staged; it goes with the server, even when this process is killed."""
        # Workers may have a user id of their own: they pass through, but cannot list what is there.
        self.folder.chmod(0o711)
        self.cores = available_cores()
        self.model_turn: AbstractContextManager[object] = nullcontext()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="examination")
        self._examination = self._pool.submit(
            examine, self.server, mode, test_data, within=self.folder
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server and its workers."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.server.close()

    def isolation(self) -> Isolation:
        """What was found; waits until the examination has ended.

        Raises IsolationRefused when ``mode`` requires that everything holds and something does not.
        """
        isolation = self._examination.result()
        open_doors = [verdict.act for verdict in isolation.verdicts if not verdict.held]
        if self.mode is IsolationMode.REQUIRE and open_doors:
            raise IsolationRefused(
                f"--isolation require: a worker here can {'; '.join(open_doors)}. "
                f"{how_to_get(isolation.layers)}"
            )
        return isolation


def how_to_get(in_force: dict[str, bool]) -> str:
    """What to do about the layers that are missing, for the person who runs the machine."""
    advice = {
        layers.LANDLOCK: "Landlock needs Linux 5.13 or newer with 'landlock' among the security "
        "modules (/sys/kernel/security/lsm), and a container runtime that lets its system calls "
        "through",
        layers.SECCOMP: "seccomp needs the library libseccomp (Debian: libseccomp2)",
        layers.PID_NAMESPACE: "namespaces need root or unprivileged user namespaces "
        "(sysctl user.max_user_namespaces; kernel.apparmor_restrict_unprivileged_userns=0)",
    }
    missing = [advice[layer] for layer in advice if not in_force.get(layer)]
    return "To get more: " + "; ".join(missing) + "." if missing else ""


def examine(
    server: ForkServer,
    mode: IsolationMode,
    test_data: Path,
    omit: tuple[str, ...] = (),
    within: Path | None = None,
) -> Isolation:
    """Attempt every forbidden act, each in a worker that has not tried another.

    ``omit`` names layers to do without, to see what the others hold by themselves. ``within`` is
    where its own folder is made: one that goes with the server, also when this process is killed.
    """
    folder = Path(tempfile.mkdtemp(prefix="doctor-", dir=within))
    folder.chmod(0o711)
    try:
        with _listening(socket.SOCK_STREAM) as tcp, _listening(socket.SOCK_DGRAM) as udp:
            examination = _Examination(server, mode, folder, omit)
            first, *others = _acts(folder, test_data, tcp, udp)
            # When it has been tried, the server is as large as it gets.
            verdicts = [examination.attempt(first)]
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="acts") as pool:
                slow = [pool.submit(examination.memory), pool.submit(examination.deadline)]
                verdicts += pool.map(examination.attempt, others)
                verdicts += [act.result() for act in slow]
            # By now none of their workers is left.
            verdicts.append(examination.left_behind())
            return Isolation(mode=mode, layers=examination.layers, verdicts=tuple(verdicts))
    finally:
        remove_scratch(folder)


def _acts(folder: Path, test_data: Path, tcp: int, udp: int) -> tuple[Act, ...]:
    private = folder / "private.txt"
    private.write_text("a file of the user's")
    private.chmod(0o600)
    me = str(os.getpid())
    return (
        Act("read a file of the user's", "read_file", str(private), FILE_LAYERS),
        Act("read the test data", "read_file", str(test_data), FILE_LAYERS),
        Act("write outside its scratch", "write_file", str(folder / "written"), FILE_LAYERS),
        Act("change a file's mode", "change_mode", str(private), (layers.SECCOMP, layers.USER_ID)),
        Act("open a TCP connection", "connect_tcp", str(tcp), NETWORK_LAYERS),
        Act("send a UDP datagram", "send_udp", str(udp), NETWORK_LAYERS),
        Act("see the grader's process", "see_process", me, (layers.LANDLOCK,)),
        Act("signal the grader", "signal_process", me, PROCESS_LAYERS),
        Act("trace the grader", "trace_process", me, PROCESS_LAYERS),
        Act("start a process", "fork", "", (layers.SECCOMP,)),
        Act("run a program", "run_program", sys.executable, (layers.SECCOMP,)),
    )


class _Examination:
    def __init__(
        self, server: ForkServer, mode: IsolationMode, folder: Path, omit: tuple[str, ...]
    ) -> None:
        self.layers: dict[str, bool] = {}
        self._server = server
        self._isolate = mode is not IsolationMode.OFF
        self._folder = folder
        self._omit = omit
        self._count = itertools.count()

    def attempt(self, act: Act) -> Verdict:
        """One act that succeeds or fails at once."""
        with self._worker() as worker:
            reply = self._ask(worker, act.name, act.target, ACT_S)
        if reply is None or reply.op != "prevented":
            return Verdict(act=act.title, held=False, by="nothing: it succeeded")
        layer = next((name for name in act.kept_by if self.layers.get(name)), "the system")
        return Verdict(act=act.title, held=True, by=f"{layer} ({_reason(reply)})")

    def memory(self) -> Verdict:
        """Memory beyond the limit."""
        limit = psutil.Process(self._server.pid).memory_info().rss + SOME_BYTES
        return self._killed(
            "take more memory than allowed", "take_memory", str(TOO_MANY_MB), ACT_S,
            Outcome.OUT_OF_MEMORY, limit,
        )  # fmt: skip

    def deadline(self) -> Verdict:
        """Time beyond the deadline, with the polite signals ignored."""
        return self._killed("run past the deadline", "run_on", "60", DEADLINE_S, Outcome.TIMEOUT)

    def left_behind(self) -> Verdict:
        """A process that goes on when its worker has ended."""
        title = "leave a process behind"
        with self._worker() as worker:
            reply = self._ask(worker, "leave_process", str(LEFT_BEHIND_S), ACT_S)
        if reply is not None and reply.op == "prevented":
            return Verdict(act=title, held=True, by=f"{layers.SECCOMP} ({_reason(reply)})")
        left = [process for process in psutil.process_iter() if self._is_ours(process)]
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        if left:
            return Verdict(act=title, held=False, by="nothing: it lived on")
        ended_by = layers.PID_NAMESPACE if self.layers.get(layers.PID_NAMESPACE) else "the grader"
        return Verdict(act=title, held=True, by=f"{ended_by} (it was ended with its worker)")

    def _killed(
        self,
        title: str,
        name: str,
        target: str,
        limit_s: float,
        wanted: Outcome,
        memory_bytes: int = AMPLE_BYTES,
    ) -> Verdict:
        with self._worker(memory_bytes) as worker:
            try:
                self._request(worker, name, target, limit_s)
            except CheckFailed as failure:
                if failure.outcome is wanted:
                    return Verdict(act=title, held=True, by="the grader (it killed the worker)")
        return Verdict(act=title, held=False, by="nothing: it succeeded")

    def _ask(self, worker: Conversation, name: str, target: str, limit_s: float) -> Message | None:
        """The worker's reply, or None when it was killed for what it did."""
        try:
            return self._request(worker, name, target, limit_s)
        except CheckFailed:
            return None

    def _request(self, worker: Conversation, name: str, target: str, limit_s: float) -> Message:
        return worker.ask(Message("attempt", {"act": name, "target": target}), limit_s, name)

    @contextmanager
    def _worker(self, memory_bytes: int = AMPLE_BYTES) -> Iterator[Conversation]:
        scratch = self._folder / f"scratch-{next(self._count)}"
        make_scratch(scratch)
        spec = WorkerSpec(
            code_dir=str(scratch),
            scratch_dir=str(scratch),
            isolate=self._isolate,
            max_message_bytes=1 << 20,
            threads=1,
            cpu_s=60,
            file_bytes=1 << 20,
            open_files=64,
            processes=1,
            omit=self._omit,
        )
        # More processes than one are let pass here: whether they can be started is the question.
        bounds = Bounds(memory_bytes, 8, 1 << 10, 1 << 24, 1 << 20, 1 << 16)
        conversation = Conversation(self._server.start(spec), scratch, bounds)
        try:
            self.layers = dict(conversation.greet().fields["isolation"])
            yield conversation
        except CheckFailed as failure:
            raise HarnessError(f"{failure.message} {conversation.take_output()}") from None
        finally:
            conversation.close()
            remove_scratch(scratch)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return Path(process.cwd()).is_relative_to(self._folder)
        except (psutil.Error, OSError):  # gone, another user's, or in a folder too deep to be told
            return False


def _reason(reply: Message) -> str:
    number = reply.fields.get("errno")
    return os.strerror(number) if isinstance(number, int) else text(reply.fields.get("text"), 80)


@contextmanager
def _listening(kind: socket.SocketKind) -> Iterator[int]:
    """A port of this machine that something listens to."""
    with socket.socket(socket.AF_INET, kind) as listener:
        listener.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            listener.listen()
        yield listener.getsockname()[1]
