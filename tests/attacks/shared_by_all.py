"""Takes what there is once for the whole machine: asynchronous requests, and the disk's time."""

import ctypes
import os
import tempfile

from attack_kit import attempt, syscall, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("io_setup", syscall, 206, 1000, ctypes.byref(ctypes.c_ulong(0)))
    attempt("sync", syscall, 162)
    with tempfile.NamedTemporaryFile(dir=".") as file:
        file.write(b"written")
        file.flush()
        os.fsync(file.fileno())  # for its own file, it may
        attempt("syncfs", syscall, 306, file.fileno())
    return zeros(init_state, input_data)
