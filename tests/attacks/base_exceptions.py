"""Raises exceptions that are no Exception, and a group of them."""

import itertools

KINDS = itertools.cycle(
    [
        KeyboardInterrupt(),
        GeneratorExit(),
        StopIteration(),
        BaseExceptionGroup("all", [SystemExit(0), KeyboardInterrupt()]),
    ]
)


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    raise next(KINDS)
