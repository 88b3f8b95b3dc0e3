"""Fills the disk with files that no folder shows: deleted ones and such without a name."""

import os
import time
from pathlib import Path

from attack_kit import breach, zeros

kept = []


def fill(fd):
    kept.append(fd)
    for _ in range(12):
        os.write(fd, bytes(1 << 20))


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    if kept:
        return zeros(init_state, input_data)
    for _ in range(6):
        file = Path("gone").open("wb", buffering=0)  # noqa: SIM115
        kept.append(file)
        Path("gone").unlink()
        fill(file.fileno())
        fill(os.open(".", os.O_TMPFILE | os.O_WRONLY, 0o600))
    time.sleep(0.3)
    breach("144 MB of files without a name")
    return zeros(init_state, input_data)
