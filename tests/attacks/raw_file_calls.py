"""Reads and writes files by the system calls below Python: openat2, handles, creat."""

import ctypes
import os

import attack_targets as targets
from attack_kit import attempt, syscall, zeros

CWD = -100


def read(fd):
    return os.read(fd, 100)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    how = (ctypes.c_uint64 * 3)(0, 0, 0)
    path = ctypes.c_char_p(targets.CANARY.encode())
    handle = ctypes.create_string_buffer(b"\x80\x00\x00\x00", 136)
    mount = ctypes.c_int()
    attempt("open", lambda: read(syscall(2, path, 0, 0)))
    attempt("openat2", lambda: read(syscall(437, CWD, path, ctypes.byref(how), 24)))
    attempt("handle", syscall, 303, CWD, path, handle, ctypes.byref(mount), 0)
    attempt("creat", syscall, 85, ctypes.c_char_p(f"{targets.OUTSIDE}/created".encode()), 0o600)
    attempt("open for O_PATH", lambda: read(os.open(targets.CANARY, os.O_PATH)))
    attempt("truncate", syscall, 76, path, 0)
    return zeros(init_state, input_data)
