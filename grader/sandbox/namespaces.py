"""Linux namespaces: a worker's own process ids, network and System V objects."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
NOT_PROCESSES = CLONE_NEWIPC | CLONE_NEWNET


@contextmanager
def children_apart(wanted: bool) -> Iterator[bool]:
    """If ``wanted``, the next child that this process forks is process 1 of a PID namespace.

    Only root may do so: False, and nothing is different, for everyone else. Raises OSError when the
    way back is closed.
    """
    apart = wanted and _unshare(CLONE_NEWPID)
    yield apart
    if apart:
        own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc().setns(own, CLONE_NEWPID):
                raise OSError(ctypes.get_errno(), "no way back from another PID namespace")
        finally:
            os.close(own)


def unshare(*, processes: bool) -> bool:
    """Leave the shared namespaces; with ``processes``, the next child is process 1 of its own.

    Root may do so as it is, everyone else inside a user namespace, where those are permitted.
    """
    wanted = NOT_PROCESSES | (CLONE_NEWPID if processes else 0)
    return _unshare(wanted) or _unshare(wanted | CLONE_NEWUSER)


def _unshare(flags: int) -> bool:
    # os.unshare came with Python 3.12; before, the C library's function is all there is.
    if hasattr(os, "unshare"):
        try:
            os.unshare(flags)
        except OSError:
            return False
        return True
    return bool(_libc().unshare(flags) == 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
