"""Stops itself, so that it neither answers nor ends."""

import os
import signal
import time


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(1000)
