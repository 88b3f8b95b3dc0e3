"""Opens files and pipes without end."""

import contextlib
import os

from attack_kit import breach, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    pipes = []
    with contextlib.suppress(OSError):
        for _ in range(5000):
            pipes += os.pipe()
        breach("10,000 open files")
    for fd in pipes:
        os.close(fd)
    return zeros(init_state, input_data)
