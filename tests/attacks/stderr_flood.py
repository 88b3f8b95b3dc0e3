"""Writes megabytes to standard error and then answers."""

import os

from attack_kit import zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for _ in range(40):
        os.write(2, b"\xff" * (1 << 16))
    return zeros(init_state, input_data)
