"""Runs a shell in every way that Python knows."""

import os
import pty
import subprocess

import attack_targets as targets
from attack_kit import attempt, breach, zeros

COMMAND = f"cat {targets.CANARY}; touch {targets.OUTSIDE}/shell"
SHELL = ["/bin/sh", "-c", COMMAND]


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("subprocess", subprocess.check_output, SHELL)
    attempt("popen", lambda: os.popen(COMMAND).read())
    attempt("posix_spawn", os.posix_spawn, "/bin/sh", SHELL, {})
    attempt("spawn", os.spawnv, os.P_WAIT, "/bin/sh", SHELL)
    attempt("forkpty", pty.fork)
    attempt("openpty", pty.openpty)
    if os.system(COMMAND) == 0:
        breach("os.system")
    return zeros(init_state, input_data)
