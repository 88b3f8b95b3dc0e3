"""Linux namespaces: a worker's own process ids, network and System V objects."""

from __future__ import annotations

import ctypes
import os

CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
WANTED = CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET


def unshare() -> bool:
    """Leave the shared namespaces; the next child is process 1 of its own.

    Root may do so as it is, everyone else inside a user namespace, where those are permitted.
    """
    return _unshare(WANTED) or _unshare(WANTED | CLONE_NEWUSER)


def _unshare(flags: int) -> bool:
    # os.unshare came with Python 3.12; before, the C library's function is all there is.
    if hasattr(os, "unshare"):
        try:
            os.unshare(flags)
        except OSError:
            return False
        return True
    return bool(ctypes.CDLL(None).unshare(flags) == 0)
