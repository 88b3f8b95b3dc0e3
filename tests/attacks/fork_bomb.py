"""Forks without end; bounded, lest a failure of the test harm the machine."""

import os
import time

from attack_kit import breach, zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for _ in range(5):
        try:
            child = os.fork()
        except OSError:
            break
        if child == 0:
            breach("a child runs")
            time.sleep(60)
            os._exit(0)
    return zeros(init_state, input_data)
