"""Forbidden acts, attempted from inside a worker: the grader sees which of them are possible.

Each function does what hostile code would do. It returns when it succeeded, and raises OSError when
it was kept from it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from grader.wire import Message

PTRACE_SEIZE = 0x4206
"""Attaches without stopping the other process, which is the grader."""
DATAGRAM = b"a datagram from a worker"


def attempt(request: Message) -> Message:
    """Do the act that the request names, and say whether it could be done."""
    try:
        ACTS[request.fields["act"]](request.fields["target"])
    except (OSError, subprocess.SubprocessError) as error:
        number = error.errno if isinstance(error, OSError) else None
        return Message("prevented", {"errno": number, "text": str(error)})
    return Message("done", {})


def read_file(target: str) -> None:
    """Read a file that the path names."""
    Path(target).read_bytes()


def write_file(target: str) -> None:
    """Make a file at the path."""
    Path(target).write_text("a worker was here")


def change_mode(target: str) -> None:
    """Change the permissions of a file at the path."""
    Path(target).chmod(0o777)


def connect_tcp(target: str) -> None:
    """Connect to a port of this machine."""
    with socket.create_connection(("127.0.0.1", int(target)), timeout=1):
        pass


def send_udp(target: str) -> None:
    """Send a datagram to a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(DATAGRAM, ("127.0.0.1", int(target)))


def see_process(target: str) -> None:
    """Read what another process was started with."""
    Path(f"/proc/{target}/cmdline").read_bytes()


def signal_process(target: str) -> None:
    """Ask whether another process could be signalled."""
    os.kill(int(target), 0)


def trace_process(target: str) -> None:
    """Attach to another process as a debugger."""
    if sys.platform != "linux":
        raise OSError(0, "there is no ptrace of this kind here")
    library = ctypes.CDLL(None, use_errno=True)
    if library.ptrace(PTRACE_SEIZE, int(target), None, None) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def run_program(target: str) -> None:
    """Run another program."""
    subprocess.run([target, "--version"], check=True, capture_output=True, timeout=10)


def fork(_target: str) -> None:
    """Start one process, which ends at once."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def leave_process(target: str) -> None:
    """Leave a process behind that lives for ``target`` seconds, in a session of its own."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(float(target))
        os._exit(0)


def take_memory(target: str) -> None:
    """Take so many MB of memory."""
    blocks = [np.ones(1 << 17) for _ in range(int(target))]
    time.sleep(1)
    del blocks


def run_on(target: str) -> None:
    """Go on for so many seconds, and swallow what could end that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end = time.monotonic() + float(target)
    while time.monotonic() < end:
        try:
            time.sleep(0.05)
        except BaseException:
            continue


ACTS: dict[str, Callable[[str], None]] = {
    act.__name__: act
    for act in (
        read_file,
        write_file,
        change_mode,
        connect_tcp,
        send_udp,
        see_process,
        signal_process,
        trace_process,
        run_program,
        fork,
        leave_process,
        take_memory,
        run_on,
    )
}
