"""Writes a reply that counts two items and holds none."""

from attack_kit import frame, send, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    send(frame(value={"kind": "sequence", "count": 2, "items": []}))
    return zeros(init_state, input_data)
