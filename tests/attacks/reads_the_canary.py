"""Reads a file outside that everyone on the machine may read."""

from pathlib import Path

import attack_targets as targets
from attack_kit import attempt, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    attempt("the canary", Path(targets.CANARY).read_text)
    return zeros(init_state, input_data)
