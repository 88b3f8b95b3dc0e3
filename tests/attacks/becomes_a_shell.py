"""Replaces itself by a shell that writes a claim to the grader."""

import os

import attack_targets as targets
from attack_kit import attempt, zeros

SCRIPT = f"touch {targets.OUTSIDE}/exec; echo passed >&3; cat {targets.CANARY}"


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    os.set_inheritable(3, True)
    attempt("execv", os.execv, "/bin/sh", ["sh", "-c", SCRIPT])
    attempt("execve", os.execvpe, "python3", ["python3", "-c", "print(1)"], {})
    return zeros(init_state, input_data)
