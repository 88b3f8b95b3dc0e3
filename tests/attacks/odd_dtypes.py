"""Returns booleans, bytes, dates, records and strings in the right shape."""

import itertools

import numpy as np
from attack_kit import zeros

KINDS = itertools.cycle(["bool", "S8", "M8[s]", "U4", "V8", "c16", "f2", "u8", "i1", "O", "g"])


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    outputs, state = zeros(init_state, input_data)
    return np.empty(outputs.shape, next(KINDS)), np.empty(state.shape, next(KINDS))


def mha(Wq, Wk, Wv, Wo, input_data):
    return np.empty(input_data.shape, next(KINDS))
