"""Attaches to the grader as a debugger."""

import attack_targets as targets
from attack_kit import attempt, syscall, zeros

ATTACH, SEIZE, TRACEME = 16, 0x4206, 0


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for pid in targets.PIDS:
        attempt("seize", syscall, 101, SEIZE, pid, 0, 0)
    attempt("trace me", syscall, 101, TRACEME, 0, 0, 0)
    return zeros(init_state, input_data)
