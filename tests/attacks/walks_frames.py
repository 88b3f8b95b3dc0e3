"""Looks through the frames above it for the reference result."""

import sys

from attack_kit import breach, zeros

WORDS = ("expected", "allowed", "oracle", "answer", "targets", "reference")


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    shape = (*input_data.shape[:2], init_state.shape[-1])
    own = sys._getframe()
    frame = own.f_back
    while frame is not None:
        for name, value in frame.f_locals.items():
            if any(word in name for word in WORDS):
                breach(f"found {name} in a frame")
            if value is not input_data and getattr(value, "shape", None) == shape:
                return value, value[:, -1]
        frame = frame.f_back
    return zeros(init_state, input_data)
