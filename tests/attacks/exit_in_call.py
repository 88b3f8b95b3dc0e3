"""Ends the process in a call, with every exit code in turn."""

import os
import time


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    os._exit(time.monotonic_ns() % 256)
