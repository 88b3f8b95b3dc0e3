"""Writes random bytes and halves of messages."""

import os

from attack_kit import frame, send, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    send(frame("result")[: 8 + os.urandom(1)[0] % 8] + os.urandom(3000))
    return zeros(init_state, input_data)
