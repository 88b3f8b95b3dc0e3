"""Announces a header of four gigabytes."""

from attack_kit import send, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    send(b"GRD1\xff\xff\xff\xff" + b" " * 4096)
    return zeros(init_state, input_data)
