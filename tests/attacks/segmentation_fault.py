"""Reads address zero."""

import ctypes


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    return ctypes.string_at(0)
