"""Puts objects in the place of stdout and stderr that raise, answer late and write claims."""

import sys

from attack_kit import frame, send, zeros


class Hostile:
    def write(self, text):
        raise SystemExit(0)

    def flush(self):
        send(frame("passed", score=27))
        raise SystemExit(0)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    sys.stdout = sys.stderr = Hostile()
    return zeros(init_state, input_data)
