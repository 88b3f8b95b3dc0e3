"""seccomp: which system calls a worker can make. Denied ones fail with EPERM or ENOSYS."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from functools import cache
from typing import Any

CLONE_THREAD = 0x00010000
O_TMPFILE = 0o20000000
F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW = 5, 6, 7, 36, 37, 38
F_SETLEASE, F_GETLEASE, F_NOTIFY = 1024, 1025, 1026
MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20
FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR = 0x40086602, 0x401C5820
MADV_RANDOM, MADV_COLD, MADV_PAGEOUT = 1, 20, 21

DENIED = {
    # The wire is a connected stream that exists already. A pair of datagram sockets could be turned
    # to any address.
    "network": "socket socketpair connect bind listen accept accept4 sendmsg sendmmsg",
    "programs": "execve execveat",
    "other processes": "ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_open "
    "pidfd_getfd pidfd_send_signal tkill setpriority ioprio_set sched_setscheduler "
    "sched_setparam sched_setattr move_pages migrate_pages",
    # Landlock does not cover these, and the user who grades owns more than the scratch folder.
    "permissions": "chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes "
    "utimensat futimesat setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr "
    "setxattrat removexattrat file_setattr",
    # Memory that no process maps is not resident, so the memory limit would not see it.
    "hidden memory": "memfd_create memfd_secret shmget msgget semget mq_open",
    # Two workers could tell each other by the page cache what they read, or by how much is free.
    "the page cache": "fadvise64 preadv2 pwritev2 mincore cachestat readahead",
    "what others do": "inotify_init inotify_init1 inotify_add_watch statfs fstatfs ustat",
    # Asynchronous requests are counted for the whole machine: one worker could take all that its
    # databases have. To write out what is not on the disk yet is done for all who write; a worker
    # may do it for its own files.
    "what all share": "io_setup io_submit io_getevents io_pgetevents io_cancel io_destroy sync "
    "syncfs",
    "privileges": "mount umount2 move_mount open_tree fsopen fsmount fsconfig fspick pivot_root "
    "mount_setattr chroot unshare setns setuid setgid setreuid setregid setresuid setresgid "
    "setfsuid setfsgid setgroups capset personality",
    "the kernel": "bpf perf_event_open userfaultfd keyctl add_key request_key open_by_handle_at "
    "name_to_handle_at init_module finit_module delete_module kexec_load kexec_file_load reboot "
    "swapon swapoff acct quotactl quotactl_fd syslog iopl ioperm modify_ldt settimeofday "
    "clock_settime clock_adjtime adjtimex sethostname setdomainname vhangup lookup_dcookie "
    "nfsservctl fanotify_init fanotify_mark uselib vmsplice",
}
ABSENT = "io_uring_setup io_uring_enter io_uring_register clone3 openat2"
"""Answered as an old kernel would: callers then take the ordinary way, such as clone."""
UNSUPPORTED = "fallocate"
"""Answered as a file system would that cannot reserve room, which no limit would see: a library
then writes the zeros, which are counted."""
OWN_PROCESS_ONLY = {"kill": 1, "tgkill": 2, "rt_sigqueueinfo": 1, "rt_tgsigqueueinfo": 2}
"""Calls that send a signal, and which argument that is."""
SIGKILL = 9

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22
MODE_FILTER = 2
INSTRUCTION_BYTES = 8
FIRST_PID = 1
"""A worker's own process id, in a namespace of its own."""


class _Program(ctypes.Structure):
    """The kernel's ``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def prepare() -> None:
    """Compile the usual rules once, in the process that workers are forked from."""
    with contextlib.suppress(ImportError, RuntimeError, OSError):
        _compiled(may_fork=False, may_share=False, own_pid=FIRST_PID)


def restrict(*, may_fork: bool, may_share: bool) -> bool:
    """Restrict this process for good; False where seccomp or its library is missing.

    ``may_share``: whether it can make memory that is to be shared, which no process's size shows.
    """
    try:
        rules = _compiled(may_fork=may_fork, may_share=may_share, own_pid=os.getpid())
    except (ImportError, RuntimeError, OSError):
        return False
    program = _Program(len(rules) // INSTRUCTION_BYTES, rules)
    return _prctl(PR_SET_NO_NEW_PRIVS, 1) and _prctl(
        PR_SET_SECCOMP, MODE_FILTER, ctypes.addressof(program)
    )


def _prctl(option: int, *arguments: int) -> bool:
    """Whether the kernel agreed; it wants the arguments that there are not to be zero."""
    filled = (*arguments, 0, 0, 0, 0)[:4]
    return bool(ctypes.CDLL(None).prctl(option, *map(ctypes.c_ulong, filled)) == 0)


@cache
def _compiled(*, may_fork: bool, may_share: bool, own_pid: int) -> bytes:
    """The rules as instructions for the kernel, by libseccomp."""
    import pyseccomp

    denied = pyseccomp.ERRNO(errno.EPERM)
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for names in DENIED.values():
        for name in names.split():
            _add(rules, denied, name)
    for name in ABSENT.split():
        _add(rules, pyseccomp.ERRNO(errno.ENOSYS), name)
    for name, number in OWN_PROCESS_ONLY.items():
        _add(rules, denied, name, pyseccomp.Arg(0, pyseccomp.NE, own_pid))
        # A worker that ends by it was ended by the system, and is given a second attempt.
        _add(rules, denied, name, _is(number, SIGKILL))
    # A process id of 0 is the caller's own.
    _add(rules, denied, "prlimit64", pyseccomp.Arg(0, pyseccomp.NE, 0))
    _add(rules, denied, "sendto", pyseccomp.Arg(4, pyseccomp.NE, 0))
    # A file without a name would not be counted with the scratch folder.
    for name, flags in (("open", 1), ("openat", 2)):
        unnamed = pyseccomp.Arg(flags, pyseccomp.MASKED_EQ, O_TMPFILE, O_TMPFILE)
        _add(rules, denied, name, unnamed)
    # Pages that are read one by one make the page cache carry a bit each.
    for advice in (MADV_RANDOM, MADV_COLD, MADV_PAGEOUT):
        _add(rules, denied, "madvise", _is(2, advice))
    # A lock on a file that all may read tells other workers a number, and a lease has whoever opens
    # it wait. A worker that locks what is its own alone need not know that nothing is locked.
    pretended = pyseccomp.ERRNO(0)
    _add(rules, pretended, "flock")
    for command in (F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW):
        _add(rules, pretended, "fcntl", _is(1, command))
    for command in (F_GETLK, F_OFD_GETLK, F_SETLEASE, F_GETLEASE, F_NOTIFY):
        _add(rules, denied, "fcntl", _is(1, command))
    for command in (FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR):
        _add(rules, denied, "ioctl", _is(1, command))
    for name in UNSUPPORTED.split():
        _add(rules, pyseccomp.ERRNO(errno.EOPNOTSUPP), name)
    if not may_share:
        # Its pages stay when a process lets go of them, and are of no process's size.
        shared = MAP_SHARED | MAP_ANONYMOUS
        _add(rules, denied, "mmap", pyseccomp.Arg(3, pyseccomp.MASKED_EQ, shared, shared))
    if not may_fork:
        for name in ("fork", "vfork"):
            _add(rules, denied, name)
        thread_flag = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_THREAD, 0)
        _add(rules, denied, "clone", thread_flag)
    # The library writes to a descriptor. A worker can make no file, and the rules fit into a pipe.
    read, write = os.pipe()
    with os.fdopen(read, "rb") as reader:
        with os.fdopen(write, "wb") as writer:
            rules.export_bpf(writer)
        return reader.read()


def _is(argument: int, value: int) -> Any:
    """Whether an int has a value: of such an argument the kernel takes the lower half alone."""
    import pyseccomp

    return pyseccomp.Arg(argument, pyseccomp.MASKED_EQ, 0xFFFFFFFF, value)


def _add(rules: Any, action: int, name: str, *conditions: Any) -> None:
    # What this architecture, or this version of the library, does not know cannot be denied.
    with contextlib.suppress(OSError):
        rules.add_rule(action, name, *conditions)
