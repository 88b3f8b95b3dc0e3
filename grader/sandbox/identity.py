"""A user id of the run's own, and no capabilities."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

FIRST_UID = 61184
"""The range that systemd also takes its dynamic users from: nobody's on an ordinary system."""
UIDS = 4000


def prepare() -> None:
    """Import what ``drop_capabilities`` imports, where that can still be read."""
    with contextlib.suppress(ImportError, OSError):
        import pyprctl  # noqa: F401


def spare_uid() -> int | None:
    """A user id for a worker to run under, or None where that is not permitted.

    Only root can change it, and only if the interpreter can be read by everyone.
    """
    if os.getuid() != 0 or not all(
        _readable_by_all(Path(p)) for p in (sys.prefix, sys.base_prefix)
    ):
        return None
    return FIRST_UID + os.getpid() % UIDS


def become(uid: int) -> bool:
    """Give up root for ``uid``, if this process is root and that is another user."""
    if os.getuid() != 0 or uid == 0:
        return False
    try:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    except OSError:
        return False
    return True


def drop_capabilities() -> bool:
    """Give up every capability, now and for whatever is executed; and die with the parent."""
    try:
        import pyprctl
    except (ImportError, OSError):
        return False
    with contextlib.suppress(OSError):
        for capability in pyprctl.Cap.probe_supported():
            pyprctl.capbset_drop(capability)
    try:
        pyprctl.CapState(effective=set(), permitted=set(), inheritable=set()).set_current()
        pyprctl.set_no_new_privs()
        pyprctl.set_pdeathsig(9)
    except OSError:
        return False
    return True


def _readable_by_all(path: Path) -> bool:
    resolved = path.resolve()
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (resolved, *resolved.parents))
