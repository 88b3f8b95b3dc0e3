"""Sets alarms that raise in the worker's own code after the call."""

import signal
import time

from attack_kit import zeros


class Alarm(BaseException):
    pass


def ring(*_):
    raise Alarm("result")


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.001)
    start = time.monotonic()
    answer = zeros(init_state, input_data)
    while time.monotonic() < start + 0.0015:
        pass
    return answer
