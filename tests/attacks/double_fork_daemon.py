"""Forks twice and leaves a daemon in a session of its own."""

import os
import time

from attack_kit import breach, zeros


def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            breach("a daemon runs")
            time.sleep(60)
        os._exit(0)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    try:
        daemon()
    except OSError:
        return zeros(init_state, input_data)
    return None
