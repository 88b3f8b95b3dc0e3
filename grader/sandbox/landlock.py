"""Landlock: which files a worker can reach. See https://docs.kernel.org/userspace-api/landlock.html"""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from grader.sandbox import installed
from grader.sandbox.spec import WorkerSpec

if TYPE_CHECKING:
    from landlockpy import Ruleset

FILES_ABI = 1
SCOPES_ABI = 6
"""The kernel's interface version from which signals and abstract sockets are kept in, too."""

SYSTEM_READABLE = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system",
)
DEVICES = ("/dev/null", "/dev/urandom", "/dev/random")
GPU_READABLE = ("/proc/driver/nvidia", "/proc/devices", "/sys/bus/pci", "/sys/module/nvidia")


def prepare() -> None:
    """Do once, without effect, what takes milliseconds at its first time."""
    with contextlib.suppress(ImportError, OSError), _rules("/usr", "/usr"):
        pass


def restrict(spec: WorkerSpec) -> int:
    """Restrict this process for good; returns the interface version in force, 0 for none."""
    try:
        from landlockpy import LandlockError
    except ImportError:
        return 0
    try:
        with _rules(spec.code_dir, spec.scratch_dir) as rules:
            rules.restrict()
            return rules.abi_version
    except LandlockError:
        return 0


def _rules(code_dir: str, scratch_dir: str) -> Ruleset:
    from landlockpy import AccessFS, Ruleset, Scope

    read = AccessFS.READ_FILE | AccessFS.READ_DIR | AccessFS.EXECUTE
    file_read = AccessFS.READ_FILE | AccessFS.EXECUTE
    use_device = AccessFS.READ_FILE | AccessFS.WRITE_FILE | AccessFS.IOCTL_DEV
    # What is written cannot be removed again: a file that is open but has no name is not counted.
    write = AccessFS.WRITE_FILE | AccessFS.TRUNCATE | AccessFS.MAKE_REG | AccessFS.MAKE_DIR
    rules = Ruleset(scoped=Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL)
    try:
        whole = dict.fromkeys((*GPU_READABLE, code_dir), True)
        for path, more_than_names in (_readable() | whole).items():
            is_folder = os.path.isdir(path)  # noqa: PTH112
            allowed = read if more_than_names else AccessFS.READ_DIR
            with contextlib.suppress(FileNotFoundError, PermissionError):
                rules.allow_path(path, allowed if is_folder else file_read)
        for path in (*DEVICES, *gpu_devices()):
            with contextlib.suppress(FileNotFoundError, PermissionError):
                rules.allow_path(path, use_device)
        rules.allow_path(scratch_dir, read | write)
    except BaseException:
        rules.close()
        raise
    return rules


@cache
def _readable() -> dict[str, bool]:
    """What all workers may read, and whether more than the names in it; found once."""
    return installed.readable((*interpreter_folders(), *SYSTEM_READABLE))


def interpreter_folders() -> Iterator[str]:
    """The Python installation and its packages, and not the folder that a package was run from.

    Of an environment inside a project only its library is named: the project may hold the test
    data and other people's submissions.
    """
    yield from (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    for prefix in {sys.prefix, sys.base_prefix}:
        yield from (str(Path(prefix) / part) for part in ("lib", "lib64", "bin", "pyvenv.cfg"))


def gpu_devices() -> Iterator[str]:
    """The files by which a GPU is used."""
    yield from map(str, Path("/dev").glob("nvidia*"))
