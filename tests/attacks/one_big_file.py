"""Writes one file until the disk is full."""

from pathlib import Path

from attack_kit import breach, zeros

LIMIT = 128 << 20


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    written = 0
    with Path("big").open("wb", buffering=0) as file:
        while written < LIMIT:
            written += file.write(bytes(1 << 20))
    breach("a file of 128 MB")
    return zeros(init_state, input_data)
