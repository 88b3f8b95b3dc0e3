"""Writes replies that belong to other requests, one after the other."""

import itertools

from attack_kit import frame, send, zeros

OPS = itertools.cycle("loaded ready logits no_tensor no_device absent raised done hello".split())


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    send(frame(next(OPS)))
    return zeros(init_state, input_data)
