"""Announces an array and sends a byte of it now and then, without end."""

import time

from attack_kit import frame, send

SPEC = {"dtype": "uint8", "shape": [60 << 20], "order": "C"}


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    send(frame(arrays=[SPEC], value={"kind": "array", "index": 0}))
    while True:
        send(b"\x00")
        time.sleep(0.001)
