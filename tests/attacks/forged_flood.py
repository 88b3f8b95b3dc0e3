"""Writes thousands of valid replies before the real one."""

import threading

from attack_kit import frame, send, zeros

FLOOD = b"".join(frame("result", value={"kind": "array", "index": 0}) for _ in range(5000))


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    threading.Thread(target=send, args=(FLOOD,), daemon=True).start()
    return zeros(init_state, input_data)
