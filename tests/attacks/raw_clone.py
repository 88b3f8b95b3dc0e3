"""Starts processes by the system calls below Python: fork, vfork, clone and clone3."""

import ctypes
import os

from attack_kit import attempt, breach, syscall, zeros

SIGCHLD = 17


def in_child(number, *arguments):
    if syscall(number, *arguments) == 0:
        breach("a child runs")
        os._exit(0)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("fork", in_child, 57)
    attempt("clone", in_child, 56, SIGCHLD, 0, 0, 0, 0)
    attempt("clone with flags in the upper half", in_child, 56, SIGCHLD | 1 << 40, 0, 0, 0, 0)
    arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, SIGCHLD)
    attempt("clone3", in_child, 435, ctypes.byref(arguments), ctypes.sizeof(arguments))
    attempt("libc's fork", lambda: ctypes.CDLL(None).fork() >= 0 or 1 / 0)
    return zeros(init_state, input_data)
