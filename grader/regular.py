"""Opens regular files and nothing else, wherever they come from, or says why not."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

RIGHTS = "; that is no fault of the hand-in: give the account that grades the right to read it"


def unreadable(name: str, error: OSError) -> str:
    """What to say of a file or folder that the system does not let one read."""
    reason = error.strerror or type(error).__name__
    whose = RIGHTS if isinstance(error, PermissionError) else ""
    return f"{name} cannot be read: {reason}{whose}"


def open_regular(file: Path) -> BinaryIO | None:
    """A file to read, or None where it is no regular one; no link is followed, no pipe waited for.

    It is looked at once it is open: since it was listed it may have become something else. Raises
    OSError where it cannot be opened.
    """
    fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return os.fdopen(fd, "rb")
    os.close(fd)
    return None
