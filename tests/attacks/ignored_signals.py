"""Ignores and blocks all signals, and loops."""

import contextlib
import signal


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        pass
