"""Linux namespaces: a worker's own process ids, network and System V objects."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
NOT_PROCESSES = CLONE_NEWIPC | CLONE_NEWNET
OWN_PID_NAMESPACE = "/proc/self/ns/pid"


@contextmanager
def children_apart(wanted: bool) -> Iterator[bool]:
    """If ``wanted``, the next child that this process forks is process 1 of a PID namespace.

    Yields whether that is so: it takes root, and a way back afterwards. Raises OSError when that
    way is closed all the same.
    """
    own = os.open(OWN_PID_NAMESPACE, os.O_RDONLY | os.O_CLOEXEC) if wanted else -1
    try:
        # To its own namespace it comes back without having left; some systems know no way at all.
        apart = wanted and _enter(own) and _unshare(CLONE_NEWPID)
        try:
            yield apart
        finally:
            if apart and not _enter(own):
                raise OSError(errno.EPERM, "no way back from another PID namespace")
    finally:
        if wanted:
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


def _enter(namespace: int) -> bool:
    """Have further children in this PID namespace, given by its descriptor."""
    return bool(_libc().setns(namespace, CLONE_NEWPID) == 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
