"""Announces an array of 256 terabytes."""

from attack_kit import frame, send, zeros

SPEC = {"dtype": "float64", "shape": [1 << 45], "order": "C"}


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    send(frame(arrays=[SPEC], value={"kind": "array", "index": 0}))
    return zeros(init_state, input_data)
