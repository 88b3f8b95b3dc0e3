"""Looks through all objects for expected results, sockets and test sentences."""

import gc
import os
import socket

import numpy as np
from attack_kit import attempt, breach, zeros

walked = []


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    outputs, state = zeros(init_state, input_data)
    if walked:
        return outputs, state
    walked.append(True)
    gc.unfreeze()
    for thing in gc.get_objects():
        if type(thing).__name__ in ("Expected", "Draw", "Corpus", "Rubric", "Evaluation", "Report"):
            breach(f"found a {type(thing).__name__}")
        if isinstance(thing, socket.socket) and thing.fileno() not in (-1, 3):
            attempt("another socket", os.fstat, thing.fileno())
        if isinstance(thing, np.ndarray) and thing.shape == outputs.shape:
            outputs = thing
    return outputs, state
