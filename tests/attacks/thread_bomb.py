"""Starts threads without end; bounded, lest a failure of the test harm the machine."""

import contextlib
import threading
import time

from attack_kit import zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    threading.stack_size(1 << 16)
    with contextlib.suppress(RuntimeError):
        for _ in range(400):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return zeros(init_state, input_data)
