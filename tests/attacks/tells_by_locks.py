"""Tells another worker a number by locks on a file that both may read, or has it wait for one."""

import ctypes
import errno
import fcntl
import os
import random
import signal
import struct

from attack_kit import attempt, breach, syscall, zeros

OFD_GETLK, OFD_SETLK = 36, 37
PLACE = 1 << 40
UPPER = 1 << 32
"""The kernel looks at the lower half of a command alone."""


def lock(kind):
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, PLACE, 1, 0)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    with open(random.__file__) as mine, open(random.__file__) as others:
        attempt("a lease", fcntl.fcntl, mine, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        attempt("a question for leases", fcntl.fcntl, mine, fcntl.F_GETLEASE)
        attempt("a question for locks", fcntl.fcntl, mine, fcntl.F_GETLK, lock(fcntl.F_RDLCK))
        attempt("a question for any's locks", fcntl.fcntl, mine, OFD_GETLK, lock(fcntl.F_WRLCK))
        buffer = ctypes.create_string_buffer(lock(fcntl.F_RDLCK))
        attempt("a long command", syscall, 72, mine.fileno(), UPPER | OFD_GETLK, buffer)
        # These are not refused, and must do nothing: two that exclude each other are both had.
        with open("own", "w+") as first, open("own", "w+") as second:
            for file in (first, second):
                for take in (
                    lambda f: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB),
                    lambda f: fcntl.fcntl(f, OFD_SETLK, lock(fcntl.F_WRLCK)),
                ):
                    try:
                        take(file)
                    except OSError as error:
                        if error.errno in {errno.EAGAIN, errno.EACCES}:
                            breach("a lock that another one sees")
        del others
    folder = os.open(os.path.dirname(random.__file__), os.O_RDONLY)
    attempt("news of a folder", fcntl.fcntl, folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS)
    signal.signal(signal.SIGIO, signal.SIG_IGN)
    os.close(folder)
    return zeros(init_state, input_data)
