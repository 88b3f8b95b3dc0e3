"""Signals the grader, its server, its group and everything that it may."""

import os
import signal

import attack_targets as targets
from attack_kit import attempt, syscall, zeros

HARMLESS = signal.SIGCONT
SIGQUEUE, TGKILL, TKILL = 129, 234, 200


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for pid in (-1, 0, os.getppid(), *targets.PIDS, *(-pid for pid in targets.PIDS)):
        attempt(f"kill {pid}", os.kill, pid, HARMLESS)
    for pid in targets.PIDS:
        attempt("killpg", os.killpg, pid, HARMLESS)
        attempt("tgkill", syscall, TGKILL, pid, pid, HARMLESS)
        attempt("tkill", syscall, TKILL, pid, HARMLESS)
        attempt("pidfd", lambda p: signal.pidfd_send_signal(os.pidfd_open(p), HARMLESS), pid)
    attempt("a number beyond 32 bits", syscall, 62, 1 << 32 | os.getpid(), 0)
    return zeros(init_state, input_data)
