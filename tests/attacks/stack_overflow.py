"""Recurses without end after it has lifted the limit."""

import sys


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    sys.setrecursionlimit(1 << 30)
    return [gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data)]
