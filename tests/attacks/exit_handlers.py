"""Leaves a claim and a write to its exit handlers and finalizers."""

import atexit
import os
import sys
from pathlib import Path

import attack_targets as targets
from attack_kit import frame, send, zeros


class AtTheEnd:
    def __del__(self):
        forge()


def forge():
    send(frame("result", score=27))
    Path(targets.OUTSIDE, "at_exit").write_text("written")
    os._exit(0)


atexit.register(forge)
left = [AtTheEnd()]


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    sys.exitfunc = forge
    return zeros(init_state, input_data)
